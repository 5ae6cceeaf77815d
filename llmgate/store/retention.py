"""Age and size caps: the oldest exchanges go first, those kept for good stay.

The size cap is held by making room before anything is written, so that the file never grows beyond
it, whatever comes in. Near the cap that costs a measurement per batch; far from it, nothing. What
the index of words takes beyond its share of the cap (caps.py) goes before any exchange does.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiosqlite

from llmgate.store import rollup, word_index
from llmgate.store.caps import Caps
from llmgate.store.encoder import PARTS_PER_EXCHANGE
from llmgate.store.pages import STEP, empty_wal, give_back, number, used_bytes, wal_bytes
from llmgate.store.sql import IS_KEPT, IS_LIVE
from llmgate.store.sweeping import Sweeper

_TOO_LONG_S = 0.03
_SHORT_S = 0.008
_SMALLEST, _LARGEST = 10, 1000
_FORGET_EVERY_S = 3600.0
_LOOK_BACK_S = 60.0
_WAL_AGAIN_S = 1.0  # a reader was in the way
_CAUTION = 2  # what is written takes at most so many times its size: pages are not full
_CHANGE_BYTES = 1 << 20
_WAL_SLACK = 0.03  # of the cap: the log may exceed its part so far, for the length of a change
_SPARE = 0.08  # of a nearly full file: free pages that are about to be used again

_FULL = (
    "%s: what is marked or exported fills recording.keep_mb (%g) by itself, so other exchanges go"
    " soon after they are recorded; allow more, or unmark some"
)
_log = logging.getLogger("llmgate.store")

_REMOVABLE = f"""
    SELECT seq, started_ms FROM exchanges
    WHERE started_ms >= ? AND started_ms < ? AND NOT {IS_KEPT} AND NOT {IS_LIVE}
    ORDER BY started_ms, seq LIMIT ?
"""  # noqa: S608 - constants
_PARTS = f"""
    SELECT total(size) FILTER (WHERE {IS_KEPT}), total(size), total(length(data))
    FROM exchanges JOIN parts
    ON parts.id >= seq * {PARTS_PER_EXCHANGE} AND parts.id < (seq + 1) * {PARTS_PER_EXCHANGE}
