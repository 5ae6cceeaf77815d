"""What is shown of a comparison: one mode at a time, side by side or one below the other."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from textual.containers import Container
from textual.message import Message

from llmgate.wire.compare import Comparison
from llmgate_tui.compare import modes
from llmgate_tui.compare.modes import MODES
from llmgate_tui.compare.pairs import Pair
from llmgate_tui.compare.unified import plain, unified
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.line_view import LineView
from llmgate_tui.widgets.pair_view import PairView

WIDE = 120


class CompareView(Container):
    """Holds both views; the one that fits is to be seen."""

    DEFAULT_CSS = """
    CompareView { height: 1fr; }
    CompareView PairView { display: none; padding: 0 0 0 1; }
    CompareView.-pairs PairView { display: block; }
    CompareView.-pairs #compare-lines { display: none; }
    MainScreen CompareView LineView { padding: 0 0 0 1; }
    """

    class Stands(Message):
        """The reader stands at another difference."""

    def __init__(self, *, ascii: bool) -> None:  # noqa: A002
        super().__init__()
        self.mode = MODES[0]
        self.unified: bool | None = None  # None: what the width allows
        self.lines = LineView(ascii=ascii, id="compare-lines")
        self.pairs = PairView(ascii=ascii, id="compare-pairs")
        self.at = -1  # the difference stood at
        self._comparison: Comparison | None = None
        self._made: list[Pair] = []
        self._spots: list[tuple[int, int]] = []  # of the lines
        self._pair_spots: list[tuple[int, int, int]] = []

    def compose(self) -> list[LineView]:
        """Both views."""
        return [self.lines, self.pairs]

    @property
    def view(self) -> LineView:
        """The view that is to be seen."""
        return self.pairs if self.has_class("-pairs") else self.lines

    @property
    def beside(self) -> bool:
        """Side by side is what is wanted here."""
        if self.mode == "Figures" or self._comparison is None:
            return False
        return self.size.width >= WIDE if self.unified is None else not self.unified

    @property
    def count(self) -> int:
        """How many differences there are."""
        return len(self._pair_spots if self.has_class("-pairs") else self._spots)

    # -- content -------------------------------------------------------------

    def say(self, text: str, tone: str = "quiet") -> None:
        """A line in place of a comparison."""
        self._comparison = None
        self._spots, self._pair_spots = [], []
        self._face()
        self.lines.show([[(text, tone)]])

    def show(self, comparison: Comparison) -> None:
        """Another comparison."""
        self._comparison = comparison
        self.fill()

    def choose(self, mode: str) -> None:
        """Another side of it."""
        self.mode = mode
        self.fill()

    def fill(self) -> None:
        """Lays the mode out for the room there is."""
        comparison = self._comparison
        if comparison is None:
            return
        focused = self.screen.focused in {self.lines, self.pairs}
        self._face()
        self._made = modes.pairs(comparison, self.mode)
        self.at = -1
        above: list[Line] = [[("▲ ", "warn"), (said, "")] for said in comparison.problems]
        if self.beside:
            self._put_pairs([Pair(line, line) for line in above])
        else:
            self._put_lines(above, comparison)
        if focused:
            self.view.focus()

    def _face(self) -> None:
        self.set_class(self.beside, "-pairs")

    def _put_pairs(self, above: Sequence[Pair]) -> None:
        made = [*above, *self._made]
        self._pair_spots = [
            (number, *spot) for number, pair in enumerate(made) for spot in pair.spots
        ]
        self.pairs.put(made)

    def _put_lines(self, above: list[Line], comparison: Comparison) -> None:
        if self.mode == "Figures":
            width = self.lines.scrollable_content_region.width or self.size.width - 2
            table = modes.table(comparison, width)
            self._spots = [
                (len(above) + at, 0) for at, line in enumerate(table) if ("± ", "warn") in line
            ]
            self.lines.show([*above, *table])
            return
        made = unified(self._made)
        self._spots = [(line + len(above), at) for line, at in made.spots]
        self.lines.show([*above, *made.lines])

    def on_resize(self) -> None:
        """Side by side where there is room; the table anew."""
        if self._comparison is not None and (
            self.beside != self.has_class("-pairs") or self.mode == "Figures"
        ):
            self.call_after_refresh(self.fill)

    def text(self) -> str:
        """What is shown, with signs in front of what differs."""
        if self._comparison is None or self.mode == "Figures":
            return self.lines.plain
        return plain(unified(self._made).lines)

    # -- moving --------------------------------------------------------------

    def _rows(self) -> list[int]:
        if self.has_class("-pairs"):
            return [self.pairs.pairs.row_of_spot(*spot) for spot in self._pair_spots]
        return [self.lines.text.row_of(line, at) for line, at in self._spots]

    def step(self, by: int) -> None:
        """To the next difference or the one before, around the ends.

        After scrolling away it goes on from what is on the screen.
        """
        rows = self._rows()
        if not rows:
            return
        view = self.view
        top, height = view.scroll_offset.y, view.scrollable_content_region.height
        if 0 <= self.at < len(rows) and top <= rows[self.at] < top + height:
            at = self.at + by
        else:
            at = bisect_left(rows, top) if by > 0 else bisect_right(rows, top) - 1
        self.at = at % len(rows)
        row = rows[self.at]
        if not top <= row < top + height - 1:
            view.scroll_to(y=max(0, row - height // 3), animate=False)
        self.post_message(self.Stands())
