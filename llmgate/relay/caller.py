"""The calling side of one request, over raw ASGI."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from llmgate.errors import BadRequest, BodyTooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]


class CallerGone(Exception):
    """The caller closed its connection before the answer ended."""


class Caller:
    """Reads the request, writes the answer; knows nothing of what is in them."""

    patient = False  # nobody who would give up on a silent gateway
    key = ""  # whose routes it takes, when it has no key itself
    model = ""  # what a provider that was named is asked for instead of the request's own model

    __slots__ = ("_receive", "_send", "ended", "head_sent", "headers", "query", "raw_path", "scope")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self.head_sent = False
        self.ended = False
        self.headers: RawHeaders = scope["headers"]
        self.query: bytes = scope["query_string"]
        raw = scope.get("raw_path")
        self.raw_path: str = raw.decode("latin-1") if raw else scope["path"]

    @property
    def loopback(self) -> bool:
        """The connection comes from this machine."""
        client = scope_client(self.scope)
        return client.startswith("127.") or client in {"::1", "::ffff:127.0.0.1", "localhost"}

    async def body(self, limit: int) -> bytes:
        """Reads the whole body. Raises ``BodyTooLarge`` over ``limit`` bytes, ``CallerGone``."""
        self._check_declared(limit)
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        first: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            return self._bounded(first, len(first), limit)
        parts, size = [first], len(first)
        while message.get("more_body", False):
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CallerGone
            piece: bytes = message.get("body", b"")
            size += len(piece)
            self._bounded(piece, size, limit)
            parts.append(piece)
        return b"".join(parts)

    async def gone(self) -> None:
        """Returns when the caller has left or the answer is complete; only after ``body``."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def head(self, status: int, headers: RawHeaders) -> None:
        """Sends the head of the answer."""
        self.head_sent = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def chunk(self, data: bytes) -> None:
        """Sends bytes at once; waits only while the caller does not read."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        """Sends the last bytes and ends the answer properly; once."""
        if self.ended:
            return
        self.ended = True
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def answer(self, status: int, headers: RawHeaders, body: bytes) -> None:
        """Sends a whole answer."""
        length = (b"content-length", str(len(body)).encode())
        await self.head(status, [*headers, length])
        await self.end(body)

    def _check_declared(self, limit: int) -> None:
        for name, value in self.headers:
            if name == b"content-length":
                if not value.isdigit():
                    raise BadRequest("the content-length header is not a number")
                self._bounded(b"", int(value), limit)

    @staticmethod
    def _bounded(data: bytes, size: int, limit: int) -> bytes:
        if size > limit:
            raise BodyTooLarge(
                f"the request body is over {limit / 1_000_000:g} MB"
                " (server.max_body_mb in config.yaml)"
            )
        return data


def scope_client(scope: Scope) -> str:
    """The peer's address, empty when unknown."""
    client = scope.get("client")
    return str(client[0]) if client else ""
