"""Finding model servers on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from llmgate.config.local import LocalServer, local_servers


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    """A server that gives one answer to everything; None: accepts and stays silent."""
    leave = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await leave.wait()
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        leave.set()
        server.close()
        await server.wait_closed()


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_server_with_a_models_list_is_found_with_its_models() -> None:
    async with answering(
        http(b'{"object":"list","data":[{"id":"qwen3"},{"id":"a\\u001b"}]}')
    ) as port:
        found = await local_servers({port: "ollama"}, budget_s=5)

    assert found == [LocalServer("ollama", f"http://127.0.0.1:{port}/v1", ("qwen3",))]


async def test_an_answer_in_chunks_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b'9\r\n{"data":[\r\nC;x=y\r\n{"id":"m1"}]\r\n1\r\n}\r\n0\r\n\r\n'
    async with answering(head + body) as port:
        (found,) = await local_servers({port: "vllm"}, budget_s=5)

    assert found.models == ("m1",)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-5\r\nhello",
        CHUNKED + b"FFFFFFFF\r\n",
        CHUNKED + b"5\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        http(b"<html>"),
        http(b"[]"),
        http(b'{"data":[{"id":"x"}]}', "404 Not Found"),
        b"SSH-2.0-x\r\n",
        b"",
        http(b'{"data":["' + b"x" * 2_000_000 + b'"]}'),
    ],
)
async def test_anything_else_on_the_port_is_no_server(answer: bytes) -> None:
    async with answering(answer) as port:
        assert await local_servers({port: "vllm"}, budget_s=5) == []


async def test_silence_and_closed_ports_cost_no_more_than_the_budget() -> None:
    loop = asyncio.get_running_loop()
    async with answering(None) as port, answering(http(b'{"data":[]}')) as closed:
        pass
    async with answering(None) as silent:
        started = loop.time()
        found = await local_servers({silent: "ollama", closed: "vllm", port: "lmstudio"}, 0.2)

        assert found == []
        assert loop.time() - started < 2
