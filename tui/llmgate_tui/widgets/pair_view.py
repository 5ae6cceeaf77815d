"""Two texts side by side in one view: they scroll, wrap and are searched together."""

from collections.abc import Sequence

from llmgate_tui.compare.pairs import Pair
from llmgate_tui.widgets.line_text import Row
from llmgate_tui.widgets.line_view import LineView
from llmgate_tui.widgets.pair_text import PairText


class PairView(LineView):
    """A line view whose lines are pairs."""

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii=ascii, id=id)
        self.pairs = PairText()
        self.text = self.pairs

    def put(self, pairs: Sequence[Pair], *, keep_place: bool = False) -> None:
        """Replaces everything."""
        self._drop_pending()
        self.pairs.aside = 0
        self.pairs.put(pairs)
        self._replaced(keep_place)

    def action_aside(self, by: int) -> None:
        """Sideways, when lines do not wrap."""
        most = 0 if self.pairs.wrap else max(0, self.pairs.widest - self.pairs.half)
        self.pairs.aside = max(0, min(most, self.pairs.aside + by * 8))
        self._strips.clear()
        self.refresh()

    def toggle_wrap(self) -> None:
        """Wraps long lines, or lets them run on."""
        self.pairs.aside = 0
        super().toggle_wrap()

    def _go(self, number: int) -> None:
        super()._go(number)
        if not self.pairs.wrap:
            at, half = self.pairs.matches[number].end, self.pairs.half
            self.pairs.aside = max(0, at - half // 2) if at > half * 2 // 3 else 0

    def _layout(self) -> None:
        """Before it is seen for the first time, for all of the screen's width."""
        width = self.scrollable_content_region.width or self.app.size.width - 2
        self.text.layout(width, self.text.wrap)
        self._measure()

    def _measure(self) -> None:
        """As wide as the screen: each side has its own way sideways."""
        wrap, self.text.wrap = self.text.wrap, True
        try:
            super()._measure()
        finally:
            self.text.wrap = wrap

    def _visible_part(self, row: Row) -> Row:
        return row

    def _cropped(self, number: int) -> int:
        return 0
