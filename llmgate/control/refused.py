"""Why an edit of the config was not made."""

from llmgate.errors import LlmgateError
from llmgate.wire.editing import Conflict, Verdict


class Stale(LlmgateError):
    """The file is not the one the edits were made on; ``conflict`` shows both sides."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict.message)
        self.conflict = conflict


class Refused(LlmgateError):
    """The edited text has problems: nothing was written; ``verdict`` lists them."""

    def __init__(self, verdict: Verdict) -> None:
        problems = verdict.problems
        super().__init__(problems[0].message if problems else "the edit cannot be made")
        self.verdict = verdict


class NotEditable(LlmgateError):
    """There is no file, it cannot be written, or there is nothing to undo: why, and what to do."""


class NoSuchRevision(LlmgateError):
    """No revision of this number is kept."""
