"""A grid whose cursor stands on a cell: its column is named by who owns the grid."""

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from llmgate_tui.widgets.grid import GRID_KEYS, Grid, GridColumn

CELL_KEYS: Final[list[BindingType]] = [
    *GRID_KEYS,
    Binding("l,right", "aside(1)", "right", id="cell.right", tooltip="Next column", show=False),
    Binding("h,left", "aside(-1)", "left", id="cell.left", tooltip="Column before", show=False),
]


class CellGrid(Grid):
    """Posts ``Aside`` for another column; ``chosen`` is the index of the column of the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = CELL_KEYS
    DEFAULT_CSS = """
    CellGrid > .grid--cursor-row { background: $block-cursor-blurred-background; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--cursor-row"}

    class Aside(Message):
        """Another column: ``by`` so many, or the one at index ``to``."""

        def __init__(self, *, by: int = 0, to: int | None = None) -> None:
            super().__init__()
            self.by = by
            self.to = to

    def __init__(self, columns: Sequence[GridColumn], *, id: str, ellipsis: str = "…") -> None:  # noqa: A002
        super().__init__(columns, id=id, ellipsis=ellipsis)
        self.chosen = -1

    def choose(self, column: int) -> None:
        """The cursor stands in another column."""
        if column != self.chosen:
            self.chosen = column
            self._refresh_cursor()

    def action_aside(self, by: int) -> None:
        """Another column."""
        self.post_message(self.Aside(by=by))

    def on_click(self, event: events.Click) -> None:
        """The column under the mouse; the row is found by the grid."""
        at = self.column_at(event.x)
        if at is not None:
            self.post_message(self.Aside(to=at))

    def cell_style(self, column: int, tone: str, *, cursor: bool) -> Style:
        """Of the cursor's row only the chosen cell looks chosen."""
        if not cursor or column == self.chosen:
            return super().cell_style(column, tone, cursor=cursor)
        style = self._style(tone, cursor=False)
        if self.app.no_color or self.app.ansi_color:
            return style + Style(bold=True)
        row = self.get_component_rich_style("grid--cursor-row")
        return style + Style(bgcolor=row.bgcolor)
