"""Removes the pieces that no exchange refers to any more, a generation at a time (sharing.py).

Every reference to a generation comes from exchanges between its first and its last one. Once the
caps have removed all of them, its pieces go without a look at any; when some are kept for good,
theirs are marked, and the others go. ``swept`` says that this has been done since an exchange of
the generation was last written or removed.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import aiosqlite
import msgspec

from llmgate.store.codec import SHARED
from llmgate.store.encoder import PARTS_PER_EXCHANGE
from llmgate.store.pieces import GENERATION_BITS, ids_of
from llmgate.store.sql import IS_KEPT

_AT_ONCE = 1000  # pieces removed in one step
_ROWS = 100  # exchanges whose manifests are read together

_GOOD_PART = 8  # a generation is swept when such a part of it is gone, and again

_ALL = "SELECT number, first_seq, last_seq FROM generations"
_DUE = f"""
    {_ALL} AS one WHERE NOT swept AND number < ? AND NOT EXISTS (
        SELECT 1 FROM exchanges WHERE seq BETWEEN one.first_seq AND one.last_seq AND NOT {IS_KEPT}
    ) ORDER BY number LIMIT 1
"""  # noqa: S608 - constants
_OLDEST = f"{_ALL} WHERE NOT swept AND number < ? ORDER BY number LIMIT 1"

Generation = tuple[int, int, int]  # its number, the first and the last exchange


class Sweep(msgspec.Struct):
    """A generation that is being swept: what stays, and how far it has come."""

    number: int
    stays: list[int]
    at: int
    end: int


class Sweeper:
    """Sweeps in steps short enough for the writer to wait for."""

    def __init__(self) -> None:
        self.swept = 0  # pieces, since the start
        self._may_be_due = True
        self._gone = 0  # exchanges that were removed since the oldest generation was swept
        self._waiting: list[Generation] = []
        self._sweep: Sweep | None = None

    def forget(self) -> None:
        """The file is another one."""
        self._may_be_due, self._waiting, self._sweep = True, [], None

    async def all(self, db: aiosqlite.Connection) -> None:
        """Sweeps every generation next, also those that are still referred to."""
        self._waiting = await _generations(db, _ALL, ())

    async def removed(self, db: aiosqlite.Connection, seqs: Sequence[int]) -> None:
        """Exchanges were removed: their generations may have something to sweep."""
        first_seq, last_seq = min(seqs), max(seqs)
        self._may_be_due = True
        self._gone += len(seqs)
        await db.execute(
            "UPDATE generations SET swept = 0 WHERE swept AND first_seq <= ? AND last_seq >= ?",
            (last_seq, first_seq),
        )

    async def step(
        self, db: aiosqlite.Connection, current: int, *, partly: bool = False
    ) -> int | None:
        """Goes a step further; how many pieces it removed, None when there is nothing to do.

        The ``current`` generation and later ones grow and are not touched. With ``partly`` the
        oldest is swept also when only some of its exchanges are gone.
        """
        if self._sweep is None:
            self._sweep = await self._next(db, current, partly=partly)
        if self._sweep is None:
            return None
        removed = await _remove_some(db, self._sweep)
        if self._sweep.at > self._sweep.end:
            await _finish(db, self._sweep)
            self._sweep = None
        await db.commit()
        self.swept += removed
        return removed

    async def _next(self, db: aiosqlite.Connection, current: int, *, partly: bool) -> Sweep | None:
        if not self._waiting and self._may_be_due:
            self._waiting = await _generations(db, _DUE, (current,))
            self._may_be_due = bool(self._waiting)
        if not self._waiting and partly:
            self._waiting = await self._oldest(db, current)
        while self._waiting:
            one = self._waiting.pop(0)
            if one[0] < current:
                return await _sweep_of(db, *one)
        return None

    async def _oldest(self, db: aiosqlite.Connection, current: int) -> list[Generation]:
        """The oldest generation, once a good part of it may be gone."""
        found = await _generations(db, _OLDEST, (current,))
        if found and self._gone * _GOOD_PART < found[0][2] - found[0][1] + 1:
            return []
        self._gone = 0
        return found


async def _sweep_of(db: aiosqlite.Connection, number: int, first_seq: int, last_seq: int) -> Sweep:
    """Marks what the exchanges of a generation still refer to."""
    start, end = number << GENERATION_BITS, (number + 1 << GENERATION_BITS) - 1
    stays: set[int] = set()
    rows = await _rows(
        db, "SELECT seq FROM exchanges WHERE seq BETWEEN ? AND ?", (first_seq, last_seq)
    )
    for group in range(0, len(rows), _ROWS):
        seqs = [row[0] for row in rows[group : group + _ROWS]]
        ids = ", ".join(
            str(seq * PARTS_PER_EXCHANGE + place)
            for seq in seqs
            for place in range(PARTS_PER_EXCHANGE)
        )
        query = f"SELECT data FROM parts WHERE id IN ({ids}) AND codec = {SHARED}"  # noqa: S608 - numbers
        for (data,) in await _rows(db, query, ()):
            stays.update(ids_of(data))
    last = await _rows(db, "SELECT max(id) FROM pieces WHERE id BETWEEN ? AND ?", (start, end))
    return Sweep(
        number, sorted(one for one in stays if start <= one <= end), start, last[0][0] or 0
    )


async def _remove_some(db: aiosqlite.Connection, sweep: Sweep) -> int:
    """Removes what does not stay of the next pieces."""
    first, last = sweep.at, min(sweep.at + _AT_ONCE, sweep.end + 1) - 1
    sweep.at = last + 1
    if last < first:
        return 0
    stays = sweep.stays[bisect_left(sweep.stays, first) : bisect_left(sweep.stays, last + 1)]
    gaps = [
        (before + 1, after - 1)
        for before, after in pairwise([first - 1, *stays, last + 1])
        if after - before > 1
    ]
    removed = 0
    for gap in gaps:
        cursor = await db.execute("DELETE FROM pieces WHERE id BETWEEN ? AND ?", gap)
        removed += cursor.rowcount
        await cursor.close()
    return removed


async def _finish(db: aiosqlite.Connection, sweep: Sweep) -> None:
    if sweep.stays:
        await db.execute("UPDATE generations SET swept = 1 WHERE number = ?", (sweep.number,))
    else:
        await db.execute("DELETE FROM generations WHERE number = ?", (sweep.number,))


async def _generations(
    db: aiosqlite.Connection, query: str, values: tuple[int, ...]
) -> list[Generation]:
    return [(row[0], row[1], row[2]) for row in await _rows(db, query, values)]


async def _rows(db: aiosqlite.Connection, query: str, values: tuple[int, ...]) -> list[Any]:
    return list(await db.execute_fetchall(query, values))
