"""Hostile callers and hostile providers against the whole gateway, on raw sockets."""

import asyncio
import gzip
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.flows.configs import chat_answer, chat_chunks, ended, openai, raw
from tests.support.answers import Answer, End, Hang, Send, Step, Wait, respond, stream
from tests.support.gateway import GatewayProcess, until
from tests.support.inside import inside
from tests.support.upstream import Upstream

BODY = b'{"model":"gpt-test","messages":[]}'
STREAMED = b'{"model":"gpt-test","stream":true,"messages":[]}'
KEYS = "keys:\n  ide: {key: ide-key-000111}\n"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def head(path: str = "/v1/chat/completions", method: str = "POST", *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "\r\n"]).encode()


def request(path: str = "/v1/chat/completions", body: bytes = BODY, *lines: str) -> bytes:
    return head(path, "POST", f"content-length: {len(body)}", *lines) + body


def get(path: str, *lines: str, method: str = "GET") -> bytes:
    return head(path, method, *lines)


@asynccontextmanager
async def caller(
    gateway: GatewayProcess, data: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that has sent ``data``; left without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        writer.write(data)
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def talk(gateway: GatewayProcess, data: bytes, answers: int = 1) -> list[int]:
    """The statuses of so many answers on one connection; fewer when it is closed before."""
    statuses: list[int] = []
    async with asyncio.timeout(10), caller(gateway, data) as (reader, _):
        while len(statuses) < answers:
            try:
                first = await reader.read(1)
            except ConnectionError:
                break
            if not first:
                break
            top = first + await reader.readuntil(b"\r\n\r\n")
            statuses.append(int(top.split(b" ", 2)[1]))
            size = re.search(rb"content-length: (\d+)", top)
            if statuses[-1] != 304:
                await reader.readexactly(int(size[1]) if size else 0)
    return statuses


async def in_flight(gateway: GatewayProcess) -> float:
    text = (await gateway.admin.get("/metrics")).text
    found = re.search(r"^llmgate_in_flight (\S+)", text, re.MULTILINE)
    assert found
    return float(found[1])


def assert_calm(gateway: GatewayProcess) -> None:
    """Nothing on the terminal that a mistake of ours, or somebody's escape codes, would print."""
    for line in gateway.log_lines:
        assert "Traceback" not in line
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line)
        assert "secret-1234" not in line


async def test_no_spelling_of_an_admin_path_goes_without_the_token() -> None:
    paths = ["/admin/v1/status", "//admin/v1/status", "/%2fadmin/v1/status", "/%61dmin/v1/config"]
    paths += [
        "///schema",
        "/schema//openapi.json",
        "/admin//v1//exchanges",
        "http://localhost//admin/v1/keys",
    ]
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        statuses = [await talk(gateway, get(path)) for path in paths]
        token = f"authorization: Bearer {gateway.token}"
        allowed = await talk(gateway, get("//admin/v1/status", token))

    assert statuses == [[401]] * len(paths)
    assert allowed == [200]


async def test_odd_requests_get_their_answer_and_the_next_one_is_understood() -> None:
    chunked = head("/v1/chat/completions", "POST", "transfer-encoding: chunked")
    trailers = b"%x\r\n%b\r\n0\r\nhost: evil\r\nauthorization: Bearer x\r\n\r\n" % (len(BODY), BODY)
    h2c = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQA")
    ping = get("/ping")
    async with Upstream([respond(chat_answer())]) as up, GatewayProcess(openai(up.url)) as gateway:
        seen = {
            "trailers": await talk(gateway, chunked + trailers + ping, 2),
            "h2c": await talk(gateway, request("/v1/chat/completions", BODY, *h2c) + ping, 2),
            "trace": await talk(gateway, get("/v1/files", method="TRACE") + ping, 2),
            "delete": await talk(gateway, get("/v1/models/x", method="DELETE") + ping, 2),
            "climbing": await talk(gateway, get("/v1/../admin/v1/status") + ping, 2),
            "nobody": await talk(gateway, get("/p//v1/models") + ping, 2),
            "doubled": await talk(gateway, request("//v1/chat/completions") + ping, 2),
            "hosts": await talk(gateway, get("/v1/models", "Host: evil") + ping, 2),
            "smuggled": await talk(
                gateway, head("/v1/x", "POST", "content-length: 5", "transfer-encoding: chunked")
            ),
            "long": await talk(gateway, get("/v1/models", f"x-pad: {'a' * 900_000}")),
        }
        bodies = [r.raw_body for r in up.requests]

    assert seen.pop("smuggled") == [400]
    assert seen.pop("long") in ([431], [])  # it may be broken off before the answer is read
    assert {name: first for name, (first, _) in seen.items()} == {
        "trailers": 200,
        "h2c": 200,
        "trace": 404,
        "delete": 404,
        "climbing": 404,
        "nobody": 404,
        "doubled": 200,
        "hosts": 403,
    }
    assert {last for _, last in seen.values()} == {200}
    assert bodies == [BODY] * 3


