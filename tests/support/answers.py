"""What the test upstream does with a request: a list of steps, and short ways to build one.

An answer is a list of steps. ``Send`` writes raw bytes, ``Wait`` holds until a test sets its event,
``Hang`` holds until the peer goes, ``End`` closes the connection (properly or with a reset).
Without ``End`` the connection stays open for the next request.
"""

import asyncio
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Framing = Literal["length", "chunked", "close"]
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Send:
    """Writes these bytes as one write."""

    data: bytes


@dataclass(frozen=True)
class Wait:
    """Holds until the test sets the event."""

    event: asyncio.Event


@dataclass(frozen=True)
class Hang:
    """Says nothing until the peer closes."""


@dataclass(frozen=True)
class End:
    """Closes: ``fin`` is a proper end of the TCP connection, ``rst`` a reset."""

    how: Literal["fin", "rst"] = "fin"


Step = Send | Wait | Hang | End
Answer = list[Step]

JSON: Headers = (("content-type", "application/json"),)
EVENTS: Headers = (("content-type", "text/event-stream"),)

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"} | {
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def head(status: int = 200, headers: Headers = ()) -> bytes:
    """The bytes of a response head, headers exactly as given."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def respond(
    body: bytes | object = b"",
    *,
    status: int = 200,
    headers: Headers = JSON,
    content_length: int | None = None,
    encoding: Literal["", "gzip"] = "",
) -> Answer:
    """A whole answer; anything but bytes is sent as JSON, ``content_length`` may lie."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    extra: list[tuple[str, str]] = []
    if encoding:
        data = gzip.compress(data)
        extra.append(("content-encoding", encoding))
    length = len(data) if content_length is None else content_length
    extra.append(("content-length", str(length)))
    steps: Answer = [Send(head(status, [*headers, *extra]) + data)]
    return steps if content_length is None else [*steps, End()]


def stream(
    chunks: Iterable[bytes | Step],
    *,
    status: int = 200,
    headers: Headers = EVENTS,
    framing: Framing = "chunked",
) -> Answer:
    """A streamed answer, one write a chunk; steps between the chunks are taken as they are."""
    parts = list(chunks)
    extra: list[tuple[str, str]] = []
    if framing == "chunked":
        extra.append(("transfer-encoding", "chunked"))
    elif framing == "length":
        size = sum(len(part) for part in parts if isinstance(part, bytes))
        extra.append(("content-length", str(size)))
    else:
        extra.append(("connection", "close"))
    steps: Answer = [Send(head(status, [*headers, *extra]))]
    steps += [_framed(part, framing) if isinstance(part, bytes) else part for part in parts]
    if framing == "chunked" and not any(isinstance(part, End) for part in parts):
        steps.append(Send(b"0\r\n\r\n"))
    return [*steps, End()] if framing == "close" else steps


def _framed(data: bytes, framing: Framing) -> Send:
    return Send(b"%x\r\n%b\r\n" % (len(data), data) if framing == "chunked" else data)


def cut(answer: Answer, at: int, how: Literal["fin", "rst"] = "fin") -> Answer:
    """The same answer, its connection closed after ``at`` bytes."""
    steps: Answer = []
    left = at
    for step in answer:
        if isinstance(step, Send):
            steps.append(Send(step.data[:left]))
            left -= len(step.data)
            if left <= 0:
                break
        else:
            steps.append(step)
    return [*steps, End(how)]


def size(answer: Answer) -> int:
    """How many bytes the answer sends in all."""
    return sum(len(step.data) for step in answer if isinstance(step, Send))


def garbage() -> Answer:
    """Something that is not HTTP."""
    return [Send(b"\x16\x03\x01 SSH-2.0-not-http\r\n\r\n\x00\xff"), End()]


def sse(*payloads: object, done: bool = True) -> list[bytes]:
    """Chunks of server-sent events, one a payload; strings go as they are, the rest as JSON."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in payloads]
    chunks = [f"data: {text}\n\n".encode() for text in texts]
    return [*chunks, b"data: [DONE]\n\n"] if done else chunks


def named_sse(*events: tuple[str, object]) -> list[bytes]:
    """Chunks of named server-sent events, as Anthropic and the Responses API send them."""
    return [f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() for name, data in events]
