"""YAML text as a bounded tree of nodes that know where in the text they are written.

Like ``llmgate.config.nodes``, with the same bounds and the same meaning, but every node has its
span: ``outer`` (where its anchor or tag begins), ``start`` and ``end`` (its content, without the
blank lines and comments after it), counted in characters.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from llmgate.config.edit.problem import EditProblem
from llmgate.config.nodes import DEEPEST, MOST_ALIASES, MOST_EVENTS, scalar
from llmgate.config.problems import shown

LARGEST: Final = 1_000_000

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTY = re.compile(r"&[^\s,\[\]{}]+|!<[^>\s]*>|![^\s,\[\]{}]*")
_BETWEEN = re.compile(r"(?:\s+|#[^\n]*)*")
_COLON = re.compile(r"\s*:")
_LAST_BREAK = re.compile(r"\r?\n\Z")


class Node:
    """A ``scalar``, ``list``, ``mapping`` or ``alias`` of the text."""

    __slots__ = (
        "anchor",
        "end",
        "entries",
        "flow",
        "kind",
        "line",
        "odd",
        "outer",
        "plain",
        "props",
        "size",
        "start",
        "style",
        "target",
        "text",
    )

    def __init__(self, kind: str, event: Any) -> None:
        self.kind = kind
        self.line: int = event.start_mark.line + 1
        self.outer: int = event.start_mark.index
        self.start: int = self.outer
        self.props: int = self.outer  # where the anchor and the tag end
        self.end: int = event.end_mark.index
        self.anchor: str = event.anchor or ""
        self.flow = False
        self.odd = False  # a mapping whose fields are not written `name: value`
        self.text = ""
        self.plain = False
        self.style = ""
        self.entries: list[Entry] = []
        self.target: Node | None = None
        self.size = 1

    @property
    def resolved(self) -> "Node":
        """The node an alias stands for, else the node itself."""
        return self.target or self

    @property
    def block(self) -> bool:
        """A list or a mapping with one entry to a line or more."""
        return self.kind in {"list", "mapping"} and not self.flow

    @property
    def blank(self) -> bool:
        """Nothing is written here, or nothing but an anchor."""
        return self.kind == "scalar" and self.start == self.end

    def own(self) -> dict[str, "Entry"]:
        """The fields written in this mapping itself."""
        return {entry.name: entry for entry in self.entries if not entry.merge}

    def fields(self) -> dict[str, "Node"]:
        """All fields of a mapping: its own first, then what it merges."""
        found = {entry.name: entry.value for entry in self.entries if not entry.merge}
        for entry in self.entries:
            if entry.merge:
                for other in _merged(entry.value.resolved):
                    for name, value in other.fields().items():
                        found.setdefault(name, value)
        return found


def _merged(node: Node) -> list[Node]:
    found = [e.value.resolved for e in node.entries] if node.kind == "list" else [node]
    return [one for one in found if one.kind == "mapping"]


class Entry:
    """A field of a mapping or an item of a list.

    ``begin`` is where its name or its dash is, ``intro`` the place after the colon or the dash.
    """

    __slots__ = ("bare", "begin", "intro", "key", "merge", "value")

    def __init__(self, value: Node, begin: int, intro: int, key: Node | None = None) -> None:
        self.value = value
        self.begin = begin
        self.intro = intro
        self.key = key
        self.merge = False
        self.bare = False  # a name in { } without a colon

    @property
    def name(self) -> str:
        """The field's name, empty for an item."""
        return self.key.text if self.key else ""

    @property
    def end(self) -> int:
        """Where the content of its value ends."""
        return max(self.value.end, self.intro)


