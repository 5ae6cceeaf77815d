"""Nothing that happens to the file stops the gateway, and recording comes back by itself."""

# ruff: noqa: ASYNC240, ASYNC220 - small local files and a child that is killed at once

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from llmgate.store.connection import set_aside
from llmgate.store.file import CUT
from llmgate.store.filters import Filter
from llmgate.store.migrations import names
from llmgate.store.problems import StoreProblem
from llmgate.store.queries import Queries
from llmgate.store.upkeep import stats
from llmgate.store.writer import Store
from tests.store.conftest import OpenStore
from tests.store.making import begin, finish

CHILD = """
import asyncio, sys
from pathlib import Path
from llmgate.store.writer import Store
from tests.store.conftest import OpenStore
from tests.store.making import begin, finish

async def main():
    store = await Store.open(Path(sys.argv[1]))
    async with asyncio.TaskGroup() as group:
        group.create_task(store.run())
        for number in range(150):
            one = begin(number)
            store.begun(one)
            if number < 50:
                store.ended(finish(one))
        while store.status().queued:
            await asyncio.sleep(0.005)
        print("written", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


class Problems:
    """What the store said."""

    def __init__(self) -> None:
        self.said: list[str | None] = []

    def __call__(self, text: str | None) -> None:
        self.said.append(text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exchanges.sqlite"


async def put(store: Store, number: int, size: int = 10) -> bool:
    """Records one that does not compress; whether it is on disk now."""
    one = begin(number, request=os.urandom(size))
    store.begun(one)
    store.ended(finish(one))
    return await store.flush()


async def test_after_kill_9_finished_ones_are_whole_and_live_ones_are_cut(
    open_store: OpenStore, path: Path
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    with child, contextlib.closing(child.stdout) as output:  # type: ignore[type-var]
        assert output is not None
        assert output.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)

    store = await open_store(path)
    found = await store.queries.newest(500)
    states = [one.state for one in found]
    detail = await store.queries.detail("x000149")
    chunks, _ = await store.queries.chunk_bytes("x000000")
    request = await store.queries.body("x000149", "request")
    integrity = await store.queries._rows("PRAGMA integrity_check", [])
    await store.close()

    assert states == ["finished"] * 50 + ["cut"] * 100
    assert found[-1].error == CUT
    assert detail is not None
    assert detail.request_headers
    assert request == b'{"model":"m"}'
    assert chunks == [b'{"ok":true}']
    assert integrity == [("ok",)]


async def test_a_full_disk_stops_recording_until_there_is_room(
    open_store: OpenStore, path: Path
) -> None:
    problems = Problems()
    store = await open_store(path, on_problem=problems)
    assert await put(store, 1)
    assert store._file.db is not None
    await store._file.db.execute_fetchall("PRAGMA max_page_count = 30")

    assert not await put(store, 2, size=200_000)
    assert store.status().state == "stopped"
    assert "disk is full" in store.status().problem
    assert store.status().queued == 1
    assert not await put(store, 3)

    await store._file.db.execute_fetchall("PRAGMA max_page_count = 100000")
    assert await store.flush()
    assert store.status().state == "recording"
    assert [one.id for one in await store.queries.newest(9)] == ["x000001", "x000002", "x000003"]
    assert [said is None for said in problems.said] == [False, True]
    await store.close()


async def test_a_store_that_became_read_only_stops_and_recovers(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    assert store._file.db is not None
    await store._file.db.execute("PRAGMA query_only = 1")

    assert not await put(store, 1)
    assert "cannot be written" in store.status().problem

    await store._file.db.execute("PRAGMA query_only = 0")
    assert await store.flush()
    assert store.status().problem == ""
    await store.close()


async def test_a_lock_of_another_program_is_waited_out(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path)
    assert store._file.db is not None
    await store._file.db.execute_fetchall("PRAGMA busy_timeout = 1")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not await put(store, 1)
        assert "locked" in store.status().problem
        other.execute("ROLLBACK")

    assert await store.flush()
    assert (await store.queries.newest(1))[0].id == "x000001"
    await store.close()


async def test_bodies_that_wait_while_recording_is_stopped_are_bounded(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    assert store._file.db is not None
    await store._file.db.execute("PRAGMA query_only = 1")
    for number in range(20):
        one = begin(number, request=b"r" * (4 << 20))
        store.begun(one)
        store.ended(finish(one))

    assert not await store.flush()

    assert store.backlog.bytes <= 32 << 20
    assert store.status().dropped_bodies >= 12
    assert store.status().dropped_exchanges == 0
    await store._file.db.execute("PRAGMA query_only = 0")
    await store.close()


async def test_an_unusable_place_opens_stopped_and_records_once_it_is_usable(
    open_store: OpenStore, path: Path
) -> None:
    path.mkdir()
    problems = Problems()
    store = await open_store(path, on_problem=problems)
    assert store.status().state == "stopped"
    assert not await put(store, 1)
    assert await store.queries.newest(5) == []
    assert store.pending("x000001") is not None

    path.rmdir()
    assert await store.flush()

    assert (await store.queries.newest(5))[0].id == "x000001"
    assert problems.said[-1] is None
    await store.close()


async def test_a_folder_that_cannot_be_made_opens_stopped(
    open_store: OpenStore, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    store = await open_store(tmp_path / "file" / "exchanges.sqlite")

    assert store.status().state == "stopped"
    assert str(tmp_path / "file") in store.status().problem
    await store.close()


async def test_a_file_that_is_no_store_is_set_aside_at_open(
    open_store: OpenStore, path: Path
) -> None:
    path.write_bytes(b"not a database, surely" * 500)
    problems = Problems()

    store = await open_store(path, on_problem=problems)
    assert await put(store, 1)

    assert path.with_name("exchanges.damaged-1.sqlite").read_bytes().startswith(b"not a database")
    assert problems.said[0] is not None
    assert "exchanges.damaged-1.sqlite" in problems.said[0]
    assert problems.said[-1] is None
    await store.close()


async def test_a_file_damaged_while_running_is_set_aside_and_nothing_queued_is_lost(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    for number in range(40):
        assert await put(store, number, size=3000)
    live = begin(100)
    store.begun(live)
    await store.flush()
    assert store._file.db is not None
    await store._file.db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    await store._file.db.execute_fetchall("PRAGMA shrink_memory")

    await put(store, 200)
    store.ended(finish(live))
    assert await store.flush()

    found = {one.id: one.state for one in await store.queries.newest(500)}
    assert found == {"x000200": "finished", "x000100": "finished"}
    assert await store.queries.body("x000100", "request") == live.request_body
    assert path.with_name("exchanges.damaged-1.sqlite").exists()
    await store.close()


async def test_a_file_removed_while_running_is_begun_anew(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    assert await put(store, 1)
    for file in path.parent.glob("exchanges.sqlite*"):
        file.unlink()

    assert await put(store, 2)

    assert [one.id for one in await store.queries.newest(5)] == ["x000002"]
    await store.close()


def test_damaged_files_do_not_pile_up_for_ever(path: Path) -> None:
    for _ in range(9):
        path.touch()
        set_aside(path)
    path.touch()

    with pytest.raises(StoreProblem, match="9 damaged ones"):
        set_aside(path)


async def test_a_store_of_a_newer_llmgate_is_left_alone(open_store: OpenStore, path: Path) -> None:
    await (await open_store(path)).close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO migrations VALUES ('from_the_future')")

    store = await open_store(path)

    assert "newer llmgate" in store.status().problem
    assert not await put(store, 1)
    await store.close()
    assert path.exists()
    assert not path.with_name("exchanges.damaged-1.sqlite").exists()


@pytest.mark.parametrize(
    "damage",
    [
        "INSERT INTO migrations VALUES (NULL)",
        "INSERT INTO migrations VALUES (x'00ff')",
        "INSERT INTO migrations VALUES ('\x01search')",
        "UPDATE exchanges SET seq = 1 << 61",
        "INSERT INTO generations VALUES (1 << 40, 1, 1, 0)",
    ],
)
async def test_numbers_and_names_that_nobody_gave_are_damage(
    open_store: OpenStore, path: Path, damage: str
) -> None:
    store = await open_store(path)
    await put(store, 1)
    await store.close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(damage)

    store = await open_store(path)

    assert await put(store, 2)
    assert path.with_name("exchanges.damaged-1.sqlite").exists()
    assert [one.id for one in await store.queries.newest(5)] == ["x000002"]
    assert store.status().dropped_exchanges == 0
    await store.close()


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM indexed", "UPDATE indexed SET seq = 1 << 61", "UPDATE indexed SET seq = 'a'"],
)
async def test_words_are_indexed_anew_when_nobody_knows_how_far_it_had_come(
    open_store: OpenStore, path: Path, damage: str
) -> None:
    store = await open_store(path)
    await put(store, 1)
    await store.indexing.catch_up()
    await store.close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(damage)
    assert (await stats(path)).exchanges == 1  # whoever looks before a gateway has opened it

    store = await open_store(path)
    await put(store, 2)
    await store.indexing.catch_up()
    page = await store.queries.page(Filter(text="gpt"))

    assert [one.id for one in page.exchanges] == ["x000002", "x000001"]
    assert (await stats(path)).not_indexed == 0
    await store.close()


async def test_a_new_file_knows_the_names_of_its_migrations(
    open_store: OpenStore, path: Path
) -> None:
    await (await open_store(path)).close()

    with contextlib.closing(sqlite3.connect(path)) as db:
        applied = [row[0] for row in db.execute("SELECT name FROM migrations")]
        vacuum = db.execute("PRAGMA auto_vacuum").fetchone()

    assert applied == names()
    assert vacuum == (2,)


async def test_an_empty_file_becomes_a_store(open_store: OpenStore, path: Path) -> None:
    path.touch()

    store = await open_store(path)

    assert await put(store, 1)
    await store.close()


async def test_the_first_version_of_the_file_still_opens(open_store: OpenStore, path: Path) -> None:
    script = Path(__file__).with_name("first_version.sql").read_text(encoding="utf-8")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(script)

    store = await open_store(path)
    assert await put(store, 1)
    found = await store.queries.newest(5)
    old = await store.queries.detail("old")
    await store.close()

    assert {one.id for one in found} == {"old", "x000001"}
    assert old is not None
    assert old.summary.model == "gpt-4"
    assert old.summary.status is None


async def test_reading_works_without_a_gateway_and_without_a_file(
    open_store: OpenStore, path: Path
) -> None:
    queries = Queries(path)
    assert (await queries.page(Filter())).exchanges == []
    assert await queries.size() == 0
    store = await open_store(path)
    await put(store, 1)
    await store.close()

    assert [one.id for one in await queries.newest(3)] == ["x000001"]
    await queries.close()
