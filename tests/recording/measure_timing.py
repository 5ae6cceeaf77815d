"""How far served chunks are from their recorded moments at speed 1, over real sockets.

PYTHONPATH=. python tests/recording/measure_timing.py

No assertion: a busy machine is late through no fault of ours, and the client shares the process.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import httpx

from llmgate.recording.library import Library, shipped_folder
from llmgate.recording.recording import Recording
from tests.support.inside import Inside, inside

NAMES = (
    "chat-11-stream-text",
    "chat-21-stream-parallel-tools",
    "messages-12-stream-thinking",
    "responses-11-stream-text",
)


async def served(
    client: httpx.AsyncClient, url: str, recording: Recording
) -> tuple[str, list[float]]:
    """The exchange, and when each chunk had arrived whole, in microseconds."""
    ends = list(accumulate(map(len, recording.chunks)))
    moments: list[float] = []
    got = 0
    headers = dict(recording.request_headers)
    started = time.perf_counter()
    async with client.stream(
        "POST", url + recording.path, content=recording.body, headers=headers
    ) as reply:
        async for data in reply.aiter_raw():
            got += len(data)
            now = (time.perf_counter() - started) * 1e6
            while len(moments) < len(ends) and got >= ends[len(moments)]:
                moments.append(now)
    return reply.headers["x-llmgate-id"], moments


async def carried(gateway: Inside, exchange: str) -> list[int]:
    """The moments that the gateway itself has noted."""
    url = f"/admin/v1/exchanges/{exchange}/chunks"
    rows = (await gateway.admin.get(url)).json()
    return [row["at_us"] for row in rows]


def summary(due: list[int], moments: Sequence[float]) -> str:
    """The worst and the middle of the deviations."""
    off = sorted(abs(moment - at) / 1000 for moment, at in zip(moments, due, strict=True))
    return f"worst {off[-1]:6.2f} ms, median {off[len(off) // 2]:6.2f} ms"


async def main() -> None:
    """Measures and prints."""
    chosen = [it for it in Library(shipped_folder()).recordings if it.name.startswith(NAMES)]
    config = "providers:\n  kept: {kind: recording, speed: 1}\n"
    with tempfile.TemporaryDirectory() as folder:
        async with inside(config, Path(folder)) as gateway, httpx.AsyncClient(timeout=60) as client:
            for recording in chosen:
                exchange, moments = await served(client, gateway.url, recording)
                due = list(accumulate(recording.us))
                sys.stdout.write(
                    f"{recording.name.partition('.')[0]:<32} {len(due):>4} chunks"
                    f"  gateway: {summary(due, await carried(gateway, exchange))}"
                    f"  caller: {summary(due, moments)}\n"
                )


if __name__ == "__main__":
    asyncio.run(main())
