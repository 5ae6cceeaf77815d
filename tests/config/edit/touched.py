"""Which lines of a text an edit is about, found without the code under test."""

from collections.abc import Iterator
from typing import Any

import yaml

from llmgate.wire.editing import Edit, Insert, Move, Remove, Rename, Set

Span = tuple[int, int]  # first and last line


def lines_kept(before: str, after: str, edit: Edit) -> str:
    """The first line that an edit should have kept and did not, empty when all are there."""
    touched = set(_touched(before, edit))
    remaining = iter(after.splitlines())
    for number, line in enumerate(before.splitlines()):
        if number not in touched and line.strip() and line not in remaining:
            return f"{number + 1}: {line}"
    return ""


def _touched(text: str, edit: Edit) -> Iterator[int]:
    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if root is None:
        return
    lines = text.splitlines()
    for first, last in _spans(lines, root, edit):
        yield from range(first, last + 1)


def _spans(lines: list[str], root: Any, edit: Edit) -> Iterator[Span]:
    chain = list(_walk(root, list(edit.path)))
    reached = len(chain) == len(edit.path)
    held = [entry for entry in chain if not entry.flow]
    if not (isinstance(edit, Set) and reached) and len(held) < len(chain):
        yield held[-1].span(lines) if held else _span(root, lines)  # the outermost brackets
    elif chain:
        yield from _of_entry(lines, chain, edit, reached)


def _of_entry(lines: list[str], chain: list["_Entry"], edit: Edit, reached: bool) -> Iterator[Span]:
    last = chain[-1]
    match edit:
        case Set() if reached and last.block:
            yield _with_comments(lines, last)
        case Set() | Insert() if not last.block:
            yield last.span(lines)
        case Insert():
            begin = last.value.start_mark
            if lines[begin.line][: begin.column].strip():  # `- - first`
                yield (begin.line, begin.line)
        case Rename():
            yield (last.first, last.first)
        case Remove() | Move():
            yield _with_comments(lines, last)
            yield from [(entry.first, entry.first) for entry in chain[-2:-1]]
            yield from last.next_to(lines)
        case Set():
            pass  # a new field beside the others


class _Entry:
    def __init__(self, parent: Any, index: int, lead: Any, value: Any) -> None:
        self.parent, self.index, self.value = parent, index, value
        self.flow = bool(parent.flow_style)
        self.first = lead.start_mark.line if lead is not None else value.start_mark.line
        self.column = lead.start_mark.column if lead is not None else parent.start_mark.column

    @property
    def block(self) -> bool:
        """A list or a mapping with lines of its own."""
        return not isinstance(self.value, yaml.ScalarNode) and not self.value.flow_style

    def span(self, lines: list[str]) -> Span:
        begin, end = _span(self.value, lines)
        if begin < self.first:  # an alias
            return (self.first, self.first)
        return (self.first, max(end, self.first))

    def next_to(self, lines: list[str]) -> Iterator[Span]:
        """What follows the first entry of a mapping that begins behind a dash moves up there."""
        yield (_dash(lines, self.first), self.first)
        if lines[self.first][: self.column].strip() or "-" in lines[_dash(lines, self.first)]:
            following = self.span(lines)[1] + 1
            while following < len(lines) and not _content(lines[following]):
                following += 1
            yield (following, following)
        if isinstance(self.parent, yaml.MappingNode):
            first = self.parent.value[0][0].start_mark
            if lines[first.line][: first.column].strip():
                yield (first.line, first.line)


def _dash(lines: list[str], line: int) -> int:
    """The line of a dash that has its value in a line below."""
    above = line
    while above > 0 and not _content(lines[above - 1]):
        above -= 1
    lone = above > 0 and lines[above - 1].strip().lstrip("- ") == ""
    return above - 1 if lone else line


def _content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _span(node: Any, lines: list[str]) -> Span:
    """From a node's first line to the last that holds any of it."""
    begin, end = node.start_mark.line, node.end_mark.line
    if node.end_mark.column == 0 and end > begin:
        end -= 1
    while end > begin and (end >= len(lines) or not lines[end].strip()):
        end -= 1
    if not isinstance(node, yaml.ScalarNode) and not node.flow_style:
        while end > begin and not _content(lines[end]):
            end -= 1
    return begin, end


def _with_comments(lines: list[str], entry: _Entry) -> Span:
    first, last = entry.span(lines)
    first = _dash(lines, first) if isinstance(entry.parent, yaml.SequenceNode) else first
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    following = last + 1
    while following < len(lines) and not _content(lines[following]):
        line = lines[following]
        if line.strip() and len(line) - len(line.lstrip()) > entry.column:
            last = following
        following += 1
    return first, last


def _walk(node: Any, path: list[str | int]) -> Iterator[_Entry]:
    for step in path:
        entry = _entry(node, step)
        if entry is None:
            return
        yield entry
        node = entry.value


def _entry(node: Any, step: str | int) -> _Entry | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return _Entry(node, step, None, node.value[step])
    if isinstance(node, yaml.MappingNode):
        for index, (key, value) in enumerate(node.value):
            if key.value == step:
                return _Entry(node, index, key, value)
    return None
