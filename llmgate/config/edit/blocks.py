"""Edits of block lists and mappings: whole lines, with the comments that belong to them."""

from llmgate.config.edit.habits import Habits
from llmgate.config.edit.lines import Lines, Patch
from llmgate.config.edit.tree import Document, Entry, Node


class Blocks:
    """Patches of one document's block lists and mappings."""

    def __init__(self, document: Document, habits: Habits) -> None:
        self._document = document
        self._text = document.text
        self._eol = document.eol
        self._lines = Lines(document)
        self._habits = habits

    def insert(self, node: Node, index: int, new: list[str]) -> list[Patch]:
        """Puts the lines of an entry before the entry ``index``, or behind the last."""
        chunk = self._eol.join(new)
        gap = self._eol * (2 if self._spaced(node, index) else 1)
        if index >= len(node.entries):
            place = self._lines.bottom(node.entries[-1])
            return [Patch(place, place, gap + chunk)]
        entry = node.entries[index]
        if self._lines.leads(entry.begin):
            place = self._lines.top(entry.begin, self._lines.floor(node, index))
            return [Patch(place, place, chunk + gap)]
        indent = " " * self._lines.column(entry.begin)
        if chunk.lstrip(" ").startswith("#"):
            dash = len(self._text[: entry.begin].rstrip(" "))
            return [Patch(dash, entry.begin, self._eol + chunk + self._eol + indent)]
        return [Patch(entry.begin, entry.begin, chunk.lstrip(" ") + self._eol + indent)]

    def _spaced(self, node: Node, index: int) -> bool:
        """True when the entries around a place have a blank line between them."""
        count = len(node.entries)
        if count < 2:
            return node is self._document.root
        right = min(max(index, 1), count - 1)
        top = self._lines.top(node.entries[right].begin, self._lines.floor(node, right))
        return self._lines.blank_before(top) < top

    def remove(self, node: Node, index: int) -> list[Patch]:
        """Takes out an entry that is not the only one."""
        entry = node.entries[index]
        if self._lines.leads(entry.begin):
            return [self._removed_lines(node, index)]
        bottom, following = self._lines.bottom(entry), node.entries[index + 1].begin
        if self._text[bottom:following].strip():
            dash = len(self._text[: entry.begin].rstrip(" "))
            return [Patch(dash, bottom, "")]
        return [Patch(entry.begin, following, "")]

    def _removed_lines(self, node: Node, index: int) -> Patch:
        """The lines of an entry, and the blank lines that would now be two, first or last."""
        lines, text = self._lines, self._text
        top = lines.top(node.entries[index].begin, lines.floor(node, index))
        bottom = lines.bottom(node.entries[index])
        after = lines.following(bottom)
        floor = node.entries[index - 1].end if index else 0
        before = max(lines.blank_before(top), lines.following(floor) if floor else 0)
        blank_end = lines.blank_after(after)
        if blank_end >= len(text):
            if before < top and index == len(node.entries) - 1:
                top = before
            if bottom == len(text) and top:
                top = lines.finish(top - 1) if text[top - 1] == "\n" else top
                top -= text[top - 1 : top + 1] == "\r\n"
            return Patch(top, after, "")
        if before < top or (index == 0 and len(node.entries) > 1):
            after = blank_end
        return Patch(top, after, "")

    def move(self, node: Node, index: int, to: int) -> list[Patch]:
        """Takes an entry to another place, counted without it."""
        entry, lines = node.entries[index], self._lines
        bottom = lines.bottom(entry)
        if lines.leads(entry.begin):
            chunk = self._text[lines.top(entry.begin, lines.floor(node, index)) : bottom]
        else:
            chunk = " " * lines.column(entry.begin) + self._text[entry.begin : bottom]
        before = to if to < index else to + 1
        return [*self.remove(node, index), *self.insert(node, before, [chunk])]

    def emptied(self, node: Node, slot: int | None) -> list[Patch]:
        """Takes out the only entry and leaves brackets: at ``slot``, or in the entry's place."""
        brackets = "[]" if node.kind == "list" else "{}"
        entry, lines = node.entries[0], self._lines
        bottom = lines.bottom(entry)
        if not lines.leads(entry.begin):
            return [Patch(entry.begin, bottom, brackets)]
        top = lines.top(entry.begin, lines.floor(node, 0))
        if slot is None:
            return [Patch(top, bottom, brackets)]
        return [Patch(slot, slot, f" {brackets}"), self._without(top, bottom)]

    def _without(self, top: int, bottom: int) -> Patch:
        """Whole lines; the last of a file that ends without a line end leaves none behind."""
        if bottom < len(self._text) or not top:
            return Patch(top, self._lines.following(bottom), "")
        return Patch(self._lines.finish(self._lines.begin(top - 1)), bottom, "")

    def clear(self, node: Node) -> Patch:
        """All lines of a block list or mapping that stands on lines of its own."""
        first, last = node.entries[0], node.entries[-1]
        top = self._lines.top(first.begin, self._lines.floor(node, 0))
        return self._without(top, self._lines.bottom(last))

    def below(self, place: int, new: list[str]) -> Patch:
        """New lines under the line of a place."""
        end = self._lines.finish(place)
        return Patch(end, end, "".join(self._eol + line for line in new))

    def slot(self, entry: Entry) -> int:
        """The place after a name or a dash, and after the anchor there."""
        return entry.value.props if entry.value.anchor else entry.intro
