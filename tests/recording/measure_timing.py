"""How far served chunks are from their recorded moments at speed 1: a real gateway, real sockets.

python -m tests.recording.measure_timing

Each line: how far off the gateway itself was (by what it noted), how far off the caller saw it, and
how far off the machine is: a process that does nothing but sleep until the same moments. Every
chunk has to come as one HTTP chunk of its own. No assertion about time: a busy machine is late
through no fault of ours.
"""

import asyncio
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import msgspec

from llmgate.recording.format import SUFFIX, read, write
from llmgate.recording.library import Library, shipped_folder
from llmgate.recording.recording import Recording
from tests.support.gateway import GatewayProcess, until

LIMIT_MS = 5.0
NAMES = (
    "chat-11-stream-text",
    "chat-21-stream-parallel-tools",
    "messages-12-stream-thinking",
    "responses-11-stream-text",
)
SHAPES: dict[str, tuple[list[int], int]] = {  # moments between chunks, and bytes of a chunk
    "dense, a chunk each ms": ([50_000] + [1_000] * 800, 90),
    "sparse, four a second": ([600_000] + [250_000] * 14, 200),
    "bursts of ten at once": ([40_000] * 1 + ([0] * 9 + [30_000]) * 40, 120),
    "all at once": ([20_000] + [0] * 300, 120),
    "large, 60 kB each 10 ms": ([30_000] + [10_000] * 100, 60_000),
    "odd microseconds": ([12_345] + [7_777, 333, 1_499, 1_501, 12_001] * 40, 90),
}
SLEEPER = """
import json, sys, time
began, late = time.perf_counter(), []
for due in json.load(sys.stdin):
    while (left := began + due / 1e6 - time.perf_counter()) > 0:
        time.sleep(left)
    late.append((time.perf_counter() - began) * 1e6)
print(json.dumps(late))
"""


def made_up(name: str) -> Recording:
    """A recording of a shape; each chunk says which one it is."""
    us, size = SHAPES[name]
    body = {"model": "gpt-test", "stream": True, "messages": [{"role": "user", "content": name}]}
    return Recording(
        title=name,
        dialect="openai.chat",
        stream=True,
        method="POST",
        path="/v1/chat/completions",
        model="gpt-test",
        body=json.dumps(body).encode(),
        status=200,
        request_headers=(("content-type", "application/json"),),
        response_headers=(("content-type", "text/event-stream"),),
        chunks=[*(_event(number, size) for number in range(len(us) - 1)), b"data: [DONE]\n\n"],
        us=us,
        total_us=sum(us),
    )


def _event(number: int, size: int) -> bytes:
    filler = f"{number:06}".ljust(size, "x")
    choice = {"index": 0, "delta": {"content": filler}}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def call(url: str, recording: Recording) -> tuple[str, list[bytes], list[float]]:
    """The exchange, its HTTP chunks, and when each had arrived: microseconds since the request."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = (
            f"POST {recording.path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n"
            f"content-type: application/json\r\ncontent-length: {len(recording.body)}\r\n\r\n"
        )
        began = time.perf_counter()
        line.sendall(head.encode() + recording.body)
        with line.makefile("rb") as file:
            exchange = _head(file)
            return exchange, *_chunks(file, lambda: (time.perf_counter() - began) * 1e6)


def _head(file: BinaryIO) -> str:
    lines = []
    while (text := file.readline().strip().decode("latin-1")) != "":
        lines.append(text)
    assert " 200 " in lines[0], lines[0]
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert headers["transfer-encoding"] == "chunked"
    return headers["x-llmgate-id"]


def _chunks(file: BinaryIO, now: Callable[[], float]) -> tuple[list[bytes], list[float]]:
    chunks: list[bytes] = []
    moments: list[float] = []
    while size := int(file.readline(), 16):
        chunks.append(file.read(size))
        moments.append(now())
        file.readline()
    return chunks, moments


async def noted(gateway: GatewayProcess, exchange: str) -> list[int]:
    """The moments that the gateway itself has noted."""
    found: list[int] = []

    async def all_of_them() -> bool:
        rows = (await gateway.admin.get(f"/admin/v1/exchanges/{exchange}/chunks?limit=5000")).json()
        found[:] = [row["at_us"] for row in rows]
        return bool(found)

    await until(all_of_them)
    return found


async def slept(due: Sequence[int]) -> list[float]:
    """When a process that only sleeps until the same moments wakes up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SLEEPER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(json.dumps(list(due)).encode())
    late: list[float] = json.loads(out)
    return late


def summary(due: Sequence[int], moments: Sequence[float]) -> str:
    """The middle and the worst of the deviations, and how many are over the limit."""
    off = sorted(abs(moment - at) / 1000 for moment, at in zip(moments, due, strict=True))
    over = sum(one > LIMIT_MS for one in off)
    return f"{off[len(off) // 2]:5.2f} {off[-1]:6.2f}" + (f" ({over} over)" if over else "")


async def measured(gateway: GatewayProcess, recording: Recording) -> str:
    """A line about one recording; raises AssertionError for other bytes or other chunks."""
    due = list(accumulate(recording.us))
    async with asyncio.TaskGroup() as group:
        sleeping = group.create_task(slept(due))
        calling = group.create_task(asyncio.to_thread(call, gateway.url, recording))
    exchange, chunks, moments = calling.result()
    assert chunks == recording.chunks, "other chunks"
    own = await noted(gateway, exchange)
    again = (await gateway.admin.get(f"/admin/v1/exchanges/{exchange}/export")).content
    assert read(again).chunks == recording.chunks, "recorded with other chunks"
    return (
        f"{recording.title[:30]:<32} {len(due):>4}   {summary(due, own):<20}"
        f" {summary(due, moments):<20} {summary(due, sleeping.result())}"
    )


async def main() -> None:
    """Measures and prints."""
    shipped = [it for it in Library(shipped_folder()).recordings if it.name.startswith(NAMES)]
    made = [made_up(name) for name in SHAPES]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        kept.mkdir()
        for number, it in enumerate((*shipped, *made)):
            (kept / f"{number}{SUFFIX}").write_bytes(write(msgspec.structs.replace(it, name="")))
        config = "providers:\n  kept: {kind: recording, recordings: kept, speed: 1, mode: none}\n"
        sys.stdout.write(
            f"{'median, worst':<32} {'ms':>4}   {'gateway':<20} {'caller':<20} machine\n"
        )
        async with GatewayProcess(config, folder=Path(folder)) as gateway:
            for recording in (*shipped, *made):
                sys.stdout.write(await measured(gateway, recording) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
