"""The size cap holds while more and more comes in: measured after every batch, file and log."""

import logging
import os
import random
from pathlib import Path

import pytest

from llmgate.store.annotations import annotate
from llmgate.store.writer import Store
from llmgate.wire.keeping import Annotation
from tests.store.conftest import OpenStore
from tests.store.making import NOW_MS, begin, finish
from tests.store.sessions import session

CAP_MB = 8
_KEPT = "SELECT id FROM exchanges ORDER BY started_ms, seq"
MOST = int(CAP_MB * 1_000_000 * 1.05)


def on_disk(path: Path) -> int:
    """The file and its write-ahead log."""
    return sum(Path(f"{path}{end}").stat().st_size for end in ("", "-wal"))


class Load:
    """Exchanges without an end; counts what it wrote, and how large the store ever was."""

    def __init__(self, store: Store, seed: int = 1, most: int = MOST) -> None:
        self.store = store
        self.most = most
        self.draw = random.Random(seed)
        self.number = 0
        self.written = 0
        self.largest = 0
        self.last = ""

    def put(self, request: bytes, answer: bytes = b'{"ok":true}') -> str:
        one = begin(self.number, request=request, started_ms=NOW_MS + self.number)
        self.number += 1
        self.written += len(request) + len(answer)
        self.store.begun(one)
        self.store.ended(finish(one, answer))
        self.last = one.id
        return one.id

    async def flush(self) -> None:
        await self.store.flush()
        self.measure()

    def measure(self) -> None:
        self.largest = max(self.largest, on_disk(self.store.path))
        assert self.largest <= self.most

    async def mixed(self, batches: int) -> None:
        """Tiny ones, and ones of up to 200 kB that do not compress."""
        for batch in range(batches):
            for _ in range(self.draw.randint(1, 12)):
                big = self.draw.random() < 0.3
                size = self.draw.randint(20_000, 200_000) if big else self.draw.randint(10, 3000)
                self.put(os.urandom(size), os.urandom(size // 8))
            await self.flush()
            if batch % 10 == 9:
                await self.store.maintain()
                self.measure()


async def kept_ids(store: Store) -> list[str]:
    return [str(row[0]) for row in await store.queries.rows(_KEPT, [])]


async def test_the_cap_holds_with_large_and_tiny_ones(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store)

    await load.mixed(200)

    kept = await kept_ids(store)
    assert load.written > 3 * MOST
    assert load.largest > 0.7 * MOST  # it is used, too
    assert store.status().dropped_bodies == 0
    assert kept == [f"x{n:06d}" for n in range(load.number - len(kept), load.number)]
    assert len(await store.queries.body(load.last, "request") or b"") > 0


async def test_the_cap_holds_with_a_reader_that_looks_at_everything(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store, seed=2)
    for _ in range(20):
        await load.mixed(8)
        for name in (await kept_ids(store))[-3:]:
            assert await store.queries.body(name, "request") is not None


async def test_the_cap_holds_with_very_many_small_ones(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store)

    for _ in range(60):
        for _ in range(300):
            load.put(os.urandom(150))
        await load.flush()

    kept = await kept_ids(store)
    assert load.number == 18_000
    assert 6_000 < len(kept) < 13_000
    assert kept[-1] == load.last


async def test_the_cap_holds_with_conversations_and_every_body_that_is_left_is_whole(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=2)
    load = Load(store)
    bodies: dict[str, bytes] = {}
    for seed in range(6):
        for turn in session("messages", turns=60, size=400_000, seed=seed):
            bodies[load.put(turn.request, b"".join(turn.chunks))] = turn.request
            await load.flush()
    assert on_disk(store.path) <= 2_100_000

    kept = await kept_ids(store)
    assert 60 < len(kept) < 300
    for name in kept:
        assert await store.queries.body(name, "request") == bodies[name]


async def test_what_is_marked_stays_with_its_bodies_while_everything_else_goes(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store)
    bodies: dict[str, bytes] = {}
    for turn in session("messages", turns=40, size=300_000):
        bodies[load.put(turn.request)] = turn.request
    await load.flush()
    marked = list(bodies)[::7]
    await annotate(store, marked, Annotation(marked=True))

    await load.mixed(200)

    kept = await kept_ids(store)
    assert [name for name in kept if name in bodies] == marked
    for name in marked:
        assert await store.queries.body(name, "request") == bodies[name]
    generations = await store.queries.rows("SELECT number FROM generations WHERE swept", [])
    assert len(generations) >= 1  # what only others had of theirs is gone


async def test_what_is_no_longer_marked_goes_with_its_pieces(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store)
    marked = [load.put(turn.request) for turn in session("messages", turns=20, size=200_000)]
    await load.flush()
    await annotate(store, marked, Annotation(marked=True))
    await load.mixed(120)
    first = await store.queries.rows("SELECT min(number) FROM generations", [])
    assert marked[0] in await kept_ids(store)

    await annotate(store, marked, Annotation(marked=False))
    store.retention._look_back_at = 0.0
    await load.mixed(120)

    assert not set(marked) & set(await kept_ids(store))
    assert await store.queries.rows("SELECT min(number) FROM generations", []) > first


async def test_when_kept_ones_alone_exceed_the_cap_it_is_said_once_and_recording_goes_on(
    open_store: OpenStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=100)
    load = Load(store)
    marked = [load.put(os.urandom(100_000)) for _ in range(30)]
    await store.flush()
    await annotate(store, marked, Annotation(marked=True))
    store.configure(bodies="full", keep_days=0, keep_mb=2)

    with caplog.at_level(logging.WARNING, "llmgate.store"):
        for _ in range(40):
            load.put(os.urandom(5_000))
            assert await store.flush()
            assert await store.queries.body(load.last, "request") is not None
            await store.maintain()
        for _ in range(5):
            await store.maintain()

    kept = await kept_ids(store)
    said = [record for record in caplog.records if "keep_mb" in record.getMessage()]
    assert set(marked) <= set(kept)
    assert len(kept) < len(marked) + 30
    assert len(said) == 1
    assert store._maintain_at > 0  # it does not come back at once for nothing
    assert store.status().state == "recording"


async def test_a_smaller_cap_takes_no_more_than_it_has_to(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=1000)
    load = Load(store)
    bodies = {}
    for _ in range(400):  # one generation
        body = os.urandom(20_000)
        bodies[load.put(body)] = body
    await store.flush()

    store.configure(bodies="full", keep_days=0, keep_mb=CAP_MB / 2)
    while await store.maintain():
        pass

    kept = await kept_ids(store)
    assert store.status().size_bytes <= CAP_MB / 2 * 1_000_000
    assert 100 < len(kept) < 200
    for name in kept:
        assert await store.queries.body(name, "request") == bodies[name]


async def test_live_ones_are_not_removed(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    live = begin(0, request=b'{"messages":["%s"]}' % (b"hello " * 3000), started_ms=NOW_MS - 1)
    store.begun(live)
    load = Load(store)
    load.number = 1
    await load.mixed(150)

    store.ended(finish(live))
    await store.flush()

    assert await store.queries.body(live.id, "request") == live.request_body


async def test_one_that_is_larger_than_its_share_is_kept_without_bodies_and_others_with(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store)
    small = b'{"messages":["%s"]}' % os.urandom(20_000).hex().encode()
    before = load.put(small)
    large = load.put(os.urandom(4_000_000))
    after = load.put(small)
    await load.flush()

    assert await store.queries.body(large, "request") is None
    assert await store.queries.detail(large) is not None
    assert await store.queries.body(before, "request") == small
    assert await store.queries.body(after, "request") == small
    assert store.status().dropped_bodies == 1
