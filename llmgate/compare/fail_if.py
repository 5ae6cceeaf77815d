"""The rule of ``--fail-if``, when a replay counts as failed: `similarity<0.8 or cost>2x`."""

import msgspec

from llmgate.errors import LlmgateError
from llmgate.wire.replays import Matrix


class BadRule(LlmgateError):
    """A rule that cannot be read; ``column`` counts from 1. Its text shows the place."""

    def __init__(self, message: str, text: str, column: int) -> None:
        super().__init__(f"{message}\n  {text}\n  {' ' * (column - 1)}^")
        self.message = message
        self.column = column


class Rule(msgspec.Struct, frozen=True):
    """A rule that was understood."""

    text: str

    def broken_by(self, matrix: Matrix) -> list[str]:
        """Says, a line each, which cells break it and by which figures; empty when none does."""
        raise NotImplementedError


def parse(text: str) -> Rule:
    """Understands a rule; raises BadRule."""
    return Rule(text)
