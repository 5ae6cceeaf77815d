"""Encodes a batch: small exchanges on the event loop a few at a time, big ones in a thread."""

import asyncio

from llmgate.config.credentials import Scrubber
from llmgate.store.encoder import Encoder, Entry, Job, Written, job_of
from llmgate.store.rows import Row
from llmgate.store.sharing import Sharing
from llmgate.wire.exchanges import ExchangeSummary

_BIG = 64 << 10
_STEP = 8  # exchanges encoded before the loop may serve somebody else
_BEHIND = 800  # from here on callers wait a little longer, so that nothing has to be dropped
_LONG_STEP = 64
_THOROUGH = 6  # the compression level of big bodies


class BatchEncoder:
    """Gives each exchange its row number and makes its rows."""

    def __init__(self, scrubber: Scrubber) -> None:
        self.seq = 0  # of the last row
        self.dropped_bodies = 0
        self.sharing = Sharing()
        self._encoder = Encoder(scrubber, self.sharing)
        self._big_encoder = Encoder(scrubber, self.sharing, _THOROUGH)  # of a thread of its own

    def use(self, scrubber: Scrubber) -> None:
        """Other secrets from now on."""
        self._encoder.scrubber = self._big_encoder.scrubber = scrubber

    def row(self, summary: ExchangeSummary) -> Row:
        """The row of an exchange that is only counted."""
        return self._encoder.row(summary)

    async def encode(
        self, batch: list[Entry], *, bodies: bool, waiting: int, largest: float = float("inf")
    ) -> list[Written]:
        """The rows of a batch; ``waiting`` is how many exchanges wait to be written.

        One that would take more than ``largest`` bytes in the file loses its bodies.
        """
        written = await self._encode(batch, bodies=bodies, waiting=waiting)
        too_large = {item.row[0] for item in written if item.size > largest}
        if not too_large:
            return written
        self.sharing.start_over()  # others may refer to pieces of what is left out
        for entry in batch:
            if entry.seq in too_large:
                entry.keep = False
                self.dropped_bodies += 1
        return await self._encode(batch, bodies=bodies, waiting=waiting)

    async def _encode(self, batch: list[Entry], *, bodies: bool, waiting: int) -> list[Written]:
        jobs = [self._job(entry, bodies=bodies) for entry in batch]
        small = [job for job in jobs if job.size <= _BIG]
        written: list[Written] = []
        step = _STEP if waiting < _BEHIND else _LONG_STEP
        for start in range(0, len(small), step):
            written += self._encoder.encode(small[start : start + step])
            await asyncio.sleep(0)
        for job in jobs:
            if job.size > _BIG:
                written += await asyncio.to_thread(self._big_encoder.encode, [job])
        return written

    def _job(self, entry: Entry, *, bodies: bool) -> Job:
        if not entry.seq:
            self.seq += 1
            entry.seq = self.seq
        job = job_of(entry, bodies=bodies)
        entry.writing_request = job.request is not None
        return job
