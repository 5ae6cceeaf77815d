"""Follows one open exchange: the chunks and blocks that were added, ten times a second."""

import asyncio
from collections.abc import AsyncIterator

from llmgate.control.core import Core
from llmgate.control.reading import clean_chunks, content_type, kept, live_chunks
from llmgate.exchange import Exchange
from llmgate.formats import catalog
from llmgate.formats.reader import Reader
from llmgate.wire.blocks import BlockEvent
from llmgate.wire.exchanges import Growth

_EVERY_S = 0.1
_QUIET_S = 2.0
_MOST_CHUNKS = 5_000


async def follow(core: Core, exchange_id: str, start: int) -> AsyncIterator[Growth]:
    """Yields what was added since chunk ``start`` until the exchange is over.

    Blocks always begin at the first chunk, so that a viewer who comes late has the whole answer.
    """
    live = core.in_memory(exchange_id)
    if live is None:
        async for growth in _kept(core, exchange_id):
            yield growth
        return
    follower, quiet_s = _Follower(core, live, start), 0.0
    while True:
        growth = follower.growth()
        quiet_s += _EVERY_S
        if growth.chunks or growth.done or quiet_s >= _QUIET_S:
            quiet_s = 0.0
            yield growth
        if growth.done:
            return
        await asyncio.sleep(_EVERY_S)


class _Follower:
    """What one viewer has of one live exchange."""

    def __init__(self, core: Core, live: Exchange, start: int) -> None:
        self._core = core
        self._live = live
        self._sent = start
        self._read = 0
        self._reader: Reader | None = None

    def growth(self) -> Growth:
        """What is new; the exchange may have ended since the last time."""
        live = self._live
        done = not live.live
        chunks = live_chunks(self._core, live, self._sent, _MOST_CHUNKS)
        self._sent += len(chunks)
        row = self._core.clean([live.summary()])[0]
        return Growth(summary=row, chunks=chunks, blocks=self._blocks(done), done=done)

    def _blocks(self, done: bool) -> list[BlockEvent]:
        live = self._live
        if self._reader is None:
            if not live.received_headers:
                return []
            self._reader = catalog.reader_for(live.protocol, content_type(live.detail()))
        blocks: list[BlockEvent] = []
        new = clean_chunks(self._core, live, self._read, len(live.chunks))
        for chunk in new:
            blocks += self._reader.feed(chunk)
        self._read += len(new)
        return [*blocks, *self._reader.close()] if done else blocks


async def _kept(core: Core, exchange_id: str) -> AsyncIterator[Growth]:
    detail = await core.store.queries.detail(exchange_id)
    if detail is None:
        return
    body = await kept(core, exchange_id, "answer") or b""
    reader = catalog.reader_for(detail.summary.protocol, content_type(detail))
    yield Growth(
        summary=detail.summary,
        chunks=await core.store.queries.chunks(exchange_id, 0, 5_000),
        blocks=[*reader.feed(body), *reader.close()],
        done=True,
    )