async def test_a_body_that_was_refused_unsent_ends_the_connection() -> None:
    too_large = head("/v1/files", "POST", "expect: 100-continue", "content-length: 900000000")
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        statuses = await talk(gateway, too_large + get("/ping"), 2)

    assert statuses == [413]


async def test_a_caller_without_a_key_need_not_be_heard_out() -> None:
    unsent = head("/v1/chat/completions", "POST", "content-length: 60000000")
    async with GatewayProcess(openai("http://127.0.0.1:9", rest=KEYS)) as gateway:
        statuses = await talk(gateway, unsent + b"{")

    assert statuses == [401]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"model":"' + b"m" * 1_000_000 + b'"}', "over 512 characters"),
        (b'{"model":"gpt\\u001b[31m\\r\\nx-evil: 1"}', "control characters"),
        (gzip.compress(BODY, mtime=0), "compressed"),
    ],
)
async def test_a_model_that_is_none_is_a_400(body: bytes, says: str) -> None:
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        answer = await raw(
            gateway.url, "/v1/chat/completions", body, **{"content-encoding": "gzip"}
        )
        rows = await ended(gateway)
        metrics = await gateway.admin.get("/metrics")

    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
    assert rows[0]["error_type"] == "caller_invalid_request"
    assert len(metrics.content) < 100_000
    assert_calm(gateway)


def sends(data: bytes, *more: Step) -> Answer:
    return [Send(data), *more]


