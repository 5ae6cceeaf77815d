"""How problems of a file are gathered, placed and worded."""

import difflib
from collections.abc import Iterable

from llmgate.errors import ConfigProblem
from llmgate.wire.gateway import Problem

Path = tuple[str | int, ...]
Place = tuple[int, int]


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the known name closest to this one, else nothing."""
    close = difflib.get_close_matches(name[:64], list(known), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def shown(text: str, limit: int = 60) -> str:
    """Text of a file or a caller, safe to print and bounded."""
    clean = "".join(char if char.isprintable() else "\ufffd" for char in text[:limit])
    return f"{clean}..." if len(text) > limit else clean


def dotted(path: Path) -> str:
    """``routes.fast.targets[0].weight``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step)}"
    return text.removeprefix(".")


class Problems:
    """Gathers the problems of one file, each at the line its path leads to."""

    MOST = 50

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Path, Place] = {}
        self.found: list[ConfigProblem] = []

    def add(self, message: str, path: Path = (), place: Place | None = None) -> None:
        """Notes a problem; without ``place`` it is at the nearest known step of the path."""
        if len(self.found) >= self.MOST:
            return
        line, column = place or self._place(path)
        self.found.append(
            ConfigProblem(message, file=self.file, line=line, column=column, path=dotted(path))
        )

    def _place(self, path: Path) -> Place:
        for length in range(len(path), -1, -1):
            if place := self.places.get(path[:length]):
                return place
        return (0, 0)

    def raise_any(self) -> None:
        """Raises the first problem in the order of the file; the others hang on it."""
        if not self.found:
            return
        first, *others = sorted(self.found, key=lambda problem: (problem.line, problem.column))
        first.others = tuple(others)
        raise first


def all_of(problem: ConfigProblem) -> list[ConfigProblem]:
    """A raised problem and those found with it."""
    return [problem, *problem.others]


def as_wire(problem: ConfigProblem) -> Problem:
    """A problem as the control API tells it."""
    return Problem(
        message=problem.message,
        file=problem.file,
        line=problem.line,
        column=problem.column,
        path=problem.path,
    )
