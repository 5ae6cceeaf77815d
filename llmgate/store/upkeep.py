"""What a person asks of the store: clean up now, give space back, say where the bytes are."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite

from llmgate.store.connection import open_reader, open_writer
from llmgate.store.encoder import DETAILS, PARTS_PER_EXCHANGE
from llmgate.store.pages import empty_wal, give_back, number, pragma, used_bytes, wal_bytes
from llmgate.store.problems import OlderStore, StoreProblem, explain, is_older
from llmgate.store.sql import IS_KEPT
from llmgate.store.unindexed import not_indexed
from llmgate.store.word_index import index_bytes
from llmgate.store.writer import Store
from llmgate.wire.keeping import Cleaned, StoreStats

_AT_ONCE = 20_000  # exchanges looked at together: no reader may hold back the log for long
_MARGIN = 16 << 20

_EXCHANGES = f"""
    SELECT count(*), count(*) FILTER (WHERE {IS_KEPT}), min(started_ms), max(started_ms),
           min(seq), max(seq) FROM exchanges
"""  # noqa: S608 - constants
_PARTS = f"""
    SELECT ifnull(sum(size), 0), ifnull(sum(length(data)), 0) FROM parts
    WHERE id >= ? AND id < ? AND id % {PARTS_PER_EXCHANGE} <> {DETAILS}
"""  # noqa: S608 - constants
_PIECES = "SELECT count(*), ifnull(sum(length(data)), 0) FROM pieces WHERE id >= ? AND id < ?"
_NEXT_PIECE = "SELECT min(id) FROM pieces WHERE id >="
_GENERATION = 1 << 32


async def collect(store: Store) -> Cleaned:
    """Removes what is over the caps, and every piece that nobody needs; raises StoreProblem."""
    retention = store.retention
    removed, swept = retention.removed, retention.sweeper.swept
    await store.flush()
    before = await _size(store)
    more = await store.maintain(sweep=True)
    while more:
        more = await store.maintain()
    await store.indexing.tidy()
    await _give_all_back(store)
    after = await _size(store)
    return Cleaned(
        removed=retention.removed - removed,
        pieces=retention.sweeper.swept - swept,
        freed_bytes=max(0, before - after),
        size_bytes=after,
        file_bytes=_file_bytes(store.path),
    )


async def vacuum(store: Store) -> Cleaned:
    """Gives every free page back, in steps that recording hardly notices; raises StoreProblem.

    SQLite's VACUUM would stop recording for as long as it takes to write everything anew, and need
    room for all of it; this needs next to none. See ``rewrite`` for a store that nobody uses.
    """
    before = _file_bytes(store.path) + wal_bytes(store.path)
    await store.flush()
    await _give_all_back(store)
    after = _file_bytes(store.path) + wal_bytes(store.path)
    return Cleaned(
        freed_bytes=max(0, before - after),
        size_bytes=await _size(store),
        file_bytes=_file_bytes(store.path),
    )


async def _give_all_back(store: Store) -> None:
    while await store.change(give_back):
        pass
    await store.change(empty_wal)


async def _size(store: Store) -> int:
    return await store.change(used_bytes) + wal_bytes(store.path)


async def rewrite(path: Path) -> Cleaned:
    """Writes a store that no gateway uses anew, without any gaps; raises StoreProblem."""
    try:
        db = await open_writer(path)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise StoreProblem(explain(error, path)) from error
    try:
        return await _rewrite(db, path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreProblem(explain(error, path)) from error
    finally:
        await db.close()


async def _rewrite(db: aiosqlite.Connection, path: Path) -> Cleaned:
    before = _file_bytes(path) + wal_bytes(path)
    await empty_wal(db)
    _check_room(path, 2 * await used_bytes(db) + _MARGIN)
    await db.execute("PRAGMA temp_store = FILE")
    await db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect with the next line
    await db.execute("VACUUM")
    await empty_wal(db)
    size = await used_bytes(db) + wal_bytes(path)
    after = _file_bytes(path) + wal_bytes(path)
    return Cleaned(
        freed_bytes=max(0, before - after), size_bytes=size, file_bytes=_file_bytes(path)
    )


def _check_room(path: Path, needed: int) -> None:
    """SQLite writes a copy beside the file, and then the file."""
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise StoreProblem(
            f"writing {path.name} anew needs {needed / 1e6:,.0f} MB of free disk and there are"
            f" {free / 1e6:,.0f} MB; free some space, or run `llmgate log vacuum` while the gateway"
            " runs, which needs none"
        )


async def stats(path: Path, keep_days: float = 0, keep_mb: float = 0) -> StoreStats:
    """Where the bytes are. Reads everything on a connection of its own; raises StoreProblem."""
    try:
        db = await open_reader(path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreProblem(explain(error, path)) from error
    try:
        return await _stats(db, path, keep_days, keep_mb)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if is_older(error):
            raise OlderStore(path) from error
        raise StoreProblem(explain(error, path)) from error
    finally:
        await db.close()


async def _stats(
    db: aiosqlite.Connection, path: Path, keep_days: float, keep_mb: float
) -> StoreStats:
    async def rows(query: str, values: list[Any]) -> list[Any]:
        return list(await db.execute_fetchall(query, values))

    count, kept, oldest_ms, newest_ms, first, last = (await rows(_EXCHANGES, []))[0]
    raw_bytes, part_bytes = await _parts(db, first or 0, last or 0)
    pieces, piece_bytes = await _pieces(db)
    free = await pragma(db, "freelist_count") * await pragma(db, "page_size")
    wal = wal_bytes(path)
    return StoreStats(
        file=str(path),
        exchanges=count,
        kept=kept,
        oldest_ms=oldest_ms,
        newest_ms=newest_ms,
        size_bytes=await used_bytes(db) + wal,
        file_bytes=_file_bytes(path),
        free_bytes=free,
        wal_bytes=wal,
        raw_bytes=raw_bytes,
        stored_bytes=part_bytes + piece_bytes,
        pieces=pieces,
        piece_bytes=piece_bytes,
        index_bytes=await index_bytes(rows),
        not_indexed=await not_indexed(rows),
        keep_days=keep_days,
        keep_mb=keep_mb,
    )


async def _parts(db: aiosqlite.Connection, first: int, last: int) -> tuple[int, int]:
    """The bytes of bodies before and after they were packed."""
    raw = packed = 0
    for start in range(first, last + 1, _AT_ONCE):
        ids = (start * PARTS_PER_EXCHANGE, (start + _AT_ONCE) * PARTS_PER_EXCHANGE)
        for sizes in await db.execute_fetchall(_PARTS, ids):
            raw, packed = raw + sizes[0], packed + sizes[1]
    return raw, packed


async def _pieces(db: aiosqlite.Connection) -> tuple[int, int]:
    """How many pieces, and their bytes: a generation at a time."""
    count = size = at = 0
    while found := await number(db, f"{_NEXT_PIECE} {at}"):
        at = (found // _GENERATION + 1) * _GENERATION
        for some in await db.execute_fetchall(_PIECES, (at - _GENERATION, at)):
            count, size = count + some[0], size + some[1]
    return count, size


def _file_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
