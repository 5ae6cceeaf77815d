"""How much room the file takes, and giving back what it does not use."""

from pathlib import Path

import aiosqlite

STEP = 256  # pages given back at once


async def number(db: aiosqlite.Connection, query: str) -> int:
    """The first cell of a query's answer, 0 for NULL."""
    async with db.execute(query) as cursor:
        row = await cursor.fetchone()
    return int(row[0] or 0) if row else 0


async def pragma(db: aiosqlite.Connection, name: str) -> int:
    """The value of a numeric pragma."""
    return await number(db, f"PRAGMA {name}")


async def used_bytes(db: aiosqlite.Connection) -> int:
    """Bytes of the pages that hold something."""
    pages = await pragma(db, "page_count") - await pragma(db, "freelist_count")
    return pages * await pragma(db, "page_size")


async def give_back(db: aiosqlite.Connection, spare: int = 0) -> bool:
    """Gives some free pages back to the file system, all but ``spare``; True when many are left."""
    free = await pragma(db, "freelist_count")
    if free > spare:
        # `execute` would take one step, which frees one page; a script runs to its end.
        await db.executescript(f"PRAGMA incremental_vacuum({min(STEP, free - spare)})")
    return free - spare > STEP


async def empty_wal(db: aiosqlite.Connection) -> bool:
    """Moves the write-ahead log into the file and cuts it off; False when a reader needs it."""
    return not await number(db, "PRAGMA wal_checkpoint(TRUNCATE)")


def wal_bytes(path: Path) -> int:
    """The size of the write-ahead log."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0
