"""Lines that hold a request and its answer, as proxies and tracers log them."""

from typing import Final

import msgspec

from llmgate.recording.importing.building import (
    JSON,
    Answer,
    build,
    epoch_ms,
    events,
    looks_streamed,
    spread,
    whole,
)
from llmgate.recording.importing.lines import Fields, fields_of, inner, text_of, value_of
from llmgate.recording.importing.placing import Placed, placed
from llmgate.recording.importing.shapes import place_of
from llmgate.recording.recording import Headers, Recording

_BODIES: Final = ("body", "body_raw", "json", "data")
_STATUS: Final = ("status_code", "status")


def read_pair(fields: Fields) -> Recording | str:
    """The recording, or why there is none."""
    request = inner(fields, "request")
    body = _body(request)
    if body is None:
        body = bytes(fields["request"]) if request else b""
    asked = fields_of(body)
    if isinstance(asked, str):
        return f"its `request` is {asked}"
    place = _place(request, asked)
    if isinstance(place, str):
        return place
    answer = _answer(fields)
    note = "" if answer is not None else "Not answered yet."
    return build(place, body, answer, t0_ms=_moment(request), headers=_headers(request), note=note)


def _place(request: Fields, asked: Fields) -> Placed | str:
    url = text_of(request, "url") or text_of(request, "path")
    return placed(url) if url else place_of(asked)


def _body(side: Fields) -> bytes | None:
    """The body of a side that is more than its body; a string is the body's text."""
    for name in _BODIES:
        raw = side.get(name)
        if raw is None or bytes(raw) == b"null":
            continue
        text = text_of(side, name)
        return text.encode("utf-8", "replace") if text else bytes(raw)
    return None


def _answer(fields: Fields) -> Answer | None:
    raw = fields.get("response")
    if raw is None or bytes(raw) == b"null":
        return None
    response = inner(fields, "response")
    body = _body(response)
    if body is None:
        text = text_of(fields, "response")
        body = text.encode("utf-8", "replace") if text else bytes(raw)
        return _cut(body, 200, JSON, 0)
    return _cut(body, _status(response), _headers(response), _took_us(fields, response))


def _cut(body: bytes, status: int, headers: Headers, took_us: int) -> Answer:
    if not looks_streamed(body):
        return msgspec.structs.replace(whole(body, took_us=took_us, status=status), headers=headers)
    chunks = events(body)
    sse: Headers = headers if headers is not JSON else (("content-type", "text/event-stream"),)
    return Answer(
        status=status,
        chunks=chunks,
        us=spread(took_us, 0, len(chunks)),
        headers=sse,
        total_us=took_us,
    )


def _status(response: Fields) -> int:
    for name in _STATUS:
        status = value_of(response, name)
        if isinstance(status, int) and 100 <= status <= 599:
            return status
    return 200


def _headers(side: Fields) -> Headers:
    """Headers of a side: an object, or pairs."""
    given = value_of(side, "headers")
    pairs = given.items() if isinstance(given, dict) else given if isinstance(given, list) else ()
    found = tuple(
        (str(pair[0]).lower(), str(pair[1]))
        for pair in pairs
        if isinstance(pair, (list, tuple)) and len(pair) == 2
    )
    return found or JSON


def _moment(side: Fields) -> int | None:
    """When a side was sent: ISO 8601, or seconds since the epoch."""
    given = value_of(side, "timestamp")
    if isinstance(given, (int, float)) and 1e8 < given < 1e11:
        return round(given * 1000)
    return epoch_ms(given)


def _took_us(fields: Fields, response: Fields) -> int:
    """How long an answer took, when both sides say when they were."""
    asked, answered = _moment(inner(fields, "request")), _moment(response)
    return 0 if asked is None or answered is None else max(0, answered - asked) * 1000
