"""Marks, tags and notes over the control API: what is said of exchanges, and told to viewers."""

from collections.abc import Sequence

import msgspec
from litestar import patch, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from llmgate.control.core import Core
from llmgate.control.refusal import STORED
from llmgate.store.annotations import annotate
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.keeping import Annotation


@patch("/{exchange_id:str}", summary="Mark, tag or note one exchange", responses=STORED)
async def annotate_exchange(
    state: State, exchange_id: FromPath[str], data: JSONBody[Annotation]
) -> ExchangeSummary:
    """By the id, or a prefix of it that no other exchange has; what is left out stays as it is.
    A marked exchange is kept whatever the caps say. `ids` has no meaning here.
    """
    found = await _annotate(state.core, [exchange_id], data)
    if not found:
        raise NotFoundException(f"no exchange has the id '{exchange_id[:40]}'")
    return found[0]


@post("/annotate", summary="Mark, tag or note many exchanges", status_code=200, responses=STORED)
async def annotate_exchanges(state: State, data: JSONBody[Annotation]) -> list[ExchangeSummary]:
    """Answers the exchanges as they are now, without those that are not kept; all are changed, or
    none when something about the annotation is wrong.
    """
    return await _annotate(state.core, data.ids, data)


async def _annotate(core: Core, ids: Sequence[str], data: Annotation) -> list[ExchangeSummary]:
    note = None if data.note is None else core.scrub_text(data.note)
    tags = [core.scrub_text(tag) for tag in data.add_tags]
    said = msgspec.structs.replace(data, note=note, add_tags=tags)
    found = core.clean(await annotate(core.store, ids, said))
    core.hub.changed(found)
    return found
