"""The one writer: takes exchanges from the request path without waiting and writes them in batches.

``begun`` and ``ended`` only queue. ``run`` wakes when something is queued, gathers for ``GATHER_S``
and writes one transaction; scrubbing and compression happen here. When the file cannot be written,
recording stops, serving goes on, and it is tried again every ``RETRY_S``; a damaged file is
set aside.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self

import aiosqlite

from llmgate.config.credentials import Scrubber
from llmgate.exchange import Exchange
from llmgate.store.backlog import Backlog
from llmgate.store.connection import open_writer, set_aside
from llmgate.store.encoder import Encoder, Entry, Job, Written, job_of
from llmgate.store.migrations import IS_LIVE
from llmgate.store.problems import StoreProblem, explain, is_damage
from llmgate.store.queries import Queries
from llmgate.store.retention import Caps, Retention
from llmgate.store.rows import INSERT, OR_UPDATE
from llmgate.store.together import together
from llmgate.wire.gateway import Recording

Bodies = Literal["full", "metadata", "off"]
OnProblem = Callable[[str | None], None]

GATHER_S = 0.04
RETRY_S = 2.0
MAINTAIN_S = 10.0
CUT = "the gateway stopped before the answer ended"

_BIG = 64 << 10
_STEP = 8  # exchanges encoded before the loop may serve somebody else
_BEHIND = 800  # from here on callers wait a little longer, so that nothing has to be dropped
_LONG_STEP = 64
_STOPPED_BYTES = 32 << 20  # bodies held while nothing can be written

_log = logging.getLogger("llmgate.store")

_PARTS = "INSERT OR REPLACE INTO parts"
_CUT_LIVE = f"UPDATE exchanges SET state = 'cut', error = ? WHERE {IS_LIVE}"  # noqa: S608 - constants


def _epoch_ms() -> int:
    return time.time_ns() // 1_000_000


class Store:
    """Records exchanges in one file; ``queries`` reads it."""

    def __init__(
        self,
        path: Path,
        *,
        scrubber: Scrubber,
        on_problem: OnProblem | None = None,
        now_ms: Callable[[], int] = _epoch_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.queries = Queries(path)
        self.backlog = Backlog()
        self._on_problem = on_problem
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._bodies: Bodies = "full"
        self._caps = Caps(0, 0)
        self._retention = Retention(path, monotonic)
        self._encoder = Encoder(scrubber)
        self._big_encoder = Encoder(scrubber)  # of the thread that takes big bodies
        self._db: aiosqlite.Connection | None = None
        self._inode = 0
        self._problem = ""
        self._seq = 0
        self._recovered = False
        self._kept: int | None = None
        self._size_bytes = 0
        self._maintain_at = 0.0
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()

    @classmethod
    async def open(  # noqa: PLR0913 - the recording section of the config, and what is injected
        cls,
        path: Path,
        *,
        bodies: Bodies = "full",
        keep_days: float = 14,
        keep_mb: float = 1024,
        scrubber: Scrubber | None = None,
        on_problem: OnProblem | None = None,
        now_ms: Callable[[], int] = _epoch_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Opens or creates the file; a file that cannot be used shows in ``status``."""
        store = cls(
            path,
            scrubber=scrubber or Scrubber(()),
            on_problem=on_problem,
            now_ms=now_ms,
            monotonic=monotonic,
        )
        store.configure(bodies=bodies, keep_days=keep_days, keep_mb=keep_mb)
        async with store._lock:
            await store._ready()
        return store

    # The request path: queue, never wait.

    def begun(self, exchange: Exchange) -> None:
        """An exchange has begun: its row and request body are written soon."""
        if self._bodies != "off":
            self.backlog.begun(exchange)
            self._wake.set()

    def ended(self, exchange: Exchange) -> None:
        """An exchange has ended: everything about it is written soon."""
        if self._bodies != "off" or self.backlog.pending(exchange.id) is not None:
            self.backlog.ended(exchange)
            self._wake.set()

    def pending(self, exchange_id: str) -> Exchange | None:
        """An exchange that is live or not written yet."""
        return self.backlog.pending(exchange_id)

    # What others ask and tell.

    def configure(
        self,
        *,
        bodies: Bodies,
        keep_days: float,
        keep_mb: float,
        scrubber: Scrubber | None = None,
    ) -> None:
        """Applies a recording section, while running too."""
        self._bodies = bodies
        self._caps = Caps(keep_days, keep_mb)
        if scrubber is not None:
            self._encoder.scrubber = self._big_encoder.scrubber = scrubber
        self._maintain_at = 0.0
        self._wake.set()

    def status(self) -> Recording:
        """How the store is doing."""
        state: Literal["recording", "stopped", "off"] = (
            "off" if self._bodies == "off" else "recording"
        )
        backlog = self.backlog
        return Recording(
            state="stopped" if self._problem else state,
            problem=self._problem,
            kept=self._kept or 0,
            size_bytes=self._size_bytes,
            queued=len(backlog),
            dropped_bodies=backlog.dropped_bodies,
            dropped_exchanges=backlog.dropped_exchanges,
        )

    # The loop.

    async def run(self) -> None:
        """Writes what is queued until it is cancelled; ``close`` writes the rest."""
        while True:
            await self._pause()
            self._wake.clear()
            try:
                await self.flush()
                if self._monotonic() >= self._maintain_at:
                    await self.maintain()
            except Exception as error:  # noqa: BLE001 - the recorder may never break a stream
                _log.exception("the recorder made a mistake")
                self._tell(explain(error, self.path))

    async def _pause(self) -> None:
        if self._problem:
            await asyncio.sleep(RETRY_S)
            return
        try:
            async with asyncio.timeout(MAINTAIN_S):
                await self._wake.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)

    async def flush(self) -> bool:
        """Writes everything queued so far; False when the file cannot be written."""
        async with self._lock:
            if not await self._ready():
                return False
            while self.backlog.waiting:
                if not await self._write_batch():
                    return False
            self._tell("")
            return True

    async def maintain(self) -> None:
        """Counts, and removes what is over the caps: one step; ``run`` comes back for more."""
        async with self._lock:
            self._maintain_at = self._monotonic() + MAINTAIN_S
            if self._db is None:
                return
            try:
                await self._maintain(self._db)
            except sqlite3.Error as error:
                await self._stop(error)

    async def _maintain(self, db: aiosqlite.Connection) -> None:
        if self._kept is None:
            self._kept = await _number(db, "SELECT count(*) FROM exchanges")
        trimmed = await self._retention.step(db, self._caps, self._now_ms())
        self._kept -= trimmed.removed
        self._size_bytes = trimmed.size_bytes
        if trimmed.more:
            self._maintain_at = 0.0
            self._wake.set()

    async def close(self) -> None:
        """Writes what is queued and closes the file."""
        await self.flush()
        async with self._lock:
            await self._disconnect()
        await self.queries.close()

    # One batch.

    async def _write_batch(self) -> bool:
        batch = self.backlog.take()
        try:
            await self._write(await self._encode(batch))
        except (sqlite3.InterfaceError, sqlite3.ProgrammingError):
            await self._write_one_by_one(batch)
        except (sqlite3.Error, OSError, StoreProblem) as error:
            self.backlog.put_back()
            await self._stop(error)
            return False
        except Exception:  # noqa: BLE001 - the recorder may never break a stream
            await self._write_one_by_one(batch)
        except BaseException:
            self.backlog.put_back()
            raise
        self._wrote(batch)
        return True

    def _wrote(self, batch: list[Entry]) -> None:
        for entry in batch:
            self._kept = None if self._kept is None else self._kept + (not entry.inserted)
            entry.inserted = True
            entry.request_written = entry.request_written or entry.writing_request
        self.backlog.done()

    async def _encode(self, batch: list[Entry]) -> list[Written]:
        jobs = [self._job(entry) for entry in batch]
        small = [job for job in jobs if job.size <= _BIG]
        written: list[Written] = []
        step = _STEP if len(self.backlog) < _BEHIND else _LONG_STEP
        for start in range(0, len(small), step):
            written += self._encoder.encode(small[start : start + step])
            await asyncio.sleep(0)
        for job in jobs:
            if job.size > _BIG:
                written += await asyncio.to_thread(self._big_encoder.encode, [job])
        return written

    def _job(self, entry: Entry) -> Job:
        if not entry.seq:
            self._seq += 1
            entry.seq = self._seq
        job = job_of(entry, bodies=self._bodies == "full")
        entry.writing_request = job.request is not None
        return job

    async def _write(self, written: list[Written]) -> None:
        db = self._open_db()
        parts = [part for item in written for part in item.parts]
        for statement, values in (
            *together(INSERT, OR_UPDATE, [item.row for item in written]),
            *together(_PARTS, "", parts),
        ):
            await db.execute(statement, values)
        await db.commit()

    def _open_db(self) -> aiosqlite.Connection:
        if self._db is None:
            raise StoreProblem(f"{self.path} is not open")
        return self._db

    async def _write_one_by_one(self, batch: list[Entry]) -> None:
        """One of the batch cannot be stored (a number beyond 64 bits): it alone is dropped."""
        db = self._open_db()
        await db.rollback()
        for entry in batch:
            try:
                await self._write(await self._encode([entry]))
            except Exception as error:  # noqa: BLE001 - the recorder may never break a stream
                await db.rollback()
                self.backlog.dropped_exchanges += 1
                _log.warning("exchange %s cannot be recorded: %s", entry.id, error)

    # The file.

    async def _ready(self) -> bool:
        """Whether the file is open; opens it when it is not, or when somebody removed it."""
        if self._db is not None and _inode(self.path) == self._inode:
            return True
        try:
            if self._db is not None:
                await self._disconnect()
                await self.queries.close()
            await self._connect()
        except (sqlite3.Error, OSError, StoreProblem) as error:
            await self._stop(error)
        return self._db is not None

    async def _connect(self) -> None:
        db = await open_writer(self.path)
        try:
            await self._take_over(db)
        except BaseException:
            await db.close()
            raise
        inode = _inode(self.path)
        if self._inode and inode != self._inode:
            self.backlog.start_over()
        self._db, self._inode = db, inode
        self._kept = None
        self._maintain_at = 0.0

    async def _take_over(self, db: aiosqlite.Connection) -> None:
        self._seq = max(self._seq, await _number(db, "SELECT max(seq) FROM exchanges"))
        if not self._recovered:
            await db.execute(_CUT_LIVE, (CUT,))
            await db.commit()
            self._recovered = True

    async def _disconnect(self) -> None:
        if self._db is not None:
            db, self._db = self._db, None
            await db.close()

    async def _stop(self, error: Exception) -> None:
        """Says what is wrong; a damaged file is replaced by a new one at once."""
        if is_damage(error):
            await self._replace_damaged()
            return
        await self._rollback()
        self.backlog.shrink(_STOPPED_BYTES)
        self._tell(explain(error, self.path))

    async def _rollback(self) -> None:
        """Keeps a connection that may work again, drops one that does not even roll back."""
        if self._db is None:
            return
        try:
            await self._db.rollback()
        except sqlite3.Error:
            await self._disconnect()

    async def _replace_damaged(self) -> None:
        await self._disconnect()
        await self.queries.close()
        try:
            aside = set_aside(self.path)
            self._tell(f"{self.path.name} was damaged: it is now {aside.name}, a new one is begun")
            self._recovered = True
            await self._connect()
        except (sqlite3.Error, OSError, StoreProblem) as error:
            self._tell(explain(error, self.path))

    def _tell(self, problem: str) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        if self._on_problem is not None:
            self._on_problem(problem or None)


async def _number(db: aiosqlite.Connection, query: str) -> int:
    async with db.execute(query) as cursor:
        row = await cursor.fetchone()
    return int(row[0] or 0) if row else 0


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
