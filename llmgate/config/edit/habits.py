"""How a file is written: its indents, quotes and shapes, for what is added to look the same."""

from collections import Counter
from typing import Final

from llmgate.config.edit.tree import Document, Node

Label = tuple[str, str]  # a name (or "name.*", "name[]") and the kind of its value
_MOST_STEP: Final = 8


class Habits:
    """Counted once over a document; the most frequent wins."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._steps = Counter[int]()
        self._dashes = Counter[int]()
        self._items = Counter[int]()
        self._quotes = Counter[str]()
        self._pads = Counter[tuple[str, str]]()
        self._shapes = Counter[Label]()
        if document.root is not None:
            self._walk(document.root, "")
        self.eol = document.eol
        self.step = _first(self._steps, 2)
        self.dash = _first(self._dashes, self.step)
        self.item = _first(self._items, 2)
        self.quote = "'" if self._quotes["'"] > self._quotes['"'] else '"'

    def column(self, place: int) -> int:
        """How far from its line's beginning a place is."""
        return place - self._text.rfind("\n", 0, place) - 1

    def prefers_flow(self, name: str, parent: str, kind: str) -> bool | None:
        """How the nearest relatives are written: True for { } and [ ], None when there are none."""
        for label in ((name, kind), (f"{parent}.*", kind)):
            if label[0] not in {"", ".*"} and (seen := self._shapes[label]):
                return seen > 0
        return None

    def pad(self, bracket: str) -> str:
        """The space inside brackets."""
        return " " if self._pads[bracket, " "] > self._pads[bracket, ""] else ""

    def _walk(self, node: Node, name: str) -> None:
        if node.kind == "scalar" and node.style in {"'", '"'}:
            self._quotes[node.style] += 1
        if node.flow and node.entries and not node.odd:
            bracket = self._text[node.start]
            self._pads[bracket, " " if self._text[node.start + 1] == " " else ""] += 1
        for entry in node.entries:
            self._count(node, entry.value)
            below = entry.name if node.kind == "mapping" else f"{name}[]"
            if entry.value.entries:
                shape = 1 if entry.value.flow else -1
                self._shapes[below, entry.value.kind] += shape
                if node.kind == "mapping":
                    self._shapes[f"{name}.*", entry.value.kind] += shape
            self._walk(entry.value, below)

    def _count(self, node: Node, value: Node) -> None:
        if not (node.block and value.block and value.entries):
            return
        offset = self.column(value.entries[0].begin) - self.column(node.entries[0].begin)
        if not 0 <= offset <= _MOST_STEP:
            return
        if node.kind == "list":
            self._items[offset] += 1
        elif value.kind == "list":
            self._dashes[offset] += 1
        elif offset:
            self._steps[offset] += 1


def _first(counted: Counter[int], otherwise: int) -> int:
    return counted.most_common(1)[0][0] if counted else otherwise
