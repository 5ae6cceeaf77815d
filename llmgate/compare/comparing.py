"""Two exchanges beside each other: text, tool calls, figures, events."""

from llmgate.compare.side import Side
from llmgate.wire.compare import Comparison


def compare(left: Side, right: Side, *, volatile: bool = False) -> Comparison:
    """Compares the second exchange with the first; with ``volatile`` nothing is left out."""
    return Comparison(left=left.summary, right=right.summary)
