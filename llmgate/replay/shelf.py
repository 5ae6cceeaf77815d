"""The records of replays in memory and in the store: the newest so many of them."""

import asyncio
from collections.abc import Callable

import msgspec

from llmgate.replay.problems import NoSuchReplay
from llmgate.replay.record import Record, counted, decode, done_by, encode
from llmgate.replay.tally import Tally
from llmgate.store.replays import KeptReplays
from llmgate.wire.exchanges import LIVE
from llmgate.wire.replays import MAX_REPLAYS

_LONGEST_ID = 64


class Shelf:
    """Reads the store when it is first asked; then memory and store are the same."""

    def __init__(self, kept: KeptReplays, scrub: Callable[[bytes], bytes]) -> None:
        self._kept = kept
        self._scrub = scrub
        self._records: dict[str, Record] = {}
        self._loaded = False
        self._loading = asyncio.Lock()

    async def all(self) -> list[Record]:
        """Newest first."""
        await self._load()
        return sorted(
            self._records.values(), key=lambda one: (one.view.created_ms, one.view.id), reverse=True
        )

    async def get(self, replay_id: str) -> Record:
        """One, by its id or the beginning of it. Raises ``NoSuchReplay``."""
        await self._load()
        found = self._records.get(replay_id)
        if found is not None:
            return found
        near = [name for name in self._records if replay_id and name.startswith(replay_id)]
        if len(near) == 1:
            return self._records[near[0]]
        raise NoSuchReplay(f"no replay has the id '{replay_id[:_LONGEST_ID]}'")

    async def add(self, record: Record) -> None:
        """Keeps a new one; over the bound the oldest that is over goes."""
        await self._load()
        await self._write(record)
        over = [one for one in await self.all() if one.view.state != "running"]
        for one in over[::-1][: max(0, len(self._records) - MAX_REPLAYS)]:
            await self.remove(one.view.id)

    async def put(self, record: Record) -> None:
        """Keeps one that is there anew. Raises ``NoSuchReplay`` when it was removed meanwhile."""
        await self.get(record.view.id)
        await self._write(record)

    async def remove(self, replay_id: str) -> None:
        """Forgets one."""
        self._records.pop(replay_id, None)
        await self._kept.delete(replay_id)

    async def _write(self, record: Record) -> None:
        data = self._scrub(encode(record))
        record = decode(data) or record  # secrets are neither kept nor shown
        self._records[record.view.id] = record
        await self._kept.keep(record.view.id, record.view.created_ms, data)

    async def _load(self) -> None:
        async with self._loading:
            if self._loaded:
                return
            for _, data in await self._kept.newest(MAX_REPLAYS):
                record = decode(data)
                if record is not None:
                    record = await self._interrupted(record)
                    self._records[record.view.id] = record
            self._loaded = True

    async def _interrupted(self, record: Record) -> Record:
        """One that ran when the gateway ended is stopped; what came of it is counted."""
        if record.view.state != "running":
            return record
        rows = [row for _, row in await self._kept.results(record.view.id)]
        over = [row for row in rows if row.state not in LIVE]
        done = done_by(over, record.done)
        view = counted(record.view, Tally(over, done=sum(done.values())))
        view = msgspec.structs.replace(
            view, state="stopped", problem="the gateway ended meanwhile: it can be resumed"
        )
        return msgspec.structs.replace(record, view=view, done=done)
