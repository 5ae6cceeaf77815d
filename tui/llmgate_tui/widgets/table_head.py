"""The column titles above the traffic list; a click orders by that column."""

from llmgate_tui.columns import GUTTER, for_width
from llmgate_tui.text import fit, fit_right
from llmgate_tui.view import ORDERS
from llmgate_tui.widgets.line import Line, Piece
from llmgate_tui.widgets.traffic_table import TrafficTable


class TableHead(Line):
    """Titles in the table's own column widths; the ordered one is set off with an arrow."""

    def __init__(self, table: TrafficTable) -> None:
        super().__init__(id="table-head")
        self._table = table

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """The titles."""
        view, glyphs = self._table.view, self._table.glyphs
        pieces: list[Piece] = [(" " * GUTTER, "quiet")]
        self._spots = []
        at = GUTTER
        for column, cells in for_width(width - 1):  # beside the scrollbar
            title, tone = column.title, "quiet"
            if column.name == view.order and not view.grouped and (view.arranged or view.flipped):
                title = f"{title}{glyphs.down if view.flipped else glyphs.up}"
                tone = "accent"
            pieces.append(((fit_right if column.right else fit)(title, cells) + " ", tone))
            if column.name in ORDERS or column.name == "time":
                self._spots.append((at, at + cells, f"screen.order('{column.name}')"))
            at += cells + 1
        return pieces, []
