"""Which names occur where: a list that asks for a rare one reads only the blocks that have it.

A block is 1,024 exchanges by their numbers. Some time after all of them have ended, their distinct
names and their first and last moment are noted; nothing of this is done while requests are carried,
and nothing depends on it: a block that is not noted yet is read like one that has every name.
"""

from collections.abc import Iterable
from typing import Any

import aiosqlite
import msgspec

from llmgate.store.pieces import Rows
from llmgate.store.sql import IS_LIVE
from llmgate.store.together import together

BITS = 10
SIZE = 1 << BITS
KINDS: tuple[str, ...] = (
    "provider",
    "model",
    "served",
    "client",
    "key",
    "route",
    "protocol",
    "path",
    "status",
    "state",
    "error_type",
)

_MOST_NAMES = 100  # of a kind in a block; with more it counts as having every name
_ANY = "\x00any"
_DISTINCT = (
    f"SELECT DISTINCT {', '.join(KINDS)} FROM exchanges NOT INDEXED WHERE seq >= ? AND seq < ?"  # noqa: S608
)
_MOMENTS = (
    f"SELECT count(*), min(started_ms), max(started_ms), total({IS_LIVE})"  # noqa: S608 - constants
    " FROM exchanges NOT INDEXED WHERE seq >= ? AND seq < ?"
)


# Each by itself: asked for together, SQLite would read the whole table.
ENDS = "SELECT (SELECT min(seq) FROM exchanges), (SELECT max(seq) FROM exchanges)"


class Block(msgspec.Struct, frozen=True):
    """A stretch of exchanges and when they began."""

    number: int
    first_ms: int
    last_ms: int


async def note_next(db: aiosqlite.Connection) -> int:
    """Notes one block that is over and not noted yet; returns 1, or 0 when there is none."""
    rows = list(await db.execute_fetchall(ENDS))
    if not rows or rows[0][0] is None:
        return 0
    first, newest = rows[0][0] >> BITS, rows[0][1] >> BITS
    noted = {row[0] for row in await db.execute_fetchall("SELECT number FROM blocks")}
    for number in range(newest - 1, first - 1, -1):
        if number not in noted and await _note(db, number):
            return 1
    return 0


async def _note(db: aiosqlite.Connection, number: int) -> bool:
    span = (number << BITS, (number + 1) << BITS)
    ((count, first_ms, last_ms, live),) = await db.execute_fetchall(_MOMENTS, span)
    if live:
        return False  # its names may change yet
    if not count:
        first_ms = last_ms = 0
    names = _names(await db.execute_fetchall(_DISTINCT, span))
    rows = [(kind, name, number) for kind, name in sorted(names)]
    for statement, values in together("INSERT OR IGNORE INTO block_names", "", rows):
        await db.execute(statement, values)
    await db.execute("INSERT INTO blocks VALUES (?, ?, ?)", (number, first_ms, last_ms))
    return True


def _names(rows: Iterable[Any]) -> set[tuple[int, str]]:
    columns: list[set[str]] = [set() for _ in KINDS]
    for row in rows:
        for names, name in zip(columns, row, strict=True):
            names.add("" if name is None else str(name))
    return {
        (kind, name)
        for kind, names in enumerate(columns)
        for name in (names if len(names) <= _MOST_NAMES else (_ANY,))
    }


async def forget(db: aiosqlite.Connection) -> int:
    """Removes what is noted of blocks whose exchanges are gone; returns how many."""
    query = "SELECT coalesce(min(seq), 0) FROM exchanges"
    ((first,),) = await db.execute_fetchall(query)
    cursor = await db.execute("DELETE FROM blocks WHERE number < ?", (first >> BITS,))
    if cursor.rowcount > 0:
        await db.execute("DELETE FROM block_names WHERE block < ?", (first >> BITS,))
    return max(0, cursor.rowcount)


async def noted(rows: Rows) -> list[Block]:
    """Every block that is noted."""
    found = await rows("SELECT number, first_ms, last_ms FROM blocks", [])
    return [Block(*row) for row in found]


async def moments(rows: Rows, number: int) -> Block | None:
    """A block that is not noted, as it is now; None when nothing is in it."""
    span = [number << BITS, (number + 1) << BITS]
    ((count, first_ms, last_ms, _),) = await rows(_MOMENTS, span)
    return Block(number, first_ms, last_ms) if count else None


async def having(rows: Rows, kinds: Iterable[str], patterns: Iterable[str]) -> set[int]:
    """The noted blocks in which a name of these kinds matches one of the patterns."""
    numbers = ", ".join(str(KINDS.index(kind)) for kind in kinds)
    wanted = [*patterns, _ANY]
    either = " OR ".join(f"name {'GLOB' if _is_glob(one) else '='} ?" for one in wanted)
    found = await rows(
        f"SELECT DISTINCT block FROM block_names WHERE kind IN ({numbers}) AND ({either})",  # noqa: S608
        wanted,
    )
    return {int(row[0]) for row in found}


def _is_glob(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")
