"""One HTTP/1.1 connection to a provider: bytes of a request out, chunks of its answer in.

Written on httptools and an asyncio transport because of one thing that no ready client did: a
request that is cancelled before its answer begins must close its socket at once. A provider that
goes on generating for a caller who has left costs money.
"""

import asyncio
from collections import deque
from typing import cast

import httptools

from llmgate.errors import UpstreamCut, UpstreamFault, UpstreamInvalid, UpstreamUnreachable

_PAUSE_BYTES = 1 << 18  # of an answer that nobody reads yet: then the provider has to wait
_RESUME_BYTES = 1 << 16
_MAX_HEAD_BYTES = 1 << 18
_BODILESS = frozenset({204, 304})


class Connection(asyncio.Protocol):
    """Carries one exchange at a time; ``reusable`` says whether it can carry another."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._paused = False
        self._fault: UpstreamFault | None = None
        self._head = False  # the head of an answer that is not a 1xx is complete
        self._complete = False
        self._until_close = False
        self._keep_alive = False
        self._method = ""
        self._head_bytes = 0
        self.lost = False
        self.served = 0
        self.idle_since = 0.0
        self.status = 0
        self.headers: list[tuple[str, str]] = []

    @property
    def reusable(self) -> bool:
        """The answer was read to its end and the provider keeps the connection open."""
        read = self._complete and not self._chunks  # what is unread would begin the next answer
        return read and self._keep_alive and not self.lost and self._fault is None

    @property
    def untouched(self) -> bool:
        """Not a byte of an answer has come."""
        return self._head_bytes == 0 and self.status == 0

    def start(self, method: str, head: bytes, body: bytes) -> None:
        """Sends a request."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._method = method
        self._head = self._complete = self._until_close = self._keep_alive = False
        self._head_bytes = 0
        self.status, self.headers = 0, []
        self.served += 1
        if len(body) > _RESUME_BYTES:
            self._transport.writelines((head, body))
        else:
            self._transport.write(head + body)

    async def answered(self) -> None:
        """Returns when the head of the answer is here. Raises ``UpstreamFault``."""
        while not self._head:
            if self._fault is not None:
                raise self._fault
            await self._news()

    async def read(self) -> bytes | None:
        """The next chunk of the body as it came over the wire, None at its proper end."""
        while not self._chunks:
            if self._fault is not None:
                raise self._fault
            if self._complete:
                return None
            await self._news()
        chunk = self._chunks.popleft()
        self._buffered -= len(chunk)
        if self._paused and self._buffered < _RESUME_BYTES and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return chunk

    def abort(self) -> None:
        """Closes the socket at once."""
        if self._transport is not None and not self.lost:
            self._transport.abort()

    async def _news(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, fault: UpstreamFault) -> None:
        if self._fault is None and not self._complete:
            self._fault = fault
        self._wake()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; an idle connection that talks is of no use."""
        if self._parser is None or self._complete:
            self.abort()
            return
        if not self._head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(UpstreamInvalid(f"provider '{self._name}' did not answer in HTTP: {error}"))
            self.abort()
        except httptools.HttpParserUpgrade:
            self._fail(UpstreamInvalid(f"provider '{self._name}' left HTTP without being asked to"))
            self.abort()
        if not self._head and self._head_bytes > _MAX_HEAD_BYTES:
            self._fail(UpstreamInvalid(f"provider '{self._name}' sent too large a head"))
            self.abort()
        self._wake()

    def eof_received(self) -> bool:
        """The provider has said all it will say; the transport closes itself."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed: the proper end of some answers, a cut for the others."""
        self.lost = True
        reason = f": {error}" if error else ""
        if self._head and self._until_close and error is None:
            self._complete = True
            self._wake()
        elif self._head:
            self._fail(UpstreamCut(f"provider '{self._name}' broke off its answer{reason}"))
        else:
            self._fail(
                UpstreamUnreachable(
                    f"provider '{self._name}' closed the connection without an answer{reason}"
                )
            )

    # httptools' side

    def on_message_begin(self) -> None:
        """An answer begins; a second one to the same request belongs to nobody."""
        if self._complete:
            self._keep_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        if not self._head:  # a trailer is no header, and nothing may follow an answer
            self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """The head is complete; a 1xx is only a preface."""
        assert self._parser is not None
        if self._complete:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:
            return
        self._head = True
        if self._method == "HEAD":
            self._complete = True
        elif self.status not in _BODILESS:
            self._until_close = not any(_framed(name, value) for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        """A piece of the body: one HTTP chunk, or what one read gave of it."""
        if self._complete:
            return
        self._chunks.append(body)
        self._buffered += len(body)
        if not self._paused and self._buffered > _PAUSE_BYTES and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is complete, or it was a 1xx and the real one follows."""
        if self._complete:
            return
        if self._head:
            assert self._parser is not None
            self._complete = True  # a later question about keeping alive would get no answer
            self._keep_alive = self._parser.should_keep_alive() and self._method != "HEAD"
        else:
            self.status, self.headers = 0, []


def _framed(name: str, value: str) -> bool:
    """Whether the header says where the body ends (RFC 9112, section 6.3)."""
    if name == "transfer-encoding":
        return value.lower().rstrip().endswith("chunked")
    return name == "content-length"
