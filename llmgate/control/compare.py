"""Comparisons over the control API: two exchanges, and a request with the turn before it."""

import re
from typing import Any, Final

import msgspec
from litestar import MediaType, Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from llmgate.compare.comparing import compare
from llmgate.compare.prompt import prompt_diff
from llmgate.compare.side import Side
from llmgate.compare.turns import turn_before
from llmgate.control.aside import aside
from llmgate.control.core import Core
from llmgate.control.reading import content_type, detail_of, kept
from llmgate.control.refusal import STORED
from llmgate.store.filters import Filter
from llmgate.wire.compare import Comparison, PromptDiff
from llmgate.wire.exchanges import ExchangeSummary

_ROWS: Final = 40  # before a request, among which the turn before is looked for
_BODIES: Final = 8
_MOST_BYTES: Final = 32_000_000
_SPECIAL: Final = re.compile(r"[*?\[\],]")  # in a filter


@get("/{exchange_id:str}/compare", summary="Two exchanges beside each other", responses=STORED)
async def compare_exchanges(
    state: State, exchange_id: FromPath[str], to: FromQuery[str], volatile: FromQuery[bool] = False
) -> Response[Comparison]:
    """`to` is compared with the one of the path: text, tool calls, figures and events. Ids, times
    of creation and the like are left out unless `volatile`. An exchange that is still live is
    compared as far as it has come.
    """
    core: Core = state.core
    left = await _side(core, exchange_id, answer=True)
    right = await _side(core, to, answer=True)
    return await aside(lambda: _written(compare(left, right, volatile=volatile)))


@get("/{exchange_id:str}/prompt", summary="What a request changed and weighs", responses=STORED)
async def get_prompt(
    state: State, exchange_id: FromPath[str], before: FromQuery[str] = ""
) -> Response[PromptDiff]:
    """A request against `before`, by default the turn before in its conversation (of a replay, what
    it sent again): what was kept, added and dropped, and what each tool weighs.
    """
    core: Core = state.core
    now = await _side(core, exchange_id)
    if before:
        earlier: Side | None = await _side(core, before)
    elif now.summary.parent and await detail_of(core, now.summary.parent):
        earlier = await _side(core, now.summary.parent)
    else:
        candidates = await _candidates(core, now.summary)
        earlier = await aside(lambda: turn_before(now, candidates))
    return await aside(lambda: _written(prompt_diff(now, earlier)))


def _written(found: Any) -> Response[Any]:
    """Written where it was made: it may be large, and the event loop has others to serve."""
    return Response(msgspec.json.encode(found), media_type=MediaType.JSON)


async def _side(core: Core, exchange_id: str, *, answer: bool = False) -> Side:
    """An exchange with the one body that is needed of it."""
    detail = await detail_of(core, exchange_id)
    if detail is None:
        raise NotFoundException(f"no exchange has the id '{exchange_id[:40]}'")
    body = await kept(core, exchange_id, "answer" if answer else "request")
    return Side(
        summary=detail.summary,
        content_type=content_type(detail),
        request=None if answer else body,
        answer=body if answer else None,
    )


async def _candidates(core: Core, now: ExchangeSummary) -> list[Side]:
    """The requests before this one that may be turns of its conversation, the newest first."""
    await core.store.flush()
    wanted = Filter(
        session=_exactly(now.session), client=_exactly(now.client), until_ms=now.started_ms + 1
    )
    page = await core.store.queries.page(wanted, limit=_ROWS)
    sides: list[Side] = []
    size = 0
    for row in page.exchanges:
        if row.id == now.id or not _may_be_before(row, now):
            continue
        size += row.request_bytes
        if len(sides) == _BODIES or size > _MOST_BYTES:
            break
        sides.append(Side(summary=row, request=await kept(core, row.id, "request")))
    return sides


def _may_be_before(row: ExchangeSummary, now: ExchangeSummary) -> bool:
    return (row.session, row.client, row.protocol, row.key, row.parent) == (
        now.session,
        now.client,
        now.protocol,
        now.key,
        "",
    )


def _exactly(name: str) -> str:
    """The name as a filter, empty when it would mean something else there."""
    return "" if _SPECIAL.search(name) or len(name) > 200 else name


compare_router = Router(
    "/exchanges", route_handlers=[compare_exchanges, get_prompt], tags=["exchanges"]
)