class Document:
    """A text, its tree (``root`` is None in an empty file), and its aliases."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root: Node | None = None
        self.end = len(text)  # where the document ends: there, or at its `...`
        self.aliases: list[Node] = []
        _Builder(self).build()
        self.eol = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"


class _Builder:
    """Puts events together; recursion is bounded by ``DEEPEST``."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._text = document.text
        self._anchors: dict[str, Node] = {}
        self._count = 0
        self._size = 0
        self._events: Iterator[Any] = iter(())

    def build(self) -> None:
        if len(self._text) > LARGEST:
            raise EditProblem("larger than 1 MB: this is no config file")
        loader: Any = None
        try:
            loader = _LOADER(self._text)
            self._events = iter(loader.get_event, None)
            self._read()
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            reason = shown(str(getattr(error, "problem", "") or "unreadable"), 120)
            line = mark.line + 1 if mark else 0
            raise EditProblem(f"this is not YAML: {reason}", line=line) from None
        except UnicodeEncodeError:
            raise EditProblem("not UTF-8 text: save the file as UTF-8") from None
        finally:
            if loader is not None:
                loader.dispose()

    def _read(self) -> None:
        for event in self._events:
            match event:
                case yaml.DocumentStartEvent() if self._document.root is not None:
                    raise _at("only one document is read: remove this `---`", event)
                case yaml.DocumentEndEvent():
                    self._ends(event)
                case yaml.NodeEvent():
                    self._document.root = self._node(event, 1, _place(event))
                case _:
                    pass

    def _ends(self, event: Any) -> None:
        if event.explicit:
            self._document.end = event.start_mark.index

    def _next(self) -> Any:
        return next(self._events)

    def _node(self, event: Any, depth: int, intro: int) -> Node:
        if depth > DEEPEST:
            raise _at(f"nested more than {DEEPEST} levels deep", event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, intro)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(event, depth)
        else:
            node = self._mapping(event, depth)
        self._grow(node, event)
        if node.anchor:
            self._anchors[node.anchor] = node
        return node

    def _grow(self, node: Node, event: Any) -> None:
        node.size += sum(entry.value.size for entry in node.entries)
        self._count += 1
        if self._count > MOST_EVENTS or node.size > MOST_EVENTS:
            raise _at(f"more than {MOST_EVENTS} values: this is no config file", event)

    def _alias(self, event: Any) -> Node:
        node = Node("alias", event)
        node.target = self._anchors.get(event.anchor)
        if node.target is None:
            raise _at(f"no anchor `&{shown(event.anchor)}` is written before this", event)
        self._document.aliases.append(node)
        if len(self._document.aliases) > MOST_ALIASES:
            raise _at(f"more than {MOST_ALIASES} aliases", event)
        node.size = node.target.size
        return node

    def _properties(self, node: Node, event: Any) -> None:
        """Finds where the content begins, after an anchor and a tag."""
        tagged = event.tag is not None and not (event.tag == "!" and event.implicit[0])
        for _ in range(bool(node.anchor) + bool(tagged)):
            if found := _PROPERTY.match(self._text, node.start):
                node.props = found.end()
                node.start = self._skip(node.props)

    def _skip(self, place: int) -> int:
        """The next place that is neither white space nor a comment."""
        found = _BETWEEN.match(self._text, place)
        return found.end() if found else place

    def _scalar(self, event: Any, intro: int) -> Node:
        node = Node("scalar", event)
        node.text = event.value
        node.plain = bool(event.implicit[0])
        node.style = event.style or ""
        self._properties(node, event)
        if node.style in {"|", ">"}:
            node.end = self._block_scalar_end(node)
        elif not node.text and not node.style:
            bare = node.props == node.outer
            node.outer = intro if bare else node.outer
            node.start = node.end = node.props = intro if bare else node.props
        return node

    def _block_scalar_end(self, node: Node) -> int:
        written = self._text[node.start : node.end]
        if "+" in written.split("\n", 1)[0].split("#", 1)[0]:
            return node.start + len(_LAST_BREAK.sub("", written))
        return node.start + len(written.rstrip())

    def _list(self, event: Any, depth: int) -> Node:
        node = Node("list", event)
        node.flow = bool(event.flow_style)
        self._properties(node, event)
        place = node.start + 1 if node.flow else node.start
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            if node.flow:
                value = self._node(event, depth + 1, _place(event))
                entry = Entry(value, value.outer, value.outer)
            else:
                begin = self._skip(place)
                value = self._node(event, depth + 1, begin + 1)
                entry = Entry(value, begin, begin + 1)
            node.entries.append(entry)
            place = entry.end
        self._close(node, event)
        return node

    def _close(self, node: Node, event: Any) -> None:
        """Block lists and mappings end with their last entry, the others at their bracket."""
        if node.flow and not (node.kind == "mapping" and node.odd and not self._braced(node)):
            node.end = event.end_mark.index
        elif node.entries:
            node.end = node.entries[-1].end
            node.start = node.entries[0].begin

    def _braced(self, node: Node) -> bool:
        return self._text[node.start : node.start + 1] == "{"

    def _mapping(self, event: Any, depth: int) -> Node:
        node = Node("mapping", event)
        node.flow = bool(event.flow_style)
        self._properties(node, event)
        node.odd = node.flow and not self._braced(node)
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            entry = self._field(event, depth)
            if entry.merge:
                pass
            elif entry.name in lines:
                before = f"it is in line {lines[entry.name]} already"
                raise _at(f"`{shown(entry.name)}` is written twice: {before}", event)
            lines[entry.name] = event.start_mark.line + 1
            node.odd = node.odd or self._explicit(entry.begin)
            node.entries.append(entry)
        self._close(node, event)
        return node

    def _field(self, event: Any, depth: int) -> Entry:
        if not isinstance(event, yaml.ScalarEvent):
            raise _at("a name is expected here, not a list or a mapping", event)
        key = self._scalar(event, _place(event))
        colon = _COLON.match(self._text, key.end)
        intro = colon.end() if colon else key.end
        value = self._node(self._next(), depth + 1, intro)
        entry = Entry(value, key.outer, intro, key)
        entry.bare = colon is None
        entry.merge = event.value == "<<" and bool(event.implicit[0])
        return entry

    def _explicit(self, begin: int) -> bool:
        before = self._text[max(0, begin - 40) : begin].rstrip()
        return before.endswith("?") and (len(before) == 1 or before[-2] in " \t\r\n{[,-:?")


def _place(event: Any) -> int:
    return int(event.start_mark.index)


def _at(message: str, event: Any) -> EditProblem:
    return EditProblem(message, line=event.start_mark.line + 1)


def value_of(node: Node | None) -> Any:
    """What a node stands for, aliases and merges filled in, variables not."""
    if node is None:
        return None
    node = node.resolved
    match node.kind:
        case "list":
            return [value_of(entry.value) for entry in node.entries]
        case "mapping":
            return {name: value_of(value) for name, value in node.fields().items()}
        case _:
            return scalar(node.text, node.plain)


def plain(text: str) -> Any:
    """The plain value of a text: dicts, lists, text, numbers, booleans, None."""
    return value_of(Document(text).root)
