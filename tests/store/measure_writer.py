"""Measures what recording costs: CPU of the process per exchange, and how long a list page takes.

python tests/store/measure_writer.py [exchanges] [rows of the large store]
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from llmgate.config.credentials import Scrubber
from llmgate.exchange import Exchange
from llmgate.store import rollup
from llmgate.store.filters import Filter
from llmgate.store.rows import INSERT, OR_UPDATE, to_row
from llmgate.store.together import together
from llmgate.store.writer import Store
from llmgate.wire.blocks import Usage
from llmgate.wire.exchanges import Attempt

REQUEST = b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"%s"}]}' % (
    b"Tell me something about the sea and its tides, please. " * 17
)
ANSWER = b'{"id":"chatcmpl-1","choices":[{"message":{"content":"%s"}}]}' % (
    b"The tides follow the moon, as everybody knows by now. " * 17
)
HEADERS = [
    ("content-type", "application/json"),
    ("content-length", "1012"),
    ("user-agent", "openai-python/3.52.0"),
    ("x-stainless-lang", "python"),
    ("x-stainless-runtime-version", "3.11.7"),
    ("accept", "application/json"),
]


def exchange(number: int, started_ms: int = 1_800_000_000_000) -> Exchange:
    """A small one, as it begins."""
    one = Exchange(
        id=f"{started_ms + number:013x}-{number:08x}",
        started_ms=started_ms + number,
        started_ns=0,
        method="POST",
        path="/v1/chat/completions",
        query="",
        protocol="openai.chat",
    )
    one.model, one.served, one.provider = f"gpt-4o-mini-{number % 7}", "gpt-4o-mini", "openai"
    one.client, one.route, one.key = "openai-python", "fast", "ide"
    one.request_body = REQUEST
    one.request_headers = one.sent_headers = HEADERS
    return one


def end(one: Exchange) -> None:
    """Its answer."""
    one.received_headers = one.response_headers = HEADERS
    for name in ("accepted", "body", "planned", "sent", "head", "first_byte", "last_byte", "done"):
        one.mark(name, 1000)
    one.attempts.append(Attempt(provider="openai", model="gpt-4o-mini", url="https://x.test/v1"))
    one.chunk(ANSWER, 350_000)
    one.usage = Usage(input_tokens=200, output_tokens=180)
    one.usage_basis, one.cost_usd, one.cost_basis = "reported", 0.0001, "reported"
    one.status, one.ttfb_us, one.done_us, one.state = 200, 350_000, 351_000, "finished"


def say(text: str) -> None:
    """A line of the result."""
    sys.stdout.write(f"{text}\n")


def cpu_us() -> float:
    """CPU of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


async def record(folder: Path, count: int, rate: int) -> None:
    """Records at a rate, beside the same load without a store."""
    secrets = [(f"K{n}", os.urandom(24).hex()) for n in range(5)]
    for recording in (False, True):
        store = await Store.open(folder / f"{recording}.sqlite", scrubber=Scrubber(secrets))
        queueing = 0.0
        async with asyncio.TaskGroup() as group:
            runner = group.create_task(store.run())
            before, began = cpu_us(), time.perf_counter()
            for number in range(count):
                one = exchange(number)
                at = time.perf_counter()
                if recording:
                    store.begun(one)
                queueing += time.perf_counter() - at
                end(one)
                at = time.perf_counter()
                if recording:
                    store.ended(one)
                queueing += time.perf_counter() - at
                await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            await store.flush()
            spent = (cpu_us() - before) / count
            runner.cancel()
        await store.close()
        say(
            f"recording {recording!s:5}: {spent:6.1f} us CPU per exchange at {rate}/s,"
            f" begun+ended {queueing / count * 1e6:.2f} us"
        )


async def fill(store: Store, rows: int) -> None:
    """Makes a large store, without details and bodies."""
    assert store._file.db is not None
    one = exchange(0)
    end(one)
    template = one.summary()
    for start in range(0, rows, 20_000):
        batch = []
        for n in range(start, min(rows, start + 20_000)):
            row = list(to_row(n + 1, template))
            row[1], row[2] = f"{n:032x}", 1_800_000_000_000 + n
            row[7] = f"gpt-4o-mini-{n % 7}" if n % 50_000 else "rare-model"
            batch.append(tuple(row))
        for statement, values in together(INSERT, OR_UPDATE, batch):
            await store._file.db.execute(statement, values)
        await store._file.db.commit()
    await store._file.db.execute(rollup.add_rows("1"))
    await store._file.db.commit()


async def list_pages(folder: Path, rows: int) -> None:
    """Times pages of a large store."""
    path = folder / "large.sqlite"
    store = await Store.open(path)
    await fill(store, rows)
    say(f"{rows} rows: {path.stat().st_size / 1e6:.0f} MB without details and bodies")
    cases = {
        "first page": Filter(),
        "model, common": Filter(model="gpt-4o-mini-3"),
        "model glob, common": Filter(model="gpt-4o*"),
        "model, rare": Filter(model="rare-model"),
        "status >=400, none": Filter(status=">=400"),
        "error_type, none": Filter(error_type="*"),
        "search, none": Filter(search="nowhere to be found"),
        "session": Filter(session="nobody"),
    }
    for name, given in cases.items():
        for turn in ("cold", "warm"):
            at = time.perf_counter()
            page = await store.queries.page(given, limit=100)
            took = (time.perf_counter() - at) * 1e3
            say(f"{name:22} {turn}: {len(page.exchanges):3} rows {took:7.1f} ms")
    at = time.perf_counter()
    await store.queries.spend_since(1_800_000_000_000 + rows - 100_000)
    say(f"spend of 100,000 rows: {(time.perf_counter() - at) * 1e3:.1f} ms")
    at = time.perf_counter()
    await store.queries.page(Filter(), cursor=f"{1_800_000_000_000 + rows // 2}-{rows // 2}")
    say(f"page in the middle: {(time.perf_counter() - at) * 1e3:.1f} ms")
    at = time.perf_counter()
    await store.maintain()
    say(f"first count: {(time.perf_counter() - at) * 1e3:.1f} ms")
    await store.close()


def main() -> None:
    """Runs both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(record(Path(folder), count, 500))
        if rows:
            asyncio.run(list_pages(Path(folder), rows))


if __name__ == "__main__":
    main()
