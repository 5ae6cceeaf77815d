"""Reads the store on a connection of its own, which cannot write."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import aiosqlite

from llmgate.store.codec import Rest, decode_rest, read_timing
from llmgate.store.connection import open_reader
from llmgate.store.encoder import ANSWER, DETAILS, PARTS_PER_EXCHANGE, REQUEST, SENT
from llmgate.store.filters import Filter, conditions
from llmgate.store.listing import WITH_SEQ, Listing, cursor_of
from llmgate.store.looking import matching, wanted
from llmgate.store.pages import used_bytes, wal_bytes
from llmgate.store.pieces import body_of, load
from llmgate.store.problems import (
    BadFilter,
    BrokenBody,
    BrokenIndex,
    OlderStore,
    StoreProblem,
    explain,
    is_damage,
    is_older,
)
from llmgate.store.rows import COLUMNS, from_row
from llmgate.store.scan import BUDGET, LISTED, Budget, Scan, groups, part_ids
from llmgate.store.spending import (
    MOST_SLOTS,
    Spending,
    even_starts,
    read_since,
    read_spending,
    since_query,
    spend_query,
)
from llmgate.store.sql import IS_LIVE
from llmgate.store.word_index import is_broken as is_broken_index
from llmgate.store.word_search import WordSearch
from llmgate.wire.exchanges import Chunk, ExchangeDetail, ExchangePage, ExchangeSummary
from llmgate.wire.gateway import Spend
from llmgate.wire.spend import By

__all__ = ["Filter", "Part", "Queries"]

Part = Literal["request", "sent", "answer"]

MAX_PAGE: Final = 1000
MAX_CHUNKS: Final = 5000
_BODY: Final = """
    SELECT parts.codec, parts.data, parts.size, exchanges.id
    FROM parts CROSS JOIN exchanges WHERE parts.id = ? AND exchanges.seq = ?
