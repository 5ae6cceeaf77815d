"""Recordings over the control API: exchanges as documents."""

from typing import Final
from urllib.parse import quote

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath, FromQuery, JSONBody

from llmgate.control.core import Core
from llmgate.control.exporting import Exported, NoSuchExchange, export, rules_of
from llmgate.control.refusal import STORED, refusal
from llmgate.recording.exporting.document import NotExportable
from llmgate.recording.promote import Wish
from llmgate.store.annotations import note_exported
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.recordings import ExportFormat, ExportRequest
from llmgate.wire.safe_text import safe_text

_BYTES = "application/octet-stream"
_MOST_WHY: Final = 500  # characters of reasons in a header
EXPORTS = {**STORED, 409: refusal("No such document can be made of it; the message says why")}


@get(
    "/{exchange_id:str}/export",
    summary="An exchange as a recording, HAR, curl, Python or JSONL",
    media_type=_BYTES,
    responses=EXPORTS,
)
async def export_exchange(
    state: State,
    exchange_id: FromPath[str],
    format: FromQuery[ExportFormat] = "recording",  # noqa: A002 - the parameter's name
    dates: FromQuery[bool] = True,
) -> Response[bytes]:
    """Secrets are blanked. An exchange of which a recording was made counts as exported: no cap
    removes it.
    """
    return await _answer(state.core, ExportRequest(ids=[exchange_id], format=format, dates=dates))


@post(
    "/export",
    summary="Exchanges as one document",
    media_type=_BYTES,
    status_code=200,
    responses=EXPORTS,
)
async def export_exchanges(state: State, data: JSONBody[ExportRequest]) -> Response[bytes]:
    """Of `recording` exactly one. What cannot be expressed in the format is left out;
    `x-llmgate-skipped` counts it, `x-llmgate-skipped-why` (URL-quoted) says why.
    """
    return await _answer(state.core, data)


@post(
    "/exported",
    summary="Note that recordings were made of exchanges",
    status_code=200,
    responses=STORED,
)
async def exported_elsewhere(state: State, data: JSONBody[ExportRequest]) -> list[ExchangeSummary]:
    """What a command read from the store and wrote to files; gives the rows as they are now."""
    return await note_exported(state.core.store, data.ids)


async def _answer(core: Core, asked: ExportRequest) -> Response[bytes]:
    wish = Wish(title=asked.title, tags=tuple(asked.tags), dates=asked.dates)
    await core.store.flush()
    try:
        exported = await export(
            core.store.queries, asked.ids, asked.format, rules_of(core.snapshot), wish
        )
    except NoSuchExchange as problem:
        raise NotFoundException(str(problem)) from problem
    except NotExportable as problem:
        raise HTTPException(str(problem), status_code=409) from problem
    if asked.format == "recording":
        await note_exported(core.store, exported.ids)
    return _response(exported)


def _response(exported: Exported) -> Response[bytes]:
    document = exported.document
    headers = {
        "content-disposition": f'attachment; filename="{document.name}"',
        "x-llmgate-skipped": str(len(document.skipped)),
    }
    if document.skipped:
        reasons = "; ".join(dict.fromkeys(item.why for item in document.skipped))
        headers["x-llmgate-skipped-why"] = quote(safe_text(reasons, newlines=False)[:_MOST_WHY])
    return Response(document.data, media_type=_BYTES, headers=headers)


export_routers = (
    Router(
        "/recordings", route_handlers=[export_exchanges, exported_elsewhere], tags=["recordings"]
    ),
    Router("/exchanges", route_handlers=[export_exchange], tags=["recordings"]),
)
