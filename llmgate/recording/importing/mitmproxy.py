"""mitmproxy's flow files: typed netstrings, read leniently across the versions of the last years.

A flow keeps each body as one blob, still compressed, and the moments of its first and last byte.
"""

from typing import Final

import msgspec

from llmgate.recording.importing.building import (
    Answer,
    build,
    events,
    looks_streamed,
    spread,
)
from llmgate.recording.importing.encodings import NotDecoded, decoded
from llmgate.recording.importing.found import Found, Items, NotImported, foreign, skipped
from llmgate.recording.importing.lines import fields_of
from llmgate.recording.importing.placing import NOWHERE, Placed, placed
from llmgate.recording.importing.tnetstring import NotNetstrings, Value, values
from llmgate.recording.recording import Headers, Recording

_EVEN: Final = "From a mitmproxy flow: the moments of its events were not kept and are even steps."
_Fields = dict[str, Value]


class _Side(msgspec.Struct, frozen=True):
    """A request or an answer of a flow."""

    headers: Headers
    body: bytes | None
    start_s: float | None
    end_s: float | None


def is_flows(data: bytes) -> bool:
    """Whether it begins like a flow file."""
    length, colon, rest = data[:2000].partition(b":")
    return bool(colon) and length.isdigit() and len(length) < 11 and rest[:1].isdigit()


def read_flows(data: bytes, name: str) -> Items:
    """Every HTTP flow that speaks a protocol of ours."""
    number = 0
    try:
        for value in values(data):
            number += 1
            yield _read_flow(value, f"{name}, flow {number}")
    except NotNetstrings as problem:
        if not number:
            raise NotImported(f"{name} is no flow file: {problem}") from problem
        yield skipped(f"{name}, after flow {number}", f"the file is damaged {problem}")


def _read_flow(flow: Value, what: str) -> Found:
    if not isinstance(flow, dict) or _text(flow.get("type")) != "http":
        return foreign(what, "not an HTTP flow")
    request = _fields(flow.get("request"))
    url = _url(request)
    what = f"{what}: {_text(request.get('method'))} {url.partition('?')[0]}"
    place = placed(url)
    if isinstance(place, str):
        of_none = place == NOWHERE or _text(request.get("method")) != "POST"
        return foreign(what, place) if of_none else skipped(what, place)
    if _text(request.get("method")) != "POST":
        return foreign(what, "only POST asks a model anything")
    try:
        return _recording(flow, place)
    except NotDecoded as problem:
        return skipped(what, str(problem))


def _recording(flow: _Fields, place: Placed) -> Recording:
    request = _side(flow.get("request"))
    body = request.body or b""
    problem = fields_of(body)
    if isinstance(problem, str):
        raise NotDecoded(f"its request body is {problem}")
    answer = _answer(flow, request)
    error = _text(_fields(flow.get("error")).get("msg"))
    note = f"mitmproxy says: {error[:200]}. " if error else ""
    if answer is None:
        note += "From a mitmproxy flow: the request was not answered."
    elif len(answer.chunks) > 1:
        note += _EVEN
    return build(
        place,
        body,
        answer,
        t0_ms=None if request.start_s is None else round(request.start_s * 1000),
        headers=request.headers,
        note=note,
    )


def _answer(flow: _Fields, request: _Side) -> Answer | None:
    raw = _fields(flow.get("response"))
    status = raw.get("status_code")
    if not isinstance(status, int) or not 100 <= status <= 599:
        return None
    response = _side(raw)
    if response.body is None:
        raise NotDecoded("the flow did not keep its answer: mitmproxy was streaming it")
    first_us = _between(request.start_s, response.start_s)
    rest_us = _between(response.start_s, response.end_s)
    chunks = events(response.body) if looks_streamed(response.body) else [response.body]
    chunks = [chunk for chunk in chunks if chunk]
    broken = flow.get("error") is not None
    return Answer(
        status=status,
        headers=response.headers,
        chunks=chunks,
        us=spread(first_us, rest_us, len(chunks)),
        how="reset" if broken else "eof",
        total_us=first_us + rest_us,
    )


def _side(value: Value) -> _Side:
    fields = _fields(value)
    headers = _headers(fields.get("headers"))
    body = fields.get("content")
    encoding = next((text for name, text in headers if name == "content-encoding"), "")
    return _Side(
        headers=headers,
        body=decoded(body, encoding) if isinstance(body, bytes) else None,
        start_s=_moment(fields.get("timestamp_start")),
        end_s=_moment(fields.get("timestamp_end")),
    )


def _headers(value: Value) -> Headers:
    pairs = [item for item in value if isinstance(item, list)] if isinstance(value, list) else []
    return tuple((_text(pair[0]).lower(), _text(pair[1])) for pair in pairs[:200] if len(pair) == 2)


def _url(request: _Fields) -> str:
    host = _text(request.get("host")) or _text(request.get("authority"))
    return f"{_text(request.get('scheme')) or 'https'}://{host}{_text(request.get('path'))}"


def _fields(value: Value) -> _Fields:
    return value if isinstance(value, dict) else {}


def _text(value: Value) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _moment(value: Value) -> float | None:
    fine = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e11
    return float(value) if fine and isinstance(value, (int, float)) else None


def _between(first_s: float | None, last_s: float | None) -> int:
    return 0 if first_s is None or last_s is None else max(0, round((last_s - first_s) * 1e6))
