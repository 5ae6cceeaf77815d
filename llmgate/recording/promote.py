"""Makes a recording of an exchange: pure, so the same exchange gives the same bytes.

The request is the caller's side. The answer is what the provider sent (for a request that we
refused: what we said), decompressed, scrubbed, and read once more so that what is derived fits.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import msgspec

from llmgate import __version__
from llmgate.recording.canonical import parse, recording_id
from llmgate.recording.decoding import NotPromotable, decoded
from llmgate.recording.derive import PROPER, Derived, derive
from llmgate.recording.headers import answer_headers, path_of, request_headers
from llmgate.recording.lines import How, Route, Scrub
from llmgate.recording.recording import Headers, Recording
from llmgate.recording.rules import Rules
from llmgate.recording.scrub import Scrubbing
from llmgate.recording.title import title_of
from llmgate.wire.exchanges import LIVE, Attempt, ExchangeDetail

__all__ = ["Kept", "NotPromotable", "Wish", "promote"]

NOT_RESENDABLE: Final = "not_resendable"
_IDENTITY: Final = frozenset({"", "identity"})
_SHORT: Final = 300
_STOPPED_SHORT: Final = "the provider ended its answer before that was complete"
_MOST_TAGS: Final = 20


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """All there is of an exchange; ``at_us`` are the moments of the chunks since it began."""

    detail: ExchangeDetail
    request: bytes
    chunks: Sequence[bytes]
    at_us: Sequence[int]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How it is to be recorded; without ``scrub`` nothing is looked for."""

    title: str = ""
    tags: tuple[str, ...] = ()
    dates: bool = True
    scrub: bool = True


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    headers: Headers
    chunks: list[bytes]
    at_us: list[int]
    note: str = ""


def promote(kept: Kept, rules: Rules, wish: Wish = Wish()) -> Recording:  # noqa: B008 - frozen
    """Makes the recording; raises ``NotPromotable`` for what is not kept or cannot be read."""
    _check(kept)
    detail, row = kept.detail, kept.detail.summary
    answer = _answer(kept)
    scrubbing = Scrubbing(rules if wish.scrub else Rules(shapes=()))
    text = scrubbing.text
    body = scrubbing.body(kept.request)
    chunks = scrubbing.chunks(answer.chunks)
    headers = tuple((name, text(value)) for name, value in answer.headers)
    path = text(path_of(row.path, detail.query))
    status = _status(detail)
    derived = derive(row.protocol, status, headers, chunks)
    how, row_error = _ending(detail, derived, status)
    proper = how in PROPER
    failed = row_error and (not proper or derived.error is None) and status < 400
    us = [answer.at_us[0], *(max(0, b - a) for a, b in pairwise(answer.at_us))] if chunks else []
    recording = Recording(
        title=text(wish.title)[:_SHORT] or title_of(row.protocol, row.method, path, body),
        dialect=row.protocol,
        stream=row.stream,
        by=f"llmgate {__version__}",
        note=answer.note,
        method=text(row.method),
        path=path,
        model=_model(body) or text(row.model),
        request_headers=tuple((n, text(v)) for n, v in request_headers(detail.request_headers)),
        body=body,
        route=_route(detail, scrubbing),
        status=status,
        response_headers=headers,
        chunks=chunks,
        how=derived.how if proper else how,
        finish=derived.finish,
        usage=derived.usage,
        text=derived.text,
        tool_calls=derived.tool_calls,
        error=text(row_error) if failed else derived.error,
        us=us,
        t0=_moment(row.started_ms) if wish.dates else "",
        ttft_us=us[0] if us else row.ttfb_us or 0,
        total_us=max(sum(us), _ended_us(detail)),
        id=recording_id(row.protocol, path, body),
    )
    return _labelled(recording, scrubbing, wish, rules)


def _model(body: bytes) -> str:
    """The model as the body has it, now that secrets are out of it."""
    asked = parse(body)
    model = asked.get("model") if isinstance(asked, dict) else None
    return model[:_SHORT] if isinstance(model, str) else ""


def _labelled(recording: Recording, scrubbing: Scrubbing, wish: Wish, rules: Rules) -> Recording:
    """Adds the tags, and what was blanked."""
    row_tags = [scrubbing.text(tag)[:_SHORT] for tag in wish.tags[:_MOST_TAGS] if tag]
    if scrubbing.signatures:
        row_tags.append(NOT_RESENDABLE)
    scrub: Scrub | None = {
        "rules": msgspec.Raw(str(rules.count).encode()),
        "hits": msgspec.Raw(msgspec.json.encode(scrubbing.hits)),
    }
    return msgspec.structs.replace(
        recording, tags=tuple(dict.fromkeys(row_tags)), scrub=scrub if wish.scrub else None
    )


