"""The file as the writer holds it: open, removed by somebody, damaged and set aside."""

import sqlite3
from pathlib import Path

import aiosqlite

from llmgate.store.connection import open_writer, set_aside
from llmgate.store.pages import number
from llmgate.store.pieces import GENERATION_BITS
from llmgate.store.problems import DamagedStore, StoreProblem
from llmgate.store.rollup import add_rows
from llmgate.store.sql import IS_LIVE

_MOST_SEQ = 1 << 48  # no gateway records so many, and what has a higher number is damaged
_MOST_GENERATIONS = 1 << 30

CUT = "the gateway stopped before the answer ended"

_LAST_GENERATION = f"""
    SELECT max(ifnull((SELECT max(number) FROM generations), 0),
               ifnull((SELECT max(id) >> {GENERATION_BITS} FROM pieces), 0))
"""  # noqa: S608 - constants
_LAST_SEQ = "SELECT max(coalesce((SELECT max(seq) FROM exchanges), 0), (SELECT seq FROM indexed))"
_COUNT_LIVE = add_rows(IS_LIVE)
_CUT_LIVE = f"UPDATE exchanges SET state = 'cut', error = ? WHERE {IS_LIVE}"  # noqa: S608 - constants


class StoreFile:
    """The one writing connection; ``last_seq`` is of the newest row found when it was opened,
    ``last_generation`` of the newest pieces.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db: aiosqlite.Connection | None = None
        self.last_seq = 0
        self.last_generation = 0
        self.fresh = False  # nothing of what was written before is in this file
        self._inode = 0
        self._recovered = False

    @property
    def connection(self) -> aiosqlite.Connection:
        """The open connection; raises StoreProblem when there is none."""
        if self.db is None:
            raise StoreProblem(f"{self.path} is not open")
        return self.db

    @property
    def in_place(self) -> bool:
        """Open, and still the file that has this name."""
        return self.db is not None and _inode(self.path) == self._inode

    async def open(self) -> None:
        """Opens the file anew; raises sqlite3.Error, OSError and StoreProblem."""
        self.fresh = bool(self._inode) and _inode(self.path) != self._inode
        await self.close()
        db = await open_writer(self.path)
        try:
            await self._take_over(db)
        except BaseException:
            await db.close()
            raise
        self.db, self._inode = db, _inode(self.path)

    async def _take_over(self, db: aiosqlite.Connection) -> None:
        self.last_seq = await number(db, _LAST_SEQ)
        self.last_generation = await number(db, _LAST_GENERATION)
        if self.last_seq > _MOST_SEQ or self.last_generation > _MOST_GENERATIONS:
            raise DamagedStore  # nothing could be numbered after it
        if not self._recovered:
            await db.execute(_COUNT_LIVE)
            await db.execute(_CUT_LIVE, (CUT,))
            await db.commit()
            self._recovered = True

    async def close(self) -> None:
        """Closes the file, if it is open."""
        if self.db is not None:
            db, self.db = self.db, None
            await db.close()

    async def rollback(self) -> None:
        """Keeps a connection that may work again, drops one that does not even roll back."""
        if self.db is None:
            return
        try:
            await self.db.rollback()
        except sqlite3.Error:
            await self.close()

    def set_aside(self) -> Path:
        """Renames the damaged, closed file; returns its new name."""
        aside = set_aside(self.path)
        self._recovered = True  # a new file has nothing that a crash left behind
        return aside


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
