"""Fills the index of words a little after exchanges are written, a few at a time.

``indexed.seq`` is how far it has come and moves in the transaction that adds the words, so that a
crash loses nothing and an old store is filled from its beginning. An exchange that is live when its
turn comes waits in ``index_later`` for its end. Of a body in pieces only those are indexed that no
exchange of the same table had before: a conversation is found where something was said, not in
every turn that sends it again. While there is much to record this takes a small share of the time.

The index takes at most a share of the size cap (caps.py). When another table would exceed it the
oldest goes and is not made again: ``indexed.seq`` does not go back.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Protocol, TypeVar

import aiosqlite

from llmgate.store import blocks, word_index
from llmgate.store.caps import Caps
from llmgate.store.migrations import make_index
from llmgate.store.pages import used_bytes
from llmgate.store.pieces import Rows
from llmgate.store.problems import StoreProblem, is_damage
from llmgate.store.unindexed import AT_ONCE, Unindexed, Waiting, listed
from llmgate.store.word_index import Doc, Partition

GATHER_S = 0.2

_BUSY = 100  # exchanges a second from which on indexing takes a small share of the time only
_BUSY_SHARE = 30  # one part in so many
_LONGEST_REST_S = 0.25  # waits for busy others are in what a step took
_TEND_EVERY_S = 60.0
_GO_ON_S = 10.0  # before blocks have their turn again
_BLOCK_REST_S = 0.02
_GROWTH = 3  # a table is full: what is written next may be so many times that

T = TypeVar("T")
_log = logging.getLogger("llmgate.store")


class Changing(Protocol):
    """``Store.change``."""

    async def __call__(
        self, work: Callable[[aiosqlite.Connection], Awaitable[T]], room: int = 0
    ) -> T: ...


class Indexing:
    """Indexes what the writer has written; one for a store."""

    def __init__(self, rows: Rows, change: Changing) -> None:
        self._caps = Caps(0, 0)
        self.on_notice: Callable[[str], None] = _log.warning
        self.missing = False  # this SQLite has no FTS5
        self.unindexed = Unindexed(rows)
        self._rows = rows
        self._change = change
        self._news = asyncio.Event()
        self._written = 0
        self._not_noted = blocks.SIZE
        self._tended = 0
        self._turn = asyncio.Lock()

    def limit(self, caps: Caps) -> None:
        """The index takes a small part of what may be kept."""
        self._caps = caps
        self.unindexed.limit(caps.index_table_bytes)

    def wrote(self, count: int) -> None:
        """So many exchanges have been written."""
        self._written += count
        self._not_noted += count
        self._news.set()

    async def run(self) -> None:
        """Indexes what is written until it is cancelled."""
        self._news.set()  # what is there already
        tend_at = monotonic() + _TEND_EVERY_S
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(GATHER_S)
            if self._not_noted >= blocks.SIZE:  # first: lists are slow until then, for seconds
                self._not_noted = 0
                await self._note_blocks()
            await self._go_on()
            if monotonic() >= tend_at:
                tend_at = monotonic() + _TEND_EVERY_S
                await self._safely(self.tend())
                self._not_noted = blocks.SIZE

    async def _go_on(self) -> None:
        since = monotonic()
        until = since + _GO_ON_S
        while not self.missing:
            if monotonic() >= until:
                return self._news.set()
            began, self._written = monotonic(), 0
            if not await self._safely(self.step()):
                return None
            took = monotonic() - began
            busy = self._written / max(began - since, took, 0.05) > _BUSY
            await asyncio.sleep(min(_LONGEST_REST_S, took * (_BUSY_SHARE if busy else 1)))
            since = began
        return None

    async def _note_blocks(self) -> None:
        """A block every thousand exchanges; what an old store lacks, one after the other."""
        for work in (make_index, blocks.note_next):
            more = 1
            while more:
                more = await self._safely(self._change(work))
                await asyncio.sleep(_BLOCK_REST_S)

    async def _safely(self, work: Awaitable[int]) -> int:
        try:
            return await work
        except StoreProblem:
            return 0  # the writer tells; what it writes next is news again
        except Exception:  # noqa: BLE001 - the recorder may never break a stream
            _log.exception("the index of words made a mistake")
            return 0

    async def catch_up(self, most: int = 1 << 30) -> int:
        """Indexes at once what waits, at most about so many; returns how many it was."""
        done = 0
        while done < most and (count := await self.step()):
            done += count
        return done

    async def step(self) -> int:
        """Indexes a few; returns how many exchanges it has dealt with."""
        async with self._turn:
            if self.missing:
                return 0
            late = await self.unindexed.late()
            new = await self.unindexed.new(AT_ONCE - len(late))
            if not (late or new):
                return 0
            if not await self._room(new):
                return 0
            return await self._index(late, new)

    async def _room(self, new: Sequence[Waiting]) -> bool:
        """Begins another table when the newest is full; False when there can be none."""
        newest = await self._newest()
        full = newest is None or (
            newest.docs >= word_index.MOST_DOCS or newest.bytes >= self._caps.index_table_bytes
        )
        if newest is None or (full and new):
            newest = await self._guarded(self._begin)
        self.unindexed.goes_to(newest)
        return newest is not None

    async def _begin(self, db: aiosqlite.Connection) -> Partition:
        """Another table; the oldest go when they and this one will take too much."""
        table_bytes = self._caps.index_table_bytes
        while await word_index.drop_oldest_over(db, self._caps.index_bytes - _GROWTH * table_bytes):
            pass
        return await _begin_next(db)

    async def _newest(self) -> Partition | None:
        rows = await self._rows(
            "SELECT number, first_seq, docs, bytes FROM word_indexes"
            " ORDER BY first_seq DESC, number DESC LIMIT 1",
            [],
        )
        return Partition(*rows[0]) if rows else None

    async def _index(self, late: list[Waiting], new: list[Waiting]) -> int:
        ended = [*late, *(one for one in new if not one.live)]
        docs, pieces = await self.unindexed.docs(ended)

        async def write(db: aiosqlite.Connection) -> int:
            before = await used_bytes(db)
            newest = await _write(db, late, new, docs)
            await db.commit()  # words reach the disk with it
            await word_index.grown(db, newest.number, await used_bytes(db) - before)
            return len(late) + len(new)

        done = await self._guarded(write, await self._room_for(docs))
        self.unindexed.indexed(pieces)
        return done or 0

    async def _room_for(self, docs: list[Doc]) -> int:
        """A table that SQLite merges meanwhile takes its room twice for a moment."""
        newest = await self._newest()
        return sum(len(text) for _, text in docs) + (newest.bytes if newest else 0) // 2

    async def tend(self) -> int:
        """Looks at one table: it goes when few of its exchanges are left. Returns 1 if so."""
        async with self._turn:
            await self._change(blocks.forget)
            return await self._guarded(self._tend) or 0

    async def _tend(self, db: aiosqlite.Connection) -> int:
        known = await word_index.partitions(db)
        if len(known) < 2:
            return 0
        self._tended = (self._tended + 1) % (len(known) - 1)  # never the newest
        one, following = known[self._tended], known[self._tended + 1]
        await word_index.measure(db, one)
        left = await word_index.few_left(db, one, following.first_seq)
        if left is None:
            return 0
        await _again(db, one, left)
        return 1

    async def tidy(self) -> None:
        """Looks at all tables: those with mostly dead words go, what is left of them is indexed."""
        async with self._turn:
            left = await self._guarded(_tidy) or 0
        await self.catch_up(left)

    async def rebuild(self) -> None:
        """Drops the index, which is filled again from the beginning."""
        async with self._turn:
            await self._change(word_index.drop_all)
        self.on_notice("the index of words was damaged: it is made anew in the background")
        self._news.set()

    async def _guarded(
        self, work: Callable[[aiosqlite.Connection], Awaitable[T]], room: int = 0
    ) -> T | None:
        """A transaction; what is wrong with the index is no problem of the store."""
        damaged = False

        async def attempt(db: aiosqlite.Connection) -> T | None:
            nonlocal damaged
            try:
                done = await work(db)
                await db.commit()
            except sqlite3.Error as error:
                await db.rollback()
                if word_index.is_missing(error):
                    self.missing = True
                    return None
                if not (is_damage(error) or word_index.is_broken(error)):
                    raise
                await word_index.drop_all(db)
                damaged = True
                return None
            return done

        done = await self._change(attempt, room)
        if self.missing:
            self.on_notice("this SQLite has no FTS5: words cannot be searched for")
        if damaged:
            self.unindexed.goes_to(None)
            self.on_notice("the index of words was damaged: it is made anew in the background")
            self._news.set()
        return done


async def _write(
    db: aiosqlite.Connection, late: list[Waiting], new: list[Waiting], docs: list[Doc]
) -> Partition:
    """Returns the newest table that was written to."""
    known = await word_index.partitions(db) or [await _begin_next(db)]  # it may have been dropped
    places: dict[Partition, list[Doc]] = {}
    for doc in docs:
        places.setdefault(word_index.place_of(known, doc[0]), []).append(doc)
    for place, some in places.items():
        await word_index.add(db, place, some)
    if new:
        await db.execute("UPDATE indexed SET seq = ?", (new[-1].seq,))
    for one in new:
        if one.live:
            await db.execute("INSERT OR IGNORE INTO index_later VALUES (?)", (one.seq,))
    if late:
        await db.execute(f"DELETE FROM index_later WHERE seq IN ({listed(o.seq for o in late)})")  # noqa: S608
        await db.execute("DELETE FROM index_later WHERE seq NOT IN (SELECT seq FROM exchanges)")
    return max(places, key=lambda place: place.first_seq, default=known[-1])


async def _begin_next(db: aiosqlite.Connection) -> Partition:
    """Another table, for what has not been indexed yet."""
    rows = list(await db.execute_fetchall("SELECT seq FROM indexed"))
    return await word_index.begin(db, int(rows[0][0]) + 1)


async def _again(db: aiosqlite.Connection, gone: Partition, left: list[int]) -> None:
    """Drops a table; what is left of it is indexed once more."""
    await word_index.drop(db, gone)
    if not await word_index.partitions(db):
        await word_index.begin(db, gone.first_seq)
    await db.executemany("INSERT OR IGNORE INTO index_later VALUES (?)", [(seq,) for seq in left])


async def _tidy(db: aiosqlite.Connection) -> int:
    """Measures all tables and drops the mostly dead; how many exchanges wait to be indexed anew."""
    waiting = 0
    known = await word_index.partitions(db)
    ends = [one.first_seq for one in known[1:]]
    for one, end in zip(known, [*ends, 1 << 62], strict=False):
        await word_index.measure(db, one)
        left = await word_index.few_left(db, one, end, word_index.MOSTLY_DEAD)
        if left is not None:
            await _again(db, one, left)
            waiting += len(left)
    return waiting
