"""Text in bodies and headers is found, a bounded piece of the past at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llmgate.store.filters import Filter
from llmgate.store.problems import BadFilter
from llmgate.store.scan import Budget
from llmgate.store.writer import Store
from tests.store.making import NOW_MS, begin, finish


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "exchanges.sqlite")
    yield opened
    await opened.close()


async def put(store: Store, number: int, request: bytes, *chunks: bytes) -> None:
    one = begin(number, request=request)
    store.begun(one)
    store.ended(finish(one, *chunks))
    await store.flush()


async def found(store: Store, wanted: Filter) -> list[str]:
    """All pages of a search."""
    ids, cursor = [], ""
    while True:
        page = await store.queries.page(wanted, cursor, 100)
        ids += [one.id for one in page.exchanges]
        cursor = page.cursor
        if not cursor:
            return ids


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("NEEDLE in a hay", [1]),
        ("needle", [2, 1]),
        ("split over pieces", [2]),
        ('said "no"', [3]),
        ("Straße", [4, 3]),
        ("STRASSE", []),
        ("ÜBER", [4, 3]),
        ("line\nbreak", [3]),
        ("%", []),
        ("\ud800", []),
        ("😀", [4, 3]),
    ],
)
async def test_text_is_found_as_it_was_meant_however_it_was_written(
    store: Store, text: str, numbers: list[int]
) -> None:
    await put(store, 1, b"a Needle in a haystack" + b" " * 9000)
    pieces = ("a needle spl", "it over ", "pieces")
    await put(store, 2, b"{}", *(b'data: {"delta":{"text":"%s"}}\n\n' % p.encode() for p in pieces))
    words = 'he said "no"\nline\nbreak über die straße 😀'
    await put(store, 3, json.dumps({"content": words}).encode())
    await put(store, 4, b"{}", "Über die Straße 😀".encode())

    assert await found(store, Filter(body=text)) == [f"x{number:06d}" for number in numbers]


async def test_text_across_the_windows_of_a_large_body_is_found_once(store: Store) -> None:
    edge = 1 << 20
    await put(store, 1, b"a" * (edge - 3) + b"needle" + b"b" * edge)
    await put(store, 2, b"a" * (edge - 3) + "nädel".encode() + b"b" * edge)

    assert await found(store, Filter(body="needle")) == ["x000001"]
    assert await found(store, Filter(body="NÄDEL")) == ["x000002"]


@pytest.mark.parametrize(
    ("header", "numbers"),
    [
        ("x-team=al", [1]),
        ("X-Team=ALPHA", [1]),
        ("x-team", [2, 1]),
        ("x-*=beta", [2]),
        ("x-reply=yes", [2]),
        ("team=alpha", []),
        ("x-team=gamma", []),
    ],
)
async def test_a_header_is_found_by_name_and_part_of_its_value(
    store: Store, header: str, numbers: list[int]
) -> None:
    for number, team in ((1, "Alpha"), (2, "beta")):
        one = begin(number)
        one.request_headers = [("X-Team", team), ("accept", "x-team")]
        if number == 2:
            one.received_headers = [("x-reply", "yes")]
        store.begun(one)
        store.ended(finish(one))
    await store.flush()

    assert await found(store, Filter(header=header)) == [f"x{number:06d}" for number in numbers]


async def test_body_header_and_names_must_all_match(store: Store) -> None:
    for number in range(4):
        one = begin(number, request=b"needle" if number < 3 else b"hay")
        one.request_headers = [("x-n", "yes" if number else "no")]
        one.provider = "groq" if number == 1 else "openai"
        store.begun(one)
        store.ended(finish(one))
    await store.flush()

    wanted = Filter(body="needle", header="x-n=yes", provider="openai")

    assert await found(store, wanted) == ["x000002"]
    assert (await store.queries.page(wanted, count=True)).total is None


async def test_what_was_not_kept_is_not_found_and_breaks_nothing(store: Store) -> None:
    store.configure(bodies="metadata", keep_days=0, keep_mb=100)
    await put(store, 1, b"needle")

    assert await found(store, Filter(body="needle")) == []


@pytest.mark.parametrize(
    "wanted", [Filter(body="x" * 201), Filter(header="h" * 201), Filter(header="=value")]
)
async def test_an_unusable_search_is_refused(store: Store, wanted: Filter) -> None:
    with pytest.raises(BadFilter):
        await store.queries.page(wanted)


async def test_following_does_not_search_bodies(store: Store) -> None:
    with pytest.raises(BadFilter, match="while following"):
        await store.queries.after(0, Filter(body="x"))


@pytest.mark.parametrize(
    "budget", [Budget(100, 1 << 40, 9.0), Budget(1 << 40, 1500, 9.0), Budget(1 << 40, 1 << 40, 0.0)]
)
async def test_a_page_reads_within_its_budget_and_its_cursor_goes_on(
    store: Store, budget: Budget
) -> None:
    for number in range(300):
        one = begin(number, request=b"needle" if number in {3, 150, 151} else b"hay")
        store.begun(one)
        store.ended(finish(one))
    await store.flush()
    store.queries.budget = budget

    first = await store.queries.page(Filter(body="needle"), limit=2)

    assert first.exchanges == []
    assert first.cursor
    assert await found(store, Filter(body="needle")) == ["x000151", "x000150", "x000003"]


async def test_pages_of_hits_follow_each_other_without_gap_or_repeat(store: Store) -> None:
    for number in range(90):
        one = begin(number, request=b"needle", started_ms=NOW_MS + number // 20)
        store.begun(one)
        store.ended(finish(one))
    await store.flush()

    seen, cursor = [], ""
    while True:
        page = await store.queries.page(Filter(body="needle"), cursor, 7)
        seen += [one.id for one in page.exchanges]
        cursor = page.cursor
        if not cursor:
            break

    assert seen == [f"x{number:06d}" for number in range(89, -1, -1)]


async def many(store: Store, count: int = 5_000) -> None:
    for number in range(count):
        one = begin(number, request=b'{"messages":"hay %d"}' % number)
        store.begun(one)
        store.ended(finish(one))
        if number % 400 == 0:
            await store.flush()
    await store.flush()


async def test_the_event_loop_goes_on_while_5000_bodies_are_searched(store: Store) -> None:
    await many(store)
    store.queries.budget = Budget(5_000, 1 << 40, 1e9)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick())
        page = await store.queries.page(Filter(body="hay 17"), limit=1000)
        ticking.cancel()

    assert len(page.exchanges) == 111
    assert turns > 3 * 5_000 // 64  # others had a turn at each step of each group


async def test_a_search_that_is_cancelled_ends_and_others_are_answered(store: Store) -> None:
    await many(store, 1_000)
    store.queries.budget = Budget(1 << 40, 1 << 40, 1e9)
    for turns in (1, 5, 20, 60):
        searching = asyncio.ensure_future(store.queries.page(Filter(body="nowhere")))
        for _ in range(turns):
            await asyncio.sleep(0)
        searching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await searching

        assert len((await store.queries.page(Filter(), limit=10)).exchanges) == 10
