"""The reader of any conversational answer: a framing (events or one JSON body) around a dialect.

The first byte that is not blank decides the framing, since providers answer a streamed request with
a plain JSON error, and some name the wrong content type.
"""

from typing import Final, Protocol

from llmgate.formats import faults
from llmgate.formats.machine import BlockMachine
from llmgate.formats.reader import Ending
from llmgate.wire.blocks import BlockEvent, Failed
from llmgate.wire.sse import Decoder

_BLANK: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"


class Dialect(Protocol):
    """What one protocol says in its events and bodies; told in order, it drives ``machine``.

    ``terminal``: the protocol's own end was seen. ``complete``: what was seen suffices should the
    stream then end cleanly.
    """

    machine: BlockMachine
    usage_raw: str
    terminal: bool

    @property
    def complete(self) -> bool: ...

    def event(self, name: str, data: bytes) -> None:
        """Takes one event of a stream."""

    def body(self, data: bytes) -> bool:
        """Takes a whole JSON body; False when it is not JSON of this protocol."""

    def close(self) -> None:
        """The input has ended: says what was held back, ends the machine."""


class AnswerReader:
    """Feeds a dialect; judges how the answer ended."""

    __slots__ = ("_body", "_decoder", "_dialect", "_ending", "_framed", "_machine", "_size")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._machine = dialect.machine
        self._decoder = Decoder()
        self._framed = False  # known to be a stream of events
        self._body: list[bytes] | None = None  # the pieces of a JSON body
        self._ending: Ending | None = None
        self._size = 0

    @property
    def usage_raw(self) -> str:
        """The provider's own usage object as JSON text."""
        return self._dialect.usage_raw

    @property
    def between_events(self) -> bool:
        """A blank line may follow."""
        return not self._body and self._decoder.between_events

    def feed(self, data: bytes) -> list[BlockEvent]:
        """Takes the next bytes; returns the events they complete."""
        if not self._framed and not self._is_stream(data):
            return []
        dialect = self._dialect
        for event in self._decoder.feed(data):
            dialect.event(event.name, event.data)
        return self._machine.take()

    def close(self) -> list[BlockEvent]:
        """Ends the input."""
        if self._ending is None:
            self._ending = self._close_body() if self._body else self._close_stream()
            self._dialect.close()
        return self._machine.take()

    def ending(self) -> Ending:
        """How the answer ended, once closed."""
        return self._ending or Ending("cut", "the answer has not ended")

    def _is_stream(self, data: bytes) -> bool:
        if self._body is not None:
            self._body.append(data)
            return False
        first = data.lstrip(_BLANK).removeprefix(_BOM).lstrip(_BLANK)[:1]
        if first in {b"{", b"[", b"<"}:
            self._body = [data]
            return False
        self._framed = bool(first)
        return True

    def _close_stream(self) -> Ending:
        dialect, machine = self._dialect, self._machine
        terminal = dialect.terminal
        for event in self._decoder.close():
            dialect.event(event.name, event.data)
        if self._decoder.dropped:
            machine.note(f"{self._decoder.dropped} event(s) over 32 MB were not read")
        if machine.failure is not None:
            return Ending("failed", machine.failure.message)
        if terminal:
            return Ending("finished")
        if self._decoder.cut_inside:
            return Ending("cut", "the provider ended the stream inside an event")
        if dialect.complete:
            return Ending("finished")
        if not self._framed:
            return Ending("cut", "the provider sent an empty answer")
        return Ending("cut", "the provider ended the stream before the answer ended")

    def _close_body(self) -> Ending:
        machine = self._machine
        data = b"".join(self._body or ()).strip().removeprefix(_BOM)
        if data.startswith(b"<"):
            machine.fail(Failed(faults.upstream_message(data, "text/html")))
        elif not self._dialect.body(data):
            return Ending("cut", "the JSON body is incomplete or broken")
        if machine.failure is not None:
            return Ending("failed", machine.failure.message)
        return Ending("finished")
