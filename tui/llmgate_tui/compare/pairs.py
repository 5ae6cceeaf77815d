"""Two texts line by line beside each other: what each side has, and where they differ (pure)."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final

import msgspec

from llmgate.wire.compare import Span
from llmgate_tui.widgets.line_text import Line

_APART: Final = 240  # characters between differences that are told apart in one long line
_MOST_ALIGNED: Final = 4_000  # lines; more are put beside each other as they come


class Pair(msgspec.Struct, frozen=True):
    """A line of each side; None where a side has none. ``spots`` are places that differ: how far
    into the left and the right line.
    """

    left: Line | None
    right: Line | None
    spots: tuple[tuple[int, int], ...] = ()

    @property
    def same(self) -> bool:
        """Neither side says anything else."""
        return not self.spots and self.left is not None and self.right is not None


def both(line: Line) -> Pair:
    """The same line on both sides."""
    return Pair(line, line)


def joined(pairs: Iterable[Pair]) -> list[Pair]:
    """Lines in a row that only one side has are one difference: only the first has a spot."""
    found: list[Pair] = []
    for pair in pairs:
        before = found[-1] if found else None
        follows = before is not None and (
            (pair.left is None and before.left is None)
            or (pair.right is None and before.right is None)
        )
        found.append(Pair(pair.left, pair.right) if follows else pair)
    return found


def of_spans(spans: Sequence[Span], tone: str = "") -> list[Pair]:
    """A text of words that are in both, or in one only."""
    weaver = _Weaver(tone)
    for span in spans:
        for number, part in enumerate(span.text.split("\n")):
            if number:
                weaver.end_line(span.kind)
            if part:
                weaver.add(span.kind, part)
    return weaver.finish()


class _Weaver:
    """Collects lines of both sides; they come together again where both end a line."""

    def __init__(self, tone: str) -> None:
        self._tone = tone
        self._pairs: list[Pair] = []
        self._left: list[Line] = [[]]
        self._right: list[Line] = [[]]

    def add(self, kind: str, text: str) -> None:
        """Words of a line that goes on."""
        if kind != "added":
            self._left[-1].append((text, self._tone if kind == "same" else "removed"))
        if kind != "removed":
            self._right[-1].append((text, self._tone if kind == "same" else "added"))

    def end_line(self, kind: str) -> None:
        """The line ends, on one side or on both."""
        if kind == "same":
            self._meet()
        elif kind == "removed":
            self._left.append([])
        else:
            self._right.append([])

    def finish(self) -> list[Pair]:
        """All pairs."""
        if self._pairs or any(self._left) or any(self._right):
            self._meet()
        return self._pairs

    def _meet(self) -> None:
        for left, right in _beside(self._left, self._right):
            self._pairs.append(Pair(left, right, _spots(left, right)))
        self._left, self._right = [[]], [[]]


def _beside(left: list[Line], right: list[Line]) -> Iterable[tuple[Line | None, Line | None]]:
    """From the top; but a last line that both share ends both."""
    few, many = sorted((len(left), len(right)))
    if few == many:
        return zip(left, right, strict=True)
    last = _shared(left[-1]) and _shared(right[-1])
    if not last or (few == 1 and _shared(left[0]) and _shared(right[0])):
        return zip_longest(left, right)
    head = zip_longest(left[:-1], right[:-1])
    return [*head, (left[-1], right[-1])]


def _shared(line: Line) -> bool:
    return any(tone not in {"removed", "added"} and text.strip() for text, tone in line)


def _spots(left: Line | None, right: Line | None) -> tuple[tuple[int, int], ...]:
    """Where a pair differs; what lies close together is one difference."""
    if left is None or right is None:
        return ((0, 0),)
    found: list[tuple[int, int]] = []
    for place in _differing(left, right):
        if not found or place[0] - found[-1][0] > _APART or place[1] - found[-1][1] > _APART:
            found.append(place)
    return tuple(found)


def _differing(left: Line, right: Line) -> list[tuple[int, int]]:
    """The places of both lines where words stand that the other side does not have."""
    places, at, other = [], 0, 0
    there = 0  # how many parts of the right line have been passed
    for text, tone in left:
        if tone == "removed":
            places.append((at, other))
        else:
            there, other = _pass_added(right, there, other, at, places)
            other += len(text)
            there += 1
        at += len(text)
    _pass_added(right, there, other, at, places)
    return places


def _pass_added(
    right: Line, there: int, other: int, at: int, places: list[tuple[int, int]]
) -> tuple[int, int]:
    while there < len(right) and right[there][1] == "added":
        places.append((at, other))
        other += len(right[there][0])
        there += 1
    return there, other


def of_lines(left: Sequence[str], right: Sequence[str]) -> list[Pair]:
    """Two texts of short lines, such as JSON laid out: lines that are alike stand side by side."""
    if len(left) + len(right) > _MOST_ALIGNED:
        return [of_texts(a, b) for a, b in zip_longest(left, right)]
    pairs: list[Pair] = []
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pairs += [both([(text, "")]) for text in left[a:b]]
        else:
            pairs += [of_texts(x, y) for x, y in zip_longest(left[a:b], right[c:d])]
    return pairs


def of_texts(left: str | None, right: str | None) -> Pair:
    """Two lines; the middle that differs is toned, what they begin and end with is not."""
    if left is None or right is None:
        gone: Line | None = None if left is None else [(left, "removed")]
        come: Line | None = None if right is None else [(right, "added")]
        return Pair(gone, come, ((0, 0),))
    if left == right:
        return both([(left, "")])
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    return Pair(
        _middle(left, start, len(left) - end, "removed"),
        _middle(right, start, len(right) - end, "added"),
        ((start, start),),
    )


def _middle(text: str, start: int, end: int, tone: str) -> Line:
    parts = [(text[:start], ""), (text[start:end], tone), (text[end:], "")]
    return [part for part in parts if part[0]]


def _common(left: str, right: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
