"""A tiny HTTP server on a real socket that answers from a sender, for the SDKs to talk to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from llmgate.errors import UpstreamCut
from llmgate.upstream.reply import Outbound, Reply, Sender
from llmgate.wire.exchanges import Protocol

PROTOCOLS: dict[str, Protocol] = {
    "/v1/chat/completions": "openai.chat",
    "/v1/completions": "openai.completions",
    "/v1/responses": "openai.responses",
    "/v1/embeddings": "openai.embeddings",
    "/v1/messages": "anthropic.messages",
    "/v1/messages/count_tokens": "anthropic.count_tokens",
}


@asynccontextmanager
async def served(sender: Sender) -> AsyncIterator[str]:
    """Serves while the block runs; gives the address without a path."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _answer(sender, reader, writer)
        except (UpstreamCut, ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()


async def _answer(
    sender: Sender, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Reads one request, sends it on, writes the answer in chunked coding and closes."""
    reply = await sender.send(await _read(reader))
    lines = [f"HTTP/1.1 {reply.status} -", *(f"{name}: {value}" for name, value in reply.headers)]
    lines += ["transfer-encoding: chunked", "connection: close", "", ""]
    writer.write("\r\n".join(lines).encode())
    try:
        await _pump(reply, writer)
    finally:
        await reply.close()


async def _pump(reply: Reply, writer: asyncio.StreamWriter) -> None:
    while (chunk := await reply.read()) is not None:
        writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Outbound:
    """Reads one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    method, target, _ = head.partition("\r\n")[0].split(" ")
    length = next(
        (int(line[15:]) for line in head.lower().split("\r\n") if line[:15] == "content-length:"), 0
    )
    body = await reader.readexactly(length)
    path = target.partition("?")[0]
    fields = msgspec.json.decode(body) if body else {}
    return Outbound(
        method=method,
        url=target,
        headers=[],
        body=body,
        protocol=PROTOCOLS.get(path, "openai.models"),
        path=path,
        stream=fields.get("stream") is True,
    )
