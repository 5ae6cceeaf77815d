"""Whatever is asked of the list, its pages together are what a naive look finds, in their order."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmgate.store import blocks, listing
from llmgate.store.filters import Filter
from llmgate.store.migrations import LATER, make_index
from llmgate.store.queries import Queries
from llmgate.store.rows import INSERT, OR_UPDATE, to_row
from llmgate.store.together import together
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from tests.store.conftest import OpenStore
from tests.store.making import begin, finish
from tests.support.gateway import until

PROVIDERS = ("openai", "anthropic", "lab")
STATUSES = (200, 429, 503, None)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of eight."""
    monkeypatch.setattr(blocks, "BITS", 3)
    monkeypatch.setattr(listing, "BITS", 3)
    monkeypatch.setattr(listing, "_RECENT", 9)


def row(number: int, started_ms: int, provider: str, status: int | None) -> ExchangeSummary:
    return ExchangeSummary(
        id=f"x{number:06d}",
        started_ms=started_ms,
        state="failed" if status != 200 else "finished",
        method="POST",
        path="/v1",
        protocol="raw",
        provider=provider,
        model=f"m-{number % 7}",
        served=f"s-{number % 90}",
        status=status,
        error_type="upstream_server_error" if status == 503 else "",
        cost_usd=number / 100,
    )


def fill(path: Path, rows: list[ExchangeSummary]) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        numbered = [to_row(number, one) for number, one in enumerate(rows, 1)]
        for statement, values in together(INSERT, OR_UPDATE, numbered):
            db.execute(statement, values)


async def listed(path: Path, wanted: Filter, limit: int, seconds: float) -> list[str]:
    queries, ids, cursor = Queries(path), [], ""
    try:
        for _ in range(5_000):
            page = await listing.Listing(queries.rows, lambda: 0.0, seconds).page(
                wanted, cursor, limit
            )
            assert len(page.rows) <= limit
            ids += [str(one[1]) for one in page.rows]
            assert page.cursor != cursor or not cursor
            cursor = page.cursor
            if not cursor:
                return ids
        raise AssertionError("the pages have no end")
    finally:
        await queries.close()


def naive(rows: list[ExchangeSummary], wanted: Filter) -> list[str]:
    found = [
        (one.started_ms, number, one.id)
        for number, one in enumerate(rows, 1)
        if wanted.provider in {"", one.provider}
        and wanted.model in {"", one.model, one.served}
        and (not wanted.status or str(one.status) == wanted.status)
        and (not wanted.search or wanted.search in f"{one.model}{one.served}{one.provider}")
        and (wanted.min_cost is None or (one.cost_usd or 0) >= wanted.min_cost)
        and (wanted.since_ms is None or one.started_ms >= wanted.since_ms)
        and (wanted.until_ms is None or one.started_ms < wanted.until_ms)
    ]
    return [one[2] for one in sorted(found, reverse=True)]


