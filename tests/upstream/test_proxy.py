"""Through a proxy: a real CONNECT tunnel, and which addresses take it."""

import asyncio
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pytest
import uvloop

from llmgate.config.model import Timeout, Tls
from llmgate.errors import UpstreamUnreachable
from llmgate.upstream.client import HttpSender
from llmgate.upstream.proxy import proxy_for
from tests.support.upstream import Upstream
from tests.upstream.test_client import OK, Authority, outbound, whole


class Proxy:
    """A proxy that tunnels, or answers CONNECT as it is told."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.asked: list[bytes] = []
        self._refusal = refusal

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.address = urlsplit(f"http://me:pass%20word@127.0.0.1:{port}")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        if self._refusal:
            writer.write(self._refusal)
            writer.close()
            return
        host, port = self.asked[-1].split()[1].decode().rsplit(":", 1)
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(reader, far_writer))
            group.create_task(_copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def _through(authority: Authority, refusal: bytes = b"") -> tuple[bytes, list[bytes], int]:
    async with Upstream([OK], tls=authority.server()) as up, Proxy(refusal) as proxy:
        client = HttpSender(
            "up",
            timeout=Timeout(connect_s=5),
            tls=Tls(ca_bundle=str(authority.file)),
            proxy=lambda _url: proxy.address,
        )
        try:
            bodies = [await whole(await client.send(outbound(up.url))) for _ in range(2)]
        finally:
            await client.close()
        return bodies[0], proxy.asked, up.connections


async def test_a_request_goes_through_the_tunnel_and_its_connection_is_used_again(
    authority: Authority,
) -> None:
    body, asked, connections = await _through(authority)

    assert body == b'{"ok": true}'
    assert (len(asked), connections) == (1, 1)
    assert asked[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"proxy-authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in asked[0]


def test_the_tunnel_works_on_the_loop_the_gateway_runs_on(tmp_path: Path) -> None:
    body, _, _ = uvloop.run(_through(Authority(tmp_path)))

    assert body == b'{"ok": true}'


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "answered 407"),
        (b"SSH-2.0-nothing\r\n\r\n", "answered nothing"),
    ],
)
async def test_a_proxy_that_refuses_is_named(
    authority: Authority, refusal: bytes, says: str
) -> None:
    with pytest.raises(UpstreamUnreachable, match=says):
        await _through(authority, refusal)


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://api.example.org/v1", {"HTTPS_PROXY": "http://p:3128"}, "p"),
        ("https://api.example.org/v1", {"https_proxy": "p:3128"}, "p"),
        ("https://api.example.org/v1", {"ALL_PROXY": "http://p:3128"}, "p"),
        ("https://api.example.org/v1", {"HTTPS_PROXY": "p:1", "NO_PROXY": "example.org"}, None),
        ("https://api.example.org/v1", {"HTTPS_PROXY": "socks5://p:1"}, None),
        ("https://127.0.0.1:8443/v1", {"HTTPS_PROXY": "p:1"}, None),
        ("http://api.example.org/v1", {"HTTPS_PROXY": "p:1"}, None),
        ("https://api.example.org/v1", {}, None),
    ],
)
def test_the_environment_says_which_addresses_take_a_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, environ: dict[str, str], expected: str | None
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    proxy: SplitResult | None = proxy_for(urlsplit(url))

    assert (proxy.hostname if proxy else None) == expected
