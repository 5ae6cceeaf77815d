"""YAML text as a bounded tree of nodes that know their line.

The events of PyYAML's parser are put together here instead of by its composer: depth, size and
aliases are bounded as they come, duplicate keys are refused, and scalars are kept as text, so that
``${VAR}`` can be filled in before it is decided whether something is a number (YAML 1.2 core rules:
``off`` and ``no`` are text).
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from llmgate.config.problems import Path, Place, Problems, shown

MOST_EVENTS: Final = 100_000
DEEPEST: Final = 40
MOST_ALIASES: Final = 100

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE: Final = "<<"

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


_CONTROL = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Node:
    """A scalar (``text``), a list (``items``) or a mapping (``fields``) of the file."""

    __slots__ = ("fields", "items", "keys", "place", "plain", "text")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.text: str | None = None
        self.plain = False
        self.items: list[Node] | None = None
        self.fields: dict[str, Node] | None = None
        self.keys: dict[str, Place] = {}

    @property
    def empty(self) -> bool:
        """Nothing was written, or ``null``."""
        return self.text is not None and self.plain and _WORDS.get(self.text, "") is None


def scalar(text: str, plain: bool) -> str | int | float | bool | None:
    """What a scalar stands for; quoted ones are text."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


class _Stop(Exception):
    """Reading further makes no sense."""


class _Tree:
    """Builds the tree from events; recursion is bounded by ``DEEPEST``."""

    def __init__(self, events: Iterator[Any], problems: Problems) -> None:
        self._events = events
        self._problems = problems
        self._anchors: dict[str, Node] = {}
        self._count = 0
        self._aliases = 0

    def document(self) -> Node | None:
        """The first document; a second one is a problem."""
        node: Node | None = None
        while True:
            event = self._next()
            match event:
                case yaml.StreamEndEvent():
                    return node
                case yaml.DocumentStartEvent() if node is not None:
                    raise self._stop("only one document is read: remove this `---`", event)
                case yaml.StreamStartEvent() | yaml.DocumentStartEvent() | yaml.DocumentEndEvent():
                    pass
                case _:
                    node = self._node(event, 1)

    def _next(self) -> Any:
        self._count += 1
        event = next(self._events)
        if self._count > MOST_EVENTS:
            raise self._stop(f"more than {MOST_EVENTS} values: this is no config file", event)
        return event

    def _node(self, event: Any, depth: int) -> Node:
        if depth > DEEPEST:
            raise self._stop(f"nested more than {DEEPEST} levels deep", event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        node = Node(_place(event))
        if isinstance(event, yaml.ScalarEvent):
            node.text = event.value
            node.plain = bool(event.implicit[0])
        elif isinstance(event, yaml.SequenceStartEvent):
            self._sequence(node, depth)
        else:
            self._mapping(node, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            raise self._stop(f"more than {MOST_ALIASES} aliases", event)
        node = self._anchors.get(event.anchor)
        if node is None:
            raise self._stop(f"no anchor `&{shown(event.anchor)}` is written before this", event)
        return node

    def _sequence(self, node: Node, depth: int) -> None:
        node.items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            node.items.append(self._node(event, depth + 1))

    def _mapping(self, node: Node, depth: int) -> None:
        node.fields = {}
        merged: list[Node] = []
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._stop("a name is expected here, not a list or a mapping", event)
            value = self._node(self._next(), depth + 1)
            if event.value == _MERGE and event.implicit[0]:
                merged += value.items or [value]
            elif event.value in node.fields:
                line = node.keys[event.value][0]
                self._problems.add(
                    f"`{shown(event.value)}` is written twice: it is in line {line} already",
                    place=_place(event),
                )
            else:
                node.fields[event.value] = value
                node.keys[event.value] = _place(event)
        for other in merged:
            for name, value in (other.fields or {}).items():
                if name not in node.fields:
                    node.fields[name] = value
                    node.keys[name] = other.keys[name]

    def _stop(self, message: str, event: Any) -> _Stop:
        self._problems.add(message, place=_place(event))
        return _Stop(message)


def _place(event: Any) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1)


def parse(text: str, problems: Problems) -> Node | None:
    """The tree of a text, None when there is nothing in it or it is no YAML."""
    loader: Any = None
    try:
        loader = _LOADER(text)
        return _Tree(iter(loader.get_event, None), problems).document()
    except _Stop:
        return None
    except yaml.YAMLError as error:
        _note(error, text, problems)
        return None
    finally:
        if loader is not None:
            loader.dispose()


def _note(error: yaml.YAMLError, text: str, problems: Problems) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        odd = _CONTROL.search(text)
        before = text[: odd.start()] if odd else ""
        place = (before.count("\n") + 1, len(before) - before.rfind("\n")) if odd else (0, 0)
        problems.add("this is not YAML text: it holds control characters", place=place)
        return
    place = (mark.line + 1, mark.column + 1)
    reason = shown(str(getattr(error, "problem", "") or "unreadable"), 120)
    problems.add(f"this is not YAML: {reason}{_advice(text, mark.line)}", place=place)


def _advice(text: str, line: int) -> str:
    lines = text.splitlines()
    around = "".join(lines[max(0, line - 1) : line + 1])
    if "\t" in around:
        return "; indent with spaces, not tabs"
    if "${" in around:
        return '; inside { } or [ ] write "${VAR}" with quotes'
    return ""


def places_of(node: Node, problems: Problems) -> None:
    """Notes where everything is, so that later problems find their line."""
    waiting: list[tuple[Path, Node]] = [((), node)]
    while waiting and len(problems.places) < MOST_EVENTS:
        path, node = waiting.pop()
        problems.places.setdefault(path, node.place)
        for index, item in enumerate(node.items or ()):
            waiting.append(((*path, index), item))
        for name, value in (node.fields or {}).items():
            waiting.append(((*path, name), value))
