"""Exchanges over the control API: list, detail, bodies, chunks, conversation, live growth."""

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from llmgate.control.annotating import annotate_exchange, annotate_exchanges
from llmgate.control.core import Core
from llmgate.control.follow import follow
from llmgate.control.reading import chat_of, detail_of, kept, live_chunks
from llmgate.control.refusal import STORED, refusal
from llmgate.control.replays import replay_exchange
from llmgate.store.filters import Filter
from llmgate.store.problems import BrokenIndex
from llmgate.store.queries import Part
from llmgate.wire import sse
from llmgate.wire.chat import ChatView
from llmgate.wire.exchanges import Chunk, ExchangeDetail, ExchangePage, ExchangeSummary
from llmgate.wire.forms import CancelAnswer

_MAX_PAGE = 1_000
_MAX_CHUNKS = 5_000
_INDEXED_FIRST = 64  # exchanges: what was said a moment ago is found
_BYTES = "application/octet-stream"
Moment = Annotated[int | None, QueryParameter(description="Epoch milliseconds.", ge=0, le=10**14)]
CANCELS = {**STORED, 409: refusal("The exchange is over already")}


@get("/", summary="List exchanges, newest first", responses=STORED)
async def list_exchanges(  # noqa: PLR0913, PLR0917 - one query parameter each
    state: State,
    cursor: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=_MAX_PAGE)] = 100,
    model: FromQuery[str] = "",
    served: FromQuery[str] = "",
    provider: FromQuery[str] = "",
    route: FromQuery[str] = "",
    key: FromQuery[str] = "",
    client: FromQuery[str] = "",
    session: FromQuery[str] = "",
    status: FromQuery[str] = "",
    exchange_state: Annotated[str, QueryParameter(name="state")] = "",
    error_type: FromQuery[str] = "",
    since_ms: Moment = None,
    until_ms: Moment = None,
    search: FromQuery[str] = "",
    path: FromQuery[str] = "",
    protocol: FromQuery[str] = "",
    limited: FromQuery[str] = "",
    body_text: Annotated[str, QueryParameter(name="body")] = "",
    header: FromQuery[str] = "",
    min_cost: FromQuery[float | None] = None,
    text: FromQuery[str] = "",
    parent: FromQuery[str] = "",
    replay: FromQuery[str] = "",
    marked: FromQuery[bool] = False,
    tag: FromQuery[str] = "",
    note: FromQuery[str] = "",
    count: FromQuery[bool] = False,
) -> ExchangePage:
    """Filters are globs for names; `status` is 429, 4xx or >=400; `search` is a substring of
    model, provider, path or error, `body` of request or answer; `header` is name=value; `limited`
    is a limit of ours that refused or held it (`*` is any). `text` are words of request or answer,
    or the beginnings of words, in any case and without accents, "more in quotes" one after the
    other: all must occur. A text that is sent again with every turn of a conversation is found
    where it was new. `parent` is the exchange that is sent again, `replay` the replay, `tag` a tag,
    `note` a part of the note (`*` is any).
    A page that looks in bodies or headers may hold few rows, or none, while its `cursor` goes on.
    """
    core: Core = state.core
    wanted = Filter(
        model=model,
        served=served,
        provider=provider,
        route=route,
        key=key,
        client=client,
        session=session,
        status=status,
        state=exchange_state,
        error_type=error_type,
        since_ms=since_ms,
        until_ms=until_ms,
        search=search,
        path=path,
        protocol=protocol,
        limited=limited,
        body=body_text,
        header=header,
        min_cost=min_cost,
        text=text,
        parent=parent,
        replay=replay,
        marked=marked,
        tag=tag,
        note=note,
    )
    await core.store.flush()  # whoever lists sees what has ended by now
    if text and not cursor:
        await core.store.indexing.catch_up(_INDEXED_FIRST)
    try:
        page = await core.store.queries.page(wanted, cursor=cursor, limit=limit, count=count)
    except BrokenIndex:
        await core.store.indexing.rebuild()
        raise
    return msgspec.structs.replace(
        page, exchanges=[_as_it_is_now(core, row) for row in page.exchanges]
    )


