"""The list can be paged and filtered; every filter means what it says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llmgate.store.filters import Filter
from llmgate.store.problems import BadFilter
from llmgate.store.rows import ANNOTATIONS, COLUMNS
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from tests.store.making import NOW_MS, begin, fail, finish


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "exchanges.sqlite")
    yield opened
    await opened.close()


@pytest.fixture
async def mixed(store: Store) -> Store:
    """Six that differ."""
    claude = finish(begin(0))
    claude.model, claude.served, claude.provider = "claude-sonnet-4-5", "", "anthropic"
    claude.session, claude.key, claude.route, claude.client = "s1", "ide", "fast", "claude-code"
    limited = fail(begin(1), 429, "upstream_rate_limited", "Slow DOWN please")
    teapot = fail(begin(2), 418, "upstream_bad_request")
    teapot.limited_by = "key ide: requests_per_day"
    cheap = finish(begin(3))
    cheap.cost_usd, cheap.cost_basis = 0.01, "estimated"
    unpriced = finish(begin(4))
    unpriced.cost_usd = None
    for one in (claude, limited, teapot, cheap, unpriced):
        store.begun(one)
        store.ended(one)
    held = begin(5)
    held.limited_by, held.state = "provider openai: concurrency", "queued"
    store.begun(held)
    await store.flush()
    return store


def test_the_table_has_a_column_for_every_field_of_a_summary() -> None:
    assert {*COLUMNS, *ANNOTATIONS} == set(ExchangeSummary.__struct_fields__)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(), "543210"),
        (Filter(model="claude*"), "0"),
        (Filter(model="gpt-4o-mini"), "54321"),
        (Filter(model="claude*,gpt-4?"), "543210"),
        (Filter(served="gpt-4o-*"), "54321"),
        (Filter(provider="anthropic"), "0"),
        (Filter(route="fast", key="ide", client="claude*"), "0"),
        (Filter(session="s1"), "0"),
        (Filter(session="s*"), "0"),
        (Filter(path="/v1/chat/*", protocol="openai.chat"), "543210"),
        (Filter(status="429"), "1"),
        (Filter(status="4xx"), "21"),
        (Filter(status="2XX"), "430"),
        (Filter(status=">=400"), "21"),
        (Filter(status="> 418"), "1"),
        (Filter(status="<400"), "430"),
        (Filter(status="!=200"), "21"),
        (Filter(state="live"), "5"),
        (Filter(state="failed,queued"), "521"),
        (Filter(error_type="*"), "21"),
        (Filter(error_type="upstream_rate_limited"), "1"),
        (Filter(since_ms=NOW_MS + 4), "54"),
        (Filter(until_ms=NOW_MS + 2), "10"),
        (Filter(search="slow down"), "1"),
        (Filter(search="SONNET"), "0"),
        (Filter(search="100%"), ""),
        (Filter(min_cost=0.25), "0"),
        (Filter(model="' OR 1=1 --"), ""),
        (Filter(limited="*"), "52"),
        (Filter(limited="concurrency"), "5"),
        (Filter(limited="key ide:*,nobody"), "2"),
        (Filter(limited="per_day"), "2"),
    ],
)
async def test_a_filter_finds_what_it_names(mixed: Store, wanted: Filter, numbers: str) -> None:
    page = await mixed.queries.page(wanted, count=True)

    assert "".join(one.id[-1] for one in page.exchanges) == numbers
    assert page.total == len(numbers)


@pytest.mark.parametrize("status", ["", "4", "4xy", ">=", "abc", "1000", "429; DROP TABLE parts"])
async def test_a_status_that_cannot_be_read_is_refused(store: Store, status: str) -> None:
    if status in {"", "4"}:
        assert (await store.queries.page(Filter(status=status))).exchanges == []
        return

    with pytest.raises(BadFilter, match="is none of"):
        await store.queries.page(Filter(status=status))


@pytest.mark.parametrize("wanted", [Filter(model=","), Filter(search="x" * 201)])
async def test_an_unusable_filter_is_refused(store: Store, wanted: Filter) -> None:
    with pytest.raises(BadFilter):
        await store.queries.page(wanted)


async def test_paging_visits_each_once_newest_first_even_within_one_millisecond(
    store: Store,
) -> None:
    for number in range(25):
        store.begun(begin(number, started_ms=NOW_MS + number // 10))
    await store.flush()

    seen, cursor = [], ""
    while True:
        page = await store.queries.page(Filter(), cursor, 4)
        seen += [one.id for one in page.exchanges]
        cursor = page.cursor
        if not cursor:
            break

    assert seen == [f"x{number:06d}" for number in range(24, -1, -1)]


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1", "1-2-3", "9" * 40 + "-1"])
async def test_a_foreign_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadFilter, match="cursor"):
        await store.queries.page(Filter(), cursor)


async def test_an_id_may_be_shortened_while_it_is_unique(mixed: Store) -> None:
    found = await mixed.queries.detail("x00000")
    one = await mixed.queries.detail("x000003")

    assert found is None
    assert one is not None
    assert await mixed.queries.detail("nothing") is None
    assert await mixed.queries.detail("") is None
    assert await mixed.queries.body("nothing", "request") is None


async def test_spend_adds_money_and_tells_what_is_estimated_or_unpriced(mixed: Store) -> None:
    spend = await mixed.queries.spend_since(NOW_MS)
    later = await mixed.queries.spend_since(NOW_MS + 4)

    assert spend.cost_usd == pytest.approx(0.26)
    assert spend.cost_basis == "estimated"
    assert (spend.input_tokens, spend.output_tokens) == (30, 12)
    assert (spend.exchanges, spend.unpriced) == (6, 1)
    assert (later.cost_usd, later.cost_basis, later.unpriced) == (0.0, "reported", 1)


async def test_chunks_are_given_by_number_with_split_characters_replaced(store: Store) -> None:
    one = finish(begin(1), b"a\xc3", b"\xa9b", b"c")
    store.begun(one)
    store.ended(one)
    await store.flush()

    chunks = await store.queries.chunks(one.id, 1, 2)

    assert [(chunk.n, chunk.at_us, chunk.size, chunk.text) for chunk in chunks] == [
        (1, 1010, 2, "\ufffdb"),
        (2, 1020, 1, "c"),
    ]
    assert await store.queries.chunks(one.id, 9, 5) == []


async def test_newest_gives_the_newest_in_the_order_of_the_feed(mixed: Store) -> None:
    assert [one.id[-1] for one in await mixed.queries.newest(2)] == ["4", "5"]
    assert await mixed.queries.size() > 0
