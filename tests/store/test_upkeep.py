"""gc, stats and vacuum do what they say while recording goes on, and lose nothing."""

# ruff: noqa: ASYNC240 - small local files

import asyncio
import contextlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from llmgate.store.annotations import annotate
from llmgate.store.encoder import PARTS_PER_EXCHANGE
from llmgate.store.problems import StoreProblem
from llmgate.store.upkeep import collect, rewrite, stats, vacuum
from llmgate.store.writer import Store
from llmgate.wire.keeping import Annotation
from tests.store.conftest import OpenStore
from tests.store.making import begin, finish
from tests.store.sessions import session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exchanges.sqlite"


async def put(store: Store, number: int, request: bytes) -> str:
    one = begin(number, request=request)
    store.begun(one)
    store.ended(finish(one))
    assert await store.flush()
    return one.id


async def conversation(store: Store, start: int = 0, turns: int = 20) -> dict[str, bytes]:
    return {
        await put(store, start + number, turn.request): turn.request
        for number, turn in enumerate(session("chat", turns, 200_000, seed=start))
    }


async def remove(store: Store, start: int, end: int) -> None:
    """As if somebody had deleted rows: nobody told the sweeper."""
    await store.write("DELETE FROM exchanges WHERE seq BETWEEN ? AND ?", (start, end))
    ids = (start * PARTS_PER_EXCHANGE, (end + 1) * PARTS_PER_EXCHANGE)
    await store.write("DELETE FROM parts WHERE id >= ? AND id < ?", ids)


async def test_gc_removes_every_piece_that_nobody_needs_and_no_other(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path, keep_days=0, keep_mb=0)
    kept = await conversation(store)
    await conversation(store, 100)
    before = await stats(path)
    await remove(store, 21, 40)

    done = await collect(store)
    after = await stats(path)

    assert done.removed == 0
    assert 30 < done.pieces < before.pieces
    assert done.freed_bytes > 20_000
    assert after.pieces == before.pieces - done.pieces
    for name, body in kept.items():
        assert await store.queries.body(name, "request") == body
    assert (await collect(store)).pieces == 0


async def test_a_body_recorded_after_gc_refers_to_no_piece_that_went(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path, keep_days=0, keep_mb=0)
    first = await conversation(store)
    await remove(store, 1, 20)
    await collect(store)
    assert (await stats(path)).pieces == 0

    body = list(first.values())[-1]
    name = await put(store, 500, body)

    assert await store.queries.body(name, "request") == body


async def test_gc_applies_the_caps_to_the_end_and_spares_what_is_marked(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path, keep_days=0, keep_mb=0)
    for number in range(300):
        one = begin(number, request=os.urandom(12_000))
        store.begun(one)
        store.ended(finish(one))
    await store.flush()
    await annotate(store, ["x000003"], Annotation(marked=True))
    store.configure(bodies="full", keep_days=0, keep_mb=1)

    done = await collect(store)

    assert done.size_bytes <= 1_000_000
    assert done.file_bytes <= 1_100_000
    assert 200 < done.removed < 270
    assert store.status().kept == 300 - done.removed
    assert await store.queries.body("x000003", "request")


async def test_recording_goes_on_during_gc_and_vacuum(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path, keep_days=0, keep_mb=0)
    for number in range(200):
        await put(store, number, os.urandom(20_000))
    store.configure(bodies="full", keep_days=0, keep_mb=1)
    ended = asyncio.Event()
    names: list[str] = []

    async def record() -> None:
        number = 1000
        while not ended.is_set():
            names.append(await put(store, number, b"x" * 100))
            number += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(record())
        await collect(store)
        during = len(names)
        await vacuum(store)
        ended.set()

    assert during > 3
    found = {one.id for one in await store.queries.newest(1000)}
    assert set(names) <= found


async def test_vacuum_gives_all_free_pages_back(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path, keep_days=0, keep_mb=0)
    for number in range(200):
        await put(store, number, os.urandom(20_000))
    await remove(store, 1, 150)
    await store.change(lambda db: db.execute("DELETE FROM pieces WHERE id % 4 <> 0"))
    before = path.stat().st_size

    done = await vacuum(store)
    found = await stats(path)

    assert done.freed_bytes > 2_000_000
    assert done.file_bytes == path.stat().st_size < before - 2_000_000
    assert (found.free_bytes, found.wal_bytes) == (0, 0)


async def test_rewriting_leaves_no_gaps_and_every_body(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path, keep_days=0, keep_mb=0)
    kept = await conversation(store)
    for number in range(100, 200):
        await put(store, number, os.urandom(20_000))
    await remove(store, 21, 120)
    await collect(store)
    await store.close()

    done = await rewrite(path)

    assert done.file_bytes == path.stat().st_size < 600_000
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    store = await open_store(path)
    for name, body in kept.items():
        assert await store.queries.body(name, "request") == body


async def test_rewriting_needs_room_and_says_how_much(
    open_store: OpenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(path)
    await put(store, 1, os.urandom(100_000))
    await store.close()

    class Usage(NamedTuple):
        free: int = 1_000_000

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())

    with pytest.raises(StoreProblem, match=r"needs \d+ MB of free disk and there are 1 MB"):
        await rewrite(path)


async def test_stats_say_where_the_bytes_are(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path, keep_days=0, keep_mb=0)
    bodies = await conversation(store)
    await annotate(store, list(bodies)[:2], Annotation(marked=True))

    found = await stats(path, 14, 1024)

    raw = sum(len(body) + len(b'{"ok":true}') for body in bodies.values())
    assert (found.exchanges, found.kept) == (20, 2)
    assert found.raw_bytes == raw
    assert found.piece_bytes < found.stored_bytes < raw / 5
    assert found.pieces > 40
    assert found.size_bytes >= found.stored_bytes
    assert (found.keep_days, found.keep_mb) == (14, 1024)
    assert found.newest_ms is not None
    assert found.oldest_ms == found.newest_ms - 19


async def test_stats_of_an_empty_store(open_store: OpenStore, path: Path) -> None:
    await (await open_store(path)).close()

    found = await stats(path)

    assert (found.exchanges, found.raw_bytes, found.pieces, found.oldest_ms) == (0, 0, 0, None)
