"""Marks, tags and notes: bounded, on kept and live exchanges alike, never lost to the writer."""

from pathlib import Path

import pytest

from llmgate.store.annotations import (
    LONGEST_NOTE,
    LONGEST_TAG,
    MOST_IDS,
    MOST_TAGS,
    annotate,
    note_exported,
)
from llmgate.store.filters import Filter
from llmgate.store.problems import BadAnnotation, StoreProblem
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.keeping import Annotation
from tests.store.conftest import OpenStore
from tests.store.making import NOW_MS, begin, finish


@pytest.fixture
async def store(tmp_path: Path, open_store: OpenStore) -> Store:
    store = await open_store(tmp_path / "exchanges.sqlite")
    for number in range(1, 5):
        one = begin(number)
        store.begun(one)
        store.ended(finish(one))
    await store.flush()
    return store


async def row(store: Store, number: int) -> ExchangeSummary:
    detail = await store.queries.detail(f"x{number:06d}")
    assert detail is not None
    return detail.summary


async def ids(store: Store, wanted: Filter) -> list[int]:
    page = await store.queries.page(wanted)
    return [int(one.id[1:]) for one in page.exchanges]


async def test_what_is_said_is_kept_and_what_is_left_out_stays(store: Store) -> None:
    await annotate(store, ["x000002"], Annotation(marked=True, note=" why? ", add_tags=["Bug"]))
    (told,) = await annotate(store, ["x000002"], Annotation(add_tags=["slow", "bug"]))

    assert (told.marked, told.tags, told.note) == (True, "bug,slow", "why?")
    assert await row(store, 2) == told

    (told,) = await annotate(
        store, ["x000002"], Annotation(marked=False, note="", remove_tags=["BUG", "none"])
    )
    assert (told.marked, told.tags, told.note) == (False, "slow", "")


async def test_ids_may_be_beginnings_come_in_any_order_and_unknown_ones_are_left_out(
    store: Store,
) -> None:
    given = ["x000003", "nope", "", "x000001", "x000003", "é", "x0000"]

    told = await annotate(store, given, Annotation(marked=True))

    assert [one.id for one in told] == ["x000003", "x000001"]
    assert await ids(store, Filter(marked=True)) == [3, 1]
    assert [one.id for one in await annotate(store, ["x000004"[:7]], Annotation())] == ["x000004"]


async def test_a_live_exchange_keeps_what_was_said_of_it_when_it_is_written_again(
    store: Store,
) -> None:
    one = begin(9)
    store.begun(one)

    (told,) = await annotate(store, ["x000009"], Annotation(marked=True, add_tags=["live"]))
    assert (told.state, told.marked, one.summary().tags) == ("waiting", True, "live")
    one.state = "streaming"
    (told,) = await annotate(store, ["x000009"], Annotation(note="still here"))
    assert (told.state, told.tags) == ("streaming", "live")
    store.ended(finish(one))
    await store.flush()

    kept = await row(store, 9)
    assert (kept.state, kept.marked, kept.tags, kept.note) == (
        "finished",
        True,
        "live",
        "still here",
    )


async def test_one_that_is_not_written_yet_is_written_first(store: Store) -> None:
    one = begin(9)
    store.begun(one)
    store.ended(finish(one))

    assert [one.id for one in await annotate(store, ["x000009"], Annotation(note="n"))] == [
        "x000009"
    ]
    assert (await row(store, 9)).note == "n"


