"""Puts a recording together from what somebody's file knows of a request and its answer."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from llmgate.config.credentials import kept_headers
from llmgate.recording.canonical import recording_id
from llmgate.recording.derive import derive
from llmgate.recording.headers import path_of
from llmgate.recording.importing.placing import Placed
from llmgate.recording.lines import How
from llmgate.recording.recording import UNANSWERED, Headers, Recording
from llmgate.recording.title import title_of
from llmgate.wire.safe_text import safe_text

JSON: Final[Headers] = (("content-type", "application/json"),)
_EVENT_END: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_WIRE: Final = frozenset({"content-encoding", "transfer-encoding", "connection", "keep-alive"})
_LONGEST_TITLE: Final = 80


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as chunks with their moments, in microseconds one after the other."""

    status: int
    chunks: list[bytes]
    us: list[int]
    headers: Headers = JSON
    how: How = "eof"
    error: str | None = None
    total_us: int = 0


class _Seen(msgspec.Struct):
    model: str = ""
    stream: bool | None = False


def build(  # noqa: PLR0913 - one name for each thing a file may know
    place: Placed,
    body: bytes,
    answer: Answer | None,
    *,
    t0_ms: int | None = None,
    headers: Headers = JSON,
    title: str = "",
    note: str = "",
) -> Recording:
    """Makes the recording; without an answer it can be sent again and is never served."""
    seen = _seen(body)
    path = path_of(place.path, place.query)
    recording = Recording(
        id=recording_id(place.protocol, path, body),
        title=titled(title) or title_of(place.protocol, "POST", place.path, body),
        note=note,
        dialect=place.protocol,
        stream=bool(seen.stream),
        method="POST",
        path=path,
        model=safe_text(seen.model[:200], newlines=False),
        request_headers=plain_headers(headers, len(body)),
        body=body,
        status=UNANSWERED,
        chunks=[],
        us=[],
        how="reset",
        t0="" if t0_ms is None else iso(t0_ms),
    )
    return recording if answer is None else _answered(recording, answer)


def _answered(recording: Recording, answer: Answer) -> Recording:
    """The same with an answer, and what its bytes say."""
    headers = plain_headers(answer.headers, sum(map(len, answer.chunks)))
    said = derive(recording.dialect, answer.status, headers, answer.chunks)
    return msgspec.structs.replace(
        recording,
        status=answer.status,
        response_headers=headers,
        chunks=answer.chunks,
        us=answer.us,
        how=said.how if answer.how == "eof" else answer.how,
        error=answer.error or said.error,
        text=said.text,
        tool_calls=said.tool_calls,
        finish=said.finish,
        usage=said.usage,
        ttft_us=answer.us[0] if answer.us else 0,
        total_us=max(answer.total_us, sum(answer.us)),
    )


def plain_headers(headers: Sequence[tuple[str, str]], size: int) -> Headers:
    """What may be recorded of headers whose body is kept unpacked: a length only if it is true."""
    return tuple(
        (name, value)
        for name, value in kept_headers(headers)
        if name not in _WIRE and (name != "content-length" or value == str(size))
    )


def _seen(body: bytes) -> _Seen:
    try:
        return msgspec.json.decode(body, type=_Seen)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Seen()


def titled(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(safe_text(text[: 8 * _LONGEST_TITLE]).split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"


def events(data: bytes) -> list[bytes]:
    """Cuts a stream of events after each of them; what follows the last one stays whole."""
    ends = [match.end() for match in _EVENT_END.finditer(data)]
    starts = [0, *ends]
    cuts = [*ends, len(data)]
    return [data[a:b] for a, b in zip(starts, cuts, strict=True) if b > a]


def looks_streamed(data: bytes) -> bool:
    """Whether an answer is a stream of events."""
    return data.lstrip()[:6].startswith((b"data:", b"event:", b"id:", b":"))


def spread(first_us: int, rest_us: int, count: int) -> list[int]:
    """Moments of chunks of which only the first and the last are known: even steps between."""
    if count <= 0:
        return []
    step, over = divmod(max(0, rest_us), max(1, count - 1))
    return [max(0, first_us)] + [step + (n < over) for n in range(count - 1)]


def whole(body: Any, *, took_us: int = 0, status: int = 200) -> Answer:
    """An answer in one piece, written as JSON."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Answer(status=status, chunks=[data], us=[max(0, took_us)], total_us=max(0, took_us))


def epoch_ms(text: object) -> int | None:
    """Epoch milliseconds of an ISO 8601 moment; one without a zone is UTC."""
    if not isinstance(text, str) or not 10 <= len(text) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0, round(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        return None


def iso(ms: int) -> str:
    """An ISO 8601 moment in UTC with milliseconds."""
    seconds, rest = divmod(max(0, min(ms, 253_402_300_799_000)), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
