"""Draws a row of the traffic list as one strip, and keeps what it drew by row index."""

from collections.abc import Callable
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.clock import Clock
from llmgate_tui.columns import Column, Look
from llmgate_tui.figures import ago
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.run_text import heading
from llmgate_tui.runs import Run
from llmgate_tui.text import fit, fit_right

_CACHED: Final = 2_000


class RowPainter:
    """``style`` gives the style of a tone, on the cursor's line or off it."""

    def __init__(self, style: Callable[[str, bool], Style], clock: Clock, glyphs: Glyphs) -> None:
        self.relative = False
        self._style = style
        self._clock = clock
        self._glyphs = glyphs
        self._columns: list[tuple[Column, int]] = []
        self._width = 0
        self._strips: dict[int, Strip] = {}
        self._moments: dict[int, str] = {}

    def shape(self, columns: list[tuple[Column, int]], width: int) -> None:
        """Other columns, or another width."""
        self._columns, self._width = columns, width
        self.forget_all()

    def forget(self, index: int) -> None:
        """A row has changed."""
        self._strips.pop(index, None)

    def forget_all(self) -> None:
        """Everything looks different."""
        self._strips.clear()

    def line(self, index: int, row: ExchangeSummary, *, marked: bool) -> Strip:
        """A row without the cursor."""
        strip = self._strips.get(index)
        if strip is None:
            if len(self._strips) >= _CACHED:
                self._strips.clear()
            strip = self._strips[index] = self.draw(row, marked=marked, cursor=False)
        return strip

    def draw(self, row: ExchangeSummary, *, marked: bool, cursor: bool) -> Strip:
        """Joins neighbours of one tone: fewer segments, fewer bytes."""
        segments: list[Segment] = []
        tone, text = "plain", ""
        for next_tone, next_text in self._cells(row, marked):
            if next_tone != tone and text:
                segments.append(Segment(text, self._style(tone, cursor)))
                text = ""
            tone, text = next_tone, text + next_text
        segments.append(Segment(text, self._style(tone, cursor)))
        strip = Strip(segments, sum(cell_len(segment.text) for segment in segments))
        return strip.adjust_cell_length(self._width, self._style("plain", cursor))

    def heading(self, run: Run, *, folded: bool, cursor: bool) -> Strip:
        """A run on one line."""
        look = Look(self._clock.now_ms(), self._moment, self._glyphs)
        pieces = heading(run, look, self._width, folded=folded)
        segments = [Segment(text, self._style(tone, cursor)) for text, tone in pieces if text]
        strip = Strip(segments, sum(cell_len(segment.text) for segment in segments))
        return strip.adjust_cell_length(self._width, self._style("plain", cursor))

    def _cells(self, row: ExchangeSummary, marked: bool) -> list[tuple[str, str]]:
        look = Look(self._clock.now_ms(), self._moment, self._glyphs)
        cells: list[tuple[str, str]] = [("accent", self._signs(row, marked))]
        for column, width in self._columns:
            text, tone = column.cell(row, look)
            if not column.right:
                cells.append((tone, fit(text, width, self._glyphs.ellipsis) + " "))
            elif text[-1:] in "~…":  # hangs over, so that the digits stay in line
                cells.append((tone, fit_right(text[:-1], width) + text[-1]))
            else:
                cells.append((tone, fit_right(text, width) + " "))
        return cells

    def _signs(self, row: ExchangeSummary, marked: bool) -> str:
        """A note, or tags, before the mark."""
        signs = self._glyphs
        said = signs.note if row.note else signs.tag if row.tags else " "
        return f"{said}{signs.mark if marked else ' '} "

    def _moment(self, at_ms: int) -> str:
        if self.relative:
            return ago(self._clock.now_ms() - at_ms)
        second = at_ms // 1000
        text = self._moments.get(second)
        if text is None:
            if len(self._moments) > _CACHED:
                self._moments.clear()
            text = self._moments[second] = self._clock.moment(at_ms)
        return text
