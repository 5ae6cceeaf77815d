"""The HTTP client that carries requests to providers: a pool of connections for each provider.

It sends what it is given and gives back what comes: no redirects, no decoding, no retries but one:
an idle connection that the provider closed at the very moment it was used.
"""

import asyncio
import ssl
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from llmgate.config.model import Timeout, Tls
from llmgate.errors import (
    UpstreamFault,
    UpstreamInvalid,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from llmgate.upstream.connection import Connection
from llmgate.upstream.proxy import as_transport, proxy_for, tunnel
from llmgate.upstream.reply import Outbound, Reply
from llmgate.upstream.tls import tls_context

_IDLE_S = 50.0  # below the 60 s after which common servers close idle connections
_MOST_IDLE = 64
_PORTS = {"http": 80, "https": 443}


class HttpSender:
    """One provider's way out: its connections, TLS settings and connect timeout."""

    def __init__(
        self,
        name: str,
        *,
        timeout: Timeout,
        tls: Tls,
        proxy: Callable[[SplitResult], SplitResult | None] = proxy_for,
    ) -> None:
        self._name = name
        self._proxy = proxy
        self._connect_s = timeout.connect_s
        self._tls = tls
        self._idle: list[Connection] = []
        self._closed = False

    async def send(self, request: Outbound) -> Reply:
        """Sends; returns when the head of the answer is here. Raises ``UpstreamFault``s."""
        url = urlsplit(request.url)
        head = _head(request, url)
        connection = self._take_idle()
        if connection is None:
            connection = await self._connect(url)
        try:
            return await self._exchange(connection, request, head)
        except UpstreamUnreachable:
            if connection.served == 1 or not connection.untouched:
                raise
        return await self._exchange(await self._connect(url), request, head)

    async def close(self) -> None:
        """Closes idle connections; a reply under way keeps its own until it is closed."""
        self._closed = True
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    def give_back(self, connection: Connection) -> None:
        """Keeps a connection for the next request if it can carry one, closes it otherwise."""
        if not self._closed and connection.reusable and len(self._idle) < _MOST_IDLE:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()

    async def _exchange(self, connection: Connection, request: Outbound, head: bytes) -> Reply:
        try:
            connection.start(request.method, head, request.body)
            await connection.answered()
        except BaseException:  # cancelled or failed: either way nobody waits for an answer
            connection.abort()
            raise
        return HttpReply(self, connection)

    def _take_idle(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - _IDLE_S
        while self._idle:
            connection = self._idle.pop()
            if not connection.lost and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    async def _connect(self, url: SplitResult) -> Connection:
        who = f"provider '{self._name}'"
        try:
            port = url.port or _PORTS[url.scheme]
            context = tls_context(self._tls) if url.scheme == "https" else None
            async with asyncio.timeout(self._connect_s):
                connection = await self._open(url, port, context)
        except TimeoutError as error:
            raise UpstreamTimeout(
                f"{who} did not accept a connection within {self._connect_s:g} s", phase="connect"
            ) from error
        except ssl.SSLError as error:
            raise UpstreamUnreachable(f"{who} is unreachable: {_tls_reason(error)}") from error
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise UpstreamUnreachable(f"{who} is unreachable: {reason}") from error
        except (KeyError, ValueError, UnicodeError) as error:
            raise UpstreamInvalid(f"{who} has an address that cannot be used") from error
        return connection

    async def _open(
        self, url: SplitResult, port: int, context: ssl.SSLContext | None
    ) -> Connection:
        """Straight, or through the proxy that the environment names."""
        loop = asyncio.get_running_loop()
        host = url.hostname or ""
        proxy = self._proxy(url)
        if proxy is None or context is None:
            _, connection = await loop.create_connection(
                lambda: Connection(self._name), host, port, ssl=context
            )
            return connection
        transport = await tunnel(proxy, host, port)
        connection = Connection(self._name)
        try:
            secure = await loop.start_tls(transport, connection, context, server_hostname=host)
        except BaseException:
            transport.abort()
            raise
        connection.connection_made(as_transport(secure))
        return connection


class HttpReply:
    """An answer under way."""

    __slots__ = ("_connection", "_sender", "headers", "read", "status")

    def __init__(self, sender: HttpSender, connection: Connection) -> None:
        self._sender = sender
        self._connection = connection
        self.status = connection.status
        self.headers = connection.headers
        self.read = connection.read

    async def close(self, fault: UpstreamFault | None = None) -> None:
        """Lets go of the connection; one with an unread answer is closed."""
        self._sender.give_back(self._connection)


def _head(request: Outbound, url: SplitResult) -> bytes:
    """The request line and headers; the path and query stay encoded as they were given."""
    target = url.path or "/"
    if url.query:
        target = f"{target}?{url.query}"
    lines = [f"{request.method} {target} HTTP/1.1", f"host: {url.netloc.rpartition('@')[2]}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body or request.method not in {"GET", "HEAD"}:
        lines.append(f"content-length: {len(request.body)}")
    text = "\r\n".join(lines)
    ends = len(lines) - 1
    if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        raise UpstreamInvalid("a header or the path of this request holds a line break")
    return f"{text}\r\n\r\n".encode("latin-1", "replace")


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message});"
            " tls.ca_bundle can name the authority's PEM file"
        )
    return f"TLS failed ({error.reason or error})"
