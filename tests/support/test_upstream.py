"""The test upstream does exactly what its script says, and sees exactly what it was sent."""

import asyncio
import gzip

import pytest

from tests.support.answers import (
    EVENTS,
    Answer,
    End,
    Framing,
    Hang,
    Send,
    Wait,
    cut,
    garbage,
    head,
    respond,
    size,
    sse,
    stream,
)
from tests.support.upstream import Upstream

POST = b"POST /v1/x?beta=true HTTP/1.1\r\nHost: a\r\nX-One: 1\r\ncontent-length: 5\r\n\r\nhello"


async def test_it_keeps_the_request_byte_for_byte() -> None:
    async with Upstream([[*respond({"ok": True}), End()]]) as up:
        _, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(POST)
        request = await up.request()
        await request.complete.wait()
        writer.close()
        await writer.wait_closed()
        await up.closed()

    assert request.raw_head + request.raw_body == POST
    assert (request.method, request.target) == ("POST", "/v1/x?beta=true")
    assert request.header("x-one") == "1"


async def test_a_chunked_request_body_is_put_together() -> None:
    sent = (
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    )
    async with Upstream([respond()]) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(sent)
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    assert up.requests[0].raw_body == b"abcde"


async def test_answers_come_in_order_and_the_last_one_repeats() -> None:
    async with Upstream([respond(b"one"), respond(b"two")]) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        bodies = []
        for _ in range(3):
            writer.write(POST)
            await reader.readuntil(b"\r\n\r\n")
            bodies.append(await reader.readexactly(3))
        writer.close()
        await writer.wait_closed()

    assert bodies == [b"one", b"two", b"two"]
    assert up.connections == 1


async def test_a_function_can_answer() -> None:
    async with Upstream(lambda r: [*respond(r.raw_body[::-1]), End()]) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(POST)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answer.endswith(b"\r\n\r\nolleh")


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_streams_come_in_every_framing(framing: Framing) -> None:
    answer = stream([*sse("a"), End()], framing=framing)
    async with Upstream([answer]) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(POST)
        data = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert b"data: a\n\n" in data
    assert b"data: [DONE]\n\n" in data


async def test_an_answer_can_be_cut_at_any_byte() -> None:
    whole = respond({"a": "long enough"})
    for at in (0, 1, 20, size(whole) - 1):
        async with Upstream([cut(whole, at)]) as up:
            reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
            writer.write(POST)

            assert len(await reader.read()) == at
            writer.close()
            await writer.wait_closed()


async def test_a_reset_is_a_reset() -> None:
    async with Upstream([cut(respond(b"abc"), 5, "rst")]) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(POST)

        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_a_chunk_waits_for_its_event_and_a_hang_for_the_peer() -> None:
    go = asyncio.Event()
    async with Upstream([stream([b"first", Wait(go), b"second", Hang()])]) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(POST)
        await reader.readuntil(b"first\r\n")
        more = asyncio.ensure_future(reader.readuntil(b"second\r\n"))
        await asyncio.wait([more], timeout=0.05)
        early = more.done()
        go.set()
        await more
        writer.close()
        await writer.wait_closed()
        await up.closed()

    assert not early
    assert up.requests[0].gone.is_set()


async def test_it_can_be_slow_to_read_and_answer_before_it_has_read() -> None:
    gate = asyncio.Event()
    async with Upstream([respond(b"early")], body_gate=gate, answer_early=True) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
        writer.write(POST[:-5])
        await reader.readuntil(b"early")
        writer.close()
        await writer.wait_closed()

    assert not up.requests[0].complete.is_set()


def sent(answer: Answer) -> bytes:
    """Everything the answer writes."""
    return b"".join(step.data for step in answer if isinstance(step, Send))


def test_heads_bodies_and_nonsense_are_written_as_asked() -> None:
    zipped = sent(respond({"a": 1}, encoding="gzip"))

    assert gzip.decompress(zipped.split(b"\r\n\r\n", 1)[1]) == b'{"a": 1}'
    assert b"content-length: 99" in sent(respond(b"abc", content_length=99))
    assert head(429, EVENTS).startswith(b"HTTP/1.1 429 Too Many Requests\r\ncontent-type:")
    assert not sent(garbage()).startswith(b"HTTP")
