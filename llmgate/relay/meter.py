"""Reads an answer on the side: usage, tool calls, finish reason, how it ended.

Fed in batches off the hot path (every half second while a stream runs, and once at its end), so
that a chunk is on its way to the caller before anybody looks into it.
"""

import zlib
from typing import Protocol

from llmgate.exchange import Exchange
from llmgate.formats.plain import OpaqueReader
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
_MOST_READ = 64 << 20  # of a whole body, and of what a compressed answer may become
_MOST_KEPT = 64 << 20


class _Inflater(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Meter:
    """Follows one exchange's answer."""

    __slots__ = (
        "_ending",
        "_exchange",
        "_fed",
        "_inflated",
        "_inflater",
        "_kept",
        "_kept_bytes",
        "_reader",
        "chars",
        "failure",
        "model",
    )

    def __init__(self, exchange: Exchange, reader: Reader, encoding: str) -> None:
        self._exchange = exchange
        self._reader = reader
        self._fed = 0
        self._ending: Ending | None = None
        self._kept = self._kept_bytes = 0  # chunks that stay, and their size
        self._inflated = 0
        self._inflater: _Inflater | None = None
        if encoding in {"gzip", "deflate"}:  # a provider that compressed although asked not to
            self._inflater = zlib.decompressobj(wbits=47)
        self.chars = 0  # of text, reasoning and tool arguments
        self.failure: Failed | None = None
        self.model = ""  # as the provider names it

    @property
    def between_events(self) -> bool:
        """The bytes sent so far end at an event boundary; only right after ``catch_up``."""
        return self._reader.between_events

    @property
    def understood(self) -> bool:
        """Its ending is read from its bytes, not taken from the connection's end."""
        return not isinstance(self._reader, OpaqueReader)

    def catch_up(self) -> None:
        """Reads the chunks that came since the last time."""
        chunks = self._exchange.chunks
        if self._exchange.response_bytes > _MOST_READ and self._exchange.transport != "sse":
            self._give_up("an answer over 64 MB is not read")
        try:
            for index in range(self._fed, len(chunks)):
                self._take(self._reader.feed(self._plain(chunks[index])))
        except Exception as error:  # noqa: BLE001 - a mistake in reading may not break the answer
            self._give_up(f"the answer could not be read: {type(error).__name__}")
        self._fed = len(chunks)

    def trim(self) -> None:
        """Lets go of chunks that were read and are more than a recording keeps; none is unread."""
        if self._exchange.response_bytes <= _MOST_KEPT:
            return
        chunks, at = self._exchange.chunks, self._kept
        while at < self._fed and self._kept_bytes + len(chunks[at]) <= _MOST_KEPT:
            self._kept_bytes += len(chunks[at])
            at += 1
        self._kept = at
        if at < self._fed:
            self._hint("an answer over 64 MB is not kept whole")
            del chunks[at : self._fed], self._exchange.chunk_us[at : self._fed]
            self._fed = at

    def close(self) -> Ending:
        """Reads the rest; says how the answer ended as far as its bytes tell. Later calls repeat
        it.
        """
        if self._ending is None:
            self.catch_up()
            self.trim()
            try:
                self._take(self._reader.close())
            except Exception as error:  # noqa: BLE001 - as above
                self._give_up(f"the answer could not be read: {type(error).__name__}")
            self._exchange.usage_raw = self._reader.usage_raw[:4000]
            self._ending = self._reader.ending()
        return self._ending

    def _plain(self, data: bytes) -> bytes:
        if self._inflater is None:
            return data
        try:
            plain = self._inflater.decompress(data, _MOST_READ)
        except zlib.error:
            return b""
        self._inflated += len(plain)
        if self._inflated < _MOST_READ:
            return plain
        self._give_up("a compressed answer over 64 MB is not read")
        self._inflater = None
        return b""

    def _give_up(self, why: str) -> None:
        """Lets the rest pass unread: it is the caller's, whatever we make of it."""
        if not isinstance(self._reader, OpaqueReader):
            self._reader = OpaqueReader()
            self._hint(why)

    def _hint(self, text: str) -> None:
        hints = self._exchange.hints
        if text not in hints and len(hints) < _MAX_HINTS:
            hints.append(text)

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
                self._hint(event.text)
            case Started():
                self.model = event.model
            case BlockStarted() | BlockDelta() | BlockStopped():
                pass