def _check(kept: Kept) -> None:
    """Says why nothing can be made of it."""
    detail, row = kept.detail, kept.detail.summary
    if row.state in LIVE:
        raise NotPromotable(f"{row.id} is still on its way: wait for its end")
    missing = [
        side
        for side, there in (("request", detail.request_kept), ("answer", detail.response_kept))
        if not there
    ]
    if missing:
        raise NotPromotable(
            f"the {' and the '.join(missing)} of {row.id} {'was' if len(missing) == 1 else 'were'}"
            " not kept: set `recording.bodies: full` for those to come"
        )
    if len(kept.request) != row.request_bytes:
        raise NotPromotable(f"the request of {row.id} was not kept whole")
    if sum(map(len, kept.chunks)) != row.response_bytes or len(kept.chunks) != len(kept.at_us):
        raise NotPromotable(f"the answer of {row.id} was not kept whole")


def _ours(detail: ExchangeDetail) -> bool:
    """Whether the answer was the gateway's own: no provider said anything, or nothing after a head
    that was not passed on.
    """
    row = detail.summary
    theirs = bool(detail.received_headers) and (row.ttfb_us is not None or not row.response_bytes)
    return bool(detail.response_headers) and not theirs


def _status(detail: ExchangeDetail) -> int:
    """What the provider answered; its caller may have had a head before that."""
    told = detail.attempts[-1].status if detail.attempts and not _ours(detail) else None
    return told or detail.summary.status or 0


def _answer(kept: Kept) -> _Answer:
    """The answer, decompressed."""
    detail = kept.detail
    given = detail.response_headers if _ours(detail) else detail.received_headers
    headers = answer_headers(given)
    encoding = dict(given).get("content-encoding", "").strip().lower()
    if encoding in _IDENTITY or not any(kept.chunks):
        return _Answer(headers=headers, chunks=list(kept.chunks), at_us=list(kept.at_us))
    chunks, at_us = decoded(kept.chunks, kept.at_us, encoding)
    size = str(sum(map(len, chunks)))
    whole = detail.summary.state == "finished"
    headers = tuple(
        (name, size if name == "content-length" else value)
        for name, value in headers
        if name != "content-length" or whole
    )
    note = f"The answer came compressed ({encoding}); it is stored as it decodes."
    return _Answer(headers=headers, chunks=chunks, at_us=at_us, note=note)


def _ending(detail: ExchangeDetail, derived: Derived, status: int) -> tuple[How, str]:
    """How the answer ended and what is to be said of it. A stream that stops short broke, however
    properly its connection was closed.
    """
    how, error = _how(detail), detail.summary.error
    short = derived.ending == "cut" and 0 < status < 300 and detail.summary.response_bytes > 0
    if how != "eof" or error or not short:
        return how, error
    events = dict(detail.received_headers).get("content-type", "").startswith("text/event-stream")
    return "reset" if events else "eof", _STOPPED_SHORT


def _how(detail: ExchangeDetail) -> How:
    """How the bytes ended. What failed may have been read to its end (an error of the provider's),
    or not (it fell silent, or broke).
    """
    row = detail.summary
    whole = row.state == "failed" and any(mark.name == "last_byte" for mark in detail.marks)
    if whole or row.state == "finished" or _ours(detail):
        return "eof"
    if row.state == "cancelled":
        return "client_cancel"
    return "timeout" if row.error_type == "upstream_timeout" else "reset"


def _ended_us(detail: ExchangeDetail) -> int:
    """When the answer was over; what we did after it does not count."""
    last = next((mark.at_us for mark in detail.marks if mark.name == "last_byte"), None)
    return last if last is not None else detail.summary.total_us or 0


def _route(detail: ExchangeDetail, scrubbing: Scrubbing) -> Route | None:
    if not detail.attempts and not detail.summary.route:
        return None
    attempts = [msgspec.Raw(_attempt(attempt, scrubbing)) for attempt in detail.attempts]
    return Route(name=scrubbing.text(detail.summary.route), attempts=attempts)


def _attempt(attempt: Attempt, scrubbing: Scrubbing) -> bytes:
    """An attempt without the address it went to."""
    took_us = None if attempt.ended_us is None else attempt.ended_us - attempt.started_us
    facts = {
        "provider": scrubbing.text(attempt.provider),
        "model": scrubbing.text(attempt.model),
        "status": attempt.status,
        "ms": None if took_us is None else took_us // 1000,
        "retry_after": attempt.retry_after_s,
        "error_type": attempt.error_type,
        "error": scrubbing.text(attempt.error)[:_SHORT],
    }
    return msgspec.json.encode(
        {name: fact for name, fact in facts.items() if fact not in {None, ""}}
    )


def _moment(started_ms: int) -> str:
    moment = datetime.fromtimestamp(started_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{started_ms % 1000:03d}Z"
