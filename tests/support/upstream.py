"""A provider made of a raw asyncio socket, which misbehaves at any byte the test asks for.

    async with Upstream([respond({"ok": True})]) as up:
        ...                            # point the gateway at up.url
        up.requests[0].raw_body        # byte for byte what it received
        await up.closed(0)             # the peer has closed the connection of request 0

The script is a list of answers (one a request, the last one repeats) or a function of the request.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Self, cast

from tests.support.answers import Answer, End, Hang, Send, Wait


@dataclass
class Request:
    """A request as it came: ``raw_head`` untouched, ``raw_body`` without its framing."""

    raw_head: bytes
    method: str
    target: str
    headers: list[tuple[str, str]]
    raw_body: bytes = b""
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; None when missing."""
        lower = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower), None)


Script = list[Answer] | Callable[[Request], Answer]


class Upstream:
    """Serves the script until it is left; ``requests`` are in the order their heads arrived."""

    def __init__(
        self,
        script: Script,
        *,
        tls: ssl.SSLContext | None = None,
        body_gate: asyncio.Event | None = None,
        answer_early: bool = False,
    ) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.connections = 0
        self.open_connections = 0
        self.body_gate = body_gate  # a slow reader: the body is read once this is set
        self.answer_early = answer_early  # answers after the head, whatever the body does
        self._tls = tls
        self._arrived = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        """Listens on a free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0, ssl=self._tls, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._group = await asyncio.TaskGroup().__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops listening and drops what is open."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await self._group.__aexit__(None, None, None)

    async def request(self, index: int = 0) -> Request:
        """Waits until the head of that request has arrived."""
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) > index)
        return self.requests[index]

    async def closed(self, index: int = 0) -> None:
        """Waits until the peer has closed the connection that carried that request."""
        request = await self.request(index)
        async with asyncio.timeout(20):
            await request.gone.wait()

    def begin(self, connection: "_Connection") -> None:
        """Takes a new connection."""
        self.connections += 1
        self.open_connections += 1
        task = self._group.create_task(connection.serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def note(self, request: Request) -> Answer:
        """Keeps the request and gives its answer, as far as it can be known by its head."""
        async with self._arrived:
            self.requests.append(request)
            index = len(self.requests) - 1
            self._arrived.notify_all()
        if not isinstance(self.script, list):
            return []
        return self.script[min(index, len(self.script) - 1)]


class _Gone(Exception):
    """The peer has closed."""


class _Connection(asyncio.Protocol):
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._buffer = bytearray()
        self._news = asyncio.Event()
        self._peer_gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._seen: list[Request] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._upstream.begin(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._news.set()

    def eof_received(self) -> bool:
        self._lose()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._upstream.open_connections -= 1
        self._lose()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _lose(self) -> None:
        self._peer_gone.set()
        self._news.set()
        self._writable.set()
        for request in self._seen:
            request.gone.set()

    async def serve(self) -> None:
        """Answers request after request until somebody closes."""
        try:
            while await self._exchange():
                pass
        except _Gone:
            pass
        finally:
            self._transport.close()

    async def _exchange(self) -> bool:
        request = await self._read_head()
        answer = await self._upstream.note(request)
        if not self._upstream.answer_early:
            await self._read_body(request)
        if not isinstance(self._upstream.script, list):
            answer = self._upstream.script(request)
        return await self._play(answer)

    async def _play(self, answer: Answer) -> bool:
        for step in answer:
            match step:
                case Send(data):
                    await self._send(data)
                case Wait(event):
                    await event.wait()
                case Hang():
                    await self._peer_gone.wait()
                case End(how):
                    self._close(reset=how == "rst")
                    return False
        return not self._peer_gone.is_set()

    async def _send(self, data: bytes) -> None:
        await self._writable.wait()
        if self._transport.is_closing():
            raise _Gone
        self._transport.write(data)

    def _close(self, *, reset: bool) -> None:
        if reset:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()

    async def _more(self) -> None:
        if self._peer_gone.is_set():
            raise _Gone
        self._news.clear()
        await self._news.wait()

    async def _until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            await self._more()
        return self._take(end + len(mark))

    async def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self._more()
        return self._take(count)

    def _take(self, count: int) -> bytes:
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def _read_head(self) -> Request:
        raw = await self._until(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        pairs = [line.partition(":") for line in lines]
        request = Request(raw, method, target, [(name, value.strip()) for name, _, value in pairs])
        self._seen.append(request)
        return request

    async def _read_body(self, request: Request) -> None:
        if self._upstream.body_gate is not None:
            self._transport.pause_reading()
            await self._upstream.body_gate.wait()
            self._transport.resume_reading()
        if (request.header("transfer-encoding") or "").lower() == "chunked":
            request.raw_body = await self._dechunk()
        else:
            request.raw_body = await self._exactly(int(request.header("content-length") or 0))
        request.complete.set()

    async def _dechunk(self) -> bytes:
        body = b""
        while count := int((await self._until(b"\r\n")).split(b";")[0], 16):
            body += await self._exactly(count)
            await self._exactly(2)
        await self._until(b"\r\n")
        return body
