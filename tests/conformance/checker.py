"""The grammar of block events as a checker: a list of faults, empty when all is good."""

from collections.abc import Iterable

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

DELTAS = {
    "text": {"text", "citation"},
    "reasoning": {"reasoning", "signature"},
    "tool_call": {"json"},
    "refusal": {"text"},
    "image": set(),
    "audio": {"text"},
    "other": {"json", "text"},
}


class Checker:
    """Follows one answer."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.open: dict[int, BlockStarted] = {}
        self.started = self.blocks = self.finishes = self.failures = 0

    def take(self, event: BlockEvent) -> None:
        """Checks the next event."""
        match event:
            case Started():
                self.fault(self.started > 0, "second start")
                self.fault(self.blocks > 0, "start after a block")
                self.started += 1
            case BlockStarted() | BlockDelta() | BlockStopped():
                self.take_block(event)
            case Finished():
                self.fault(self.finishes > 0, "second finish")
                self.fault(bool(self.open), "finish while a block is open")
                self.finishes += 1
            case Failed():
                self.fault(self.failures > 0, "second error")
                self.failures += 1
            case UsageReported() | Note():
                pass

    def take_block(self, event: BlockStarted | BlockDelta | BlockStopped) -> None:
        """Checks what belongs to a block."""
        match event:
            case BlockStarted():
                self.fault(not self.started, "block before start")
                self.fault(event.index != self.blocks, f"index {event.index} is not next")
                self.fault(self.finishes > 0, "block after finish")
                self.blocks += 1
                self.open[event.index] = event
            case BlockDelta():
                block = self.open.get(event.index)
                self.fault(block is None, "delta outside its block")
                self.fault(not event.text, "empty delta")
                if block is not None:
                    kinds = DELTAS[block.kind]
                    self.fault(event.kind not in kinds, f"{event.kind} in {block.kind}")
            case BlockStopped():
                self.fault(self.open.pop(event.index, None) is None, "stop of no open block")

    def fault(self, wrong: bool, what: str) -> None:
        """Notes what is wrong."""
        if wrong:
            self.faults.append(what)


def faults_in(events: Iterable[BlockEvent]) -> list[str]:
    """Checks a whole answer."""
    checker = Checker()
    for event in events:
        checker.take(event)
    checker.fault(bool(checker.open), "a block was never stopped")
    return checker.faults
