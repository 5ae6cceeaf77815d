"""The text behind a line view: lines with toned parts, a wrap index, folds and search, no Textual.

Rows are what the screen shows, lines are what the text has: a wrapped line is several rows.
Everything handed in passes the sanitiser here, so no view can forget it, and a limit bounds it.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

from rich.cells import cell_len

from llmgate.wire.safe_text import safe_text
from llmgate_tui.widgets.line_wrap import cuts, hanging

_T = TypeVar("_T")
Piece = tuple[str, str]  # text and tone; tones are named in line_view, "" is plain
Line = list[Piece]
Colour = Callable[[str], Line]  # tones the text of one line; the texts must add up to it


class Fold(NamedTuple):
    """A line that opens into more lines."""

    head: Line
    body: Callable[[], Sequence[Line]]


Item = Line | Fold | str
LIMIT: Final = 4_000_000
_MOST_MATCHES: Final = 10_000
_MOST_COLOURED: Final = 65_536  # a longer line is shown in one tone
_CLOSED, _OPEN = ("▸ ", "quiet"), ("▾ ", "quiet")


class Match(NamedTuple):
    """Where a search hit lies."""

    line: int
    start: int
    end: int


class Row(NamedTuple):
    """A row of the screen: a part of a line, and how far a continuation is set in."""

    line: int
    start: int
    end: int
    indent: int


class LineText:
    """Lines, wrapped to ``width`` when ``wrap`` is on; ``more`` counts what the limit left out."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.width = 80
        self.wrap = True
        self.colour: Colour | None = None
        self.matches: list[Match] = []
        self._needle: re.Pattern[str] | None = None
        self._empty()

    def _empty(self) -> None:
        self.texts: list[str] = []
        self.more = 0
        self.widest = 0
        self._used = 0
        self._tones: dict[int, list[tuple[int, str]]] = {}  # (end, tone) of each part of a line
        self._coloured: dict[int, list[tuple[int, str]]] = {}
        self._folds: dict[int, Fold] = {}
        self._opened: dict[int, int] = {}  # head -> lines shown below it
        self._starts: dict[int, list[int]] = {}  # of lines with more than one row
        self._first: list[int] = []  # first row of each line
        self._rows = 0

    # -- content -------------------------------------------------------------

    def show(self, items: Iterable[Item], colour: Colour | None = None) -> None:
        """Replaces everything; plain strings are toned by ``colour`` when they are shown."""
        self._empty()
        self.colour = colour
        for item in items:
            self._add(item)
        self._index_from(0)

    def show_text(
        self, text: str, colour: Colour | None = None, above: Sequence[Line] = ()
    ) -> None:
        """Replaces everything by a text, which is cleaned and cut at once, below a few lines."""
        self._empty()
        self.colour = colour
        kept = text[: self.limit]
        self.more = len(text) - len(kept)
        self._used = len(kept)
        for line in above:
            self._take(*_flat(line))
        self.texts += safe_text(kept).split("\n") if kept else []
        self._index_from(0)

    def add(self, items: Iterable[Item]) -> int:
        """Appends lines; returns the first line that changed."""
        first = len(self.texts)
        for item in items:
            self._add(item)
        self._index_from(first)
        return first

    def grow(self, text: str, tone: str = "") -> int:
        """Lets the last line go on with ``text``; returns the first line that changed."""
        if not self.texts:
            self._take("", [])
        first = len(self.texts) - 1
        head, *rest = safe_text(self._room(text)).split("\n")
        if head:
            self._extend(first, head, tone)
        for part in rest:
            self._take(part, [(len(part), tone)] if part else [])
        self._index_from(first)
        return first

    def toggle(self, line: int) -> bool:
        """Opens or closes the fold of a line; False when it has none."""
        fold = self._folds.get(line)
        if fold is None:
            return False
        if shown := self._opened.pop(line, 0):
            self._splice(line + 1, shown, [])
        else:
            body = list(fold.body()) or [[("(empty)", "quiet")]]
            self._splice(line + 1, 0, body)
            self._opened[line] = len(body)
        self._set_head(line, fold)
        self._forget_rows(line)
        self._index_from(line)
        return True

    def foldable(self, line: int) -> bool:
        """Has a fold."""
        return line in self._folds

    @property
    def folds(self) -> bool:
        """Any line has a fold."""
        return bool(self._folds)

    @property
    def first_fold(self) -> int:
        """The first line with a fold; only asked when there is one."""
        return min(self._folds)

    def _add(self, item: Item) -> None:
        if self._used >= self.limit:
            head = item.head if isinstance(item, Fold) else item
            self.more += len(head) if isinstance(head, str) else sum(len(t) for t, _ in head)
            return
        if isinstance(item, Fold):
            self._folds[len(self.texts)] = item
            self._take("", [])
            self._set_head(len(self.texts) - 1, item)
        elif isinstance(item, str):
            text = safe_text(self._room(item), newlines=False)
            self._take(text, None)
        else:
            self._take(*_flat(item))
            self._used += len(self.texts[-1])

    def _room(self, text: str) -> str:
        """What of a text still fits; counts the rest."""
        kept = text[: max(0, self.limit - self._used)]
        self._used += len(kept)
        self.more += len(text) - len(kept)
        return kept

    def _take(self, text: str, tones: list[tuple[int, str]] | None) -> None:
        if tones is not None:
            self._tones[len(self.texts)] = tones
        self.texts.append(text)

    def _set_head(self, line: int, fold: Fold) -> None:
        sign = _OPEN if line in self._opened else _CLOSED
        self.texts[line], self._tones[line] = _flat([sign, *fold.head])

    def _extend(self, line: int, text: str, tone: str) -> None:
        before = self.texts[line]
        self.texts[line] = before + text
        tones = self._tones.setdefault(line, [(len(before), "")] if before else [])
        self._coloured.pop(line, None)
        if tones and tones[-1][1] == tone:
            tones.pop()
        tones.append((len(before) + len(text), tone))

    def _splice(self, at: int, removed: int, body: Sequence[Line]) -> None:
        flat = [_flat(line) for line in body]
        self.texts[at : at + removed] = [text for text, _ in flat]
        shift = len(flat) - removed
        self._tones = _shifted(self._tones, at, removed, shift)
        self._folds = _shifted(self._folds, at, removed, shift)
        self._opened = _shifted(self._opened, at, removed, shift)
        self._coloured.clear()
        self._tones.update({at + i: tones for i, (_, tones) in enumerate(flat)})

    # -- rows ----------------------------------------------------------------

    @property
    def rows(self) -> int:
        """How many rows the text takes."""
        return self._rows

    def layout(self, width: int, wrap: bool) -> None:
        """Wraps anew."""
        if (width, wrap) != (self.width, self.wrap):
            self.width, self.wrap = max(1, width), wrap
            self._forget_rows(0)
            self._index_from(0)

    def row(self, row: int) -> Row:
        """What stands in a row."""
        line = bisect_right(self._first, row) - 1
        starts = self._starts.get(line)
        if starts is None:
            return Row(line, 0, len(self.texts[line]), 0)
        part = row - self._first[line]
        end = starts[part + 1] if part + 1 < len(starts) else len(self.texts[line])
        indent = self._hang(line) if part else 0
        return Row(line, starts[part], end, indent)

    def _hang(self, line: int) -> int:
        """How far continuations are set in: behind a label, or as far as the line itself."""
        tones = self._tones.get(line)
        if tones and tones[0][1] == "label":
            return tones[0][0] if tones[0][0] <= self.width // 3 else 0
        return hanging(self.texts[line], self.width)

    def row_of(self, line: int, offset: int = 0) -> int:
        """The row in which a character of a line stands."""
        starts = self._starts.get(line)
        return self._first[line] + (bisect_right(starts, offset) - 1 if starts else 0)

    def pieces(self, row: Row) -> Line:
        """The toned parts of a row."""
        text, line = self.texts[row.line], []
        at = row.start
        tones = self._tones_of(row.line)
        for i in range(bisect_right(tones, (at, "\U0010ffff")), len(tones)):
            end, tone = tones[i]
            line.append((text[at : min(end, row.end)], tone))
            at = min(end, row.end)
            if at >= row.end:
                return line
        if at < row.end:
            line.append((text[at : row.end], ""))
        return line

    def _tones_of(self, line: int) -> list[tuple[int, str]]:
        tones = self._tones.get(line)
        if tones is None:
            tones = self._coloured.get(line)
        if tones is not None:
            return tones
        if self.colour is None or len(self.texts[line]) > _MOST_COLOURED:
            return []
        if len(self._coloured) > 1_000:
            self._coloured.clear()
        tones = self._coloured[line] = _ends(self.colour(self.texts[line]))
        return tones

    def _forget_rows(self, first: int) -> None:
        for line in [line for line in self._starts if line >= first]:
            del self._starts[line]

    def _index_from(self, first: int) -> None:
        """Indexes the lines from ``first`` on, whose known rows but the last stay."""
        row = self._first[first] if first < len(self._first) else self._rows
        del self._first[first:]
        if self.wrap:
            row = self._wrap_from(first, row)
        else:
            self._starts.clear()
            self._first.extend(range(row, row + len(self.texts) - first))
            row += len(self.texts) - first
            widest = max(map(cell_len, self.texts[first:]), default=0)
            self.widest = max(self.widest, widest) if first else widest
        self._rows = row
        if self._needle is not None:
            self._search_from(first)

    def _wrap_from(self, first: int, row: int) -> int:
        width, starts_of = self.width, self._starts
        add = self._first.append
        for line in range(first, len(self.texts)):
            text = self.texts[line]
            add(row)
            if len(text) <= width and (text.isascii() or cell_len(text) <= width):
                row += 1
                continue
            known = starts_of.get(line)
            starts = starts_of[line] = cuts(
                text, width, self._hang(line), known if line == first else None
            )
            row += len(starts)
        return row

    # -- search --------------------------------------------------------------

    def search(self, term: str) -> int:
        """Finds a term, case only mattering when it has capitals; returns the number of hits."""
        flags = 0 if term != term.lower() else re.IGNORECASE
        self._needle = re.compile(re.escape(term), flags) if term else None
        self.matches = []
        if self._needle is not None:
            self._search_from(0)
        return len(self.matches)

    def matches_in(self, row: Row) -> list[tuple[int, int, int]]:
        """The hits in a row: start, end, number of the hit."""
        first = bisect_right(self.matches, Match(row.line, -1, -1))
        found = []
        for number in range(first, len(self.matches)):
            match = self.matches[number]
            if match.line != row.line or match.start >= row.end:
                break
            if match.end > row.start:
                found.append((max(match.start, row.start), min(match.end, row.end), number))
        return found

    def marked(self, row: Row, current: int) -> Line:
        """The parts of a row, cut where hits begin and end; ``current`` is the hit stood on."""
        found: Line = []
        at = row.start
        for start, end, number in self.matches_in(row):
            found += self.pieces(Row(row.line, at, start, 0)) if start > at else []
            tone = "match-current" if number == current else "match"
            found.append((self.texts[row.line][start:end], tone))
            at = end
        return found + (self.pieces(Row(row.line, at, row.end, 0)) if at < row.end else [])

    def _search_from(self, first: int) -> None:
        needle = self._needle
        if needle is None:
            return
        del self.matches[bisect_right(self.matches, Match(first, -1, -1)) :]
        for line in range(first, len(self.texts)):
            for hit in needle.finditer(self.texts[line]):
                if len(self.matches) >= _MOST_MATCHES:
                    return
                self.matches.append(Match(line, hit.start(), hit.end()))


def _flat(line: Line) -> tuple[str, list[tuple[int, str]]]:
    clean = [(safe_text(text, newlines=False), tone) for text, tone in line if text]
    return "".join([text for text, _ in clean]), _ends(clean)


def _ends(line: Line) -> list[tuple[int, str]]:
    ends, at = [], 0
    for text, tone in line:
        at += len(text)
        ends.append((at, tone))
    return ends


def _shifted(kept: dict[int, _T], at: int, removed: int, shift: int) -> dict[int, _T]:
    """What belongs to lines, after a splice."""
    return {
        line + shift if line >= at else line: value
        for line, value in kept.items()
        if not at <= line < at + removed
    }
