"""A table of some hundred rows: titles that stay, a cursor that stays with its row, own painting.

Cells are pieces of text in tones; widths are fixed or share what is left. Rows are replaced as a
whole; only lines that differ are painted again.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

import msgspec
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llmgate_tui.text import clean, fit, fit_right

_TONES: Final = ("plain", "quiet", "good", "warn", "bad", "accent", "strong")
_GUTTER: Final = 2


class GridColumn(msgspec.Struct, frozen=True):
    """``width`` in cells, 0: shares what is left. ``needs``: shown from this grid width on."""

    title: str
    width: int = 0
    right: bool = False
    needs: int = 0


Cell = str | tuple[str, str]
"""Text, or text and tone."""


class GridRow(msgspec.Struct, frozen=True):
    """``id`` keeps the cursor on the row; ``selectable`` False: a heading or a note.

    ``whole``: the cells are pieces of one line that runs across the columns.
    """

    id: str
    cells: Sequence[Cell]
    selectable: bool = True
    whole: bool = False


def _key(key: str, action: str, id: str, tooltip: str) -> Binding:  # noqa: A002
    return Binding(key, action, tooltip, id=f"grid.{id}", tooltip=tooltip, show=False)


GRID_KEYS: Final[list[BindingType]] = [
    _key("j,down", "move(1)", "down", "Next row"),
    _key("k,up", "move(-1)", "up", "Previous row"),
    _key("g,home", "first", "first", "First row"),
    _key("G,end", "last", "last", "Last row"),
    _key("pageup,ctrl+u", "page(-1)", "pageup", "A page up"),
    _key("pagedown,ctrl+d", "page(1)", "pagedown", "A page down"),
]


class Grid(ScrollView, can_focus=True):
    """Posts ``Moved`` and ``Chosen`` (enter is bound by its screen; a double click chooses)."""

    virtual_size = Reactive(Size(0, 0), layout=False)
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--cursor",
        "grid--cursor-blurred",
        *(f"grid--{tone}" for tone in _TONES),
    }
    DEFAULT_CSS = """
    Grid {
        height: 1fr; background: $background; color: $foreground;
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    Grid > .grid--plain { color: $foreground; }
    Grid > .grid--quiet { color: $quiet; }
    Grid > .grid--good { color: $success; }
    Grid > .grid--warn { color: $warning; }
    Grid > .grid--bad { color: $error; }
    Grid > .grid--accent { color: $accent; }
    Grid > .grid--strong { color: $foreground; text-style: bold; }
    Grid > .grid--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground;
    }
    Grid > .grid--cursor-blurred { background: $block-cursor-blurred-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = GRID_KEYS

    class Moved(Message):
        """The cursor stands on another row; ``id`` is empty when on none."""

        def __init__(self, grid: "Grid", id: str) -> None:  # noqa: A002
            super().__init__()
            self.grid = grid
            self.id = id

    class Chosen(Message):
        """A double click on a row."""

        def __init__(self, grid: "Grid", id: str) -> None:  # noqa: A002
            super().__init__()
            self.grid = grid
            self.id = id

    def __init__(self, columns: Sequence[GridColumn], *, id: str, ellipsis: str = "…") -> None:  # noqa: A002
        super().__init__(id=id)
        self._ellipsis = ellipsis
        self.columns = list(columns)
        self.rows: list[GridRow] = []
        self.selected = ""
        self._widths: list[tuple[int, int]] = []  # index of the column, cells
        self._styles: dict[tuple[str, bool, bool], Style] = {}

    # -- rows ----------------------------------------------------------------

    @property
    def cursor(self) -> int | None:
        """Where the selected row is."""
        return next((at for at, row in enumerate(self.rows) if row.id == self.selected), None)

    def set_rows(self, rows: Iterable[GridRow]) -> None:
        """Replaces the rows; the cursor stays with its row, or at its height."""
        before, self.rows = self.rows, list(rows)
        was = next((at for at, row in enumerate(before) if row.id == self.selected), 0)
        if self.cursor is None:
            self._select(self._nearest(was))
        self._resize()
        if len(before) != len(self.rows):
            self.refresh()
            return
        for at, (old, new) in enumerate(zip(before, self.rows, strict=True)):
            if old != new:
                self._refresh_row(at)

    def set_columns(self, columns: Sequence[GridColumn]) -> None:
        """Other columns."""
        self.columns = list(columns)
        self._measure()
        self.refresh()

    def select(self, id: str) -> None:  # noqa: A002
        """Puts the cursor on a row, if there is one of this id."""
        if any(row.id == id and row.selectable for row in self.rows):
            self._select(id)
            self._show()

    def _nearest(self, at: int) -> str:
        """The id of the selectable row closest to a position."""
        able = [(abs(n - at), n) for n, row in enumerate(self.rows) if row.selectable]
        return self.rows[min(able)[1]].id if able else ""

    def _select(self, id: str) -> None:  # noqa: A002
        if id == self.selected:
            return
        before, self.selected = self.cursor, id
        for at in (before, self.cursor):
            if at is not None:
                self._refresh_row(at)
        self.post_message(self.Moved(self, id))

    # -- moving --------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """To the next selectable row in a direction."""
        at = self.cursor
        step = 1 if by > 0 else -1
        goal = (-1 if at is None else at) + by
        goal = max(0, min(goal, len(self.rows) - 1))
        while 0 <= goal < len(self.rows) and not self.rows[goal].selectable:
            goal += step
        if 0 <= goal < len(self.rows):
            self._select(self.rows[goal].id)
        self._show()

    def action_first(self) -> None:
        """To the first row."""
        self._select(self._nearest(0))
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        """To the last row."""
        self._select(self._nearest(len(self.rows) - 1))
        self._show()

    def action_page(self, pages: int) -> None:
        """By pages."""
        self.action_move(pages * max(1, self.size.height - 2))

    def _show(self) -> None:
        at, room = self.cursor, max(1, self.size.height - 1)
        top = self.scroll_offset.y
        if at is None:
            return
        if at < top:
            self.scroll_to(y=at if at > 1 else 0, animate=False)
        elif at >= top + room:
            self.scroll_to(y=at - room + 1, animate=False)

    def on_click(self, event: events.Click) -> None:
        """Selects the row under the mouse; a second click chooses it."""
        at = event.y - 1 + self.scroll_offset.y
        if event.y and 0 <= at < len(self.rows) and self.rows[at].selectable:
            self._select(self.rows[at].id)
            if event.chain > 1:
                self.post_message(self.Chosen(self, self.rows[at].id))

    # -- size and style ------------------------------------------------------

    def on_resize(self) -> None:
        """Shares the width anew."""
        self._measure()
        self._resize()
        self._show()
        self.refresh()

    def _resize(self) -> None:
        size = Size(self.scrollable_content_region.width, len(self.rows) + 1)
        if size != self.virtual_size:
            self.virtual_size = size
            self._scroll_update(size)

    def _measure(self) -> None:
        room = self.size.width
        fitting = [(n, c) for n, c in enumerate(self.columns) if c.needs <= room]
        fixed = sum(column.width + 1 for _, column in fitting if column.width)
        sharing = sum(1 for _, column in fitting if not column.width)
        share = max(6, (room - _GUTTER - 1 - fixed) // sharing - 1) if sharing else 0
        self._widths = [(n, column.width or share) for n, column in fitting]

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self._refresh_cursor()

    def on_blur(self) -> None:
        """And without it."""
        self._refresh_cursor()

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._styles.clear()

    def _refresh_cursor(self) -> None:
        if (at := self.cursor) is not None:
            self._refresh_row(at)

    def _refresh_row(self, at: int) -> None:
        y = at + 1 - self.scroll_offset.y
        if 0 < y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # -- drawing -------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """The titles, or a row."""
        if not self._widths:
            self._measure()
        if y == 0:
            return self._line([(column.title, "quiet") for column in self.columns], cursor=False)
        at = y - 1 + self.scroll_offset.y
        if at >= len(self.rows):
            return Strip.blank(self.size.width, self._style("plain", cursor=False))
        row = self.rows[at]
        if not row.selectable and len(row.cells) == 1:
            return self._note(row.cells[0])
        if row.whole:
            return self._across(row.cells, cursor=row.id == self.selected)
        return self._line(row.cells, cursor=row.id == self.selected)

    def _note(self, cell: Cell) -> Strip:
        text, tone = (cell, "quiet") if isinstance(cell, str) else cell
        segment = Segment(" " * _GUTTER + clean(text), self._style(tone, cursor=False))
        plain = self._style("plain", cursor=False)
        return Strip([segment]).adjust_cell_length(self.size.width, plain)

    def _across(self, cells: Sequence[Cell], *, cursor: bool) -> Strip:
        plain = self._style("plain", cursor=cursor)
        segments, room = [Segment(" " * _GUTTER, plain)], self.size.width - _GUTTER
        for cell in cells:
            text, tone = (cell, "plain") if isinstance(cell, str) else cell
            text = clean(text)
            if cell_len(text) > room:
                text = fit(text, room, self._ellipsis)
            room -= cell_len(text)
            segments.append(Segment(text, self._style(tone, cursor=cursor)))
        return Strip(segments).adjust_cell_length(self.size.width, plain)

    def _line(self, cells: Sequence[Cell], *, cursor: bool) -> Strip:
        segments = [Segment(" " * _GUTTER, self._style("plain", cursor=cursor))]
        for n, width in self._widths:
            cell = cells[n] if n < len(cells) else ""
            text, tone = (cell, "plain") if isinstance(cell, str) else cell
            text = clean(text)
            right = self.columns[n].right
            shaped = fit_right(text, width) if right else fit(text, width, self._ellipsis)
            segments.append(Segment(shaped + " ", self.cell_style(n, tone, cursor=cursor)))
        plain = self._style("plain", cursor=cursor)
        return Strip(segments).adjust_cell_length(self.size.width, plain)

    def cell_style(self, column: int, tone: str, *, cursor: bool) -> Style:
        """How a cell looks; the same in every column."""
        return self._style(tone, cursor=cursor)

    def column_at(self, x: int) -> int | None:
        """The index of the column at a cell of the line."""
        end = _GUTTER
        for n, width in self._widths:
            end += width + 1
            if x < end:
                return n
        return None

    def _style(self, tone: str, *, cursor: bool) -> Style:
        key = (tone, cursor, self.has_focus)
        if key not in self._styles:
            self._styles[key] = self._build_style(*key)
        return self._styles[key]

    def _build_style(self, tone: str, cursor: bool, focused: bool) -> Style:
        style = self.get_component_rich_style(f"grid--{tone or 'plain'}")
        if not cursor:
            return style
        under = self.get_component_rich_style("grid--cursor" if focused else "grid--cursor-blurred")
        bare = self.app.no_color or self.app.ansi_color
        color = under.color if focused and tone == "plain" else style.color
        return Style(color=color, bgcolor=under.bgcolor, reverse=bare, bold=bare and focused)
