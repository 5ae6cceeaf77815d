"""The index of words keeps to its share of the size cap, whatever the words are."""

import base64
import json
import os
import random
from pathlib import Path

import pytest

from llmgate.store.annotations import annotate
from llmgate.store.filters import Filter
from llmgate.store.unindexed import not_indexed
from llmgate.store.upkeep import collect
from llmgate.store.word_index import index_bytes
from llmgate.store.writer import Store
from llmgate.wire.keeping import Annotation
from tests.store.conftest import OpenStore
from tests.store.making import begin
from tests.store.test_caps_under_load import CAP_MB, Load, kept_ids

_PAGE_COUNTS = ("page_count", "freelist_count")


def distinct(draw: random.Random, kind: str, size: int) -> bytes:
    """A request whose words occur nowhere else."""
    if kind == "base64":
        said = base64.b64encode(draw.randbytes(size * 3 // 4)).decode()
    elif kind == "ids":
        said = " ".join(f"{draw.getrandbits(128):032x}" for _ in range(size // 33))
    else:
        said = " ".join(f"{draw.getrandbits(24):x}" for _ in range(size // 7))
    return json.dumps({"messages": [{"role": "user", "content": said}]}).encode()


async def body_bytes(store: Store) -> int:
    query = "SELECT (SELECT total(length(data)) FROM parts) + total(length(data)) FROM pieces"
    return int((await store.queries.rows(query, []))[0][0])


@pytest.mark.parametrize("kind", ["base64", "ids", "short"])
@pytest.mark.parametrize("cap_mb", [4, 10])
async def test_the_cap_holds_and_is_for_bodies_when_every_word_is_another(
    open_store: OpenStore, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str, cap_mb: int
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=cap_mb)
    load = Load(store, most=int(cap_mb * 1_050_000))
    marked = load.put(distinct(load.draw, kind, 27_000))
    await store.flush()
    await annotate(store, [marked], Annotation(marked=True))

    for number in range(cap_mb * 20):
        for _ in range(8):
            load.put(distinct(load.draw, kind, load.draw.choice([500, 27_000])))
        await load.flush()
        while await store.indexing.step():
            load.measure()
        if number % 10 == 9:
            await store.indexing.tend()
            await store.maintain()
            load.measure()

    kept = await kept_ids(store)
    index = await index_bytes(store.queries.rows)
    newest = [f"x{n:06d}" for n in range(load.number - len(kept) + 1, load.number)]
    assert load.written > 2 * load.most
    assert kept == [marked, *newest]
    assert index <= cap_mb * 1_000_000 / 8
    assert await body_bytes(store) > cap_mb * 1_000_000 / 2
    assert "keep_mb" not in caplog.text
    assert (await store.queries.page(Filter(text="gpt 4o"))).exchanges[0].id == load.last


async def test_words_of_the_oldest_go_before_any_exchange_and_are_not_indexed_again(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store)
    for _ in range(100):
        load.put(distinct(load.draw, "short", 30_000))
        await load.flush()
        await store.indexing.catch_up()

    left = await not_indexed(store.queries.rows)
    kept = await kept_ids(store)
    assert len(kept) == 100
    assert 0 < left < 100
    assert (await store.queries.page(Filter(text="gpt"), limit=200)).exchanges[-1].id == kept[left]
    assert await store.indexing.catch_up() == 0
    for _ in range(20):
        await store.indexing.tend()
    assert await store.indexing.catch_up() == 0
    assert await not_indexed(store.queries.rows) == left


async def test_a_smaller_cap_takes_words_before_exchanges(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=100)
    load = Load(store)
    for _ in range(100):
        load.put(distinct(load.draw, "short", 30_000))
    await store.flush()
    await store.indexing.catch_up()
    words = await index_bytes(store.queries.rows)
    assert words > 1_500_000

    store.configure(bodies="full", keep_days=0, keep_mb=4.5)
    while await store.maintain():
        pass

    assert len(await kept_ids(store)) == 100
    assert await index_bytes(store.queries.rows) < words


async def test_gc_drops_dead_words_and_indexes_what_is_left_of_them(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=0)
    load = Load(store)
    for _ in range(100):
        load.put(distinct(load.draw, "short", 30_000))
    await store.flush()
    await store.indexing.catch_up()
    words = await index_bytes(store.queries.rows)
    await store.write("DELETE FROM exchanges WHERE seq % 10 <> 0")

    cleaned = await collect(store)

    assert await index_bytes(store.queries.rows) < words / 4
    assert cleaned.freed_bytes > words / 2
    assert len((await store.queries.page(Filter(text="gpt"))).exchanges) == 10
    assert await not_indexed(store.queries.rows) == 0


async def used(store: Store) -> int:
    """Bytes of the file's pages that hold something."""
    pages = [await store.queries.rows(f"PRAGMA {name}", []) for name in _PAGE_COUNTS]
    return (int(pages[0][0][0]) - int(pages[1][0][0])) * 4096


@pytest.mark.parametrize("seed", range(4))
async def test_words_are_added_to_a_full_store_only_once_there_is_room_for_them(
    open_store: OpenStore, tmp_path: Path, seed: int
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=CAP_MB)
    load = Load(store, seed)
    while not store.retention.removed:
        load.put(distinct(load.draw, "short", 5_000))
        await load.flush()

    largest = 0
    while await store.indexing.step():
        load.measure()
        largest = max(largest, await used(store))

    assert await index_bytes(store.queries.rows) > CAP_MB * 1_000_000 / 16
    assert largest <= CAP_MB * 1_000_000 * 7 / 8


async def test_it_is_not_said_that_kept_ones_fill_the_cap_when_live_ones_do(
    open_store: OpenStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await open_store(tmp_path / "s.sqlite", keep_days=0, keep_mb=100)
    load = Load(store)
    marked = load.put(os.urandom(5_000))
    live = [begin(n, request=os.urandom(100_000)) for n in range(1, 31)]
    for one in live:
        store.begun(one)
    await store.flush()
    await annotate(store, [marked], Annotation(marked=True))

    store.configure(bodies="full", keep_days=0, keep_mb=2)
    for _ in range(5):
        await store.maintain()

    assert store.retention.full
    assert len(await kept_ids(store)) == 31
    assert "keep_mb" not in caplog.text
