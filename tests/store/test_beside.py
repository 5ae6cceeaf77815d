"""What other parts keep in the file: small statements, and counters."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from llmgate.store.problems import StoreProblem
from llmgate.store.queries import Queries
from llmgate.store.writer import Store
from tests.store.conftest import OpenStore
from tests.store.making import begin, finish

ADD = "INSERT INTO revisions VALUES (?, 1, 'api', 'e', 'edit', NULL, 'note', 0, ?)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exchanges.sqlite"


async def put(store: Store, number: int) -> bool:
    one = begin(number)
    store.begun(one)
    store.ended(finish(one))
    return await store.flush()


def revisions(path: Path) -> list[int]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT number FROM revisions ORDER BY number")]


async def test_statements_are_written_at_once_and_in_order(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(store.write(ADD, (number, b"text")))
        group.create_task(store.write("DELETE FROM revisions WHERE number < ?", (7,)))

    assert revisions(path) == [7, 8, 9]


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (ADD, (1, b"twice")),
        (ADD, (2,)),
        (ADD, (1 << 80, b"")),
        (ADD, (object(), b"")),
        ("INSERT INTO nowhere VALUES (1)", ()),
        ("what?", ()),
    ],
)
async def test_a_statement_that_is_refused_raises_and_recording_goes_on(
    open_store: OpenStore, path: Path, statement: str, values: tuple[object, ...]
) -> None:
    store = await open_store(path)
    await store.write(ADD, (1, b"once"))

    with pytest.raises(StoreProblem, match=r"exchanges\.sqlite"):
        await store.write(statement, values)

    assert store.status().problem == ""
    assert await put(store, 1)
    assert revisions(path) == [1]


async def test_a_stopped_store_makes_write_raise_and_nothing_else(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    assert store._file.db is not None
    await store._file.db.execute("PRAGMA query_only = 1")
    assert not await put(store, 1)
    before = store.status()

    with pytest.raises(StoreProblem, match="cannot be written"):
        await store.write(ADD, (1, b""))

    assert store.status() == before
    await store._file.db.execute("PRAGMA query_only = 0")
    assert await store.flush()
    await store.write(ADD, (2, b""))
    assert revisions(path) == [2]
    assert [one.id for one in await store.queries.newest(3)] == ["x000001"]


async def test_a_write_that_meets_the_problem_first_says_so_and_stops_recording(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    assert store._file.db is not None
    await store._file.db.execute("PRAGMA query_only = 1")

    with pytest.raises(StoreProblem, match="cannot be written"):
        await store.write(ADD, (1, b""))

    assert store.status().state == "stopped"
    await store._file.db.execute("PRAGMA query_only = 0")
    assert await store.flush()
    assert store.status().state == "recording"


async def test_a_closed_store_is_not_opened_again_by_a_write(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    await store.close()

    with pytest.raises(StoreProblem, match="is closed"):
        await store.write(ADD, (1, b""))

    assert revisions(path) == []


async def test_a_write_that_is_cancelled_is_whole_or_absent_and_the_next_is_written(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    for number in range(20):
        writing = asyncio.ensure_future(store.write(ADD, (number, b"")))
        for _ in range(number):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        assert store._file.db is not None
        assert not store._file.db.in_transaction
    await store.write(ADD, (100, b""))

    assert revisions(path)[-1] == 100


async def test_of_each_counter_the_newest_value_is_kept_across_a_restart(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    for number in range(500):
        store.keep_counters({"key ide": b"%d" % number, f"provider {number % 3}": b"x"})
    await store.flush()
    store.keep_counters({"key ide": b"last", "provider 1": b""})
    await store.close()

    again = await open_store(path)

    assert await again.queries.counters() == {
        "key ide": b"last",
        "provider 0": b"x",
        "provider 2": b"x",
    }
    assert await Queries(path.with_name("none")).counters() == {}


async def test_counters_wait_while_the_store_is_stopped_and_follow_into_a_new_file(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    store.keep_counters({"old": b"1", "both": b"1"})
    await store.flush()
    assert store._file.db is not None
    await store._file.db.execute("PRAGMA query_only = 1")
    store.keep_counters({"both": b"2"})
    assert not await store.flush()
    store.keep_counters({"new": b"3"})
    for file in path.parent.glob("exchanges.sqlite*"):
        file.unlink()

    assert await store.flush()

    assert await store.queries.counters() == {"old": b"1", "both": b"2", "new": b"3"}


async def test_a_counter_that_cannot_be_stored_does_not_hold_up_the_rest(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    store.keep_counters({"\ud800" + "n" * 900: b"1", "good": b"2"})

    assert await put(store, 1)

    kept = await store.queries.counters()
    assert kept["good"] == b"2"
    assert max(map(len, kept)) == 300
