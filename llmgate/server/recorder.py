"""`llmgate up --record FOLDER`: writes every exchange that ends into a folder, as a recording.

A thread of its own does the work. What it cannot keep up with is dropped and said, since a request
never waits for it. That such a file exists does not keep the exchange in the store: its caps hold.
"""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from llmgate.control.aside import quick
from llmgate.exchange import Exchange
from llmgate.recording.exporting.document import NotExportable, document
from llmgate.recording.files import NotWritable, keep
from llmgate.recording.promote import Kept, NotPromotable, promote
from llmgate.recording.rules import Rules

MOST_WAITING: Final = 1_000
MOST_BYTES: Final = 64 << 20
_LAST_S: Final = 5.0  # for what still waits when the gateway stops


class Recorder:
    """Takes ended exchanges on the event loop, writes them elsewhere."""

    def __init__(self, folder: Path, rules: Callable[[], Rules]) -> None:
        self.folder = folder
        self.written = 0
        self._rules = rules
        self._waiting: deque[tuple[Exchange, int]] = deque()
        self._bytes = 0
        self._dropped = self._told = 0
        self._troubles: deque[str] = deque(maxlen=8)
        self._trouble = ""
        self._news = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begins; makes the folder, or raises ``NotWritable``."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotWritable(f"--record {self.folder}: {error.strerror}") from error
        self._thread.start()

    def ended(self, exchange: Exchange) -> None:
        """Takes an exchange that changes no more; drops it when too much waits."""
        size = len(exchange.request_body) + exchange.response_bytes
        with self._news:
            if len(self._waiting) >= MOST_WAITING or self._bytes + size > MOST_BYTES:
                self._dropped += 1
                return
            self._waiting.append((exchange, size))
            self._bytes += size
            self._news.notify()

    def news(self) -> list[str]:
        """What is to be said since the last time."""
        with self._news:
            said = [self._troubles.popleft() for _ in range(len(self._troubles))]
            if self._dropped > self._told:
                said.append(
                    f"{self._dropped - self._told} more exchanges came too fast to be written to"
                    f" {self.folder}, {self._dropped} since the start; they are in the store"
                )
                self._told = self._dropped
        return said

    def close(self) -> None:
        """Writes what waits, for a few seconds at most."""
        with self._news:
            self._closing = True
            self._news.notify()
        if self._thread.ident is not None:
            self._thread.join(_LAST_S)
        with self._news:
            self._dropped += len(self._waiting)
            self._waiting.clear()

    def _run(self) -> None:
        while (exchange := self._next()) is not None:
            try:
                with quick():
                    self._write(exchange)
            except (NotPromotable, NotExportable) as problem:
                self._say(f"no recording of {exchange.id}: {problem}")
            except NotWritable as problem:
                self._say(str(problem))
            except Exception as error:  # noqa: BLE001 - one exchange may not end the recording
                self._say(f"no recording of {exchange.id}: {type(error).__name__}")
            else:
                self.written += 1
                self._trouble = ""

    def _next(self) -> Exchange | None:
        with self._news:
            while not self._waiting:
                if self._closing:
                    return None
                self._news.wait()
            exchange, size = self._waiting.popleft()
            self._bytes -= size
            return exchange

    def _write(self, exchange: Exchange) -> None:
        kept = Kept(
            detail=exchange.detail(),
            request=exchange.request_body,
            chunks=exchange.chunks,
            at_us=exchange.chunk_us,
        )
        made = document([promote(kept, self._rules())], "recording")
        keep(self.folder, made.name, made.data)

    def _say(self, trouble: str) -> None:
        """Says a trouble once, until something could be written again."""
        if trouble != self._trouble:
            self._trouble = trouble
            with self._news:
                self._troubles.append(trouble)
