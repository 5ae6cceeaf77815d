"""Reads an answer on the side: usage, tool calls, finish reason, how it ended.

Fed in batches off the hot path (every half second while a stream runs, and once at its end), so
that a chunk is on its way to the caller before anybody looks into it.
"""

import zlib
from typing import Protocol

from llmgate.exchange import Exchange
from llmgate.formats.reader import Ending, Reader
from llmgate.wire.blocks import (
    BlockDelta,
    BlockEvent,
    BlockStarted,
    BlockStopped,
    Failed,
    Finished,
    Note,
    Started,
    UsageReported,
)

_MAX_HINTS = 8
_TOKENS = frozenset({"text", "json", "reasoning"})  # what a model writes token by token


class _Inflater(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...


class Meter:
    """Follows one exchange's answer."""

    __slots__ = ("_ending", "_exchange", "_fed", "_inflater", "_reader", "chars", "failure")

    def __init__(self, exchange: Exchange, reader: Reader, encoding: str) -> None:
        self._exchange = exchange
        self._reader = reader
        self._fed = 0
        self._ending: Ending | None = None
        self._inflater: _Inflater | None = None
        if encoding in {"gzip", "deflate"}:  # a provider that compressed although asked not to
            self._inflater = zlib.decompressobj(wbits=47)
        self.chars = 0  # of text, reasoning and tool arguments
        self.failure: Failed | None = None

    @property
    def between_events(self) -> bool:
        """The bytes sent so far end at an event boundary; only right after ``catch_up``."""
        return self._reader.between_events

    def catch_up(self) -> None:
        """Reads the chunks that came since the last time."""
        chunks = self._exchange.chunks
        for index in range(self._fed, len(chunks)):
            self._take(self._reader.feed(self._plain(chunks[index])))
        self._fed = len(chunks)

    def close(self) -> Ending:
        """Reads the rest; says how the answer ended as far as its bytes tell. Later calls repeat
        it.
        """
        if self._ending is None:
            self.catch_up()
            self._take(self._reader.close())
            self._exchange.usage_raw = self._reader.usage_raw[:4000]
            self._ending = self._reader.ending()
        return self._ending

    def _plain(self, data: bytes) -> bytes:
        if self._inflater is None:
            return data
        try:
            return self._inflater.decompress(data)
        except zlib.error:
            return b""

    def _take(self, events: list[BlockEvent]) -> None:
        for event in events:
            if type(event) is BlockDelta:  # nearly all of them
                if event.kind in _TOKENS:
                    self.chars += len(event.text)
            else:
                self._note(event)

    def _note(self, event: BlockEvent) -> None:
        exchange = self._exchange
        match event:
            case BlockStarted(kind="tool_call"):
                exchange.tool_calls += 1
            case UsageReported():
                exchange.usage = event.usage
                exchange.usage_basis = "reported"
            case Finished():
                exchange.finish = event.raw or event.reason
            case Failed():
                self.failure = event
            case Note():
                if len(exchange.hints) < _MAX_HINTS:
                    exchange.hints.append(event.text)
            case Started() | BlockStarted() | BlockDelta() | BlockStopped():
                pass
