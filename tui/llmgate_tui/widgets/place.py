"""Where the list stands: marks, position, order, following, paused."""

from collections.abc import Callable

from llmgate_tui import figures
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.view import ORDERS
from llmgate_tui.widgets.line import Line, Piece
from llmgate_tui.widgets.traffic_table import TrafficTable


class Place(Line):
    """Where the list stands: position, order, following, paused."""

    DEFAULT_CSS = "Place { width: auto; min-width: 4; }"

    def __init__(self, where: Callable[[], list[Piece]]) -> None:
        super().__init__(id="place")
        self._where = where

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """As wide as it needs to be."""
        return [(" ", ""), *self._where(), (" ", "")], []

    def get_content_width(self, *_: object) -> int:
        """The width of the text."""
        return sum(len(text) for text, _ in self.pieces(0)[0])

    def redraw(self) -> None:
        """A longer text needs a new layout, another text of the same length does not."""
        if self.get_content_width() != self.size.width:
            self.refresh(layout=True)
        else:
            super().redraw()


def where(table: TrafficTable, glyphs: Glyphs, doing: str = "") -> list[Piece]:
    """The words for the state of a list; ``doing``: what goes on in the store for its filter."""
    view, pieces = table.view, list[Piece]()
    shown, held, marked = len(view), len(view.traffic), len(view.traffic.marks)
    kept = f" of {view.traffic.kept:,}" if view.traffic.kept > held and not table.following else ""
    if marked:
        pieces.append((f"{marked} marked  ", "accent"))
    if doing:
        dots = "" if doing == "no more" else "..." if glyphs.dot.isascii() else "…"
        pieces.append((f"{doing}{dots}  ", "quiet" if doing == "no more" else "accent"))
    if view.limited:
        known = view.traffic.kept if view.traffic.extra else held
        pieces.append((f"{shown:,} of {known:,}  ", ""))
    elif (at := table.cursor) is not None and not view.grouped:
        pieces.append((f"{at + 1:,}/{shown:,}{kept}  ", "quiet"))
    if view.grouped:
        pieces.append((f"{len(view.runs):,} run{'s' if len(view.runs) != 1 else ''}  ", "accent"))
    elif view.arranged:
        pieces.append((f"by {ORDERS[view.order][0]}  ", "accent"))
    return [*pieces, *_pace(table, glyphs)]


def _pace(table: TrafficTable, glyphs: Glyphs) -> list[Piece]:
    if table.view.traffic.paused:
        return [(f"PAUSED +{figures.grouped(table.view.traffic.held_new())}", "warn")]
    if table.following and not table.view.arranged:
        return [(f"{glyphs.up if table.view.flipped else glyphs.down} following", "quiet")]
    return []
