"""Where the strings of a JSON text stand, byte for byte; broken or cut JSON is read as far as it
goes.

Strings that a stream hands out piece by piece belong together: the same names on the way to them
and the same ``index`` or item around them make the same ``key``.
"""

import re
from collections.abc import Iterator
from typing import Final

Key = tuple[tuple[bytes, ...], tuple[tuple[bytes, bytes], ...]]

_TOKEN: Final = re.compile(
    rb'"([^"\\]*(?:\\.[^"\\]*)*)("?)|([{}\[\]:,])|[^\s"{}\[\]:,]+', re.DOTALL
)
_WHICH: Final = frozenset(
    {b"index", b"item_id", b"output_index", b"content_index", b"summary_index"}
)
_ATOM: Final = re.compile(rb"true|false|null|-?[0-9][0-9.eE+-]*")
_DEEPEST: Final = 64  # names further inside are looked at and not told apart


class Frame:
    """An object or array that is open, and what is known of it."""

    __slots__ = ("is_object", "kind", "name", "names", "parent", "under", "value_next", "which")

    def __init__(self, parent: "Frame | None", *, is_object: bool) -> None:
        self.parent = parent
        self.under = parent.here if parent else b""  # the name that it is the value of
        self.is_object = is_object
        self.name = b""
        self.value_next = not is_object
        self.names: set[bytes] = set()
        self.kind = b""  # of its `type`
        self.which: list[tuple[bytes, bytes]] = []

    @property
    def here(self) -> bytes:
        """The name that what comes next is the value of."""
        return self.name if self.is_object else self.under


class Place:
    """A string: its bytes between the quotes, the name it is the value of, the object it is in."""

    __slots__ = ("end", "frame", "name", "start", "value")

    def __init__(self, start: int, end: int, frame: Frame | None, *, value: bool) -> None:
        self.start = start
        self.end = end
        self.frame = frame  # a body may be nested deep: what is around it is looked up when asked
        self.value = value  # not a name itself
        self.name = frame.here if frame else b""

    def _frames(self) -> Iterator[Frame]:
        """Those around it, the innermost first."""
        frame = self.frame
        while frame is not None:
            yield frame
            frame = frame.parent

    @property
    def path(self) -> tuple[bytes, ...]:
        """The names on the way to it."""
        names = [self.name] if self.frame and self.frame.is_object else []
        around = (one for one in self._frames() if one.parent and one.parent.is_object)
        names.extend(frame.under for frame in around)
        return tuple(reversed(names))

    @property
    def key(self) -> Key:
        """What the pieces of one text have in common."""
        return self.path, tuple(pair for frame in self._frames() for pair in frame.which)

    @property
    def inside(self) -> Frame | None:
        """The innermost object around it."""
        return next((frame for frame in self._frames() if frame.is_object), None)


def strings(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Place]:
    """Every string between two places of ``data``, in order, names of objects included, and what
    stands there without being JSON.
    """
    frames: list[Frame] = []
    end = len(data) if end is None else end
    for token in _TOKEN.finditer(data, start, end):
        mark = token[3]
        top = frames[-1] if frames else None
        if mark is not None:
            _step(frames, top, mark)
        elif token[1] is not None:
            is_name = top is not None and top.is_object and not top.value_next
            yield Place(*token.span(1), top, value=not is_name)
            if top is not None:
                _note(top, token[1], is_name=is_name)
        else:
            if _ATOM.fullmatch(token[0]) is None:  # no JSON: may be anything
                yield Place(*token.span(), top, value=True)
            if top is not None:
                _note(top, token[0], is_name=False)


def _step(frames: list[Frame], top: Frame | None, mark: bytes) -> None:
    if mark in b"{[":
        if len(frames) < _DEEPEST:
            frames.append(Frame(top, is_object=mark == b"{"))
    elif mark in b"}]":
        if frames:
            frames.pop()
    elif top is not None and top.is_object:
        top.value_next = mark == b":"


def _note(top: Frame, text: bytes, *, is_name: bool) -> None:
    """Remembers a name, or a value that tells one text of a stream from another."""
    if is_name:
        top.name = text
        top.names.add(text)
    elif top.is_object:
        if top.name in _WHICH:
            top.which.append((top.name, text))
        elif top.name == b"type":
            top.kind = text
