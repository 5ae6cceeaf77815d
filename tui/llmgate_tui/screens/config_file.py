"""The config file as lines: numbers, light colour, problems under the line they are in (no
Textual).
"""

import re
from collections import defaultdict
from typing import Final

import msgspec

from llmgate.wire.gateway import ConfigView, Problem
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.verdict_text import where
from llmgate_tui.widgets.line_text import Item, Line

_GUTTER: Final = 6  # the number and two spaces
_LONGEST: Final = 2_000  # a longer line has one tone
_MOST: Final = 50
_AT_ONCE: Final = 3_000  # a longer file is coloured line by line, as it is seen
_PARTS: Final = re.compile(
    r"""(?P<comment>(?:^|(?<=\s))\#.*)
    | (?P<quoted>"(?:[^"\\]|\\.)*" | '(?:[^']|'')*')(?=\s*:(?:\s|$))
    | (?:"(?:[^"\\]|\\.)*" | '(?:[^']|'')*')
    | (?P<key>[\w./*@+-]+)(?=:(?:\s|$))""",
    re.VERBOSE,
)
_TONES: Final = {"comment": "quiet", "quoted": "key", "key": "key"}


class FileText(msgspec.Struct):
    """``items`` for a line view; ``lines`` says which line of the file each is, 0 for none."""

    items: list[Item]
    lines: list[int]

    def add(self, item: Item, line: int = 0) -> None:
        """One more."""
        self.items.append(item)
        self.lines.append(line)

    def line_at(self, row: int) -> int:
        """The line of the file at an item, or the next one after it; 1 when there is none."""
        return next((line for line in self.lines[row:] if line), 1)


def toned(text: str) -> Line:
    """A line with its number: comments quiet, keys accented."""
    number, rest = text[:_GUTTER], text[_GUTTER:]
    line: Line = [(number, "label")]
    if len(rest) > _LONGEST:
        return [*line, (rest, "")]
    at = 0
    for part in _PARTS.finditer(rest):
        tone = _TONES.get(part.lastgroup or "", "")
        if part.start() > at:
            line.append((rest[at : part.start()], ""))
        line.append((part[0], tone))
        at = part.end()
    return [*line, (rest[at:], "")] if at < len(rest) else line


def file_text(view: ConfigView, glyphs: Glyphs) -> FileText:
    """What is wrong first, then the file with each problem under its line."""
    found = FileText([], [])
    for line in _above(view, glyphs):
        found.add(line)
    shown = view.rejected_text or view.text
    pinned = _by_line(view.problems)
    lines = shown.splitlines()
    at_once = len(lines) <= _AT_ONCE  # then long lines wrap behind their numbers
    for number, text in enumerate(lines, 1):
        numbered = f"{number:>4}  {text}"
        found.add(toned(numbered) if at_once else numbered, number)
        for problem in pinned.get(number, ()):
            found.add(_pin(problem, glyphs), number)
    return found


def first_problem(view: ConfigView) -> int:
    """The line to go to; 0 when nothing is wrong."""
    return next((problem.line for problem in view.problems if problem.line), 0)


def _by_line(problems: list[Problem]) -> dict[int, list[Problem]]:
    found: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems[:_MOST]:
        found[problem.line].append(problem)
    return found


def _pin(problem: Problem, glyphs: Glyphs) -> Line:
    set_in = " " * (_GUTTER + max(0, min(problem.column - 1, 40)))
    return [(set_in, ""), (f"{glyphs.caret} {problem.message}", "bad")]


def _above(view: ConfigView, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    if not view.editable:
        lines += [
            [("This config was built from the environment: there is no file yet.", "strong")],
            [("i writes config.yaml, to be edited here and in any editor:", "quiet")],
            [],
        ]
    if view.problems:
        lines += _wrong(view, glyphs)
    for text in view.restart_needed:
        lines.append([(f"{glyphs.warning} restart needed: {text}", "warn")])
    lines += [[(f"{glyphs.warning} {text}", "warn")] for text in view.warnings[:_MOST]]
    return [*lines, []] if lines and lines[-1] else lines


def _wrong(view: ConfigView, glyphs: Glyphs) -> list[Line]:
    count = len(view.problems)
    said = "1 problem" if count == 1 else f"{count} problems"
    refused = f"v{view.rejected_version}" if view.rejected_version is not None else "the new file"
    head = f"{said}: {refused} is not applied, v{view.version} goes on running"
    lines: list[Line] = [[(f"{glyphs.bad} {head}", "bad")]]
    for problem in view.problems[:_MOST]:
        place = ", ".join(part for part in (where(problem), problem.path) if part)
        lines.append([("  ", ""), (problem.message, "bad"), (f"  {place}", "quiet")])
    if not view.rejected_text:
        told = "Below is the file that runs; the lines are those of the file on disk: o opens it."
        lines.append([(told, "quiet")])
    return [*lines, []]
