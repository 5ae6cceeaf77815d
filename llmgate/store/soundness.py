"""Whether a store that SQLite opens without a word is one of ours: damage may hit names, too."""

import sqlite3

import aiosqlite

from llmgate.store import word_index
from llmgate.store.migrations import migrate, names
from llmgate.store.problems import DamagedStore, NewerStore
from llmgate.store.rollup import NAMES, SUMS
from llmgate.store.rows import ANNOTATIONS, COLUMNS

_PACKED = ("id", "codec", "size", "data")
_TABLES: dict[str, tuple[str, ...]] = {
    "exchanges": ("seq", *COLUMNS, *ANNOTATIONS),
    "parts": _PACKED,
    "pieces": _PACKED,
    "generations": ("number", "first_seq", "last_seq", "swept"),
    "spend": (*NAMES, *SUMS),
    "counters": ("name", "data"),
    "revisions": ("number", "at_ms", "who", "etag", "kind", "of", "summary", "codec", "text"),
}


async def bring_up_to_date(db: aiosqlite.Connection) -> None:
    """Applies what is missing; raises DamagedStore, NewerStore and sqlite3.Error."""
    try:
        await migrate(db)
    except NewerStore as error:
        if not await _may_be_newer(db):
            raise DamagedStore from error
        raise
    except sqlite3.OperationalError as error:
        if _is_there_already(error):
            raise DamagedStore from error
        raise
    await _check(db)
    await word_index.mend(db)


async def _may_be_newer(db: aiosqlite.Connection) -> bool:
    """A newer one knows all that we know, and its names are names."""
    async with db.execute("SELECT name FROM migrations") as cursor:
        done = {row[0] async for row in cursor}
    return done >= set(names()) and all(isinstance(one, str) and one.isidentifier() for one in done)


def _is_there_already(error: sqlite3.OperationalError) -> bool:
    return "already exists" in str(error) or "duplicate column" in str(error)


async def _check(db: aiosqlite.Connection) -> None:
    for table, columns in _TABLES.items():
        try:
            query = f"SELECT {', '.join(columns)} FROM {table} LIMIT 0"  # noqa: S608 - constants
            await db.execute_fetchall(query)
        except sqlite3.OperationalError as error:
            if str(error).startswith("no such"):
                raise DamagedStore from error
            raise
