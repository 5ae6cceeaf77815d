"""Opens the store file for writing or reading, and sets a damaged one aside."""

import asyncio
import os
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import aiosqlite

from llmgate.store.problems import DamagedStore, StoreProblem
from llmgate.store.soundness import bring_up_to_date

_PRAGMAS = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # works only before the first table
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA busy_timeout = 500",
    "PRAGMA cache_size = -8192",
    "PRAGMA journal_size_limit = 16777216",
    "PRAGMA temp_store = MEMORY",
)
_MAX_DAMAGED = 9


async def open_writer(path: Path) -> aiosqlite.Connection:
    """The one writing connection, the file up to date; raises sqlite3.Error, OSError and
    StoreProblem.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _create_private(path)
    db = await aiosqlite.connect(path)
    try:
        for pragma in _PRAGMAS:
            await db.execute(pragma)
        await bring_up_to_date(db)
    except UnicodeDecodeError as error:  # of what SQLite says of a damaged file
        await db.close()
        raise DamagedStore from error
    except BaseException:
        await db.close()
        raise
    return db


def _create_private(path: Path) -> None:
    """SQLite gives its -wal and -shm files the rights of the file itself."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if sys.platform != "win32":
        with suppress(PermissionError):  # another owner's file: theirs to guard
            path.chmod(0o600)


async def open_reader(path: Path) -> aiosqlite.Connection:
    """A read-only connection; never creates the file. Raises sqlite3.Error and StoreProblem.

    Opening is not interrupted half-way: the connection's thread would outlive the event loop.
    """
    opening = asyncio.ensure_future(_open_reader(path))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await (await opening).close()
        raise


async def _open_reader(path: Path) -> aiosqlite.Connection:
    name = quote(os.path.abspath(path))  # noqa: PTH100, ASYNC240 - no file is touched
    try:
        return await _read_only(f"file:{name}?mode=ro")
    except UnicodeDecodeError as error:
        raise DamagedStore from error
    except sqlite3.OperationalError:
        if side_files(path):
            raise
        return await _read_only(f"file:{name}?immutable=1")  # a folder that cannot be written


def side_files(path: Path) -> list[Path]:
    """The -wal and -shm files that are there."""
    return [side for ending in ("-wal", "-shm") if (side := Path(f"{path}{ending}")).exists()]


async def _read_only(uri: str) -> aiosqlite.Connection:
    db = await aiosqlite.connect(uri, uri=True)
    try:
        for pragma in (
            "PRAGMA query_only = 1",
            "PRAGMA busy_timeout = 2000",
            "PRAGMA cache_size = -16384",
            "SELECT count(*) FROM sqlite_master",
        ):
            await db.execute(pragma)
    except BaseException:
        await db.close()
        raise
    return db


def set_aside(path: Path) -> Path:
    """Renames a damaged store and its side files; returns the new name."""
    for number in range(1, _MAX_DAMAGED + 1):
        target = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        if not target.exists():
            break
    else:
        raise StoreProblem(
            f"{path} is damaged and {_MAX_DAMAGED} damaged ones lie beside it already;"
            " move them away, recording starts again by itself"
        )
    for side in side_files(path):
        side.replace(f"{target}{side.name.removeprefix(path.name)}")
    path.replace(target)
    return target
