"""Revisions in the store's file."""

from pathlib import Path
from typing import Any

import pytest

from llmgate.store.revisions import MOST, Revisions
from llmgate.store.writer import Store
from llmgate.wire.editing import Revision

TEXT = "server: {port: 1}\r\n" + "# a comment that repeats\r\n" * 50


def made(number: int, **given: Any) -> Revision:
    return Revision(number=number, at_ms=7, who="tui", etag=f'"{number}"', **given)


@pytest.fixture
async def store(open_store: Any, tmp_path: Path) -> Store:
    opened: Store = await open_store(tmp_path / "exchanges.sqlite")
    return opened


async def test_a_revision_comes_back_as_it_was_kept(store: Store) -> None:
    kept = Revisions(store)
    first = made(1, kind="first", summary="started")
    second = made(2, kind="undo", of=1, summary="undone: weight 50 → 70")
    await kept.keep(first, TEXT)
    await kept.keep(second, "\ufeff" + TEXT)

    assert await kept.newest() == [second, first]
    assert await kept.newest(1) == [second]
    assert await kept.text(1, '"1"') == TEXT
    assert await kept.text_by_etag('"2"') == "\ufeff" + TEXT


async def test_what_is_not_kept_is_none(store: Store) -> None:
    kept = Revisions(store)

    assert await kept.newest() == []
    assert await kept.text(1, '"1"') is None
    assert await kept.text_by_etag('"1"') is None


async def test_a_number_that_another_gateway_took_does_not_give_its_text(store: Store) -> None:
    kept = Revisions(store)
    await kept.keep(made(1), "mine")
    await kept.keep(Revision(number=1, at_ms=8, who="file", etag='"other"'), "theirs")

    assert await kept.text(1, '"1"') is None


async def test_the_oldest_go_when_a_thousand_newer_ones_are_kept(store: Store) -> None:
    kept = Revisions(store)
    for number in (1, 2, 3, MOST + 2):
        await kept.keep(made(number), str(number))

    assert [one.number for one in await kept.newest()] == [MOST + 2, 3]
