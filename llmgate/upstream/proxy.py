"""The way to a provider through a proxy: HTTPS_PROXY and NO_PROXY, as curl and the SDKs read them.

TLS runs inside the tunnel, so a proxy sees the provider's name and nothing else.
"""

import asyncio
from base64 import b64encode
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from llmgate.errors import UpstreamUnreachable

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_ANSWER = 1 << 16


def proxy_for(url: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for this address; None goes straight."""
    host = url.hostname or ""
    if url.scheme != "https" or host in _LOOPBACK or proxy_bypass(host):
        return None
    proxies = getproxies()
    named = proxies.get("https") or proxies.get("all") or ""
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    return proxy if proxy.scheme == "http" and proxy.hostname else None


async def tunnel(proxy: SplitResult, host: str, port: int) -> asyncio.Transport:
    """A connection to ``host`` through the proxy. Raises ``UpstreamUnreachable``."""
    loop = asyncio.get_running_loop()
    transport, answer = await loop.create_connection(
        _Answer, proxy.hostname or "", proxy.port or 8080
    )
    try:
        transport.write(_connect_request(proxy, f"{host}:{port}"))
        status = await answer.status
    except BaseException:
        transport.abort()
        raise
    if status != 200:
        transport.abort()
        raise UpstreamUnreachable(
            f"the proxy {proxy.hostname}:{proxy.port or 8080} answered {status or 'nothing'}"
            f" when asked for {host} (HTTPS_PROXY; NO_PROXY names hosts to reach straight)"
        )
    return transport


def _connect_request(proxy: SplitResult, target: str) -> bytes:
    lines = [f"CONNECT {target} HTTP/1.1", f"host: {target}"]
    if proxy.username:
        user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        lines.append(f"proxy-authorization: Basic {b64encode(user.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Answer(asyncio.Protocol):
    """Reads the proxy's answer to CONNECT; ``status`` is 0 when it is no HTTP."""

    def __init__(self) -> None:
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """A piece of the head."""
        self._head += data
        if b"\r\n\r\n" in self._head or len(self._head) > _MAX_ANSWER:
            words = self._head.split(None, 2)
            known = len(words) > 1 and words[0].startswith(b"HTTP/1.") and words[1].isdigit()
            self._say(int(words[1]) if known else 0)

    def connection_lost(self, error: Exception | None) -> None:
        """The proxy hung up."""
        self._say(0)

    def _say(self, status: int) -> None:
        if not self.status.done():
            self.status.set_result(status)


def as_transport(transport: object) -> asyncio.Transport:
    """What ``start_tls`` gives is a transport in all but name (uvloop's)."""
    return cast("asyncio.Transport", transport)
