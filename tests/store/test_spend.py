"""The roll-up of spend equals the sum over exchanges and is never forgotten or counted twice."""

# ruff: noqa: ASYNC220 - small local files and a child that is killed at once

import asyncio
import contextlib
import math
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.config.credentials import Scrubber
from llmgate.exchange import Exchange
from llmgate.store.problems import StoreProblem
from llmgate.store.queries import Queries
from llmgate.store.rollup import KEEP_MS, SLOT_MS, TOKENS
from llmgate.store.rows import to_row
from llmgate.store.spending import Spending
from llmgate.store.tally import MOST_NAMES, Tally
from llmgate.store.writer import Store
from llmgate.wire.blocks import Usage
from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.gateway import Spend
from llmgate.wire.spend import By, SpendRow
from tests.store.conftest import OpenStore
from tests.store.making import NOW_MS, begin, finish
from tests.store.test_failures import CHILD

FAR_MS = 1 << 50
BYS: tuple[By, ...] = ("provider", "model", "key", "route", "client")

names = st.sampled_from(["", "a", "b", "é"])
tokens = st.none() | st.integers(0, 5_000_000)


@st.composite
def ended(draw: st.DrawFn) -> ExchangeSummary:
    """A summary of any exchange that may be in the file."""
    summary = ExchangeSummary(
        id="",
        started_ms=NOW_MS + draw(st.integers(0, 6 * SLOT_MS)),
        state=draw(st.sampled_from(["finished", "failed", "cut", "cancelled", "waiting"])),
        method="POST",
        path="/",
        protocol="raw",
        status=draw(st.sampled_from([None, 200, 429, 500])),
        provider=draw(names),
        model=draw(names),
        served=draw(names),
        key=draw(names),
        route=draw(names),
        client=draw(names),
        cost_usd=draw(st.none() | st.floats(0, 50)),
        cost_basis=draw(st.sampled_from(["reported", "estimated", "unknown"])),
        error_type=draw(st.sampled_from(["", "gateway_internal"])),
    )
    return msgspec.structs.replace(summary, **{name: draw(tokens) for name in TOKENS})


def exchange_of(number: int, summary: ExchangeSummary) -> Exchange:
    """An exchange with this summary."""
    one = begin(number, started_ms=summary.started_ms)
    for name in ("status", "provider", "model", "served", "key", "route", "client", "cost_usd"):
        setattr(one, name, getattr(summary, name))
    one.state, one.cost_basis = summary.state, summary.cost_basis
    one.error_type = "gateway_internal" if summary.error_type else None
    one.usage = Usage(**{name: getattr(summary, name) for name in TOKENS})
    return one


def brute_force(name: str, rows: list[ExchangeSummary]) -> SpendRow:
    """The same sums, without any SQL."""
    priced = [row for row in rows if row.cost_usd is not None]
    estimated = [row for row in priced if row.cost_basis == "estimated"]
    return SpendRow(
        name=name,
        cost_usd=sum(row.cost_usd or 0 for row in priced),
        estimated_usd=sum(row.cost_usd or 0 for row in estimated),
        exchanges=len(rows),
        errors=sum(bool(row.error_type) or (row.status or 0) >= 400 for row in rows),
        unpriced=sum(unpriced(row) for row in rows),
        estimated=len(estimated),
        **{field: sum(getattr(row, field) or 0 for row in rows) for field in TOKENS},
    )


def unpriced(row: ExchangeSummary) -> bool:
    """Tokens, and no price."""
    return row.cost_usd is None and (row.input_tokens, row.output_tokens) != (None, None)


def grouped(rows: list[ExchangeSummary], by: By) -> dict[str, SpendRow]:
    """Rows by a name."""
    groups: dict[str, list[ExchangeSummary]] = {}
    for row in rows:
        name = row.served or row.model if by == "model" else getattr(row, by)
        groups.setdefault(name, []).append(row)
    return {name: brute_force(name, of_name) for name, of_name in groups.items()}


def near(found: SpendRow, expected: SpendRow) -> bool:
    """Equal but for the order in which floats were added."""
    return all(
        getattr(found, name) == pytest.approx(getattr(expected, name))
        for name in SpendRow.__struct_fields__
    )


