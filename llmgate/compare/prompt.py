"""What a request of a conversation changed against the one before, and what its parts weigh."""

from llmgate.compare.side import Side
from llmgate.wire.compare import PromptDiff


def prompt_diff(now: Side, before: Side | None = None, *, turn: int = 0) -> PromptDiff:
    """Compares a request with the one before; without one everything is new."""
    return PromptDiff(id=now.summary.id, before=before.summary.id if before else "", turn=turn)
