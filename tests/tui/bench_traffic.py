"""What the Traffic screen costs: ``python -m tests.tui.bench_traffic``, PYTHONPATH holding ``tui``.

A fake gateway in a process of its own sends 200 new exchanges a second, each changed later on, to
the terminal UI with a full ring. The driver builds the bytes for the terminal and throws them away,
so the figures are those of a real terminal: CPU share of one core, and time from key to screen.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import statistics
import sys
import time
from multiprocessing.connection import Connection

import msgspec
from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import Changes
from llmgate_tui.app import LlmgateApp
from tests.tui import sample
from tests.tui.fake_gateway import TOKEN, FakeGateway

HELD = 10_000
BATCHES_PER_S = 10


class CountingDriver(HeadlessDriver):
    """Takes the bytes as a terminal would, and forgets them."""

    written = 0
    writes = 0
    last_write = 0.0

    @property
    def is_headless(self) -> bool:
        """False, so that the bytes are built."""
        return False

    def write(self, data: str) -> None:
        """Counts."""
        cls = type(self)
        cls.written += len(data)
        cls.writes += 1
        cls.last_write = time.perf_counter()


def serve(pipe: Connection, per_second: int) -> None:
    """The gateway's process."""
    asyncio.run(_serve(pipe, per_second))


async def _serve(pipe: Connection, per_second: int) -> None:
    now_ms = time.time_ns() // 1_000_000
    fake = FakeGateway(sample.exchanges(500, end_ms=now_ms))
    await fake.start()
    pipe.send(fake.url)
    await fake.wait_feed()
    fake.seq += 1
    filler = sample.exchanges(HELD, end_ms=now_ms, seed=11)
    rows = [msgspec.structs.replace(row, id=f"old_{row.id}") for row in filler]
    fake.push(Changes(seq=fake.seq, exchanges=rows))
    dice, number, live = random.Random(5), 0, list[ExchangeSummary]()
    next_at = time.perf_counter()
    while True:
        next_at += 1 / BATCHES_PER_S
        await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
        batch = _batch(number, per_second // BATCHES_PER_S, live, dice)
        number += per_second // BATCHES_PER_S
        fake.seq += 1
        changed = [*live[-3 * per_second // BATCHES_PER_S :], *batch]
        live = batch + live[: per_second // 4]
        fake.push(Changes(seq=fake.seq, exchanges=changed, status=sample.status(live=len(live))))


def _batch(
    start: int, count: int, live: list[ExchangeSummary], dice: random.Random
) -> list[ExchangeSummary]:
    """New exchanges, streaming; those of before have more tokens."""
    now_ms = time.time_ns() // 1_000_000
    for at, row in enumerate(live):
        live[at] = msgspec.structs.replace(row, output_tokens=(row.output_tokens or 0) + 9)
    made = [
        sample.finished(100_000 + start + at, dice.choice(sample.AGENTS), dice, now_ms)
        for at in range(count)
    ]
    return [sample.streaming(row, now_ms) for row in made]


async def measure(url: str, seconds: float) -> dict[str, float]:
    """Runs the application for a while, then presses keys."""
    app = LlmgateApp(url, TOKEN, address=sample.ADDRESS, alone=True)
    app.driver_class = CountingDriver
    figures: dict[str, float] = {}

    async def watch() -> None:
        while len(app.traffic) < HELD:  # noqa: ASYNC110 - a benchmark may poll
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        cpu, wall, frames = time.process_time(), time.perf_counter(), CountingDriver.writes
        bytes_before, rows_before = CountingDriver.written, app.traffic.end
        await asyncio.sleep(seconds)
        took = time.perf_counter() - wall
        figures["cpu_percent"] = 100 * (time.process_time() - cpu) / took
        figures["exchanges_per_s"] = (app.traffic.end - rows_before) / took
        figures["frames_per_s"] = (CountingDriver.writes - frames) / took
        figures["kB_per_s"] = (CountingDriver.written - bytes_before) / took / 1000
        figures.update(await _keys(app))
        app.exit()

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        await app.run_async(size=(130, 40))
    return figures


async def _keys(app: LlmgateApp) -> dict[str, float]:
    """From a key to the last byte of the frame it causes, with traffic going on."""
    waits: list[float] = []
    for number in range(60):
        before, pressed = CountingDriver.writes, time.perf_counter()
        app.post_message(events.Key("j" if number % 2 else "k", None))
        while CountingDriver.writes == before:  # noqa: ASYNC110 - a benchmark may poll
            await asyncio.sleep(0)
        waits.append(1000 * (CountingDriver.last_write - pressed))
        await asyncio.sleep(0.033)
    waits.sort()
    return {"key_ms_p50": statistics.median(waits), "key_ms_max": waits[-1]}


def main() -> int:
    """Prints the figures; fails when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--per-second", type=int, default=200)
    asked = parser.parse_args()
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "truecolor")
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(there, asked.per_second), daemon=True
    )
    process.start()
    try:
        figures = asyncio.run(measure(here.recv(), asked.seconds))
    finally:
        process.terminate()
        process.join()
    for name, value in figures.items():
        sys.__stdout__.write(f"{name:18} {value:10.1f}\n")  # type: ignore[union-attr]  # a real one
    return 0 if figures["cpu_percent"] <= 25 and figures["key_ms_max"] <= 50 else 1


if __name__ == "__main__":
    sys.exit(main())