def _as_it_is_now(core: Core, row: ExchangeSummary) -> ExchangeSummary:
    """A live exchange was written when it began and has gone on since."""
    live = core.hub.live.get(row.id)
    return row if live is None else core.clean([live.summary()])[0]


@get("/{exchange_id:str}", summary="One exchange without its bodies", responses=STORED)
async def get_exchange(state: State, exchange_id: FromPath[str]) -> ExchangeDetail:
    """The id, or a prefix of it that no other exchange has."""
    core: Core = state.core
    detail = await detail_of(core, exchange_id)
    if detail is None:
        raise NotFoundException(f"no exchange has the id '{exchange_id[:40]}'")
    return detail


@post(
    "/{exchange_id:str}/cancel",
    summary="End a live exchange",
    status_code=200,
    responses=CANCELS,
)
async def cancel_exchange(state: State, exchange_id: FromPath[str]) -> CancelAnswer:
    """The caller gets an error, or the stream it reads ends; what arrived is kept as `cancelled`.
    By the whole id; 409 when it is over already.
    """
    core: Core = state.core
    if core.gateway.cancel(exchange_id):
        return CancelAnswer(cancelled=True)
    if await detail_of(core, exchange_id) is None:
        raise NotFoundException(f"no exchange has the id '{exchange_id[:40]}'")
    raise HTTPException("the exchange has ended or is about to", status_code=409)


@get(
    "/{exchange_id:str}/body",
    summary="A body, byte for byte as kept",
    media_type=_BYTES,
    responses=STORED,
)
async def get_body(
    state: State,
    exchange_id: FromPath[str],
    part: FromQuery[Part] = "answer",
) -> Response[bytes]:
    """``request`` as the caller sent it, ``sent`` as the provider got it, ``answer`` as it came
    back.
    """
    body = await kept(state.core, exchange_id, part)
    if body is None:
        raise NotFoundException(f"the {part} of '{exchange_id[:40]}' is not kept")
    return Response(body, media_type=_BYTES)


@get(
    "/{exchange_id:str}/chunks",
    summary="Wire chunks of the answer with their times",
    responses=STORED,
)
async def get_chunks(
    state: State,
    exchange_id: FromPath[str],
    start: Annotated[int, QueryParameter(ge=0)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=_MAX_CHUNKS)] = 1_000,
) -> list[Chunk]:
    """Chunks as they arrived; an exchange that is still live shows those that are here."""
    core: Core = state.core
    live = core.in_memory(exchange_id)
    if live is not None:
        return live_chunks(core, live, start, limit)
    return await core.store.queries.chunks(exchange_id, start, limit)


@get("/{exchange_id:str}/chat", summary="Request and answer as a conversation", responses=STORED)
async def get_chat(state: State, exchange_id: FromPath[str]) -> ChatView:
    """Whatever the protocol; a side that cannot be read is said in ``problem``."""
    return await chat_of(state.core, exchange_id)


@get(
    "/{exchange_id:str}/stream",
    summary="Follow an exchange while it lives (SSE)",
    media_type="text/event-stream",
    responses=STORED,
)
async def stream_exchange(
    state: State, exchange_id: FromPath[str], start: Annotated[int, QueryParameter(ge=0)] = 0
) -> Stream:
    """Events named ``growth`` with what was added, ten times a second at most; ends when it is
    done.
    """
    return Stream(_growth(state.core, exchange_id, start), media_type="text/event-stream")


async def _growth(core: Core, exchange_id: str, start: int) -> AsyncIterator[bytes]:
    async for growth in follow(core, exchange_id, start):
        yield sse.encode(msgspec.json.encode(growth), name="growth")


exchanges_router = Router(
    "/exchanges",
    route_handlers=[
        list_exchanges,
        get_exchange,
        get_body,
        get_chunks,
        get_chat,
        stream_exchange,
        cancel_exchange,
        annotate_exchange,
        annotate_exchanges,
        replay_exchange,
    ],
    tags=["exchanges"],
)
