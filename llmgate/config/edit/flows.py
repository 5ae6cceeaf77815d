"""Edits between { } and [ ]: commas, spaces and the comments of those that span lines."""

import re
from typing import Final, NamedTuple

from llmgate.config.edit.lines import Lines, Patch
from llmgate.config.edit.tree import Document, Entry, Node

_COMMA: Final = re.compile(r"(?:\s|(?<=\s)#[^\n]*)*,")
_TRAIL: Final = re.compile(r"[ \t]*,?([ \t]+#[^\r\n]*)?")


class _Parts(NamedTuple):
    """An item's own comment lines, its text, and the comment after it, as spans."""

    lead: tuple[int, int]
    body: tuple[int, int]
    trail: tuple[int, int]


class Flows:
    """Patches of one document's lists and mappings in brackets."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._eol = document.eol
        self._lines = Lines(document)

    def insert(self, node: Node, index: int, new: str) -> list[Patch]:
        """Puts an entry before the entry ``index``, or behind the last."""
        if not node.entries:
            return [Patch(node.start, node.end, self._text[node.start] + new + self._closing(node))]
        if index >= len(node.entries):
            return self._append(node, new)
        entry = node.entries[index]
        if self._on_own_line(node, entry):
            place = self._lines.top(entry.begin, self._floor(node, index))
            indent = " " * self._lines.column(entry.begin)
            return [Patch(place, place, f"{indent}{new},{self._eol}")]
        return [Patch(entry.begin, entry.begin, f"{new}, ")]

    def _closing(self, node: Node) -> str:
        return "]" if node.kind == "list" else "}"

    def _append(self, node: Node, new: str) -> list[Patch]:
        last = node.entries[-1]
        end = last.end
        comma = self._comma(last)
        if not self._on_own_line(node, last):
            return [Patch(comma or end, comma or end, f" {new}," if comma else f", {new}")]
        indent = self._eol + " " * self._lines.column(last.begin)
        line_end = self._lines.finish(comma or end)
        if node.end <= line_end:  # the bracket closes on this line
            return [Patch(comma or end, comma or end, ("" if comma else ",") + indent + new)]
        tail = "," if comma else ""
        patches = [Patch(line_end, line_end, indent + new + tail)]
        return patches if comma else [Patch(end, end, ","), *patches]

    def _comma(self, entry: Entry) -> int:
        """The place after the comma behind an entry, 0 without one."""
        found = _COMMA.match(self._text, entry.end)
        return found.end() if found else 0

    def _on_own_line(self, node: Node, entry: Entry) -> bool:
        return self._lines.leads(entry.begin) and self._lines.begin(entry.begin) > node.start

    def _floor(self, node: Node, index: int) -> int:
        before = node.entries[index - 1].end if index else node.start
        return self._lines.begin(before)

    def remove(self, node: Node, index: int) -> list[Patch]:
        """Takes out an entry and a comma."""
        entry = node.entries[index]
        if len(node.entries) == 1:
            return [Patch(node.start + 1, node.end - 1, "")]
        if index == len(node.entries) - 1:
            return self._remove_last(node, entry)
        following = node.entries[index + 1]
        if self._on_own_line(node, entry) and self._on_own_line(node, following):
            top = self._lines.top(entry.begin, self._floor(node, index))
            return [Patch(top, self._lines.following(self._comma(entry)), "")]
        return [Patch(entry.begin, following.begin, "")]

    def _remove_last(self, node: Node, entry: Entry) -> list[Patch]:
        before = node.entries[-2]
        comma, own_comma = self._comma(before), self._comma(entry)
        end = own_comma or entry.end
        patches = [] if own_comma else [Patch(comma - 1, comma, "")]
        if not self._on_own_line(node, entry):
            if "#" in self._text[comma : entry.begin]:
                return [*patches, Patch(entry.begin, end, "")]
            return [Patch(before.end, entry.end, "")]
        top = self._lines.top(entry.begin, self._floor(node, len(node.entries) - 1))
        if node.end > self._lines.finish(end):
            return [*patches, Patch(top, self._lines.following(end), "")]
        return [*patches, Patch(max(comma, top), end, "")]

    def move(self, node: Node, index: int, to: int) -> list[Patch]:
        """Takes an entry to another place: comments move along, commas stay where they are."""
        order = list(range(len(node.entries)))
        order.insert(to, order.pop(index))
        parts = [self._parts(node, place) for place in order]
        slots = [self._parts(node, place) for place in range(len(order))]
        patches: list[Patch] = []
        for slot, part, old, new in zip(slots, parts, range(len(order)), order, strict=True):
            if old != new:
                patches += [
                    Patch(*a, self._text[slice(*b)]) for a, b in zip(slot, part, strict=True)
                ]
        return patches

    def _parts(self, node: Node, index: int) -> _Parts:
        entry = node.entries[index]
        begin, end = entry.begin, entry.end
        top = begin
        if self._on_own_line(node, entry):
            comments = self._lines.top(begin, self._floor(node, index))
            top = (
                comments + self._lines.column(begin)
                if comments != self._lines.begin(begin)
                else begin
            )
        found = _TRAIL.match(self._text, end)
        trail = found.span(1) if found and found[1] else (self._comma(entry) or end,) * 2
        if "#" in self._text[end : trail[0]]:
            trail = (end, end)
        return _Parts((top, begin), (begin, end), trail)
