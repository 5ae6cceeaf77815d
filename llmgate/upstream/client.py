"""The HTTP client that carries requests to providers; the only file that knows pyreqwest.

Its traps, each seen: without ``streamed_read_buffer_limit(0)`` the first 64 kB of a stream are held
back; its decoders (gzip ...) and redirects must be off for bytes to stay bytes; a silence before
the head is reported as a connect timeout when a total timeout is set, so none is and the relay
times the first byte; a client that is still open when the interpreter ends aborts the process, so
``close`` is always called.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ConnectError,
    ConnectTimeoutError,
    DetailedPyreqwestError,
    PyreqwestError,
    ReadError,
    RequestTimeoutError,
)
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from llmgate.config.model import Timeout, Tls
from llmgate.errors import (
    UpstreamCut,
    UpstreamFault,
    UpstreamInvalid,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from llmgate.upstream.reply import Outbound, Reply

_IDLE_POOL_S = 60


class HttpSender:
    """One provider's connections: a pool with its TLS settings and connect timeout."""

    def __init__(self, name: str, base_url: str, *, timeout: Timeout, tls: Tls) -> None:
        self._name = name
        self._connect_s = timeout.connect_s
        self._client = _build(base_url, timeout, tls)

    async def send(self, request: Outbound) -> Reply:
        """Sends; returns when the head of the answer is here. Raises ``UpstreamFault``s."""
        try:
            stream = (
                self._client.request(request.method, request.url)
                .headers(request.headers)
                .body_bytes(request.body)
                .streamed_read_buffer_limit(0)
                .build_streamed()
            )
            response = await stream.__aenter__()
        except PyreqwestError as error:
            raise self._fault(error) from error
        return HttpReply(self._name, stream, response)

    async def close(self) -> None:
        """Closes idle connections; pyreqwest lets replies under way end on their own."""
        await self._client.close()

    def _fault(self, error: PyreqwestError) -> UpstreamFault:
        who, reason = f"provider '{self._name}'", describe(error)
        match error:
            case ConnectTimeoutError():
                patience = f"did not accept a connection within {self._connect_s:g} s"
                return UpstreamTimeout(f"{who} {patience}", phase="connect")
            case RequestTimeoutError():
                return UpstreamTimeout(f"{who} timed out: {reason}", phase="first_byte")
            case BuilderError():
                return UpstreamInvalid(f"{who} cannot be asked: {reason}")
            case ReadError():
                return UpstreamCut(f"{who} closed the connection before answering: {reason}")
            case ConnectError() | PyreqwestError():
                return UpstreamUnreachable(f"{who} is unreachable: {reason}")


class HttpReply:
    """An answer under way."""

    __slots__ = ("_name", "_read", "_stream", "headers", "status")

    def __init__(self, name: str, stream: StreamRequest, response: Response) -> None:
        self._name = name
        self._stream = stream
        self._read = response.body_reader.read_chunk
        self.status = response.status
        self.headers: list[tuple[str, str]] = list(response.headers.items())

    async def read(self) -> bytes | None:
        """Gives the next wire chunk; None at the proper end. Raises ``UpstreamCut``."""
        try:
            chunk = await self._read()
        except PyreqwestError as error:
            raise UpstreamCut(
                f"provider '{self._name}' broke off its answer: {describe(error)}"
            ) from error
        return None if chunk is None else chunk.to_bytes()

    async def close(self) -> None:
        """Lets go of the connection; an unread body closes its socket."""
        try:
            await self._stream.__aexit__(None, None, None)
        except PyreqwestError:
            return  # the connection is gone: that is what was asked for


def describe(error: PyreqwestError) -> str:
    """Says the innermost cause: the outer messages only repeat that a request failed."""
    if isinstance(error, DetailedPyreqwestError):
        causes = error.details.get("causes") or []
        if causes:
            return causes[-1]["message"][:300]
    return str(error.message)[:300]


def _build(base_url: str, timeout: Timeout, tls: Tls) -> Client:
    builder = (
        ClientBuilder()
        .gzip(enable=False)
        .brotli(enable=False)
        .zstd(enable=False)
        .deflate(enable=False)
        .follow_redirects(enable=False)
        .referer(enable=False)
        .connect_timeout(timedelta(seconds=timeout.connect_s))
        .pool_idle_timeout(timedelta(seconds=_IDLE_POOL_S))
        .tcp_nodelay(enabled=True)
        .http1_lower_case_headers()
    )
    if (urlsplit(base_url).hostname or "") in {"127.0.0.1", "localhost", "::1"}:
        builder = builder.no_proxy()  # a proxy for the internet cannot reach this machine
    if not tls.verify:
        builder = builder.danger_accept_invalid_certs(enable=True)
    if tls.ca_bundle is not None:
        builder = builder.add_root_certificate_pem(Path(tls.ca_bundle).read_bytes())
    return builder.build()
