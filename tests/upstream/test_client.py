"""The HTTP client against real sockets: pools, the one retry, cancellation, TLS."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from llmgate.config.model import Timeout, Tls
from llmgate.errors import UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from llmgate.upstream.client import HttpSender
from llmgate.upstream.reply import Outbound, Reply
from tests.support.answers import Answer, End, Hang, Send, respond
from tests.support.gateway import free_port
from tests.support.upstream import Request, Upstream

OK = respond({"ok": True})
BIG = b"x" * 5_000_000


def sender(connect_s: float = 5, tls: Tls | None = None) -> HttpSender:
    return HttpSender("up", timeout=Timeout(connect_s=connect_s), tls=tls or Tls())


def outbound(url: str, body: bytes = b"{}", **headers: str) -> Outbound:
    return Outbound(
        method="POST",
        url=f"{url}/v1/x?a=%0d%0ab",
        headers=list(headers.items()),
        body=body,
        protocol="openai.raw",
        path="/v1/x",
    )


async def whole(reply: Reply) -> bytes:
    parts = []
    while (chunk := await reply.read()) is not None:
        parts.append(chunk)
    await reply.close()
    return b"".join(parts)


async def test_requests_in_turn_share_one_connection() -> None:
    client = sender()
    async with Upstream([OK]) as up:
        bodies = [await whole(await client.send(outbound(up.url))) for _ in range(5)]
        await client.close()

    assert bodies == [b'{"ok": true}'] * 5
    assert up.connections == 1
    assert up.requests[0].target == "/v1/x?a=%0d%0ab"


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_an_idle_connection_closed_as_it_is_used_is_retried_once(how: str) -> None:
    ending = End("rst") if how == "rst" else End()
    client = sender()
    async with Upstream([OK, [ending], OK]) as up:
        first = await whole(await client.send(outbound(up.url)))
        second = await whole(await client.send(outbound(up.url)))
        await client.close()

    assert first == second == b'{"ok": true}'
    assert len(up.requests) == 3
    assert up.connections == 2


async def test_a_fresh_connection_that_closes_is_not_retried() -> None:
    client = sender()
    async with Upstream([[End()]]) as up:
        with pytest.raises(UpstreamUnreachable, match="without an answer"):
            await client.send(outbound(up.url))

    assert len(up.requests) == 1


async def test_an_answer_that_has_begun_is_not_retried() -> None:
    client = sender()
    async with Upstream([OK, [Send(b"HTTP/1.1 2"), End()]]) as up:
        await whole(await client.send(outbound(up.url)))
        with pytest.raises(UpstreamUnreachable):
            await client.send(outbound(up.url))

    assert len(up.requests) == 2


async def test_an_answer_left_unread_never_reaches_the_next_request() -> None:
    def script(request: Request) -> Answer:
        return respond({"of": request.raw_body.decode()})

    client = sender()
    async with Upstream(script) as up:
        left = await client.send(outbound(up.url, b"one"))
        await left.close()
        next_one = await whole(await client.send(outbound(up.url, b"two")))
        await client.close()

    assert next_one == b'{"of": "two"}'
    assert up.connections == 2


async def test_a_cancelled_request_closes_its_socket() -> None:
    client = sender()
    async with Upstream([[Hang()]]) as up, asyncio.TaskGroup() as group:
        task = group.create_task(client.send(outbound(up.url)))
        await up.request()
        task.cancel()
        async with asyncio.timeout(1):
            await up.closed()

    assert task.cancelled()


async def test_an_answer_before_the_request_was_read_is_the_answer() -> None:
    gate = asyncio.Event()
    early = respond({"error": "too large"}, status=413, headers=[("connection", "close")])
    client = sender()
    async with Upstream([[*early, End()]], body_gate=gate, answer_early=True) as up:
        reply = await client.send(outbound(up.url, BIG))
        body = await whole(reply)

    assert (reply.status, body) == (413, b'{"error": "too large"}')


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b"])
async def test_a_header_with_a_line_break_is_never_sent(value: str) -> None:
    client = sender()
    async with Upstream([OK]) as up:
        with pytest.raises(UpstreamInvalid):
            await client.send(outbound(up.url, x=value))
        await client.close()

    assert not up.requests


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}", "http://no-such-host.invalid", "http://[::1]:{port}"]
)
async def test_nobody_there_is_unreachable(url: str) -> None:
    with pytest.raises(UpstreamUnreachable, match="provider 'up' is unreachable: "):
        await sender().send(outbound(url.format(port=free_port())))


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://127.0.0.1:99999", "http://a..b"])
async def test_an_address_that_is_none_is_said_so(url: str) -> None:
    with pytest.raises(UpstreamInvalid, match="an address that cannot be used"):
        await sender().send(outbound(url))


class Authority:
    """A certificate authority with its file, and servers with its certificates."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def server(self, name: str = "127.0.0.1", *, expired: bool = False) -> ssl.SSLContext:
        until = datetime(2020, 1, 2, tzinfo=UTC) if expired else None
        since = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name, not_before=since, not_after=until).configure_cert(context)
        return context


async def test_a_certificate_of_a_known_authority_is_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    client = sender(tls=Tls(ca_bundle=str(authority.file)))
    async with Upstream([OK], tls=authority.server()) as up:
        bodies = [await whole(await client.send(outbound(up.url))) for _ in range(2)]
        await client.close()

    assert bodies == [b'{"ok": true}'] * 2
    assert up.connections == 1


async def test_nothing_is_checked_where_that_is_asked_for(tmp_path: Path) -> None:
    client = sender(tls=Tls(verify=False))
    async with Upstream([OK], tls=Authority(tmp_path).server("example.org")) as up:
        body = await whole(await client.send(outbound(up.url)))
        await client.close()

    assert body == b'{"ok": true}'


@pytest.mark.parametrize(
    ("name", "expired", "known", "says"),
    [
        ("127.0.0.1", False, False, "local issuer"),
        ("127.0.0.1", True, True, "expired"),
        ("example.org", False, True, "mismatch"),
    ],
)
async def test_a_certificate_that_proves_nothing_is_refused_with_its_reason(
    tmp_path: Path, name: str, expired: bool, known: bool, says: str
) -> None:
    authority = Authority(tmp_path)
    tls = Tls(ca_bundle=str(authority.file)) if known else Tls()
    async with Upstream([OK], tls=authority.server(name, expired=expired)) as up:
        with pytest.raises(UpstreamUnreachable, match=f"not trusted .*{says}"):
            await sender(tls=tls).send(outbound(up.url))

    assert not up.requests


async def test_a_handshake_that_never_ends_is_a_timeout() -> None:
    async with Upstream([[Hang()]]) as up:
        with pytest.raises(UpstreamTimeout, match=r"did not accept a connection within 0\.2 s"):
            await sender(0.2).send(outbound(up.url.replace("http", "https")))
