"""Age and size caps: the oldest exchanges go first, a few at a time; freed pages leave the file."""

from collections.abc import Callable
from pathlib import Path

import aiosqlite
import msgspec

from llmgate.store import rollup
from llmgate.store.encoder import PARTS_PER_EXCHANGE

_DAY_MS = 86_400_000
_SLACK = 0.95  # a full store is brought a little below its cap, so that not every row trims
_WAL_LIMIT = 16 << 20
_TOO_LONG_S = 0.03
_SHORT_S = 0.008
_SMALLEST, _LARGEST = 10, 1000
_VACUUM_PAGES = 256
_FORGET_EVERY_S = 3600.0


class Caps(msgspec.Struct, frozen=True):
    """What may be kept; 0 or less means without limit."""

    keep_days: float
    keep_mb: float

    @property
    def keep_bytes(self) -> float:
        """The size cap in bytes."""
        return self.keep_mb * 1_000_000

    @property
    def wal_bytes(self) -> float:
        """The part of it that the write-ahead log may take."""
        return min(_WAL_LIMIT, self.keep_bytes / 8) if self.keep_bytes > 0 else _WAL_LIMIT


class Trimmed(msgspec.Struct, frozen=True):
    """What a step did: exchanges removed, bytes in use now, whether there is more to do."""

    removed: int
    size_bytes: int
    more: bool


class Retention:
    """Enforces the caps in steps short enough for the writer to wait for."""

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._monotonic = monotonic
        self._batch = 50
        self._draining = False
        self._forget_at = 0.0

    async def step(self, db: aiosqlite.Connection, caps: Caps, now_ms: int) -> Trimmed:
        """Removes at most one batch."""
        room = caps.wal_bytes
        if wal_bytes(self._path) > room:
            await self._empty_wal(db)
        used, cap = await used_bytes(db), caps.keep_bytes - room
        if caps.keep_bytes > 0 and used > cap:
            self._draining = True
        elif used <= cap * _SLACK:
            self._draining = False
        batch = self._batch
        if self._draining:
            batch = min(batch, await self._needed(db, used, cap * _SLACK))
        removed = await self._remove_timed(db, caps, now_ms, batch)
        await self._forget_spend(db, now_ms)
        left = await self._shrink_file(db)
        more = removed >= batch or left or (self._draining and removed > 0)
        return Trimmed(removed, await self.size(db), more)

    async def _forget_spend(self, db: aiosqlite.Connection, now_ms: int) -> None:
        """Spend is kept much longer than exchanges, whatever the caps."""
        if self._monotonic() >= self._forget_at:
            self._forget_at = self._monotonic() + _FORGET_EVERY_S
            await db.execute("DELETE FROM spend WHERE slot_ms < ?", [now_ms - rollup.KEEP_MS])
            await db.commit()

    async def _needed(self, db: aiosqlite.Connection, used: int, wanted: float) -> int:
        """About how many of average size bring the store to the size wanted."""
        query = "SELECT (SELECT max(seq) FROM exchanges) - (SELECT min(seq) FROM exchanges) + 1"
        async with db.execute(query) as cursor:
            row = await cursor.fetchone()
        count = int(row[0] or 1) if row else 1
        return max(_SMALLEST, int((used - wanted) / max(1, used) * count))

    async def _remove_timed(
        self, db: aiosqlite.Connection, caps: Caps, now_ms: int, batch: int
    ) -> int:
        began = self._monotonic()
        removed = await self._remove(db, caps, now_ms, batch)
        self._adapt(self._monotonic() - began, removed)
        return removed

    async def _remove(self, db: aiosqlite.Connection, caps: Caps, now_ms: int, batch: int) -> int:
        oldest_ms = now_ms - int(caps.keep_days * _DAY_MS) if caps.keep_days > 0 else None
        if self._draining:
            where, bound = "", []
        elif oldest_ms is not None:
            where, bound = "WHERE started_ms < ?", [oldest_ms]
        else:
            return 0
        query = f"SELECT seq FROM exchanges {where} ORDER BY started_ms, seq LIMIT ?"  # noqa: S608
        async with db.execute(query, [*bound, batch]) as cursor:
            seqs = [int(row[0]) for row in await cursor.fetchall()]
        if seqs:
            await delete(db, seqs)
        return len(seqs)

    def _adapt(self, took_s: float, removed: int) -> None:
        if took_s > _TOO_LONG_S:
            self._batch = max(_SMALLEST, self._batch // 2)
        elif took_s < _SHORT_S and removed == self._batch:
            self._batch = min(_LARGEST, self._batch * 2)

    async def _shrink_file(self, db: aiosqlite.Connection) -> bool:
        """Gives free pages back to the file system; True when many are left."""
        free = await pragma(db, "freelist_count")
        if free > _VACUUM_PAGES:
            # `execute` would take one step, which frees one page; a script runs to its end.
            await db.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})")
        return free > 2 * _VACUUM_PAGES

    async def _empty_wal(self, db: aiosqlite.Connection) -> None:
        async with db.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
            await cursor.fetchall()

    async def size(self, db: aiosqlite.Connection) -> int:
        """Bytes in use: pages that hold something, and the WAL."""
        return await used_bytes(db) + wal_bytes(self._path)


async def delete(db: aiosqlite.Connection, seqs: list[int]) -> None:
    """Removes exchanges with everything that belongs to them."""
    ranges = [(seq * PARTS_PER_EXCHANGE, (seq + 1) * PARTS_PER_EXCHANGE) for seq in seqs]
    await db.executemany("DELETE FROM parts WHERE id >= ? AND id < ?", ranges)
    await db.executemany("DELETE FROM exchanges WHERE seq = ?", [(seq,) for seq in seqs])
    await db.commit()


async def pragma(db: aiosqlite.Connection, name: str) -> int:
    """The value of a numeric pragma."""
    async with db.execute(f"PRAGMA {name}") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def used_bytes(db: aiosqlite.Connection) -> int:
    """Bytes of the pages that hold something."""
    pages = await pragma(db, "page_count") - await pragma(db, "freelist_count")
    return pages * await pragma(db, "page_size")


def wal_bytes(path: Path) -> int:
    """The size of the write-ahead log."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0
