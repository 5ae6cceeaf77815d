"""Files of every version open, forever: old bodies byte for byte, new ones beside them."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from llmgate.store.migrations import names
from llmgate.store.upkeep import collect, stats
from llmgate.store.writer import Store
from tests.store.conftest import OpenStore
from tests.store.making import NOW_MS, begin, finish
from tests.store.sessions import session

VERSIONS = ("first_version", "second_version")


def made_of(version: str, folder: Path) -> tuple[Path, dict[str, dict[int, bytes]]]:
    """The file of an old version, and what the rows of its parts say without any of our code."""
    path = folder / "exchanges.sqlite"
    script = Path(__file__).with_name(f"{version}.sql").read_text(encoding="utf-8")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(script)
        rows = db.execute(
            "SELECT exchanges.id, parts.id % 8, codec, data FROM parts"
            " JOIN exchanges ON exchanges.seq = parts.id / 8 WHERE parts.id % 8 > 0"
        ).fetchall()
    bodies: dict[str, dict[int, bytes]] = {}
    for name, place, codec, data in rows:
        if codec == 0:
            bodies.setdefault(name, {})[place] = data
    return path, bodies


async def put(store: Store, number: int, request: bytes) -> str:
    one = begin(number, request=request, started_ms=NOW_MS + 10_000 + number)
    store.begun(one)
    store.ended(finish(one))
    assert await store.flush()
    return one.id


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_old_store_opens_and_takes_new_ones(
    open_store: OpenStore, tmp_path: Path, version: str
) -> None:
    path, bodies = made_of(version, tmp_path)
    store = await open_store(path, keep_days=0)
    before = {one.id for one in await store.queries.newest(50)}

    added = {
        await put(store, 100 + n, turn.request): turn.request
        for n, turn in enumerate(session("chat", 10, 60_000))
    }

    assert before
    assert {one.id for one in await store.queries.newest(50)} == before | set(added)
    for name, parts in bodies.items():
        for place, part in ((1, "request"), (3, "answer")):
            if place in parts:
                found = await store.queries.body(name, part)  # type: ignore[arg-type] # of the pairs
                assert found == parts[place]
    for name, body in added.items():
        assert await store.queries.body(name, "request") == body
    await store.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert [row[0] for row in db.execute("SELECT name FROM migrations")] == names()
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_bodies_of_the_second_version_are_what_they_were(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path, _ = made_of("second_version", tmp_path)
    store = await open_store(path, keep_days=0)

    question = await store.queries.body("x000001", "request")
    answer = await store.queries.body("x000001", "answer")
    chunks, moments = await store.queries.chunk_bytes("x000001")
    large = await store.queries.body("x000002", "request")

    assert question is not None
    assert answer is not None
    assert large is not None
    assert b"Where is the lighthouse?" in question
    assert (len(question), len(answer), len(large)) == (84, 119, 10_460)
    assert b"".join(chunks) == answer
    assert len(chunks) == len(moments) == 3
    assert await store.queries.body("x000001", "sent") == question


async def test_caps_and_gc_work_on_a_store_with_old_and_new_bodies(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path, _ = made_of("second_version", tmp_path)
    store = await open_store(path, keep_days=0, keep_mb=1)
    for number in range(100, 220):
        await put(store, number, os.urandom(20_000))

    done = await collect(store)
    found = await stats(path)

    assert done.size_bytes <= 1_000_000
    assert "x000001" not in {one.id for one in await store.queries.newest(500)}
    assert await store.queries.body("x000219", "request") is not None
    assert found.exchanges == len(await store.queries.newest(500)) > 10