"""  # noqa: S608 - constants
_EARLIEST, _LATEST = -(1 << 62), 1 << 62


class Retention:
    """Enforces the caps in steps short enough for the writer to wait for.

    ``full`` is set while the size cap is exceeded by what cannot be removed; ``count`` is how
    many exchanges there are, None until they have been counted.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self.sweeper = Sweeper()
        self.full = False
        self.count: int | None = None
        self.removed = 0  # since the start
        self.size_bytes = 0
        self._path = path
        self._monotonic = monotonic
        self._batch = 50
        self._draining = False
        self._forget_at = 0.0
        self._used = float("inf")  # at most, as far as is known: measured, and written since
        self._from_ms = _EARLIEST  # before this, everything is kept for good
        self._look_back_at = 0.0
        self._wal_pages = 0
        self._wal_at = 0.0
        self._said_full = False

    def forget(self) -> None:
        """The file is another one."""
        self.sweeper.forget()
        self.count = None
        self._used, self._from_ms, self._wal_pages = float("inf"), _EARLIEST, 0

    def counted(self, more: int) -> None:
        """So many exchanges were added."""
        if self.count is not None:
            self.count += more

    async def make_room(
        self, db: aiosqlite.Connection, caps: Caps, incoming: int, generation: int
    ) -> None:
        """Makes room for some bytes that are about to be written.

        ``generation`` is the oldest whose pieces they may refer to.
        """
        await self._tune(db, caps)
        incoming *= _CAUTION
        if self._used + incoming > caps.most_used:
            self._used = await used_bytes(db)
            if self._used + incoming > caps.most_used:
                await self._drain(db, caps, incoming, generation)
        self._used += incoming

    async def make_way(
        self, db: aiosqlite.Connection, caps: Caps, incoming: int, generation: int
    ) -> None:
        """Makes room for a change of the index, in the log too: it may write a table anew."""
        await self.make_room(db, caps, incoming, generation)
        await self.bound_wal(db, caps, incoming)

    def changed(self) -> None:
        """Something of unknown size was written."""
        self._used += _CHANGE_BYTES

    async def _drain(
        self, db: aiosqlite.Connection, caps: Caps, incoming: int, generation: int
    ) -> None:
        while self._used + incoming > caps.wanted:
            if await self._shrink_index(db, caps):
                pass
            elif await self.sweeper.step(db, generation, partly=True) is None:
                needed = self._needed(caps.wanted - incoming)
                if not await self._remove(db, needed, _LATEST):
                    break
            self._used = await used_bytes(db)
            await self.bound_wal(db, caps)
        self.full = self._used > caps.most_used

    async def _shrink_index(self, db: aiosqlite.Connection, caps: Caps) -> bool:
        """Drops the oldest table of an index that takes more than its share."""
        try:
            return await word_index.drop_oldest_over(db, caps.index_bytes)
        except (
            sqlite3.Error
        ):  # a damaged index is no problem of the store; whoever fills it sees it
            await db.rollback()
            return False

    async def step(
        self, db: aiosqlite.Connection, caps: Caps, now_ms: int, generation: int
    ) -> bool:
        """Removes at most one batch of what is over the caps; True when there is more to do."""
        if self.count is None:
            self.count = await number(db, "SELECT count(*) FROM exchanges")
        await self._tune(db, caps)
        await self.bound_wal(db, caps)
        more = await self._trim(db, caps, now_ms, generation)
        await self._say_full(db, caps)
        await self._forget_spend(db, now_ms)
        self._used = await used_bytes(db)
        left = await give_back(db, self._spare(caps))
        self.size_bytes = int(self._used) + wal_bytes(self._path)
        return more or left

    async def _say_full(self, db: aiosqlite.Connection, caps: Caps) -> None:
        """Says once that kept ones fill the cap, and once more when they did not in between."""
        if not self.full:
            self._said_full = False
        elif not self._said_full and await _kept_bytes(db) > caps.most_used / 2:
            _log.warning(_FULL, self._path.name, caps.keep_mb)
            self._said_full = True

    async def _trim(
        self, db: aiosqlite.Connection, caps: Caps, now_ms: int, generation: int
    ) -> bool:
        """Removes pieces, or exchanges; True when more may have to go."""
        if await self.sweeper.step(db, generation, partly=self._draining) is not None:
            return True
        self._used = await used_bytes(db)
        self._draining = self._used > (caps.wanted if self._draining else caps.most_used)
        if self._draining:
            if await self._shrink_index(db, caps):
                return True
            removed = await self._remove(db, self._needed(caps.wanted), _LATEST)
            self.full = self.full if removed else self._used > caps.most_used
            return removed > 0
        self.full = False
        oldest_ms = caps.oldest_ms(now_ms)
        return oldest_ms is not None and await self._remove(db, self._batch, oldest_ms) > 0

    def _needed(self, wanted: float) -> int:
        """About how many of average size bring the store to the size wanted, one batch at most."""
        over = (self._used - wanted) / max(1.0, self._used)
        return max(1, min(self._batch, int(over * (self.count or _SMALLEST))))

    async def _remove(self, db: aiosqlite.Connection, most: int, before_ms: int) -> int:
        """Removes the oldest that began before a moment; how many."""
        began = self._monotonic()
        if began >= self._look_back_at:
            self._look_back_at, self._from_ms = began + _LOOK_BACK_S, _EARLIEST
        async with db.execute(_REMOVABLE, (self._from_ms, before_ms, most)) as cursor:
            rows = [(int(row[0]), int(row[1])) for row in await cursor.fetchall()]
        if not rows:
            return 0
        self._from_ms = rows[-1][1]
        await self._delete(db, [seq for seq, _ in rows])
        self.counted(-len(rows))
        self.removed += len(rows)
        self._adapt(self._monotonic() - began, len(rows))
        return len(rows)

    async def _delete(self, db: aiosqlite.Connection, seqs: list[int]) -> None:
        """Removes exchanges with everything that belongs to them alone."""
        ranges = [(seq * PARTS_PER_EXCHANGE, (seq + 1) * PARTS_PER_EXCHANGE) for seq in seqs]
        await db.executemany("DELETE FROM parts WHERE id >= ? AND id < ?", ranges)
        await db.executemany("DELETE FROM exchanges WHERE seq = ?", [(seq,) for seq in seqs])
        await self.sweeper.removed(db, seqs)
        await db.commit()

    def _adapt(self, took_s: float, removed: int) -> None:
        if took_s > _TOO_LONG_S:
            self._batch = max(_SMALLEST, self._batch // 2)
        elif took_s < _SHORT_S and removed == self._batch:
            self._batch = min(_LARGEST, self._batch * 2)

    def _spare(self, caps: Caps) -> int:
        """Free pages that stay in the file: many when it is nearly full, for they are used soon."""
        nearly = self._used > caps.most_used * (1 - _SPARE * 2)
        return max(STEP, int(caps.most_used * _SPARE / 4096)) if nearly else STEP

    async def _tune(self, db: aiosqlite.Connection, caps: Caps) -> None:
        if self._wal_pages != caps.wal_pages:
            self._wal_pages = caps.wal_pages
            await db.execute(f"PRAGMA wal_autocheckpoint = {caps.wal_pages}")

    async def bound_wal(self, db: aiosqlite.Connection, caps: Caps, incoming: int = 0) -> None:
        """Keeps the write-ahead log within its part of the cap, as soon as no reader needs it."""
        most = caps.wal_bytes
        if caps.keep_bytes > 0:
            most = min(most, most + caps.keep_bytes * _WAL_SLACK - incoming * _CAUTION)
        if wal_bytes(self._path) <= max(0, most) or self._monotonic() < self._wal_at:
            return
        emptied = False
        with suppress(sqlite3.Error):  # what is written next meets the same problem and says so
            emptied = await empty_wal(db)
        if not emptied:
            self._wal_at = self._monotonic() + _WAL_AGAIN_S

    async def _forget_spend(self, db: aiosqlite.Connection, now_ms: int) -> None:
        """Spend is kept much longer than exchanges, whatever the caps."""
        if self._monotonic() >= self._forget_at:
            self._forget_at = self._monotonic() + _FORGET_EVERY_S
            await db.execute("DELETE FROM spend WHERE slot_ms < ?", [now_ms - rollup.KEEP_MS])
            await db.commit()


async def _kept_bytes(db: aiosqlite.Connection) -> float:
    """About what is kept for good takes: pieces may be shared, so its part of all bodies counts."""
    async with db.execute(_PARTS) as cursor:
        kept, raw, packed = await cursor.fetchone() or (0.0, 0.0, 0.0)
    pieces = await number(db, "SELECT total(length(data)) FROM pieces")
    return float(packed + pieces) * float(kept) / max(1.0, float(raw))
