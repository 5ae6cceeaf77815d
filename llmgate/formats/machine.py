"""The block machine: keeps the grammar of wire/blocks.py whatever a reader meets.

Readers call it in the order in which things arrive. It starts the answer once, numbers blocks,
refuses deltas of closed blocks, holds the finish reason back until every block is stopped, and lets
only the first error through.
"""

from typing import Final

from llmgate.formats.counting import merge
from llmgate.wire.blocks import (
    BlockDelta,
    BlockEvent,
    BlockKind,
    BlockStarted,
    BlockStopped,
    DeltaKind,
    Failed,
    Finished,
    FinishReason,
    Note,
    Started,
    Usage,
    UsageReported,
)

_MAX_NOTES: Final = 16
_MAX_NAME: Final = 300


class BlockMachine:
    """Collects the events of one answer; ``take`` hands over those that are ready."""

    __slots__ = (
        "_blocks",
        "_finish",
        "_notes",
        "_open",
        "_out",
        "_started",
        "_usage",
        "ended",
        "failure",
        "tool_calls",
    )

    def __init__(self) -> None:
        self._out: list[BlockEvent] = []
        self._started = False
        self._blocks = 0
        self._open: dict[int, BlockKind] = {}
        self._finish: tuple[FinishReason, str] | None = None
        self._usage = Usage()
        self._notes: set[str] = set()
        self.failure: Failed | None = None
        self.tool_calls = 0
        self.ended = False

    @property
    def has_blocks(self) -> bool:
        """Something has been said."""
        return self._blocks > 0

    @property
    def has_finish(self) -> bool:
        """The provider has said why it ended."""
        return self._finish is not None

    def take(self) -> list[BlockEvent]:
        """Hands over what is ready."""
        out = self._out
        if out:
            self._out = []
        return out

    def start(self, id: str, model: str) -> None:  # noqa: A002
        """The answer has begun; only the first time counts."""
        if not self._started:
            self._started = True
            self._out.append(Started(id[:_MAX_NAME], model[:_MAX_NAME]))

    def open(self, kind: BlockKind, id: str = "", name: str = "") -> int:  # noqa: A002
        """Begins a block; returns its index."""
        self.start("", "")
        index = self._blocks
        self._blocks += 1
        self._open[index] = kind
        if kind == "tool_call":
            self.tool_calls += 1
        self._out.append(BlockStarted(index, kind, id[:_MAX_NAME], name[:_MAX_NAME]))
        return index

    def is_open(self, index: int) -> bool:
        """The block still takes deltas."""
        return index in self._open

    def delta(self, index: int, kind: DeltaKind, text: str) -> None:
        """More of an open block; nothing for an empty text."""
        if text and index in self._open:
            self._out.append(BlockDelta(index, kind, text))

    def stop(self, index: int) -> None:
        """Completes a block, once."""
        if self._open.pop(index, None) is not None:
            self._out.append(BlockStopped(index))

    def finish(self, reason: FinishReason, raw: str) -> None:
        """Notes why the provider ended; said when all blocks are stopped. A later word counts."""
        self._finish = (reason, raw)

    def report(self, usage: Usage) -> None:
        """Passes usage on where it brings something new."""
        merged = merge(self._usage, usage)
        if merged != self._usage:
            self._usage = merged
            self._out.append(UsageReported(merged))

    def fail(self, failure: Failed) -> None:
        """The provider reports an error; the first one stays."""
        if self.failure is None:
            self.start("", "")
            self.failure = failure
            self._out.append(failure)

    def note(self, text: str) -> None:
        """Says once that something odd was tolerated."""
        if text not in self._notes and len(self._notes) < _MAX_NOTES:
            self._notes.add(text)
            self._out.append(Note(text))

    def end(self, *, infer_tool_calls: bool = False) -> None:
        """Stops what is open and says the finish reason, if there was one and no error."""
        if self.ended:
            return
        self.ended = True
        for index in list(self._open):
            self.stop(index)
        if self._finish is None or self.failure is not None:
            return
        reason, raw = self._finish
        if infer_tool_calls and self.tool_calls and reason in {"stop", "other"}:
            reason = "tool_calls"
        self.start("", "")
        self._out.append(Finished(reason, raw))
