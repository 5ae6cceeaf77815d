"""Files of every version open, forever: old bodies byte for byte, new ones beside them."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from llmgate.store.filters import Filter
from llmgate.store.migrations import names
from llmgate.store.replays import KeptReplays
from llmgate.store.revisions import Revisions
from llmgate.store.upkeep import collect, stats
from llmgate.store.writer import Store
from tests.store.conftest import OpenStore
from tests.store.making import NOW_MS, begin, finish
from tests.store.sessions import session

VERSIONS = ("first_version", "second_version", "third_version")


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


async def test_everything_of_the_third_version_is_what_it_was(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path, _ = made_of("third_version", tmp_path)
    store = await open_store(path, keep_days=0)
    queries = store.queries

    rows = {one.id: one for one in await queries.newest(50)}
    detail = await queries.detail("x000001")
    chunks, moments = await queries.chunk_bytes("x000001")
    turns = [await queries.body(name, "request") or b"" for name in ("x000003", "x000004")]
    found = [await words(store, text) for text in ("cliff", "keeper", "limited", "gpt")]

    question = (
        b'{"model":"gpt-4o","messages":[{"role":"user","content":"Where is the lighthouse?"}]}'
    )
    assert await queries.body("x000001", "request") == question
    assert await queries.body("x000001", "sent") == question.replace(b"4o", b"4o-mini")
    assert (
        b"".join(chunks)
        == b'data: {"text":"On the "}\n\ndata: {"text":"cliff."}\n\ndata: [DONE]\n\n'
    )
    assert moments == [1000, 1010, 1020]
    assert detail is not None
    assert detail.request_headers == [("content-type", "application/json")]
    assert (rows["x000001"].marked, rows["x000001"].tags) == (True, "kept")
    assert (rows["x000001"].note, rows["x000001"].replay) == ("a note", "r-1")
    assert (rows["x000002"].status, rows["x000002"].error) == (429, "slow down")
    assert rows["x000005"].state == "cut"
    assert [len(turn) for turn in turns] == [6037, 7038]
    assert turns[1].startswith(turns[0][:-2])
    assert found == [
        ["x000004", "x000003", "x000001"],
        ["x000004", "x000003"],
        ["x000002"],
        [*rows][:-1][::-1],
    ]
    assert await KeptReplays(store).newest(9) == [("r-1", b'{"of":"a replay"}')]
    assert await Revisions(store).text(1, "e1") == "sealed text"
    assert await queries.counters() == {"key:ide": b"\x01counted"}
    assert (await queries.spend_since(0)).cost_usd == pytest.approx(0.75)


async def words(store: Store, text: str) -> list[str]:
    return [one.id for one in (await store.queries.page(Filter(text=text))).exchanges]


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
