"""Reads kept or live bodies back into a conversation, with the same readers the gateway uses."""

import asyncio
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

import msgspec

from llmgate.control.core import Core
from llmgate.errors import BadRequest
from llmgate.exchange import Exchange
from llmgate.formats import catalog
from llmgate.store.queries import Part as BodyPart
from llmgate.wire.blocks import BlockEvent, Finished
from llmgate.wire.chat import ChatRequest, ChatView, Part
from llmgate.wire.exchanges import Chunk, ExchangeDetail

_BEFORE: Final = 256  # chunks before the first asked for, in which a secret may begin
_EVENT: Final = (b"data:", b"event:", b"id:")
_SMALL: Final = 64 << 10


async def kept(core: Core, exchange_id: str, part: BodyPart) -> bytes | None:
    """A body of a live or kept exchange; None when it is not there."""
    live = core.in_memory(exchange_id)
    if live is None:
        body = await core.store.queries.body(exchange_id, part)
        if body is None or len(body) < _SMALL:
            return body and core.scrub(body)  # an older version has kept some that hide a secret
        return await asyncio.to_thread(core.scrub, body)
    if part == "answer":
        return core.scrub(b"".join(live.chunks))
    sent = live.sent_body if part == "sent" else None
    return core.scrub(live.request_body if sent is None else sent)


async def detail_of(core: Core, exchange_id: str) -> ExchangeDetail | None:
    """The detail of a live or kept exchange."""
    live = core.in_memory(exchange_id)
    if live is None:
        return await core.store.queries.detail(exchange_id)
    return msgspec.convert(_clean(core, msgspec.to_builtins(live.detail())), ExchangeDetail)


def _clean(core: Core, value: Any) -> Any:
    """The same without secrets in its texts, as it will be when it is kept."""
    if isinstance(value, str):
        return core.scrub_text(value)
    if isinstance(value, list | tuple):
        return [_clean(core, one) for one in value]
    if isinstance(value, dict):
        return {name: _clean(core, one) for name, one in value.items()}
    return value


async def chat_of(core: Core, exchange_id: str) -> ChatView:
    """Both sides as a conversation."""
    detail = await detail_of(core, exchange_id)
    if detail is None:
        return ChatView(problem="this exchange is not kept")
    problems: list[str] = []
    request = _request(await kept(core, exchange_id, "request"), detail, problems)
    answer, finish = _answer(await kept(core, exchange_id, "answer"), detail)
    return ChatView(request=request, answer=answer, finish=finish, problem="; ".join(problems))


def _request(body: bytes | None, detail: ExchangeDetail, problems: list[str]) -> ChatRequest:
    if not body:
        problems.append(
            "the request body is not kept" if body is None else "the request has no body"
        )
        return ChatRequest()
    try:
        return catalog.read_request(detail.summary.protocol, body)
    except BadRequest as error:
        problems.append(f"the request cannot be read: {error.message}")
        return ChatRequest()


def _answer(body: bytes | None, detail: ExchangeDetail) -> tuple[list[Part], str]:
    if not body:
        return [], ""
    reader = catalog.reader_for(detail.summary.protocol, content_type(detail))
    events: list[BlockEvent] = [*reader.feed(body), *reader.close()]
    finish = next((e.raw or e.reason for e in reversed(events) if isinstance(e, Finished)), "")
    return catalog.answer_parts(events), finish


def content_type(detail: ExchangeDetail) -> str:
    """Of the answer as it came from the provider (or from the gateway itself)."""
    headers = detail.received_headers or detail.response_headers
    return next((value for name, value in headers if name == "content-type"), "")


def live_chunks(core: Core, exchange: Exchange, start: int, limit: int) -> list[Chunk]:
    """The wire view of chunks that are still in memory."""
    return [
        Chunk(n=n, at_us=exchange.chunk_us[n], size=len(data), text=data.decode("utf-8", "replace"))
        for n, data in enumerate(clean_chunks(core, exchange, start, limit), start)
    ]


def clean_chunks(core: Core, exchange: Exchange, start: int, limit: int) -> list[bytes]:
    """Chunks that are still in memory without secrets, those that begin in one and end in the next
    included: nothing changes its length.
    """
    before = _first_of_event(exchange.chunks, max(0, start - _BEFORE))
    raw = exchange.chunks[before : start + limit]
    joined = core.scrub(b"".join(raw))
    ends = list(accumulate(map(len, raw)))
    begins = [0, *ends[:-1]] if ends else []
    found = [joined[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return found[start - before :]


def _first_of_event(chunks: Sequence[bytes], at: int) -> int:
    """A chunk near ``at`` that an event begins with: only so it is known for a stream."""
    at = min(at, len(chunks) - 1)
    least = max(0, at - _BEFORE)
    return next((n for n in range(at, least, -1) if chunks[n].startswith(_EVENT)), least)
