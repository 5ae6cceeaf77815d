"""Step 9: publishes what happens to viewers, at most ten times a second, whatever the traffic.

Changes are collected by exchange and encoded once per tick for all viewers. A slow viewer loses its
oldest ticks and is told so with a ``gap``; it never slows a request. Without viewers nothing is
encoded at all.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import msgspec

from llmgate.exchange import Exchange
from llmgate.wire import sse
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import Bye, Changes, Gap, Heartbeat, Level, Notice, Snapshot
from llmgate.wire.gateway import ProviderView, Status

TICK_S = 0.1
HEARTBEAT_S = 2.0
_NOTICES = 500
_HELD_TICKS = 300  # half a minute for a viewer to come back
_QUEUE_TICKS = 100
_encoder = msgspec.json.Encoder()


class Viewer:
    """One connection of the live feed: a bounded queue of encoded events."""

    def __init__(self) -> None:
        self._queue: deque[tuple[int, bytes]] = deque()
        self._news = asyncio.Event()
        self._missed: tuple[int, int] | None = None
        self.closed = False

    def put(self, seq: int, event: bytes) -> None:
        """Adds an event; over the bound the oldest is dropped and becomes part of a gap."""
        if len(self._queue) >= _QUEUE_TICKS:
            lost, _ = self._queue.popleft()
            first = self._missed[0] if self._missed else lost
            self._missed = (first, lost)
        self._queue.append((seq, event))
        self._news.set()

    def close(self, last: bytes) -> None:
        """Ends the feed after what is queued and ``last``."""
        self._queue.append((-1, last))
        self.closed = True
        self._news.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Yields encoded events until the feed is closed."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._queue:
                yield self._gap() or self._queue.popleft()[1]
            if self.closed:
                return

    def _gap(self) -> bytes:
        """What was dropped since the last event and before the next one; empty when nothing was."""
        if self._missed is None:
            return b""
        first, last = self._missed
        self._missed = None
        return encode(Gap(first=first, last=last), "gap", last)


class Hub:
    """Collects changes and hands them to viewers."""

    def __init__(
        self,
        status: Callable[[], Status],
        providers: Callable[[], list[ProviderView]],
        *,
        first_seq: int = 0,
        clean: Callable[[Iterable[ExchangeSummary]], list[ExchangeSummary]] = list,
    ) -> None:
        """``first_seq`` is above every number of earlier runs: their viewers come back too;
        ``clean`` takes secrets out of rows.
        """
        self._clean = clean
        self._status = status
        self._providers = providers
        self._seq = first_seq
        self._dirty: dict[str, Exchange] = {}
        self._changed: dict[str, ExchangeSummary] = {}
        self._live: dict[str, Exchange] = {}
        self._notices: deque[Notice] = deque(maxlen=_NOTICES)
        self._new_notices: list[Notice] = []
        self._viewers: set[Viewer] = set()
        self._held: deque[tuple[int, bytes]] = deque(maxlen=_HELD_TICKS)
        self._somebody = asyncio.Event()
        self._collecting = False
        self._coming = 0  # viewers that are about to be registered

    @property
    def live(self) -> dict[str, Exchange]:
        """Exchanges under way by id."""
        return self._live

    def begun(self, exchange: Exchange) -> None:
        """An exchange is on its way."""
        self._live[exchange.id] = exchange
        self.progress(exchange)

    def progress(self, exchange: Exchange) -> None:
        """An exchange has grown."""
        if self._collecting:
            self._dirty[exchange.id] = exchange

    def ended(self, exchange: Exchange) -> None:
        """An exchange is over."""
        self._live.pop(exchange.id, None)
        self.progress(exchange)

    def changed(self, rows: Iterable[ExchangeSummary]) -> None:
        """Something was said of exchanges: of live ones as they are, of others these rows."""
        for row in rows:
            if live := self._live.get(row.id):
                self.progress(live)
            elif self._collecting:
                self._changed[row.id] = row

    def notice(self, level: Level, kind: str, text: str, *, at_ms: int, exchange: str = "") -> None:
        """Something happened to the gateway itself."""
        notice = Notice(at_ms=at_ms, level=level, kind=kind, text=text, exchange=exchange)
        self._notices.append(notice)
        if self._collecting:
            self._new_notices.append(notice)

    async def run(self) -> None:
        """Ticks while somebody looks, and a while longer for those who come back; then sleeps."""
        beat = idle = 0
        while True:
            idle = 0 if self._viewers else idle + 1
            if idle > _HELD_TICKS or not self._collecting:
                await self._rest()
            await asyncio.sleep(TICK_S)
            beat += 1
            self._tick(slow=beat % round(1 / TICK_S) == 0)
            if beat % round(HEARTBEAT_S / TICK_S) == 0:
                self._beat()

    @asynccontextmanager
    async def viewer(
        self, last_seq: int | None, newest: Callable[[], Awaitable[list[ExchangeSummary]]]
    ) -> AsyncIterator[Viewer]:
        """Registers a viewer: a snapshot first, or the ticks missed since ``last_seq``.

        ``newest`` reads the newest kept exchanges; what ends meanwhile is collected already.
        """
        viewer = Viewer()
        self._collecting = True
        self._coming += 1
        try:
            kept = await newest()
        finally:
            self._coming -= 1
        missed = [held for held in self._held if last_seq is not None and held[0] > last_seq]
        if last_seq is not None and missed and missed[0][0] == last_seq + 1:
            for seq, event in missed:
                viewer.put(seq, event)
        elif last_seq is None or last_seq != self._seq:
            viewer.put(self._seq, encode(self._snapshot(kept), "snapshot", self._seq))
        self._viewers.add(viewer)
        self._somebody.set()
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    def close(self, reason: str) -> None:
        """Says goodbye to every viewer."""
        for viewer in self._viewers:
            viewer.close(encode(Bye(reason=reason), "bye", self._seq))

    async def _rest(self) -> None:
        """Nobody looks: nothing is collected and nothing is held until somebody does."""
        if not self._viewers and not self._coming:
            self._collecting = False
            self._dirty.clear()
            self._changed.clear()
            self._new_notices.clear()
            self._held.clear()
            self._somebody.clear()
            await self._somebody.wait()

    def _tick(self, *, slow: bool) -> None:
        if not (self._dirty or self._changed or self._new_notices):
            return
        self._seq += 1
        changes = Changes(
            seq=self._seq,
            exchanges=self._rows(),
            notices=list(self._new_notices),
            status=self._status() if slow or self._new_notices else None,
            providers=self._providers() if slow else [],
        )
        self._dirty.clear()
        self._changed.clear()
        self._new_notices.clear()
        event = encode(changes, "changes", self._seq)
        self._held.append((self._seq, event))
        for viewer in self._viewers:
            viewer.put(self._seq, event)

    def _rows(self) -> list[ExchangeSummary]:
        """What is said of an exchange after its end stands above the exchange itself."""
        rows = [e.summary() for e in self._dirty.values() if e.id not in self._changed]
        return self._clean(rows) + list(self._changed.values())

    def _beat(self) -> None:
        event = encode(Heartbeat(seq=self._seq, status=self._status()), "heartbeat", self._seq)
        for viewer in self._viewers:
            viewer.put(self._seq, event)

    def _snapshot(self, kept: list[ExchangeSummary]) -> Snapshot:
        """``changes`` may repeat a row of it: rows are replaced by id."""
        in_memory = {**self._dirty, **self._live}
        rows = {summary.id: summary for summary in kept}
        rows |= {row.id: row for row in self._clean([e.summary() for e in in_memory.values()])}
        rows |= {name: row for name, row in self._changed.items() if name not in self._live}
        return Snapshot(
            seq=self._seq,
            status=self._status(),
            exchanges=sorted(rows.values(), key=lambda summary: summary.id),
            providers=self._providers(),
            notices=list(self._notices),
        )


def encode(event: msgspec.Struct, name: str, seq: int) -> bytes:
    """One server-sent event."""
    return sse.encode(_encoder.encode(event), name=name, id=str(seq))
