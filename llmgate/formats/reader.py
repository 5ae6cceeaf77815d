"""What every reader of a provider's answer is: bytes in, in any cut, block events out."""

from typing import Literal, Protocol

import msgspec

from llmgate.wire.blocks import BlockEvent


class Ending(msgspec.Struct, frozen=True):
    """How an answer ended as far as its bytes tell.

    ``finished``: the protocol's own terminal was seen, or its finish reason and then a clean end.
    ``failed``: the provider reported an error. ``cut``: the bytes stopped before either, or inside
    an event.
    """

    state: Literal["finished", "failed", "cut"]
    message: str = ""


class Reader(Protocol):
    """Turns one answer's bytes into block events, a chunk at a time; never raises on any input."""

    @property
    def usage_raw(self) -> str:
        """The provider's own usage object as JSON text, empty until seen."""

    def feed(self, data: bytes) -> list[BlockEvent]:
        """Takes the next bytes; returns the events they complete."""

    def close(self) -> list[BlockEvent]:
        """Ends the input; returns what was still open (blocks are stopped, never invented)."""

    def ending(self) -> Ending:
        """How it ended; asked after ``close``."""

    @property
    def between_events(self) -> bool:
        """True when the bytes so far end at an event boundary: a blank line may follow."""