async def test_a_recording_made_of_it_is_noted(store: Store) -> None:
    await note_exported(store, ["x000001", "x000004", "gone"])

    assert [(await row(store, number)).exported for number in (1, 2, 4)] == [True, False, True]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (Annotation(add_tags=["two words"]), "one word"),
        (Annotation(add_tags=["a,b"]), "one word"),
        (Annotation(add_tags=["a*"]), "one word"),
        (Annotation(add_tags=["a\x1b[0m"]), "one word"),
        (Annotation(add_tags=["\ud800"]), "one word"),
        (Annotation(add_tags=[" "]), "characters"),
        (Annotation(add_tags=["x" * (LONGEST_TAG + 1)]), "characters"),
        (Annotation(add_tags=[f"t{n}" for n in range(MOST_TAGS + 1)]), "at most 20"),
        (Annotation(note="x" * (LONGEST_NOTE + 1)), "2,001 characters"),
    ],
)
async def test_what_cannot_be_kept_so_is_refused_and_nothing_is_changed(
    store: Store, wrong: Annotation, says: str
) -> None:
    await annotate(store, ["x000001"], Annotation(add_tags=["kept"]))

    with pytest.raises(BadAnnotation, match=says):
        await annotate(store, ["x000002", "x000001"], wrong)

    assert [(await row(store, number)).tags for number in (1, 2)] == ["kept", ""]
    assert not store.status().problem


async def test_bounds_are_within_the_bounds(store: Store) -> None:
    tags = [f"{n:0{LONGEST_TAG}d}" for n in range(MOST_TAGS)]
    note = "ä" * LONGEST_NOTE

    (told,) = await annotate(store, ["x000001"], Annotation(add_tags=tags, note=note))

    assert (told.tags.split(","), told.note) == (tags, note)


async def test_too_many_at_once_are_refused(store: Store) -> None:
    with pytest.raises(BadAnnotation, match="at most 1000"):
        await annotate(store, ["x000001"] * (MOST_IDS + 1), Annotation(marked=True))


async def test_a_store_that_is_closed_says_so(store: Store) -> None:
    await store.close()

    with pytest.raises(StoreProblem):
        await annotate(store, ["x000001"], Annotation(marked=True))


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(marked=True), [1]),
        (Filter(tag="slow"), [3, 2]),
        (Filter(tag="SLOW"), [3, 2]),
        (Filter(tag="sl*"), [3, 2]),
        (Filter(tag="lo"), []),
        (Filter(tag="bug,retry"), [4, 3]),
        (Filter(tag="*"), [4, 3, 2]),
        (Filter(note="*"), [4, 1]),
        (Filter(note="FIRST"), [1]),
        (Filter(note="%"), []),
        (Filter(marked=True, note="first", model="gpt*"), [1]),
        (Filter(marked=True, tag="slow"), []),
        (Filter(replay="*"), [4, 3]),
        (Filter(replay="r1"), [3]),
        (Filter(parent="x000001"), [4, 3]),
        (Filter(parent="x000001", replay="import"), [4]),
    ],
)
async def test_the_list_is_filtered_by_what_was_said(
    tmp_path: Path, open_store: OpenStore, wanted: Filter, numbers: list[int]
) -> None:
    store = await open_store(tmp_path / "exchanges.sqlite")
    for number, replay in ((1, ""), (2, ""), (3, "r1"), (4, "import")):
        one = begin(number)
        one.replay, one.parent = replay, "x000001" if replay else ""
        store.begun(one)
        store.ended(finish(one))
    await annotate(store, ["x000001"], Annotation(marked=True, note="the First"))
    await annotate(store, ["x000002"], Annotation(add_tags=["slow"]))
    await annotate(store, ["x000003"], Annotation(add_tags=["bug", "slow"]))
    await annotate(store, ["x000004"], Annotation(add_tags=["retry"], note="again"))

    assert await ids(store, wanted) == numbers


async def test_what_counts_as_exported_is_kept_until_that_is_taken_back(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path = tmp_path / "of-a-day.sqlite"
    store = await open_store(path, keep_days=1, now_ms=lambda: NOW_MS + 10 * 86_400_000)
    for number in (1, 2):
        store.ended(finish(begin(number)))
        await annotate(store, [f"x00000{number}"], Annotation(exported=True))

    await annotate(store, ["x000001"], Annotation(exported=False))
    await store.maintain()

    assert [one.id for one in await store.queries.newest(5)] == ["x000002"]