WANTED = st.builds(
    Filter,
    provider=st.sampled_from(["", "lab", "openai", "nobody"]),
    model=st.sampled_from(["", "m-3", "s-17", "none"]),
    status=st.sampled_from(["", "429", "503", "200", "418"]),
    search=st.sampled_from(["", "s-1", "lab"]),
    min_cost=st.sampled_from([None, 1.0]),
    since_ms=st.sampled_from([None, 900, 1_100]),
    until_ms=st.sampled_from([None, 1_000, 1_150]),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_pages_together_are_what_a_naive_look_finds(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dice = random.Random(data.draw(st.integers(0, 1 << 32)))
    spread = dice.choice([10, 60, 200])
    rows = [
        row(
            number,
            dice.choice([810, 1_000]) + dice.randrange(spread),
            dice.choice(PROVIDERS),
            dice.choice(STATUSES),
        )
        for number in range(1, dice.choice([3, 60, 160, 240]))
    ]
    if data.draw(st.booleans()):  # as recorded; else as imported from anywhere
        rows = sorted(rows, key=lambda one: one.started_ms)
    path = tmp_path_factory.mktemp("store") / "exchanges.sqlite"
    store = await Store.open(path, keep_days=0, keep_mb=0)
    try:
        fill(path, rows)
        for _ in range(data.draw(st.integers(0, 30))):
            await store.change(blocks.note_next)
        for wanted in data.draw(st.lists(WANTED, min_size=1, max_size=4)):
            limit = data.draw(st.sampled_from([1, 3, 50]))
            seconds = data.draw(st.sampled_from([0.0, 1.0]))
            assert await listed(path, wanted, limit, seconds) == naive(rows, wanted)
            total = await listing.Listing(store.queries.rows, lambda: 0.0, 1.0).total(wanted)
            assert total == len(naive(rows, wanted))
    finally:
        await store.close()


@pytest.fixture
async def store(tmp_path: Path, open_store: OpenStore) -> Store:
    return await open_store(tmp_path / "exchanges.sqlite", keep_days=0, keep_mb=0)


async def note_all(store: Store) -> int:
    noted = 0
    while await store.change(blocks.note_next):
        noted += 1
    return noted


async def test_a_rare_name_is_found_at_once_and_nothing_else_is_read(store: Store) -> None:
    rows = [row(n, n, "rare" if n in {17, 900} else "openai", 200) for n in range(1, 2_001)]
    fill(store.path, rows)
    assert await note_all(store) >= 249
    asked: list[str] = []

    async def counted(query: str, values: list[object]) -> list[object]:
        asked.append(query)
        return await store.queries.rows(query, values)

    page = await listing.Listing(counted, lambda: 0.0, 0.0).page(Filter(provider="rare"), "", 100)

    assert [one[1] for one in page.rows] == ["x000900", "x000017"] or page.cursor
    assert sum("NOT INDEXED WHERE seq >=" in one and "provider" in one for one in asked) <= 6
    assert await listed(store.path, Filter(provider="rare"), 100, 0.0) == ["x000900", "x000017"]


async def test_counting_gives_up_when_the_time_is_over(store: Store) -> None:
    fill(store.path, [row(n, n, "openai", 200) for n in range(1, 2_001)])
    await note_all(store)

    short = listing.Listing(store.queries.rows, lambda: 0.0, 0.0)
    long = listing.Listing(store.queries.rows, lambda: 0.0, 1.0)

    assert await short.total(Filter(search="open")) is None
    assert await long.total(Filter(search="open")) == 2_000


async def test_a_block_with_a_live_exchange_is_noted_when_it_has_ended(store: Store) -> None:
    slow = begin(1)
    store.begun(slow)
    for number in range(2, 40):
        one = begin(number)
        store.begun(one)
        store.ended(finish(one))
    await store.flush()
    await note_all(store)
    assert 0 not in {one.number for one in await blocks.noted(store.queries.rows)}

    slow.provider = "late"
    store.ended(finish(slow))
    await store.flush()
    await note_all(store)

    assert await listed(store.path, Filter(provider="late"), 10, 0.0) == ["x000001"]
    assert 0 in {one.number for one in await blocks.noted(store.queries.rows)}


async def test_a_block_with_too_many_names_counts_as_having_every_one(store: Store) -> None:
    rows = [row(n, n, "openai", 200) for n in range(1, 101)]
    fill(store.path, rows)
    (blocks_before, most) = (blocks._MOST_NAMES, 3)
    blocks._MOST_NAMES = most
    try:
        await note_all(store)
    finally:
        blocks._MOST_NAMES = blocks_before

    assert await listed(store.path, Filter(served="s-17"), 10, 0.0) == ["x000017"]


async def test_what_is_noted_goes_with_the_exchanges(store: Store) -> None:
    fill(store.path, [row(n, n, "openai", 200) for n in range(1, 101)])
    await note_all(store)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("DELETE FROM exchanges WHERE seq < 81")

    assert await store.change(blocks.forget) == 10
    kept = await store.queries.rows("SELECT DISTINCT block FROM block_names ORDER BY 1", [])
    assert [one[0] for one in kept] == [10, 11]


async def test_a_large_store_gets_its_indexes_while_it_is_used(
    tmp_path: Path, open_store: OpenStore
) -> None:
    path = tmp_path / "exchanges.sqlite"
    await (await open_store(path)).close()
    with closing(sqlite3.connect(path)) as db, db:
        for name in LATER:
            db.execute(f"DROP INDEX {name}")
        db.execute(*next(together(INSERT, OR_UPDATE, [to_row(30_000, row(1, 1, "x", 200))])))

    store = await open_store(path)
    names = "SELECT name FROM sqlite_master WHERE type = 'index' AND name IN ('{}')".format(
        "', '".join(LATER)
    )
    assert await store.queries.rows(names, []) == []
    while await store.change(make_index):
        pass
    assert len(await store.queries.rows(names, [])) == len(LATER)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filter(parent="p"), "exchanges_again"),
        (Filter(replay="r"), "exchanges_replayed"),
        (Filter(tag="t"), "exchanges_annotated"),
        (Filter(marked=True), "exchanges_annotated"),
        (Filter(session="s"), "exchanges_by_session"),
        (Filter(state="live"), "exchanges_live"),
        (Filter(until_ms=5), "exchanges_by_time"),
        (Filter(), "exchanges_by_time"),
    ],
)
async def test_an_index_answers(store: Store, wanted: Filter, index: str) -> None:
    plans: list[str] = []

    async def explained(query: str, values: list[object]) -> list[object]:
        rows = await store.queries.rows(f"EXPLAIN QUERY PLAN {query}", values)
        plans.extend(str(one[3]) for one in rows)
        return await store.queries.rows(query, values)

    await listing.Listing(explained, lambda: 0.0, 1.0).page(wanted, "", 10)

    assert any(index in plan for plan in plans), plans


async def test_an_old_store_has_its_blocks_and_indexes_before_its_words(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path = tmp_path / "exchanges.sqlite"
    store = await open_store(path, keep_days=0)
    fill(path, [row(number, number, "openai", 200) for number in range(200)])
    for name in LATER:
        await store.write(f"DROP INDEX {name}")
    store.indexing.wrote(1)
    began: list[int] = []

    async with asyncio.TaskGroup() as group:
        running = group.create_task(store.indexing.run())

        async def words_come() -> bool:
            at = (await store.queries.rows("SELECT seq FROM indexed", []))[0][0]
            if at and not began:
                noted = await store.queries.rows("SELECT count(*) FROM blocks", [])
                indexes = "SELECT count(*) FROM sqlite_master WHERE name = ?"
                made = [(await store.queries.rows(indexes, [name]))[0][0] for name in LATER]
                began.extend((noted[0][0], *made))
            return bool(began)

        await until(words_come, every_s=0.001)
        running.cancel()

    assert began == [25, *(1 for _ in LATER)]
