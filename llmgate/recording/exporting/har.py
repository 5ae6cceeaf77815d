"""HAR 1.2, which browsers and proxies read.

http://www.softwareishard.com/blog/har-12-spec/
Beside the text of an answer ``_llmgate_chunks`` says how its bytes were cut and when each piece
came, so that nothing but the ending is lost on the way back; ``_llmgate`` says that too.
"""

import base64
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from llmgate import __version__
from llmgate.recording.exporting.target import ADDRESS
from llmgate.recording.recording import Headers, Recording

Json = dict[str, object]

_NO_DATE: Final = "1970-01-01T00:00:00.000Z"
_HTTP: Final = "HTTP/1.1"


def as_har(recordings: Sequence[Recording]) -> bytes:
    """The recordings as the entries of one HAR."""
    log = {
        "version": "1.2",
        "creator": {"name": "llmgate", "version": __version__},
        "entries": [_entry(recording) for recording in recordings],
    }
    return msgspec.json.format(msgspec.json.encode({"log": log}), indent=1) + b"\n"


def _entry(it: Recording) -> Json:
    wait_ms = it.ttft_us / 1000
    total_ms = max(it.total_us / 1000, wait_ms)
    return {
        "startedDateTime": it.t0 or _NO_DATE,
        "time": total_ms,
        "request": _request(it),
        "response": _response(it),
        "cache": {},
        "timings": {"send": 0, "wait": wait_ms, "receive": round(total_ms - wait_ms, 3)},
        "comment": it.title,
        "_llmgate": {
            "id": it.id,
            "dialect": it.dialect,
            "stream": it.stream,
            "how": it.how,
            "tags": list(it.tags),
            "total_us": it.total_us,
        },
    }


def _request(it: Recording) -> Json:
    post: Json = {"mimeType": dict(it.request_headers).get("content-type", ""), "params": []}
    post |= _text(it.body)
    return {
        "method": it.method,
        "url": ADDRESS + it.path,
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _pairs(it.request_headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(it.path.partition("?")[2], keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": len(it.body),
        **({"postData": post} if it.body else {}),
    }


def _response(it: Recording) -> Json:
    answer = b"".join(it.chunks)
    content: Json = {
        "size": len(answer),
        "mimeType": dict(it.response_headers).get("content-type", ""),
    }
    content |= _text(answer)
    content["_llmgate_chunks"] = {"lengths": [len(chunk) for chunk in it.chunks], "us": it.us}
    return {
        "status": it.status,
        "statusText": _phrase(it.status),
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _pairs(it.response_headers),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(answer),
    }


def _text(data: bytes) -> Json:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(data).decode(), "encoding": "base64"}


def _pairs(headers: Headers) -> list[Json]:
    return [{"name": name, "value": value} for name, value in headers]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
