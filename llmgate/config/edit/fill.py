"""A new value in the place of an old one."""

from typing import Any, Final

from llmgate.config.edit import render
from llmgate.config.edit.blocks import Blocks
from llmgate.config.edit.habits import Habits
from llmgate.config.edit.lines import Lines, Patch
from llmgate.config.edit.problem import EditProblem
from llmgate.config.edit.render import Place
from llmgate.config.edit.scalars import block_lines, written
from llmgate.config.edit.tree import Document, Entry, Node

_QUOTES: Final = frozenset({"'", '"'})
_BLOCK: Final = frozenset({"|", ">"})


class Fill:
    """Patches that give an entry, or the whole file, another value."""

    def __init__(self, document: Document, habits: Habits, blocks: Blocks) -> None:
        self._document = document
        self._text = document.text
        self._habits = habits
        self._blocks = blocks
        self._lines = Lines(document)

    def entry(self, entry: Entry, place: Place, value: Any) -> tuple[list[Patch], bool]:
        """The patches, and whether they stay within the old value's span."""
        old = entry.value
        if self._is_in_flow(entry):
            return [self._behind(entry, render.in_flow(value, self._habits, _quote(old)))], True
        keeps_flow = old.flow and bool(old.entries)
        lines = None if keeps_flow else render.as_lines(value, place, self._habits)
        if lines is not None:
            return self._lines_for(entry, place, lines), False
        first, *rest = self._inline(old, place, value)
        if old.block and old.entries:
            return self._collapsed(entry, first, rest), False
        return self._replaced(entry, first, rest), not rest

    def _is_in_flow(self, entry: Entry) -> bool:
        """True for an entry between brackets."""
        node = self._document.root
        while node is not None and not node.flow:
            following = None
            for one in node.entries:
                if one is entry:
                    return False
                if one.begin <= entry.begin <= one.end:
                    following = one.value
            node = following
        return node is not None

    def _behind(self, entry: Entry, new: str) -> Patch:
        """A value on the line of its name; an anchor stays, a tag goes."""
        old = entry.value
        if not old.blank:
            start = old.start if old.anchor else old.outer
            return Patch(start, old.end, new)
        slot = self._blocks.slot(entry)
        lead = ": " if entry.bare else " "
        if entry.key is None and slot == entry.begin:
            lead = ""
        end = max(slot, old.end)
        return Patch(slot, end, lead + new)

    def _inline(self, old: Node, place: Place, value: Any) -> list[str]:
        """The new value for the line of its name, and the lines of a block of text."""
        if isinstance(value, dict | list):
            return [render.in_flow(value, self._habits)]
        if isinstance(value, str) and (old.style in _BLOCK or "\n" in value):
            style = old.style if old.style in _BLOCK else "|"
            indent = self._indent_of(old) or place.column + self._habits.step
            lines = block_lines(value, style, indent)
            if lines is not None and self._takes_a_block(old, value, indent):
                return lines
        return [written(value, flow=False, quote=_quote(old), habit=self._habits.quote)]

    def _indent_of(self, old: Node) -> int:
        """How far in the text of a block is, 0 when there is none."""
        if old.style not in _BLOCK:
            return 0
        for line in self._text[old.start : old.end].split("\n")[1:]:
            if line.strip():
                return len(line) - len(line.lstrip(" "))
        return 0

    def _takes_a_block(self, old: Node, value: str, indent: int) -> bool:
        """True where a block of text neither needs a line end that is missing nor swallows the
        comments below.
        """
        following = self._lines.following(old.end)
        if following == len(self._text) and self._text[-1:] != "\n" and value.endswith("\n"):
            return False
        comment = self._lines.blank_after(following)
        below = self._text[comment : self._lines.finish(comment)]
        column = len(below) - len(below.lstrip(" "))
        return old.style not in _QUOTES and not (
            below.lstrip().startswith("#") and column >= indent
        )

    def _replaced(self, entry: Entry, first: str, rest: list[str]) -> list[Patch]:
        """A value on a line, or a block of text, for another one."""
        old = entry.value
        if old.style in _BLOCK:
            header_end = self._lines.finish(old.start)
            header = self._text[old.start : header_end]
            comment = header[header.index(" #") :] if " #" in header else ""
            body = "".join(self._document.eol + line for line in rest)
            return [Patch(old.start, max(old.end, header_end), first + comment.rstrip() + body)]
        patches = [self._behind(entry, first)]
        if rest:
            patches.append(self._blocks.below(max(old.end, entry.intro), rest))
        return patches

    def _collapsed(self, entry: Entry, first: str, rest: list[str]) -> list[Patch]:
        """A value on a line for a block list or mapping."""
        old, slot = entry.value, self._blocks.slot(entry)
        if self._lines.leads(old.entries[0].begin):
            body = [self._blocks.below(slot, rest)] if rest else []
            return [Patch(slot, slot, f" {first}"), *body, self._blocks.clear(old)]
        bottom = self._lines.bottom(old.entries[-1])
        body_text = "".join(self._document.eol + line for line in rest)
        return [Patch(old.entries[0].begin, bottom, first + body_text)]

    def _lines_for(self, entry: Entry, place: Place, lines: list[str]) -> list[Patch]:
        """A block list or mapping for whatever was there."""
        old, slot = entry.value, self._blocks.slot(entry)
        first = ""
        if entry.key is None and not entry.value.anchor:
            inner = lines[0].lstrip(" ")
            first = " " * (len(lines[0]) - len(inner) - place.column - 1) + inner
            lines = lines[1:]
        if not (old.block and old.entries):
            end = max(old.end, slot)
            body = [self._blocks.below(end, lines)] if lines else []
            return [Patch(slot, end, first), *body]
        if self._lines.leads(old.entries[0].begin):
            body = [self._blocks.below(slot, lines)] if lines else []
            return [*([Patch(slot, slot, first)] if first else []), *body, self._blocks.clear(old)]
        bottom = self._lines.bottom(old.entries[-1])
        text = first + "".join(self._document.eol + line for line in lines)
        return [Patch(slot, bottom, text)]

    def root(self, value: Any) -> list[Patch]:
        """The first fields of a file that has none."""
        if not isinstance(value, dict):
            raise EditProblem("the file must hold `name: value` lines")
        root, eol = self._document.root, self._document.eol
        if not value:
            lines = ["{}"]
        else:
            lines = [
                line
                for name, item in value.items()
                for line in render.field_lines(name, item, Place(name, "", 1, 0), self._habits)
            ]
        new = eol.join(lines)
        if root is not None and not root.blank:
            alone = self._lines.begin(root.outer) == root.outer
            new = new if alone else render.in_flow(value, self._habits)
            return [Patch(root.start, root.end, new)]
        return [self._at_document_end(new)]

    def _at_document_end(self, new: str) -> Patch:
        place, eol = self._document.end, self._document.eol
        before = self._text[:place]
        lead = eol if before and not before.endswith("\n") else ""
        last = before.rstrip("\r\n").rpartition("\n")[2]
        if last.startswith("#") and not before.endswith(eol * 2):
            lead += eol  # the comment is about the file, not about its first field
        ends = not before or before.endswith("\n") or place < len(self._text)
        return Patch(place, place, lead + new + (eol if ends else ""))


def _quote(old: Node) -> str:
    """The quotes of an old value that a new one keeps."""
    return old.style if old.style in _QUOTES else ""