ANSWERS: dict[str, tuple[Answer, int, str]] = {
    "switches protocols": (
        sends(b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nabc", End()),
        502,
        "failed",
    ),
    "redirects": (
        sends(b"HTTP/1.1 302 X\r\nlocation: http://evil/\r\ncontent-length: 0\r\n\r\n"),
        302,
        "failed",
    ),
    "promises a length without a body": (
        sends(b"HTTP/1.1 304 X\r\ncontent-length: 5\r\n\r\n"),
        304,
        "failed",
    ),
    "sends nothing as events": (
        sends(b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ncontent-length: 0\r\n\r\n"),
        200,
        "cut",
    ),
    "answers twice": (
        sends(
            JSON
            + b"content-length: 2\r\n\r\n{}"
            + JSON
            + b"x-evil: 1\r\ncontent-length: 3\r\n\r\n[1]"
        ),
        200,
        "finished",
    ),
    "says when in superscript": (
        sends(b"HTTP/1.1 429 X\r\nretry-after: \xb2.\xb3\r\ncontent-length: 2\r\n\r\n{}"),
        429,
        "failed",
    ),
    "paints the terminal": (
        respond({"error": {"message": "\x1b[2J\x07\u202e sk-upstream-secret-1234"}}, status=400),
        400,
        "failed",
    ),
    "sends an unknown status": (
        sends(b"HTTP/1.1 999 X\r\ncontent-length: 2\r\n\r\n{}"),
        502,
        "failed",
    ),
    "sends a bomb": (
        respond(
            gzip.compress(b"[" + b" " * 100_000_000, 1), headers=[("content-encoding", "gzip")]
        ),
        200,
        "finished",
    ),
}


async def test_whatever_a_provider_answers_is_told_recorded_and_over() -> None:
    script: list[Answer] = [answer for answer, _, _ in ANSWERS.values()]
    async with Upstream([*script, respond(chat_answer())]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            statuses = [
                await talk(gateway, request("/v1/chat/completions", STREAMED)) for _ in script
            ]
            after = await talk(gateway, request())
            rows = (await ended(gateway, len(script) + 1))[::-1]
            left = await in_flight(gateway)
            providers = (await gateway.admin.get("/admin/v1/providers")).json()

    told = dict(
        zip(
            ANSWERS,
            zip((s[0] for s in statuses), (r["state"] for r in rows), strict=False),
            strict=True,
        )
    )
    assert told == {name: (status, state) for name, (_, status, state) in ANSWERS.items()}
    assert after == [200]
    assert left == 0
    assert not providers[0].get("in_flight")
    assert_calm(gateway)


async def test_a_long_answer_is_passed_whole_and_kept_in_part() -> None:
    piece = b"x" * 1_000_000
    sse: list[bytes | Step] = [b"data: " + piece + b"\n\n"] * 150
    async with Upstream([stream(sse)]) as up, GatewayProcess(openai(up.url)) as gateway:
        got = 0
        async with caller(gateway, request("/v1/files/x/content", STREAMED)) as (reader, _):
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data = await reader.read(1 << 20)
                got += len(data)
        rows = await ended(gateway)
        detail = (await gateway.admin.get(f"/admin/v1/exchanges/{rows[0]['id']}")).json()

    assert got > 150_000_000
    assert rows[0]["state"] == "finished"
    assert rows[0]["response_bytes"] == 150 * 1_000_008
    assert "not kept whole" in " ".join(detail["hints"])


async def test_a_caller_that_leaves_behind_a_pipelined_request_is_noticed() -> None:
    async with Upstream([[Hang()]]) as up, GatewayProcess(openai(up.url)) as gateway:
        async with caller(gateway, request() * 2):
            await up.request()
        async with asyncio.timeout(5):  # the promise is one second; a loaded machine gets more
            await up.closed()

    assert len(up.requests) == 1


async def test_many_callers_that_leave_at_once_leave_nothing_behind() -> None:
    async with Upstream([[Hang()]]) as up, GatewayProcess(openai(up.url)) as gateway:
        async with AsyncExitStack() as callers:
            for _ in range(100):
                await callers.enter_async_context(caller(gateway, request()))
            await up.request(99)
        async with asyncio.timeout(10):
            await asyncio.gather(*(up.closed(n) for n in range(100)))
        rows = await ended(gateway, 100)
        left = await in_flight(gateway)

    assert {row["state"] for row in rows} == {"cancelled"}
    assert left == 0


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)])
async def test_a_gateway_that_is_stopped_records_what_it_carried(
    signals: tuple[signal.Signals, ...], tmp_path: Path
) -> None:
    gate = asyncio.Event()
    endless = stream([*chat_chunks("one ")[:2], Wait(gate)])
    asked = request("/v1/chat/completions", STREAMED)
    async with Upstream([endless]) as up, AsyncExitStack() as callers:
        async with GatewayProcess(openai(up.url), folder=tmp_path) as gateway:
            for _ in range(20):
                reader, _ = await callers.enter_async_context(caller(gateway, asked))
                await reader.readuntil(b"one ")
            for number in signals:
                gateway.process.send_signal(number)
                if len(signals) > 1:
                    await until(lambda: _closed_door(gateway))
            async with asyncio.timeout(5):
                code = await gateway.process.wait()
        gate.set()
        async with GatewayProcess(openai(up.url), folder=tmp_path) as again:
            rows = await ended(again, 20)

    assert code == 0
    assert [row["state"] for row in rows] == ["cut"] * 20
    assert {row["error_type"] for row in rows} == {"gateway_internal"}
    assert_calm(gateway)


async def _closed_door(gateway: GatewayProcess) -> bool:
    """The gateway listens no more: it has heard the first signal."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    except ConnectionError:
        return True
    writer.close()
    return False


@pytest.mark.parametrize("port", ["70000", "-1"])
async def test_a_port_that_is_none_is_one_line(port: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=f"there is no port {port}"):
        async with GatewayProcess(
            openai("http://127.0.0.1:9"), folder=tmp_path, arguments=("--port", port)
        ):
            pass


async def test_a_tunnel_is_refused(tmp_path: Path) -> None:
    async with inside(openai("http://127.0.0.1:1"), tmp_path) as gateway:
        port = int(gateway.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n")
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"no proxy" in answer
