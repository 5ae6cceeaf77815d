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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import aiosqlite

from llmgate.config.credentials import Scrubber
from llmgate.exchange import Exchange
from llmgate.store.backlog import Backlog
from llmgate.store.batch import BatchEncoder
from llmgate.store.caps import Caps
from llmgate.store.encoder import Entry, Written
from llmgate.store.file import StoreFile
from llmgate.store.indexing import Indexing
from llmgate.store.ledger import Ledger, Page
from llmgate.store.problems import StoreProblem, explain, is_damage, is_mistake, is_refusal
from llmgate.store.queries import Queries
from llmgate.store.retention import Retention
from llmgate.store.transaction import write
from llmgate.store.unbroken import unbroken
from llmgate.wire.gateway import Recording

Bodies = Literal["full", "metadata", "off"]
OnProblem = Callable[[str | None], None]
T = TypeVar("T")
Work = Callable[[aiosqlite.Connection], Awaitable[T]]
GATHER_S = 0.04
RETRY_S = 2.0
MAINTAIN_S = 10.0

_STOPPED_BYTES = 32 << 20  # bodies held while nothing can be written

_UNOPENED = (sqlite3.Error, OSError, StoreProblem, UnicodeDecodeError)

_log = logging.getLogger("llmgate.store")


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
        self.queries = Queries(path, monotonic)
        self.indexing = Indexing(self.queries.rows, self.change)
        self.backlog = Backlog()
        self._on_problem = on_problem
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._bodies: Bodies = "full"
        self._caps = Caps(0, 0)
        self.retention = Retention(path, monotonic)
        self._encoder = BatchEncoder(scrubber)
        self.indexing.unindexed.scrub = scrubber.scrub_text
        self._ledger = Ledger(self._encoder.row)
        self._file = StoreFile(path)
        self._problem = ""
        self._closed = False
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
        """An exchange has ended: everything about it is written soon, what it cost in any case."""
        recorded = self._bodies != "off" or self.backlog.pending(exchange.id) is not None
        if not (recorded and self.backlog.ended(exchange)):
            self._ledger.ended(exchange.summary())
        self._wake.set()

    def pending(self, exchange_id: str) -> Exchange | None:
        """An exchange that is live or not written yet."""
        return self.backlog.pending(exchange_id)

    # What others ask and tell.

    def keep_counters(self, counters: Mapping[str, bytes]) -> None:
        """Writes counters soon: of each the newest value, and none when that is empty."""
        self._ledger.keep(counters)
        self._wake.set()

    async def write(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Runs a small, rare statement in a transaction of its own; raises StoreProblem."""
        await self.change(lambda db: db.execute(statement, values))

    async def change(self, work: Work[T], room: int = 0) -> T:
        """Runs small, rare work in a transaction of its own; raises StoreProblem.

        It waits its turn, has ``room`` bytes made, and fails at once while recording is stopped.
        """
        async with self._lock:
            if self._closed or self._problem or not await self._ready():
                raise StoreProblem(self._problem or f"{self.path} is closed")
            try:
                return await unbroken(self._change(work, room))
            except Exception as error:
                said = explain(error, self.path)
                if is_mistake(error):
                    await self._file.rollback()
                else:
                    await self._stop(error)
                raise StoreProblem(said) from error

    async def _change(self, work: Work[T], room: int) -> T:
        db = self._file.connection
        await self.retention.make_way(db, self._caps, room, self._generation())
        done = await work(db)
        await db.commit()
        self.retention.changed()
        return done

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
        self._encoder.sharing.limit(self._caps.keep_bytes)
        self.indexing.limit(self._caps)
        if scrubber is not None:
            self._encoder.use(scrubber)
            self.indexing.unindexed.scrub = scrubber.scrub_text
        self._maintain_at = 0.0
        self._wake.set()

    def status(self) -> Recording:
        """How the store is doing."""
        state: Literal["recording", "stopped", "off"] = (
            "off" if self._bodies == "off" else "recording"
        )
        return Recording(
            state="stopped" if self._problem else state,
            problem=self._problem,
            damage=self.queries.damage,
            kept=self.retention.count or 0,
            size_bytes=self.retention.size_bytes,
            queued=len(self.backlog),
            dropped_bodies=self.backlog.dropped_bodies + self._encoder.dropped_bodies,
            dropped_exchanges=self.backlog.dropped_exchanges,
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
            while self.backlog.waiting or self._ledger.waiting:
                if not await unbroken(self._write_batch()):
                    return False
            self._tell("")
            return True

    async def maintain(self, *, sweep: bool = False) -> bool:
        """Counts, and removes what is over the caps: one step; True when there is more to do.

        With ``sweep``, pieces that nobody needs are looked for in every generation.
        """
        async with self._lock:
            self._maintain_at = self._monotonic() + MAINTAIN_S
            if self._file.db is None:
                return False
            try:
                return await unbroken(self._maintain(self._file.db, sweep=sweep))
            except (sqlite3.Error, UnicodeDecodeError) as error:
                await self._stop(error)
                return False

    async def _maintain(self, db: aiosqlite.Connection, *, sweep: bool) -> bool:
        sharing, retention = self._encoder.sharing, self.retention
        if sweep:
            sharing.start_over()
            await retention.sweeper.all(db)
        more = await retention.step(db, self._caps, self._now_ms(), self._generation())
        if retention.full and sharing.in_use:
            sharing.start_over()  # what was removed may have been the last to need its pieces
            more = True
        if more:
            self._maintain_at = 0.0
            self._wake.set()
        return more

    async def close(self) -> None:
        """Writes what is queued and closes the file."""
        await self.flush()
        async with self._lock:
            self._closed = True
            await self._file.close()
        await self.queries.close()

    # One batch.

    async def _write_batch(self) -> bool:
        batch, page = self.backlog.take(self._caps.batch_bytes), self._ledger.take()
        try:
            await self._write(await self._encode(batch), page)
            self._ledger.done()
        except Exception as error:  # noqa: BLE001 - the recorder may never break a stream
            self._encoder.sharing.start_over()
            if not is_refusal(error):
                self.backlog.put_back()
                self._ledger.put_back()
                await self._stop(error)
                return False
            await self._write_apart(batch, page)
        except BaseException:
            self._encoder.sharing.start_over()
            self.backlog.put_back()
            self._ledger.put_back()
            raise
        self._wrote(batch)
        return True

    def _wrote(self, batch: list[Entry]) -> None:
        for entry in batch:
            self.retention.counted(not entry.inserted)
            entry.inserted = True
            entry.request_written = entry.request_written or entry.writing_request
        self.backlog.done()
        self.indexing.wrote(len(batch))

    async def _encode(self, batch: list[Entry]) -> list[Written]:
        return await self._encoder.encode(
            batch,
            bodies=self._bodies == "full",
            waiting=len(self.backlog),
            largest=self._caps.largest,
        )

    async def _write(self, written: list[Written], page: Page | None = None) -> None:
        """Makes room for a batch and writes it."""
        db = self._file.connection
        size = sum(item.size for item in written)
        await self.retention.make_room(db, self._caps, size, self._generation(written))
        await write(db, written, page)
        await self.retention.bound_wal(db, self._caps)

    def _generation(self, written: Sequence[Written] = ()) -> int:
        """The oldest generation that may still be referred to by what is about to be written."""
        if used := [number for item in written for number in item.generations]:
            return min(used)
        sharing = self._encoder.sharing
        if sharing.is_full(self._encoder.seq):
            sharing.start_over()
        return sharing.generation

    async def _write_apart(self, batch: list[Entry], page: Page) -> None:
        """One of the batch cannot be stored (a number beyond 64 bits): it alone is dropped."""
        await self._file.rollback()
        for entry in batch:
            try:
                await self._write(await self._encode([entry]))
            except Exception as error:  # noqa: BLE001 - the recorder may never break a stream
                self._encoder.sharing.start_over()
                await self._file.rollback()
                self.backlog.dropped_exchanges += 1
                if entry.ended:
                    self._ledger.ended(entry.summary())
                _log.warning("exchange %s cannot be recorded: %s", entry.id, error)
        if batch:
            self._ledger.put_back()
            return
        self._ledger.done()
        _log.warning("%d counters cannot be recorded", len(page.counters))

    # The file.

    async def _ready(self) -> bool:
        """Whether the file is open; opens it when it is not, or when somebody removed it."""
        if self._file.in_place:
            return True
        try:
            if self._file.db is not None:
                await self.queries.close()
            await self._connect()
        except _UNOPENED as error:
            await self._stop(error)
        return self._file.db is not None

    async def _connect(self) -> None:
        await self._file.open()
        if self._file.fresh:
            self.backlog.start_over()
            self._ledger.start_over()
        self._encoder.seq = max(self._encoder.seq, self._file.last_seq)
        self._encoder.sharing.start_over(self._file.last_generation)
        self.retention.forget()
        self._maintain_at = 0.0

    async def _stop(self, error: Exception) -> None:
        """Says what is wrong; a damaged file is replaced by a new one at once."""
        if is_damage(error):
            await self._replace_damaged()
            return
        await self._file.rollback()
        self.backlog.shrink(_STOPPED_BYTES)
        self._tell(explain(error, self.path))

    async def _replace_damaged(self) -> None:
        await self._file.close()
        await self.queries.close()
        try:
            aside = self._file.set_aside()
            self._tell(f"{self.path.name} was damaged: it is now {aside.name}, a new one is begun")
            await self._connect()
        except _UNOPENED as error:
            self._tell(explain(error, self.path))

    def _tell(self, problem: str) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        if self._on_problem is not None:
            self._on_problem(problem or None)
