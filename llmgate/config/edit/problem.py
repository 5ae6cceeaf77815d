"""Why an edit of config.yaml is not made."""

from typing import Final

from llmgate.config.problems import Path, dotted
from llmgate.errors import LlmgateError

BY_HAND: Final = (
    "this change cannot be made without touching the rest of the file: edit the file by hand"
)


class EditProblem(LlmgateError):
    """An edit that is not made; ``path`` is dotted text, ``line`` counts from 1, 0 when unknown."""

    def __init__(self, message: str, path: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line

    def __str__(self) -> str:
        return f"{self.message} (line {self.line})" if self.line else self.message


def refused(message: str, path: Path, line: int = 0) -> EditProblem:
    """The problem of an edit at a path, named in front."""
    name = dotted(path)
    return EditProblem(f"{name}: {message}" if name else message, name, line)
