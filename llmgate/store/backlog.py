"""What waits to be written: bounded in rows and in bytes; bodies are given up before rows."""

from llmgate.exchange import Exchange
from llmgate.store.encoder import Entry

MAX_ROWS = 20_000
MAX_BYTES = 256 << 20
BATCH_ROWS = 400
BATCH_BYTES = 32 << 20


class Backlog:
    """Exchanges between the request path and the disk; everything here runs on the event loop.

    ``_live`` holds those that have begun and not ended, ``_dirty`` those with something to write in
    order of arrival, ``_flight`` the batch being written.
    """

    def __init__(self, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES) -> None:
        self.max_rows = max_rows
        self.max_bytes = max_bytes
        self.bytes = 0
        self.dropped_bodies = 0
        self.dropped_exchanges = 0
        self._live: dict[str, Entry] = {}
        self._dirty: dict[str, Entry] = {}
        self._flight: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._dirty) + len(self._flight)

    @property
    def waiting(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._dirty)

    def begun(self, exchange: Exchange) -> None:
        """Takes in an exchange that has begun."""
        entry = Entry(exchange)
        self._live[exchange.id] = entry
        if len(self._dirty) >= self.max_rows:
            return  # its end may still fit
        size = len(exchange.request_body)
        entry.keep = self.bytes + size <= self.max_bytes
        self._queue(entry, size if entry.keep else 0)

    def ended(self, exchange: Exchange) -> bool:
        """Takes in the end of an exchange; False when there is no room for it."""
        key = exchange.id
        entry = self._live.pop(key, None) or self._dirty.get(key) or Entry(exchange)
        if key not in self._dirty and len(self._dirty) >= self.max_rows and not entry.inserted:
            self.dropped_exchanges += 1
            return False
        entry.ended = True
        size = len(exchange.request_body) + len(exchange.sent_body or b"") + exchange.response_bytes
        entry.keep = self.bytes + size - entry.queued <= self.max_bytes
        if not entry.keep:
            self.dropped_bodies += size > 0
            entry.freeze()  # lets go of the bytes
            size = 0
        self._queue(entry, size)
        return True

    def _queue(self, entry: Entry, size: int) -> None:
        self.bytes += size - entry.queued
        entry.queued = size
        self._dirty[entry.id] = entry

    def take(self, max_bytes: int = BATCH_BYTES) -> list[Entry]:
        """The next batch; ``done`` or ``put_back`` must follow."""
        size = 0
        for key, entry in self._dirty.items():
            self._flight[key] = entry
            size += entry.queued
            if len(self._flight) >= BATCH_ROWS or size >= max_bytes:
                break
        for key in self._flight:
            del self._dirty[key]
        return list(self._flight.values())

    def done(self) -> None:
        """The batch is on its way to the disk for good."""
        for key, entry in self._flight.items():
            if key not in self._dirty:
                self.bytes -= entry.queued
                entry.queued = 0
        self._flight = {}

    def put_back(self) -> None:
        """The batch could not be written: it is first in line again."""
        self._dirty = self._flight | self._dirty
        self._flight = {}

    def shrink(self, max_bytes: int) -> None:
        """Gives up bodies, oldest first, until the bytes that wait are below ``max_bytes``."""
        for entry in self._dirty.values():
            if self.bytes <= max_bytes:
                return
            if entry.queued and entry.ended:
                entry.keep = False
                entry.freeze()
                self.dropped_bodies += 1
                self.bytes -= entry.queued
                entry.queued = 0

    def start_over(self) -> None:
        """Nothing of what is live is in the file any more."""
        for entry in (*self._live.values(), *self._dirty.values(), *self._flight.values()):
            entry.inserted = entry.request_written = False

    def clear(self) -> None:
        """Forgets what has not been written."""
        self._dirty = {}
        self.bytes = sum(entry.queued for entry in self._flight.values())

    def pending(self, key: str) -> Exchange | None:
        """An exchange that is live, or not on disk yet."""
        entry = self._live.get(key) or self._dirty.get(key) or self._flight.get(key)
        return None if entry is None else entry.exchange