async def agrees(queries: Queries) -> SpendRow:
    """The roll-up holds exactly what the ended rows of the file hold; the total."""
    rows = [row for row in await queries.newest(1000) if row.state not in LIVE]
    for by in BYS:
        found = await queries.spend(0, FAR_MS, by, 3600, [0])
        expected = grouped(rows, by)
        assert near(found.total, brute_force("", rows))
        assert {row.name for row in found.rows} == set(expected)
        assert all(near(row, expected[row.name]) for row in found.rows)
        costs = [row.cost_usd for row in found.rows]
        assert costs == sorted(costs, reverse=True)
        assert found.slots[0].exchanges == len(rows)
        without = {row.served or row.model for row in rows if unpriced(row)}
        assert set(found.unpriced_models) == without
    return brute_force("", rows)


@given(st.lists(ended(), max_size=40), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_the_roll_up_equals_the_sum_over_exchanges_also_after_a_crash(
    summaries: list[ExchangeSummary], batch: int
) -> None:
    async def there_and_back(path: Path) -> None:
        store = await Store.open(path, keep_days=0)
        for number, summary in enumerate(summaries):
            one = exchange_of(number, summary)
            store.begun(one)
            if not one.live:
                store.ended(one)
            if number % batch == 0:
                await store.flush()
        await store.flush()
        await agrees(store.queries)
        await store.close()
        reopened = await Store.open(path)  # what was live is cut now
        total = await agrees(reopened.queries)
        await reopened.close()
        assert total.exchanges == len(summaries)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(there_and_back(Path(folder, "exchanges.sqlite")))


@given(st.lists(ended(), max_size=30), st.integers(-1, 7 * SLOT_MS))
@settings(max_examples=30, deadline=None)
def test_the_spend_of_the_day_equals_the_sum_over_rows_whenever_it_began(
    summaries: list[ExchangeSummary], offset: int
) -> None:
    since_ms = NOW_MS + offset

    async def spend(path: Path) -> tuple[Spend, list[ExchangeSummary]]:
        store = await Store.open(path)
        for number, summary in enumerate(summaries):
            one = exchange_of(number, summary)
            store.begun(one)
            if not one.live:
                store.ended(one)
        await store.flush()
        found = await store.queries.spend_since(since_ms)
        rows = await store.queries.newest(1000)
        await store.close()
        return found, [row for row in rows if row.started_ms >= since_ms]

    with tempfile.TemporaryDirectory() as folder:
        found, rows = asyncio.run(spend(Path(folder, "exchanges.sqlite")))

    expected = brute_force("", rows)
    assert found.cost_usd == pytest.approx(expected.cost_usd)
    assert (found.cost_basis == "estimated") is bool(expected.estimated)
    assert (found.input_tokens, found.output_tokens, found.exchanges, found.unpriced) == (
        expected.input_tokens,
        expected.output_tokens,
        expected.exchanges,
        expected.unpriced,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exchanges.sqlite"


async def put(store: Store, *exchanges: Exchange) -> None:
    for one in exchanges:
        store.begun(one)
        store.ended(one)
    await store.flush()


async def everything(store: Store, by: By = "provider") -> Spending:
    return await store.queries.spend(0, FAR_MS, by, 3600, [0])


async def test_retention_forgets_exchanges_and_keeps_what_they_cost_for_400_days(
    open_store: OpenStore, path: Path
) -> None:
    now_ms, now_s = NOW_MS, 0.0
    store = await open_store(path, keep_days=1, now_ms=lambda: now_ms, monotonic=lambda: now_s)
    await put(store, *(finish(begin(number)) for number in range(4)))
    before = (await everything(store)).total

    now_ms = NOW_MS + KEEP_MS - SLOT_MS
    await store.maintain()
    assert await store.queries.newest(9) == []
    assert (await everything(store)).total == before
    assert before.cost_usd == 1.0

    now_ms, now_s = NOW_MS + KEEP_MS + SLOT_MS, 4000.0
    await store.maintain()
    assert (await everything(store)).total == SpendRow()


async def test_money_is_counted_while_recording_is_off(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path, bodies="off", scrubber=Scrubber([("k", "sk-secret-0123456789")]))
    odd = finish(begin(999))
    odd.model = odd.served = "sk-secret-0123456789" + "x" * 5000
    await put(store, *(finish(begin(number)) for number in range(150)), odd)

    found = await everything(store, "model")

    assert await store.queries.newest(9) == []
    assert (found.total.exchanges, found.total.cost_usd) == (151, 0.25 * 151)
    assert all(len(row.name) <= 300 and "sk-secret" not in row.name for row in found.rows)


async def test_money_is_counted_when_there_is_no_room_for_bodies_or_rows(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    store.backlog.max_rows, store.backlog.max_bytes = 3, 50
    await put(store, *(finish(begin(number), b"a" * 40) for number in range(10)))

    assert store.status().dropped_exchanges == 7
    assert len(await store.queries.newest(99)) == 3
    assert (await everything(store)).total.exchanges == 10
    assert (await everything(store)).total.cost_usd == 2.5


async def test_an_exchange_that_cannot_be_stored_is_counted_and_others_once(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    bad = finish(begin(1))
    bad.usage = Usage(input_tokens=1 << 80, output_tokens=-5)
    await put(store, finish(begin(0)), bad, finish(begin(2)))

    total = (await everything(store)).total

    assert store.status().dropped_exchanges == 1
    assert (total.exchanges, total.cost_usd) == (3, 0.75)
    assert total.input_tokens == 10 + 10 + 1_000_000_000_000


async def test_a_cost_that_is_no_number_is_no_price(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path)
    one, other = finish(begin(1)), finish(begin(2))
    one.cost_usd, other.cost_usd = math.nan, math.inf
    await put(store, one, other)

    total = (await everything(store)).total

    assert (total.exchanges, total.unpriced, total.cost_usd) == (2, 1, 1_000_000_000.0)


async def test_what_waits_while_the_store_is_stopped_is_counted_once_it_works(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    assert store._file.db is not None
    await store._file.db.execute("PRAGMA query_only = 1")
    store.configure(bodies="off", keep_days=1, keep_mb=1)
    await put(store, finish(begin(1)))
    store.configure(bodies="full", keep_days=1, keep_mb=100)
    await put(store, finish(begin(2)))
    assert store.status().state == "stopped"

    await store._file.db.execute("PRAGMA query_only = 0")
    assert await store.flush()

    assert (await everything(store)).total.exchanges == 2


async def test_an_exchange_counts_when_the_store_is_told_of_its_end_not_before(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    one = begin(1)
    store.begun(one)
    finish(one)
    one.cost_usd = None
    await store.flush()
    assert (await store.queries.newest(1))[0].state == "streaming"
    assert (await everything(store)).total == SpendRow()

    one.cost_usd = 0.5
    store.ended(one)
    await store.flush()

    total = await agrees(store.queries)
    assert (total.exchanges, total.cost_usd) == (1, 0.5)


@pytest.mark.parametrize("turns", range(0, 30, 2))
async def test_a_writer_cancelled_at_any_moment_counts_each_exchange_once(
    open_store: OpenStore, path: Path, turns: int
) -> None:
    store = await open_store(path)
    for number in range(20):
        one = begin(number)
        store.begun(one)
        store.ended(finish(one))
    async with asyncio.TaskGroup() as group:
        flushing = group.create_task(store.flush())
        for _ in range(turns):
            await asyncio.sleep(0)
        flushing.cancel()
    await store.flush()

    assert (await agrees(store.queries)).exchanges == 20


async def test_slots_follow_the_starts_given_and_reach_to_whole_quarters(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    hour = 4 * SLOT_MS
    moments = [0, hour - 1, hour, 3 * hour + 5, 5 * hour]
    await put(
        store,
        *(finish(begin(n, started_ms=NOW_MS + moment)) for n, moment in enumerate(moments)),
    )
    starts = [NOW_MS, NOW_MS + hour, NOW_MS + 2 * hour, NOW_MS + 3 * hour]

    found = await store.queries.spend(NOW_MS + 1, NOW_MS + 4 * hour, "client", 3600, starts)
    even = await store.queries.spend(NOW_MS, NOW_MS + 6 * hour, "client", 7200)

    assert [slot.start_ms for slot in found.slots] == starts
    assert [slot.exchanges for slot in found.slots] == [2, 1, 0, 1]
    assert [slot.tokens for slot in found.slots] == [28, 14, 0, 14]
    assert found.total.exchanges == 4
    assert found.rows[0].name == "curl"
    assert [slot.exchanges for slot in even.slots] == [3, 1, 1]


async def test_models_without_a_price_are_named_and_bounded(
    open_store: OpenStore, path: Path
) -> None:
    store = await open_store(path)
    for number in range(30):
        one = finish(begin(number))
        one.served, one.cost_usd = f"model-{number:02}", None if number else 1.0
        await put(store, one)

    unpriced = (await everything(store)).unpriced_models

    assert len(unpriced) == 20
    assert "model-00" not in unpriced


async def test_the_spend_of_an_older_file_is_that_of_its_exchanges(
    open_store: OpenStore, path: Path
) -> None:
    script = Path(__file__).with_name("first_version.sql").read_text(encoding="utf-8")
    add = (
        "INSERT INTO exchanges SELECT seq + {n}, id || '{n}', started_ms + {n}000000, '{state}',"
        " status, error_type, provider, model, served, client, key, session, route, protocol,"
        " method, path, stream, transport, attempts, ttfb_us, total_us, own_us, request_bytes,"
        " response_bytes, chunks, 7, 3, cache_read_tokens, cache_write_tokens, reasoning_tokens,"
        " usage_basis, {cost}, cost_basis, price_source, finish, tool_calls, repeat, error"
        " FROM exchanges WHERE seq = 1;"
    )
    script += add.format(n=1, state="finished", cost=0.5)
    script += add.format(n=2, state="streaming", cost="NULL")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(script)
    reader = Queries(path)
    with pytest.raises(StoreProblem, match="written by an older llmgate; `llmgate up`"):
        await reader.spend_since(0)
    await reader.close()

    store = await open_store(path)
    total = await agrees(store.queries)

    assert (total.exchanges, total.cost_usd, total.unpriced, total.input_tokens) == (3, 0.5, 1, 14)


async def test_after_kill_9_the_roll_up_equals_the_rows(open_store: OpenStore, path: Path) -> None:
    endless = CHILD.replace(
        "        while store.status().queued:",
        "        for number in range(1000, 1_000_000):\n"
        "            one = begin(number)\n"
        "            store.begun(one)\n"
        "            if number % 3:\n"
        "                store.ended(finish(one))\n"
        "            if number == 1200:\n"
        '                print("written", flush=True)\n'
        "            await asyncio.sleep(0.0005)\n"
        "        while store.status().queued:",
    )
    child = subprocess.Popen(
        [sys.executable, "-c", endless, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    with child, contextlib.closing(child.stdout) as output:  # type: ignore[type-var]
        assert output is not None
        assert output.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)

    store = await open_store(path)
    total = await agrees(store.queries)

    assert total.exchanges > 150
    assert total.cost_usd > 0


def test_names_that_callers_make_up_do_not_fill_the_memory() -> None:
    tally, one = Tally(), finish(begin(1))
    for number in range(MOST_NAMES + 500):
        one.served, one.client = f"m{number}", f"c{number}"
        tally.add(to_row(1, one.summary()))

    rows = tally.rows()

    assert len(rows) == MOST_NAMES + 1
    assert sum(row[6] for row in rows) == MOST_NAMES + 500


async def test_what_was_imported_costs_nothing_here(open_store: OpenStore, path: Path) -> None:
    store = await open_store(path)
    for number, replay in enumerate(("", "import", "rp_1")):
        one = finish(begin(number))
        one.replay = replay
        store.begun(one)
        store.ended(one)
    await store.flush()

    spent = await store.queries.spend_since(0)

    assert store.status().queued == 0
    assert len(await store.queries.newest(9)) == 3
    assert (spent.exchanges, spent.cost_usd) == (2, 0.5)
    await store.close()
