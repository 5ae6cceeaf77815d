"""One connection to a provider against scripted bytes, in any cut."""

import asyncio

import pytest

from llmgate.errors import UpstreamCut, UpstreamInvalid, UpstreamUnreachable
from llmgate.upstream.connection import Connection

BODY = b'{"id": 1, "text": "h\xc3\xa9llo"}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n"
)
HEAD = b"HTTP/1.1 200 OK\r\nx-a: b\r\n"


class Wire(asyncio.Transport):
    """A transport that only notes what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        self.aborted = True


def connected(method: str = "POST") -> tuple[Connection, Wire]:
    connection, wire = Connection("up"), Wire()
    connection.connection_made(wire)
    connection.start(method, b"head", b"body")
    return connection, wire


async def body_of(connection: Connection) -> bytes:
    await connection.answered()
    parts = []
    while (chunk := await connection.read()) is not None:
        parts.append(chunk)
    return b"".join(parts)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(("script", "body"), [(WHOLE, BODY), (CHUNKED, b"hello world")])
async def test_an_answer_is_the_same_in_any_cut(script: bytes, body: bytes, size: int) -> None:
    connection, _ = connected()
    for at in range(0, len(script), size):
        connection.data_received(script[at : at + size])

    assert await body_of(connection) == body
    assert connection.status == 200
    assert "link" not in dict(connection.headers)
    assert "x-trailer" not in dict(connection.headers)
    assert connection.reusable


@pytest.mark.parametrize("at", range(0, len(CHUNKED) - 1, 7))
async def test_a_connection_closed_at_any_byte_never_gives_a_proper_end(at: int) -> None:
    connection, _ = connected()
    if at:
        connection.data_received(CHUNKED[:at])
    connection.connection_lost(None)

    with pytest.raises((UpstreamCut, UpstreamUnreachable)):
        await body_of(connection)
    assert not connection.reusable


@pytest.mark.parametrize("extra", [WHOLE, b"HTTP/1.1 500 X\r\n", b"\x00junk", CHUNKED])
async def test_nothing_may_follow_an_answer(extra: bytes) -> None:
    connection, wire = connected()
    connection.data_received(WHOLE + extra)

    assert await body_of(connection) == BODY
    assert connection.status == 200
    assert len(connection.headers) == 2
    assert not connection.reusable or wire.aborted


async def test_an_idle_connection_that_talks_is_closed() -> None:
    connection, wire = connected()
    connection.data_received(WHOLE)
    connection.data_received(WHOLE)

    assert await body_of(connection) == BODY
    assert wire.aborted


async def test_an_unread_answer_is_never_the_beginning_of_the_next() -> None:
    connection, _ = connected()
    connection.data_received(WHOLE)
    await connection.answered()

    assert not connection.reusable


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"\r\n",
        HEAD + b"transfer-encoding: identity\r\n\r\n",
        HEAD + b"transfer-encoding: gzip\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
    ],
)
async def test_without_a_length_the_end_of_the_connection_ends_the_body(head: bytes) -> None:
    connection, _ = connected()
    connection.data_received(head + BODY)
    connection.connection_lost(None)

    assert await body_of(connection) == BODY
    assert not connection.reusable


async def test_a_reset_is_no_end() -> None:
    connection, _ = connected()
    connection.data_received(HEAD + b"\r\n" + BODY)
    connection.connection_lost(ConnectionResetError())

    with pytest.raises(UpstreamCut):
        await body_of(connection)


@pytest.mark.parametrize(
    "script",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nabc",
        b"HTTP/1.1 20 OK\r\n\r\n",
        HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
        HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        HEAD + b"x-b: c\r\n folded: d\r\n\r\n",
        HEAD + b"x-b: c\rset-cookie: d\r\n\r\n",
        HEAD + b"x-b: \x1b[31m\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_invalid_and_closes(script: bytes) -> None:
    connection, wire = connected()
    connection.data_received(script)

    with pytest.raises(UpstreamInvalid):
        await body_of(connection)
    assert wire.aborted


async def test_an_endless_head_is_refused() -> None:
    connection, wire = connected()
    for _ in range(300):
        connection.data_received(b"HTTP/1.1 102 Wait\r\nx-pad: %b\r\n\r\n" % (b"a" * 1000))

    with pytest.raises(UpstreamInvalid, match="too large a head"):
        await connection.answered()
    assert wire.aborted


async def test_a_provider_waits_while_nobody_reads() -> None:
    connection, wire = connected()
    connection.data_received(HEAD + b"content-length: 1000000\r\n\r\n")
    for _ in range(10):
        connection.data_received(b"x" * 100_000)
        if not wire.reading:
            break

    paused = not wire.reading
    for _ in range(10):
        if wire.reading:
            break
        assert await connection.read()

    assert paused
    assert wire.reading


@pytest.mark.parametrize("status", [b"204 No", b"304 Not"])
async def test_answers_without_a_body_end_with_their_head(status: bytes) -> None:
    connection, _ = connected()
    connection.data_received(b"HTTP/1.1 " + status + b"\r\ncontent-length: 5\r\n\r\nhello")

    assert await body_of(connection) == b""


async def test_the_answer_to_head_has_no_body() -> None:
    connection, _ = connected("HEAD")
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")

    assert await body_of(connection) == b""
