"""Searches the index of words: newest tables first, a bounded time a page, then a cursor goes on.

Hits come in the order in which exchanges were recorded, newest first. The index knows words, not
their order: a phrase is looked for in the bodies of what has its words, and so is everything that a
search in bodies and headers asks for besides.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec

from llmgate.store import word_index
from llmgate.store.encoder import ANSWER, PARTS_PER_EXCHANGE, REQUEST
from llmgate.store.filters import Filter, conditions
from llmgate.store.looking import Packed, Wanted, matching, wanted
from llmgate.store.pieces import Pieces, Rows, body_of, load
from llmgate.store.problems import BadFilter, BrokenBody, NoWordSearch
from llmgate.store.rows import COLUMNS, SELECT, from_row
from llmgate.store.scan import groups
from llmgate.store.words import Words, has_phrases, searched, text_of
from llmgate.wire.exchanges import ExchangePage, ExchangeSummary

SECONDS: Final = 0.12  # after which no other table is begun

_VERIFIED_AT_ONCE: Final = 64
_NEWEST: Final = 1 << 62
_CURSOR: Final = re.compile(r"w(\d{1,18})")
_COLUMNS: Final = SELECT.removeprefix("SELECT ").removesuffix(" FROM exchanges")
_TRANSPORT: Final = 1 + COLUMNS.index("transport")


class Asked(msgspec.Struct, frozen=True):
    """A search, understood."""

    words: Words
    what: Wanted | None  # in bodies and headers
    clause: str
    values: list[Any]

    @property
    def verified(self) -> bool:
        """Whether hits of the index are to be looked at."""
        return bool(self.words.phrases) or self.what is not None


class WordSearch:
    """Answers one page."""

    def __init__(
        self, rows: Rows, monotonic: Callable[[], float], seconds: float = SECONDS
    ) -> None:
        self._rows = rows
        self._monotonic = monotonic
        self._until = monotonic() + seconds
        self._found: list[tuple[int, ExchangeSummary]] = []

    async def page(self, given: Filter, cursor: str, limit: int) -> ExchangePage:
        """Up to ``limit``, fewer when the time is over; raises BadFilter and NoWordSearch."""
        asked = _asked(given)
        below = _read_cursor(cursor)
        for number, first_seq in await self._tables():
            if first_seq >= below:
                continue
            below = await self._search(f"words_{number}", first_seq, below, asked, limit)
            if len(self._found) > limit:
                return self._page(limit, self._found[limit - 1][0])
            if self._monotonic() >= self._until and below:
                return self._page(limit, below)
        return self._page(limit, 0)

    def _page(self, limit: int, below: int) -> ExchangePage:
        return ExchangePage(
            exchanges=[row for _, row in self._found[:limit]], cursor=f"w{below}" if below else ""
        )

    async def _tables(self) -> list[Any]:
        tables = await self._rows(
            "SELECT number, first_seq FROM word_indexes ORDER BY first_seq DESC, number DESC", []
        )
        if not tables and not await self._rows(
            "SELECT 1 FROM pragma_module_list WHERE name = ?", [word_index.MODULE]
        ):
            raise NoWordSearch
        return (
            [*tables[:-1], (tables[-1][0], 0)] if tables else []
        )  # it may have earlier ones, late

    async def _search(
        self, table: str, first_seq: int, below: int, asked: Asked, limit: int
    ) -> int:
        """Searches one table; returns the number below which the search goes on."""
        if not await self._may_have(table, asked.words):
            return first_seq
        where = f"{table} MATCH ? AND {table}.rowid < ?"
        if asked.clause:
            where += f" AND {asked.clause}"
        query = (
            f"SELECT seq, {_COLUMNS} FROM {table} CROSS JOIN exchanges ON seq = {table}.rowid"  # noqa: S608
            f" WHERE {where} ORDER BY {table}.rowid DESC LIMIT ?"
        )
        while len(self._found) <= limit:
            most = _VERIFIED_AT_ONCE if asked.verified else limit + 1 - len(self._found)
            rows = await self._rows(query, [asked.words.match, below, *asked.values, most])
            for group in groups(rows):
                self._found += await self._verified(group, asked)
                below = int(group[-1][0])
                if len(self._found) > limit or self._monotonic() >= self._until:
                    return below
            if len(rows) < most:
                return first_seq
        return below

    async def _may_have(self, table: str, words: Words) -> bool:
        """Asks for the longest word first where another begins many: most tables lack it."""
        if not words.lopsided:
            return True
        query = f"SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT 1"  # noqa: S608
        return bool(await self._rows(query, [words.rarest]))

    async def _verified(self, rows: list[Any], asked: Asked) -> list[tuple[int, ExchangeSummary]]:
        seqs = {int(row[0]): str(row[_TRANSPORT]) for row in rows}
        if asked.what is not None:
            seqs = await self._having(seqs, asked.what)
        if asked.words.phrases:
            parts, pieces = await self._parts(seqs, [REQUEST, ANSWER])
            phrases = asked.words.phrases
            seqs = await asyncio.to_thread(_with_phrases, seqs, parts, pieces, phrases)
        return [(int(row[0]), from_row(row[1:])) for row in rows if row[0] in seqs]

    async def _having(self, seqs: dict[int, str], what: Wanted) -> dict[int, str]:
        parts, pieces = await self._parts(seqs, what.places)
        hits = await asyncio.to_thread(matching, parts, pieces, what)
        return {seq: transport for seq, transport in seqs.items() if seq in hits}

    async def _parts(self, seqs: dict[int, str], places: list[int]) -> tuple[list[Packed], Pieces]:
        ids = ", ".join(str(seq * PARTS_PER_EXCHANGE + place) for seq in seqs for place in places)
        parts = await self._rows(f"SELECT id, codec, data FROM parts WHERE id IN ({ids})", [])  # noqa: S608
        return parts, await load(self._rows, [(codec, data) for _, codec, data in parts])


def _asked(given: Filter) -> Asked:
    words = searched(given.text)
    clause, values = conditions(given)
    what = wanted(given.body, given.header) if given.deep else None
    return Asked(words, what, clause, values)


def _read_cursor(cursor: str) -> int:
    if not cursor:
        return _NEWEST
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise BadFilter("this cursor is not one of ours; ask for the first page again")
    return int(found[1])


def _with_phrases(
    seqs: dict[int, str],
    parts: list[Packed],
    pieces: Pieces,
    phrases: tuple[tuple[str, ...], ...],
) -> dict[int, str]:
    """Those in whose bodies every phrase stands."""
    left = {seq: set(phrases) for seq in seqs}
    for part_id, codec, data in parts:
        seq, place = divmod(part_id, PARTS_PER_EXCHANGE)
        with suppress(BrokenBody):
            body = body_of(part_id, codec, data, pieces)
            text = text_of(body, seqs[seq] if place == ANSWER else "json")
            left[seq] -= {one for one in left[seq] if has_phrases(text, [one])}
    return {seq: seqs[seq] for seq, missing in left.items() if not missing}
