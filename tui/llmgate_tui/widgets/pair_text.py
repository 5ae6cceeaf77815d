"""The text behind a pair view: two texts whose lines stand beside each other, no Textual.

Each side wraps within its half; a pair of lines is as high as the higher of the two. What a row
shows is made when it is drawn.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, set_cell_size

from llmgate_tui.compare.pairs import Pair
from llmgate_tui.widgets.line_text import Line, LineText, Match, Row

_RULE: Final = ("│", "rule")
_SIGNS: Final = 2  # cells for the sign before each side
_EMPTY: Final[Line] = []


class PairText(LineText):
    """``line`` of a row is the number of a pair, ``start`` the row within it."""

    def __init__(self) -> None:
        super().__init__()
        self.left = LineText()
        self.right = LineText()
        self.aside = 0  # cells that both sides are moved to the left, when lines do not wrap
        self._pairs: Sequence[Pair] = ()
        self._hits: list[tuple[bool, int]] = []  # of each match: in the right text; its number
        self._term = ""

    def put(self, pairs: Sequence[Pair]) -> None:
        """Replaces everything."""
        self._pairs = pairs
        self.left.show(pair.left or _EMPTY for pair in pairs)
        self.right.show(pair.right or _EMPTY for pair in pairs)
        self.more = self.left.more + self.right.more
        self._place()

    @property
    def half(self) -> int:
        """Cells for the text of one side."""
        return max(1, (self.width - 1) // 2 - _SIGNS)

    def layout(self, width: int, wrap: bool) -> None:
        """Wraps anew."""
        self.width, self.wrap = max(1, width), wrap
        self.left.layout(self.half, wrap)
        self.right.layout(self.half, wrap)
        self._place()

    def _place(self) -> None:
        """Which row each pair begins at."""
        count = min(len(self.left.texts), len(self.right.texts))  # a limit may have cut one
        heights = (
            max(self._height(self.left, n), self._height(self.right, n)) for n in range(count)
        )
        self._first = list(accumulate(heights, initial=0))
        self._rows = self._first.pop() if count else 0
        self.widest = max(self.left.widest, self.right.widest)
        if self._term:
            self.search(self._term)

    @staticmethod
    def _height(side: LineText, line: int) -> int:
        after = side.row_of(line + 1) if line + 1 < len(side.texts) else side.rows
        return after - side.row_of(line)

    def row(self, row: int) -> Row:
        """Pair and row within it."""
        pair = bisect_right(self._first, row) - 1
        part = row - self._first[pair]
        return Row(pair, part, part + 1, 0)

    def row_of(self, line: int, offset: int = 0) -> int:
        """The row of a part of a pair."""
        after = self._first[line + 1] if line + 1 < len(self._first) else self._rows
        return min(self._first[line] + offset, max(after - 1, self._first[line]))

    def row_of_spot(self, pair: int, left: int, right: int) -> int:
        """The row in which a pair begins to differ."""
        parts = (self._part(self.left, pair, left), self._part(self.right, pair, right))
        return self.row_of(pair, min(parts) if all(self._present(pair)) else max(parts))

    def _present(self, pair: int) -> tuple[bool, bool]:
        return self._pairs[pair].left is not None, self._pairs[pair].right is not None

    @staticmethod
    def _part(side: LineText, line: int, offset: int) -> int:
        return side.row_of(line, offset) - side.row_of(line)

    # -- what a row shows ----------------------------------------------------

    def pieces(self, row: Row) -> Line:
        """Both sides, each as wide as its half."""
        return self._both(row, -1)

    def marked(self, row: Row, current: int) -> Line:
        """With the hits of a search."""
        return self._both(row, current)

    def _both(self, row: Row, current: int) -> Line:
        pair = self._pairs[row.line]
        right, number = self._hits[current] if 0 <= current < len(self._hits) else (False, -1)
        first = row.start == 0
        return [
            ("- " if first and not pair.same and pair.left is not None else "  ", "bad"),
            *self._side(self.left, row, -1 if right else number),
            _RULE,
            ("+ " if first and not pair.same and pair.right is not None else "  ", "good"),
            *self._side(self.right, row, number if right else -1),
        ]

    def _side(self, side: LineText, row: Row, current: int) -> Line:
        at = side.row_of(row.line) + row.start
        if row.start >= self._height(side, row.line):
            return [(" " * self.half, "")]
        part = side.row(at)
        line = [(" " * part.indent, ""), *side.marked(part, current)]
        return _fitted(line, self.aside, self.half)

    # -- search --------------------------------------------------------------

    def search(self, term: str) -> int:
        """Finds a term on both sides, from top to bottom."""
        self._term = term
        self.left.search(term)
        self.right.search(term)
        found = [*self._matches(self.left, False), *self._matches(self.right, True)]
        found.sort()
        self.matches = [match for match, _, _ in found]
        self._hits = [(right, number) for _, right, number in found]
        return len(self.matches)

    def _matches(self, side: LineText, right: bool) -> list[tuple[Match, bool, int]]:
        last = len(self._first)
        return [
            (Match(hit.line, self._part(side, hit.line, hit.start), hit.start), right, number)
            for number, hit in enumerate(side.matches)
            if hit.line < last
        ]


def _fitted(line: Line, aside: int, width: int) -> Line:
    """Exactly ``width`` cells of a line, from cell ``aside`` on."""
    fitted: Line = []
    skip, room = aside, width
    for whole, tone in line:
        text = _behind(whole, skip) if skip else whole
        skip = max(0, skip - cell_len(whole))
        cells = cell_len(text)
        if cells >= room:
            return [*fitted, (set_cell_size(text, room), tone)]
        fitted.append((text, tone))
        room -= cells
    return [*fitted, (" " * room, "")]


def _behind(text: str, cells: int) -> str:
    if text.isascii():
        return text[cells:]
    at = 0
    while cells > 0 and at < len(text):
        cells -= cell_len(text[at])
        at += 1
    return text[at:]
