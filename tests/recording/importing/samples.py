"""Made-up files in the formats that are imported."""

import base64
import json
from typing import Any

ASKED: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "stream": True,
    "messages": [{"role": "user", "content": "Say hello to the moon."}],
}
BODY = json.dumps(ASKED)
STREAM = (
    'data: {"id":"c1","model":"gpt-4o-mini",'
    '"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
    'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"Hello, mo\u00f6n."}}]}\n\n'
    'data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    'data: {"id":"c1","choices":[],'
    '"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}\n\n'
    "data: [DONE]\n\n"
)
COMPLETION: dict[str, Any] = {
    "id": "c2",
    "object": "chat.completion",
    "model": "gpt-4o-mini",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}


def har(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}).encode()


def entry(
    url: str = "https://api.openai.com/v1/chat/completions",
    *,
    body: str | None = BODY,
    text: str | None = STREAM,
    status: int = 200,
    mime: str = "text/event-stream",
    **content: Any,
) -> dict[str, Any]:
    """One entry of a HAR, with the headers a browser keeps."""
    request: dict[str, Any] = {
        "method": "POST",
        "url": url,
        "headers": [
            {"name": "Content-Type", "value": "application/json"},
            {"name": "Authorization", "value": "Bearer sk-live-never-to-be-kept"},
        ],
    }
    if body is not None:
        request["postData"] = {"mimeType": "application/json", "text": body}
    kept = {} if text is None else {"text": text}
    return {
        "startedDateTime": "2026-03-01T12:00:00.250+01:00",
        "time": 900,
        "request": request,
        "response": {
            "status": status,
            "headers": [
                {"name": "Content-Type", "value": mime},
                {"name": "Content-Encoding", "value": "br"},
                {"name": "Set-Cookie", "value": "session=1"},
            ],
            "content": {"mimeType": mime, "size": 1} | kept | content,
        },
        "timings": {"blocked": -1, "dns": 5, "connect": 15, "send": 1, "wait": 379, "receive": 500},
    }


def base64_of(text: str) -> dict[str, str]:
    return {"text": base64.b64encode(text.encode()).decode(), "encoding": "base64"}


def tnet(value: Any) -> bytes:  # noqa: C901, PLR0911 - one line a type
    """A value as a typed netstring."""
    match value:
        case None:
            return b"0:~"
        case bool():
            return b"4:true!" if value else b"5:false!"
        case int():
            return _netstring(str(value).encode(), b"#")
        case float():
            return _netstring(repr(value).encode(), b"^")
        case bytes():
            return _netstring(value, b",")
        case str():
            return _netstring(value.encode(), b";")
        case list() | tuple():
            return _netstring(b"".join(map(tnet, value)), b"]")
        case dict():
            return _netstring(b"".join(tnet(k) + tnet(v) for k, v in value.items()), b"}")
        case _:
            raise TypeError(type(value))


def _netstring(data: bytes, kind: bytes) -> bytes:
    return str(len(data)).encode() + b":" + data + kind


def flow(
    *,
    path: bytes = b"/v1/chat/completions",
    body: bytes = BODY.encode(),
    answer: bytes | None = STREAM.encode(),
    encoding: bytes = b"",
    **more: Any,
) -> dict[str, Any]:
    """A flow as mitmproxy keeps it."""
    headers = [[b"content-type", b"text/event-stream"]]
    if encoding:
        headers.append([b"content-encoding", encoding])
    return {
        "version": 21,
        "type": "http",
        "id": "a-b-c",
        "request": {
            "host": "api.openai.com",
            "port": 443,
            "method": b"POST",
            "scheme": b"https",
            "authority": b"",
            "path": path,
            "http_version": b"HTTP/2.0",
            "headers": [
                [b"Content-Type", b"application/json"],
                [b"authorization", b"Bearer sk-live-never-to-be-kept"],
            ],
            "content": body,
            "trailers": None,
            "timestamp_start": 1_772_362_800.25,
            "timestamp_end": 1_772_362_800.3,
        },
        "response": None
        if answer is None
        else {
            "http_version": b"HTTP/2.0",
            "status_code": 200,
            "reason": b"",
            "headers": headers,
            "content": answer,
            "trailers": None,
            "timestamp_start": 1_772_362_800.65,
            "timestamp_end": 1_772_362_801.15,
        },
        "error": None,
    } | more


def lines(*values: Any) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def said(uuid: str, parent: str | None, kind: str, message: dict[str, Any], **more: Any) -> Any:
    """A line of Claude Code's log."""
    return {
        "parentUuid": parent,
        "isSidechain": False,
        "userType": "external",
        "cwd": "/home/somebody/project",
        "sessionId": "5e55-10",
        "version": "2.1.63",
        "type": kind,
        "message": message,
        "uuid": uuid,
    } | more


def rollout(kind: str, payload: dict[str, Any], second: int = 0) -> Any:
    """A line of Codex's log."""
    stamp = f"2026-03-01T12:00:{second:02d}.000Z"
    return {"timestamp": stamp, "type": kind, "payload": payload}
