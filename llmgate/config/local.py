"""Which model servers answer on this machine, asked all at once within a short time.

The one request is written by hand: this runs at every start without a config file, and an HTTP
client would take longer to import than the servers take to answer.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

PORTS: Final[Mapping[int, str]] = {
    11434: "ollama",
    1234: "lmstudio",
    8080: "llamacpp",
    8000: "vllm",
}
BUDGET_S: Final = 0.15
_MOST_BYTES: Final = 1_000_000

_OK = re.compile(rb"HTTP/1\.[01] 200\b")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)


class LocalServer(msgspec.Struct, frozen=True):
    """A server found: the kind of provider it is and its base URL."""

    kind: str
    base_url: str
    models: tuple[str, ...] = ()


class _Model(msgspec.Struct):
    id: str = ""


class _Page(msgspec.Struct):
    data: list[_Model]


async def local_servers(
    ports: Mapping[int, str] = PORTS, budget_s: float = BUDGET_S
) -> list[LocalServer]:
    """The servers whose models list answers in time."""
    found = await asyncio.gather(*(_ask(kind, port, budget_s) for port, kind in ports.items()))
    return [server for server in found if server is not None]


async def _ask(kind: str, port: int, budget_s: float) -> LocalServer | None:
    try:
        async with asyncio.timeout(budget_s):
            page = msgspec.json.decode(await _models_list(port), type=_Page)
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
        return None  # nothing there in time, or something else altogether
    return LocalServer(kind, f"http://127.0.0.1:{port}/v1", tuple(_names(page)))


async def _models_list(port: int) -> bytes:
    """The body of ``GET /v1/models``; empty when it is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: application/json\r\n"
            b"Connection: close\r\n\r\n" % port
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not _OK.match(head):
            return b""
        if _CHUNKED.search(head):
            return await _chunks(reader)
        length = _LENGTH.search(head)
        size = int(length.group(1)) if length else 0
        return await reader.readexactly(size) if size <= _MOST_BYTES else b""
    finally:
        writer.close()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).partition(b";")[0], 16):
        if size < 0 or len(body) + size > _MOST_BYTES:
            return b""
        body += await reader.readexactly(size)
        await reader.readline()
    return body


def _names(page: _Page) -> Sequence[str]:
    return [model.id for model in page.data[:100] if model.id.isprintable()]
