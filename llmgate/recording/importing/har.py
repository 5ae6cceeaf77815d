"""HAR 1.2 as browsers, proxies and llmgate itself write it.

A HAR keeps a body as one text and of its moments the first and the last. ``_llmgate_chunks`` beside
the text says how the bytes were cut and when each piece came; without it a stream is cut at its
events, in even steps. http://www.softwareishard.com/blog/har-12-spec/
"""

import base64
import binascii
from typing import Final

import msgspec

from llmgate.recording.importing.building import (
    Answer,
    build,
    epoch_ms,
    events,
    looks_streamed,
    spread,
)
from llmgate.recording.importing.found import (
    MAX_ANSWER,
    Found,
    Items,
    NotImported,
    foreign,
    skipped,
)
from llmgate.recording.importing.lines import fields_of
from llmgate.recording.importing.placing import NOWHERE, Placed, placed
from llmgate.recording.lines import How
from llmgate.recording.recording import Recording

_MOST_TAGS: Final = 20
_EVEN: Final = "From a HAR: the moments of its events were not kept and are even steps."


class _Pair(msgspec.Struct):
    name: str = ""
    value: str = ""


class _PostData(msgspec.Struct):
    text: str | None = None
    encoding: str | None = None


class _Request(msgspec.Struct):
    url: str
    method: str = "GET"
    headers: list[_Pair] = []
    postData: _PostData | None = None  # noqa: N815 - as the format has it


class _Cuts(msgspec.Struct):
    lengths: list[int]
    us: list[int]


class _Content(msgspec.Struct):
    text: str | None = None
    encoding: str | None = None
    cuts: _Cuts | None = msgspec.field(default=None, name="_llmgate_chunks")


class _Response(msgspec.Struct):
    status: int = 0
    headers: list[_Pair] = []
    content: _Content = msgspec.field(default_factory=_Content)


class _Timings(msgspec.Struct):
    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None


class _Ours(msgspec.Struct):
    """What a HAR of llmgate says beside."""

    how: How = "eof"
    tags: list[str] = []
    total_us: int = 0


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response = msgspec.field(default_factory=_Response)
    startedDateTime: str = ""  # noqa: N815
    time: float | None = None
    timings: _Timings = msgspec.field(default_factory=_Timings)
    comment: str = ""
    ours: _Ours | None = msgspec.field(default=None, name="_llmgate")


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]


class _Har(msgspec.Struct):
    log: _Log


class _Unfit(Exception):
    """An entry that cannot be used; the message says why."""


_entry: Final = msgspec.json.Decoder(_Entry, strict=False).decode


def is_har(data: bytes) -> bool:
    """Whether a JSON object is a HAR."""
    fields = fields_of(data)
    return isinstance(fields, dict) and "log" in fields


def read_har(data: bytes, name: str) -> Items:
    """Every entry that speaks a protocol of ours."""
    try:
        har = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Har)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotImported(f"{name} is no HAR: {error}") from error
    for number, raw in enumerate(har.log.entries, 1):
        yield _read_entry(raw, f"{name}, entry {number}")


def _read_entry(raw: msgspec.Raw, what: str) -> Found:
    try:
        entry = _entry(raw)
        request = entry.request
        what = f"{what}: {request.method} {request.url.partition('?')[0]}"
        place = placed(request.url)
        if isinstance(place, str):
            of_none = place == NOWHERE or request.method != "POST"
            return foreign(what, place) if of_none else skipped(what, place)
        if request.method != "POST":
            return foreign(what, f"{request.method} asks no model anything")
        return _recording(entry, place)
    except _Unfit as unfit:
        return skipped(what, str(unfit))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return skipped(what, f"not an entry of a HAR: {error}")


def _recording(entry: _Entry, place: Placed) -> Recording:
    body = _body(entry.request)
    answer, note = _answer(entry)
    recording = build(
        place,
        body,
        answer,
        t0_ms=epoch_ms(entry.startedDateTime) or None,  # 1970: it was left out
        headers=_headers(entry.request.headers),
        title=entry.comment if entry.ours else "",
        note=note,
    )
    tags = entry.ours.tags[:_MOST_TAGS] if entry.ours else []
    return msgspec.structs.replace(recording, tags=tuple(tags))


def _body(request: _Request) -> bytes:
    post = request.postData
    if post is None or not post.text:
        raise _Unfit("it keeps no request body")
    body = _bytes(post.text, post.encoding or "")
    problem = fields_of(body)
    if isinstance(problem, str):
        raise _Unfit(f"its request body is {problem}")
    return body


def _bytes(text: str, encoding: str) -> bytes:
    if encoding != "base64":
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        raise _Unfit("its base64 cannot be read") from None


def _headers(pairs: list[_Pair]) -> tuple[tuple[str, str], ...]:
    return tuple((pair.name.lower(), pair.value) for pair in pairs)


def _answer(entry: _Entry) -> tuple[Answer | None, str]:
    """The answer, and what is to be said of it."""
    response, content = entry.response, entry.response.content
    if not 100 <= response.status <= 599:
        return None, "From a HAR: the request was not answered."
    if content.text is None:
        return None, "From a HAR that did not keep the answer."
    data = _bytes(content.text, content.encoding or "")
    if len(data) > MAX_ANSWER:
        raise _Unfit(f"its answer is over {MAX_ANSWER >> 20} MB")
    if content.cuts is not None:
        return _as_cut(entry, data, content.cuts), ""
    first_us, rest_us = _moments(entry)
    chunks = events(data) if looks_streamed(data) else [data] if data else []
    answer = Answer(
        status=response.status,
        headers=_headers(response.headers),
        chunks=chunks,
        us=spread(first_us, rest_us, len(chunks)),
        total_us=first_us + rest_us,
    )
    return answer, _EVEN if len(chunks) > 1 else ""


def _as_cut(entry: _Entry, data: bytes, cuts: _Cuts) -> Answer:
    """The chunks as they came; refused when they are not those of the text."""
    lengths = cuts.lengths
    if len(lengths) != len(cuts.us) or min([*lengths, *cuts.us], default=0) < 0:
        raise _Unfit("`_llmgate_chunks` must have as many moments as lengths, none below 0")
    if sum(lengths) != len(data):
        raise _Unfit(f"`_llmgate_chunks` is of {sum(lengths)} bytes, the text has {len(data)}")
    chunks, at = [], 0
    for length in lengths:
        chunks.append(data[at : at + length])
        at += length
    ours = entry.ours or _Ours(total_us=sum(_moments(entry)))
    return Answer(
        status=entry.response.status,
        headers=_headers(entry.response.headers),
        chunks=chunks,
        us=cuts.us,
        how=ours.how,
        total_us=ours.total_us,
    )


def _moments(entry: _Entry) -> tuple[int, int]:
    """Microseconds to the first byte, and from there to the last one."""
    timings = entry.timings
    before = (timings.blocked, timings.dns, timings.connect, timings.send, timings.wait)
    first = sum(ms for ms in before if ms is not None and 0 < ms < 1e9)
    receive = timings.receive if timings.receive is not None else 0
    if first <= 0 and receive <= 0 and entry.time is not None and 0 < entry.time < 1e9:
        first = entry.time
    return round(first * 1000), round(max(0.0, min(receive, 1e9)) * 1000)
