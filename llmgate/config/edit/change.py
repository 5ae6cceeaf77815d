"""One step towards what is meant: the patches that bring a node of the text there."""

from typing import Any

from llmgate.config.edit import render
from llmgate.config.edit.blocks import Blocks
from llmgate.config.edit.fill import Fill
from llmgate.config.edit.flows import Flows
from llmgate.config.edit.habits import Habits
from llmgate.config.edit.lines import Patch
from llmgate.config.edit.meaning import same
from llmgate.config.edit.problem import refused
from llmgate.config.edit.render import Place
from llmgate.config.edit.tree import Document, Entry, Node, value_of
from llmgate.config.problems import Path

_ODD = "its fields are not written as `name: value` lines: edit the file by hand"


class Change:
    """Finds the patches for one document; they never overlap."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._habits = Habits(document)
        self._blocks = Blocks(document, self._habits)
        self._flows = Flows(document)
        self._fill = Fill(document, self._habits, self._blocks)
        self.filled: list[Path] = []  # the paths of the patches found
        self._large: Path | None = None

    def towards(self, path: Path, meant: Any) -> list[Patch]:
        """Patches for all values that can be replaced where they stand, else one other step."""
        node, entry = self._find(path)
        if node is None or (not path and not node.entries):
            return [] if meant is None else self._fill.root(meant)
        small: list[Patch] = []
        step = self._step(node, entry, path, meant, small)
        if small or step is None:
            return small
        self.filled += [] if self._large is None else [self._large]
        return step

    def _find(self, path: Path) -> tuple[Node | None, Entry | None]:
        node, entry = self._document.root, None
        for step in path:
            assert node is not None, "the path was walked before"
            if node.odd:
                raise refused(_ODD, path, node.line)
            entry = node.own()[str(step)] if node.kind == "mapping" else node.entries[int(step)]
            node = entry.value
        return node, entry

    def _step(
        self, node: Node, entry: Entry | None, path: Path, meant: Any, small: list[Patch]
    ) -> list[Patch] | None:
        """Adds small patches; returns a larger step if one is needed here or below."""
        if same(value_of(node), meant):
            return None
        if node.entries and not node.odd and isinstance(meant, dict | list):
            if node.kind == "mapping" and isinstance(meant, dict) and meant:
                return self._mapping(node, path, meant, small)
            if node.kind == "list" and isinstance(meant, list) and meant:
                return self._list(node, path, meant, small)
        if entry is None:
            raise refused("the whole file cannot be replaced by an edit", path)
        patches, in_place = self._fill.entry(entry, self._place(path, entry), meant)
        if not in_place:
            self._large = path
            return patches
        small += patches
        self.filled.append(path)
        return None

    def _place(self, path: Path, entry: Entry) -> Place:
        return self._place_at(path, self._habits.column(entry.begin))

    def _place_at(self, path: Path, column: int) -> Place:
        return Place(_label(path), _label(path[:-1]), len(path), column)

    def _mapping(
        self, node: Node, path: Path, meant: dict[str, Any], small: list[Patch]
    ) -> list[Patch] | None:
        own, merged = node.own(), node.fields()
        step: list[Patch] | None = None
        for name, value in meant.items():
            if name in own:
                below = (*path, name)
                step = step or self._step(own[name].value, own[name], below, value, small)
            elif name not in merged or not same(value_of(merged[name]), value):
                step = step or self._add_field(node, path, name, value)
        gone = [
            place for place, e in enumerate(node.entries) if not e.merge and e.name not in meant
        ]
        if step is None and gone:
            return self._remove(node, self._find(path)[1], gone[-1])
        return step

    def _add_field(self, node: Node, path: Path, name: str, value: Any) -> list[Patch]:
        below = (*path, name)
        if node.flow:
            lead = render.key(name, self._habits, flow=True)
            return self._flows.insert(
                node, len(node.entries), f"{lead}: {render.in_flow(value, self._habits)}"
            )
        place = self._place_at(below, self._habits.column(node.entries[0].begin))
        lines = render.field_lines(name, value, place, self._habits)
        return self._blocks.insert(node, len(node.entries), lines)

    def _list(
        self, node: Node, path: Path, meant: list[Any], small: list[Patch]
    ) -> list[Patch] | None:
        old = [value_of(entry.value) for entry in node.entries]
        if len(old) != len(meant):
            head = _common(old, meant)
            tail = _common(old[head:][::-1], meant[head:][::-1])
            if len(old) < len(meant):
                place = len(old) - tail
                return self.insert_item(path, place, meant[place])
            return self._remove(node, self._find(path)[1], len(old) - tail - 1)
        step: list[Patch] | None = None
        for index, (entry, value) in enumerate(zip(node.entries, meant, strict=True)):
            step = step or self._step(entry.value, entry, (*path, index), value, small)
        return step

    def insert_item(self, path: Path, index: int, value: Any) -> list[Patch]:
        """Patches that insert an item into a list that has some."""
        node, _ = self._find(path)
        assert node is not None, "the path was walked before"
        if node.flow:
            return self._flows.insert(node, index, render.in_flow(value, self._habits))
        column = self._habits.column(node.entries[0].begin)
        place = self._place_at((*path, index), column)
        return self._blocks.insert(node, index, render.item_lines(value, place, self._habits))

    def remove(self, path: Path) -> list[Patch]:
        """Patches that take out a field or an item."""
        parent, entry = self._find(path[:-1])
        assert parent is not None, "the path was walked before"
        return self._remove(parent, entry, self._index(parent, path))

    def _index(self, parent: Node, path: Path) -> int:
        if parent.odd:
            raise refused(_ODD, path, parent.line)
        if parent.kind == "list":
            return int(path[-1])
        return parent.entries.index(parent.own()[str(path[-1])])

    def _remove(self, node: Node, entry: Entry | None, index: int) -> list[Patch]:
        if node.flow:
            return self._flows.remove(node, index)
        if len(node.entries) > 1:
            return self._blocks.remove(node, index)
        return self._blocks.emptied(node, self._blocks.slot(entry) if entry else None)

    def rename(self, path: Path, new: str) -> list[Patch]:
        """The patch of a field's name."""
        parent, _ = self._find(path[:-1])
        assert parent is not None, "the path was walked before"
        key = parent.entries[self._index(parent, path)].key
        assert key is not None, "fields have names"
        quote = key.style if key.style in {"'", '"'} else ""
        flow = parent.flow
        written = render.key(new, self._habits, flow=flow, quote=quote)
        return [Patch(key.start, key.end, written)]

    def move(self, path: Path, to: int) -> list[Patch]:
        """Patches that take a field or an item to another place."""
        parent, _ = self._find(path[:-1])
        assert parent is not None, "the path was walked before"
        index = self._index(parent, path)
        others = [e for place, e in enumerate(parent.entries) if place != index]
        own = [place for place, entry in enumerate(others) if not entry.merge]
        place = own[to] if to < len(own) else len(others)
        if place == index:
            return []
        if parent.flow:
            return self._flows.move(parent, index, place)
        return self._blocks.move(parent, index, place)


def _common(one: list[Any], other: list[Any]) -> int:
    """How many items are the same at the beginning of both."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if not same(a, b):
            break
        count += 1
    return count


def _label(path: Path) -> str:
    """The name of a place; items are named after their list."""
    if not path:
        return ""
    return path[-1] if isinstance(path[-1], str) else f"{_label(path[:-1])}[]"