"""
_SIZES: Final = {
    REQUEST: COLUMNS.index("request_bytes"),
    ANSWER: COLUMNS.index("response_bytes"),
}
_INLINE: Final = 64 << 10

_DAMAGE: Final = (
    "{} is damaged: what was kept in those places cannot be read any more; recording goes on, and"
    " the file is set aside once it cannot be written. To begin a new one now, stop the gateway and"
    " move the file away"
)

_log = logging.getLogger("llmgate.store")
_ID = COLUMNS.index("id")
_REST_FIELDS = [name for name in Rest.__struct_fields__ if name != "timing"]


class Queries:
    """Answers questions about what is on disk; opens the file when it is first asked."""

    def __init__(
        self, path: Path, monotonic: Callable[[], float] = time.monotonic, budget: Budget = BUDGET
    ) -> None:
        self.budget = budget
        self.damage = ""  # what is to be said of it, once any was met
        self.on_damage: Callable[[str], None] = _log.warning
        self._path = path
        self._monotonic = monotonic
        self._db: aiosqlite.Connection | None = None
        self._opening = asyncio.Lock()
        self._last: tuple[int, list[bytes], list[int]] | None = None

    async def close(self) -> None:
        """Closes the file; the next question opens it again."""
        async with self._opening:
            db, self._db = self._db, None
            self._last = None
            self.damage = ""
            if db is not None:
                await db.close()

    async def page(
        self, given: Filter, cursor: str = "", limit: int = 100, *, count: bool = False
    ) -> ExchangePage:
        """A page, newest first; raises BadFilter.

        A search for words, in bodies or headers reads a bounded piece of the past: such a page may
        hold fewer than asked for, none even, while its cursor goes on; it is never counted.
        """
        conditions(given)  # whatever is wrong is said before anything is read
        limit = max(1, min(limit, MAX_PAGE))
        if given.text:
            search = WordSearch(self._index_rows, self._monotonic)
            return await search.page(given, cursor, limit)
        if given.deep:
            return await self._deep_page(given, cursor, limit)
        total = await self._listing().total(given) if count else None
        found = await self._listing().page(given, cursor, limit)
        rows = [from_row(row[1:]) for row in found.rows]
        return ExchangePage(exchanges=rows, cursor=found.cursor, total=total)

    def _listing(self) -> Listing:
        return Listing(self._rows, self._monotonic)

    async def _deep_page(self, given: Filter, cursor: str, limit: int) -> ExchangePage:
        what = wanted(given.body, given.header)
        scan = Scan(self.budget, limit, self._monotonic)
        while not scan.is_over():
            found = await self._listing().page(given, cursor, LISTED)
            for group in groups(found.rows):
                ids = part_ids(group, what)
                parts = await self._rows(
                    f"SELECT id, codec, data FROM parts WHERE id IN ({ids})",  # noqa: S608 - numbers
                    [],
                )
                pieces = await load(self._rows, [(codec, data) for _, codec, data in parts])
                scan.take(group, await asyncio.to_thread(matching, parts, pieces, what))
                cursor = cursor_of(scan.last)
                if scan.is_over():
                    break
            else:
                cursor = found.cursor
                if not cursor or scan.is_late():
                    break
        return ExchangePage(exchanges=scan.found, cursor=cursor)

    async def newest(self, limit: int) -> list[ExchangeSummary]:
        """The newest exchanges, newest last."""
        page = await self.page(Filter(), limit=limit)
        return page.exchanges[::-1]

    async def live(self) -> list[int]:
        """The row numbers of those that are on their way."""
        rows = await self._rows(f"SELECT seq FROM exchanges WHERE {IS_LIVE} LIMIT 1000", [])  # noqa: S608
        return [int(row[0]) for row in rows]

    async def after(
        self, seq: int, given: Filter, seqs: Iterable[int] = ()
    ) -> list[tuple[int, ExchangeSummary, bool]]:
        """Rows after row ``seq`` and the rows ``seqs``, oldest first, each with: it matches."""
        if given.deep or given.text:
            raise BadFilter("words, bodies and headers cannot be searched while following")
        clause, values = conditions(given)
        marks = ", ".join(str(int(one)) for one in islice(seqs, 1000))
        rows = await self._rows(
            f"{WITH_SEQ.replace('SELECT ', f'SELECT {clause or 1}, ', 1)}"
            f" WHERE seq > ? OR seq IN ({marks}) ORDER BY seq LIMIT 2000",
            [*values, seq],
        )
        return [(int(row[1]), from_row(row[2:]), bool(row[0])) for row in rows]

    async def existing(self, ids: Sequence[str]) -> set[str]:
        """Which of these whole ids are kept."""
        marks = ", ".join("?" * len(ids))
        rows = await self._rows(f"SELECT id FROM exchanges WHERE id IN ({marks})", [*ids])  # noqa: S608
        return {str(row[0]) for row in rows}

    async def last_seq(self) -> int:
        """The number of the last row, 0 when there is none."""
        rows = await self._rows("SELECT max(seq) FROM exchanges", [])
        return int(rows[0][0] or 0) if rows else 0

    async def detail(self, exchange_id: str) -> ExchangeDetail | None:
        """Everything but bodies and chunks; by id or unique beginning of one."""
        row = await self._find(exchange_id)
        if row is None:
            return None
        seq, summary = int(row[0]), from_row(row[1:])
        first = seq * PARTS_PER_EXCHANGE
        places = await self._rows(
            "SELECT id FROM parts WHERE id >= ? AND id < ?", [first, first + PARTS_PER_EXCHANGE]
        )
        return _detail(summary, await self._rest(seq), {int(place[0]) - first for place in places})

    async def body(self, exchange_id: str, part: Part) -> bytes | None:
        """The request, what was sent upstream, or the answer; None when it was not kept."""
        row = await self._find(exchange_id)
        if row is None:
            return None
        if part == "sent" and (found := await self._body(row, SENT)) is not None:
            return found
        return await self._sized_body(row, ANSWER if part == "answer" else REQUEST)

    async def chunks(self, exchange_id: str, start: int = 0, limit: int = 1000) -> list[Chunk]:
        """The wire chunks of an answer from number ``start`` on."""
        data, moments = await self.chunk_bytes(exchange_id)
        start = max(0, start)
        stop = min(len(data), start + max(0, min(limit, MAX_CHUNKS)))
        return [
            Chunk(n, moments[n], len(data[n]), data[n].decode("utf-8", "replace"))
            for n in range(start, stop)
        ]

    async def chunk_bytes(self, exchange_id: str) -> tuple[list[bytes], list[int]]:
        """Every chunk of an answer, and when it arrived in microseconds since the start."""
        row = await self._find(exchange_id)
        if row is None:
            return [], []
        seq, last = int(row[0]), self._last
        if last is not None and last[0] == seq:
            return last[1], last[2]
        answer = await self._sized_body(row, ANSWER)
        rest = await self._rest(seq)
        if answer is None or not rest.timing:
            return [], []
        lengths, moments = read_timing(rest.timing)
        data = _cut(answer, lengths)
        self._last = (seq, data, moments) if len(answer) < 4 << 20 else None
        return data, moments

    async def spend_since(self, since_ms: int) -> Spend:
        """Money and tokens since a moment; ``unpriced`` counts those with tokens and no price."""
        return read_since(await self._rows(*since_query(since_ms)))

    async def spend(
        self, since_ms: int, until_ms: int, by: By, slot_s: int, starts: Sequence[int] = ()
    ) -> Spending:
        """The spend of a period that reaches to whole quarters of an hour, also of exchanges that
        are no longer kept.

        ``starts`` are the beginnings of the slots (rising); without any, a slot is ``slot_s`` long.
        """
        starts = starts[:MOST_SLOTS] or even_starts(since_ms, until_ms, slot_s)
        return read_spending(await self._rows(*spend_query(since_ms, until_ms, by)), starts)

    async def counters(self) -> dict[str, bytes]:
        """What ``Store.keep_counters`` kept."""
        rows = await self._rows("SELECT name, data FROM counters", [])
        return {str(name): bytes(data) for name, data in rows}

    async def size(self) -> int:
        """Bytes in use, 0 without a file."""
        db = await self._connection()
        return 0 if db is None else await used_bytes(db) + wal_bytes(self._path)

    async def _rest(self, seq: int) -> Rest:
        part = seq * PARTS_PER_EXCHANGE + DETAILS
        rows = await self._rows("SELECT codec, data FROM parts WHERE id = ?", [part])
        return decode_rest(part, *rows[0]) if rows else Rest()

    async def _body(self, row: Any, part: int) -> bytes | None:
        seq = int(row[0])
        part_id = seq * PARTS_PER_EXCHANGE + part
        rows = await self._rows(_BODY, [part_id, seq])
        if not rows:
            return None
        codec, data, size, owner = rows[0]
        if owner != row[1 + _ID]:
            raise BrokenBody  # the index that led here is damaged
        pieces = await load(self._rows, [(codec, data)])
        try:
            if size > _INLINE:
                return await asyncio.to_thread(body_of, part_id, codec, data, pieces)
            return body_of(part_id, codec, data, pieces)
        except BrokenBody:
            if await self._rows("SELECT 1 FROM parts WHERE id = ?", [part_id]):
                self._met_damage()
                raise
            return None  # removed while it was read

    async def _sized_body(self, row: Any, part: int) -> bytes | None:
        """A body as long as its exchange says: a damaged row may be that of another one."""
        found = await self._body(row, part)
        if found is not None and len(found) != row[1 + _SIZES[part]]:
            self._met_damage()
            raise BrokenBody
        return found

    async def _find(self, exchange_id: str) -> Any | None:
        """The row with this id, or the only one whose id begins so."""
        if not exchange_id or not exchange_id.isascii():
            return None
        rows = await self._rows(
            f"{WITH_SEQ} WHERE id >= ? AND id < ? ORDER BY id LIMIT 2",
            [exchange_id, exchange_id + "\x7f"],
        )
        if rows and (len(rows) == 1 or rows[0][_ID + 1] == exchange_id):
            return rows[0]
        return None

    async def _index_rows(self, query: str, values: list[Any]) -> list[Any]:
        """Whatever goes wrong with the index of words goes wrong there only."""
        try:
            return await self._rows(query, values)
        except StoreProblem as problem:
            if is_broken_index(problem.__cause__):
                raise BrokenIndex from problem
            raise

    async def rows(self, query: str, values: list[Any]) -> list[Any]:
        """Answers a question of another part of the store."""
        return await self._rows(query, values)

    async def _rows(self, query: str, values: list[Any]) -> list[Any]:
        db = await self._connection()
        if db is None:
            return []
        try:
            return list(await db.execute_fetchall(query, values))
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if is_older(error):
                raise OlderStore(self._path) from error
            if is_damage(error) and not is_broken_index(error):
                self._met_damage()
            raise StoreProblem(explain(error, self._path)) from error

    def _met_damage(self) -> None:
        """Says so once: the file stays, as long as it can be written."""
        if not self.damage:
            self.damage = _DAMAGE.format(self._path.name)
            self.on_damage(self.damage)

    async def _connection(self) -> aiosqlite.Connection | None:
        """The open file; None while there is none."""
        async with self._opening:
            if self._db is None and self._path.is_file():
                try:
                    self._db = await open_reader(self._path)
                except sqlite3.Error as error:
                    raise StoreProblem(explain(error, self._path)) from error
            return self._db


def _detail(summary: ExchangeSummary, rest: Rest, parts: set[int]) -> ExchangeDetail:
    return ExchangeDetail(
        summary=summary,
        request_kept=REQUEST in parts or not summary.request_bytes,
        response_kept=ANSWER in parts or not summary.response_bytes,
        **{name: getattr(rest, name) for name in _REST_FIELDS},
    )


def _cut(answer: bytes, lengths: list[int]) -> list[bytes]:
    chunks, at = [], 0
    for length in lengths:
        chunks.append(answer[at : at + length])
        at += length
    return chunks
