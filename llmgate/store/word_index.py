"""The index of words on disk: one FTS5 table per range of exchanges, newest range last.

A table holds no text and cannot forget a document (``content=''``), so it is dropped as a whole
when few of its exchanges are left; those are indexed once more, beside their neighbours. The rowid
of a document is its exchange's number: hits whose exchange is gone fall out when they are joined.
Nothing here is the only copy of anything: an index that is damaged is dropped and made again, and
one that takes more than its share of the size cap (caps.py) loses its oldest table for good: no
exchange before the first table's is looked for by words.
"""

import sqlite3
from collections.abc import Sequence

import aiosqlite
import msgspec

from llmgate.store.pages import number as number_of
from llmgate.store.pieces import Rows
from llmgate.store.together import together

MOST_DOCS = 65_536

MODULE = "fts5"
_ENDLESS = 1 << 48  # more exchanges than anybody records

_LEFT = 8  # a table is given up when less than one in so many of its exchanges is left
MOSTLY_DEAD = 2  # the same when somebody asks for it
_SIZES = (128, 32, 8, 1)
_NO_MODULE = "no such module"

Doc = tuple[int, str]  # an exchange's number and its text, folded


class Partition(msgspec.Struct, frozen=True):
    """One table: the exchanges from ``first_seq`` to the next one's; ``bytes`` on disk."""

    number: int
    first_seq: int
    docs: int
    bytes: int

    @property
    def table(self) -> str:
        """Its name."""
        return f"words_{self.number}"


def is_missing(error: BaseException) -> bool:
    """This SQLite was built without FTS5."""
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith(_NO_MODULE)


def is_broken(error: BaseException | None) -> bool:
    """The index, or a table of it, cannot be used any more."""
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT_VTAB:
        return True
    said = str(error)
    return isinstance(error, sqlite3.OperationalError) and (
        said.startswith(("no such table: words_", "vtable constructor failed"))
    )


async def partitions(db: aiosqlite.Connection) -> list[Partition]:
    """All of them, oldest first."""
    query = "SELECT number, first_seq, docs, bytes FROM word_indexes ORDER BY first_seq, number"
    return [Partition(*row) for row in await db.execute_fetchall(query)]


async def begin(db: aiosqlite.Connection, first_seq: int) -> Partition:
    """Another table, for exchanges from ``first_seq`` on."""
    rows = list(await db.execute_fetchall("SELECT coalesce(max(number), 0) FROM word_indexes"))
    new = Partition(int(rows[0][0]) + 1, first_seq, 0, 0)
    await db.execute(f"DROP TABLE IF EXISTS {new.table}")
    await db.execute(
        f"CREATE VIRTUAL TABLE {new.table} USING {MODULE}"
        "(words, content='', detail=none, columnsize=0, tokenize='ascii')"
    )
    await db.execute("INSERT INTO word_indexes VALUES (?, ?, 0, 0)", (new.number, first_seq))
    return new


async def add(db: aiosqlite.Connection, to: Partition, docs: Sequence[Doc]) -> None:
    """Adds documents that are not in it yet."""
    docs = sorted(docs)
    for statement, values in together(f"INSERT INTO {to.table} (rowid, words)", "", docs, _SIZES):
        await db.execute(statement, values)
    await db.execute(
        "UPDATE word_indexes SET docs = docs + ? WHERE number = ?", (len(docs), to.number)
    )


async def grown(db: aiosqlite.Connection, number: int, more: int) -> None:
    """A table takes so many bytes more, or less, than it did."""
    await db.execute(
        "UPDATE word_indexes SET bytes = max(0, bytes + ?) WHERE number = ?", (more, number)
    )


async def measure(db: aiosqlite.Connection, one: Partition) -> None:
    """Finds out what a table takes: what is counted meanwhile is not exact."""
    size = await number_of(db, f"SELECT total(length(block)) FROM {one.table}_data")  # noqa: S608
    await grown(db, one.number, size - one.bytes)


async def drop(db: aiosqlite.Connection, gone: Partition) -> None:
    """Removes a table; its older neighbour, or the next one, covers its range from now on."""
    await forget(db, gone)
    await db.execute(
        "UPDATE word_indexes SET first_seq = min(first_seq, ?)"
        " WHERE first_seq = (SELECT min(first_seq) FROM word_indexes)",
        (gone.first_seq,),
    )


async def forget(db: aiosqlite.Connection, gone: Partition) -> None:
    """Removes a table whose exchanges nobody looks for by words any more."""
    await db.execute(f"DROP TABLE IF EXISTS {gone.table}")
    await db.execute("DELETE FROM word_indexes WHERE number = ?", (gone.number,))


async def drop_oldest_over(db: aiosqlite.Connection, most_bytes: float) -> bool:
    """Forgets the oldest table when all together take more; whether it did."""
    known = await partitions(db)
    if not known or not sum(one.bytes for one in known) > most_bytes:  # endless less endless is nan
        return False
    await forget(db, known[0])
    await db.commit()
    return True


async def drop_all(db: aiosqlite.Connection) -> None:
    """Everything is indexed anew."""
    for one in await partitions(db):
        await db.execute(f"DROP TABLE IF EXISTS {one.table}")
    for statement in (
        "DELETE FROM word_indexes",
        "DELETE FROM index_later",
        "UPDATE indexed SET seq = 0",
    ):
        await db.execute(statement)


async def mend(db: aiosqlite.Connection) -> None:
    """Damage took the note of how far the index has come: everything is indexed anew."""
    rows = list(await db.execute_fetchall("SELECT seq FROM indexed WHERE typeof(seq) = 'integer'"))
    if not rows or not 0 <= rows[0][0] < _ENDLESS:
        await drop_all(db)
        await db.execute("INSERT OR REPLACE INTO indexed VALUES (1, 0)")
        await db.commit()


async def few_left(
    db: aiosqlite.Connection, one: Partition, next_seq: int = _ENDLESS, part: int = _LEFT
) -> list[int] | None:
    """The exchanges left of a table when they are few, None when they are many."""
    most = one.docs // part
    rows = await db.execute_fetchall(
        "SELECT seq FROM exchanges WHERE seq >= ? AND seq < ? LIMIT ?",
        (one.first_seq, next_seq, most + 1),
    )
    left = [int(row[0]) for row in rows]
    return None if len(left) > most else left


def place_of(known: Sequence[Partition], seq: int) -> Partition:
    """The table of an exchange, among all of them, oldest first."""
    return next((one for one in reversed(known) if one.first_seq <= seq), known[0])


async def index_bytes(rows: Rows) -> int:
    """About the bytes that the index takes."""
    total = 0
    for (number,) in await rows("SELECT number FROM word_indexes", []):
        found = await rows(f"SELECT total(length(block)) FROM words_{int(number)}_data", [])  # noqa: S608
        total += int(found[0][0]) if found else 0
    return total
