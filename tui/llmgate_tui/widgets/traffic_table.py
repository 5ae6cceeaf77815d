"""The traffic list: a line table that draws visible rows only and keeps finished lines.

Textual's DataTable redraws every visible cell when one changes (measured: 85-110 ms a change); this
one redraws one line (1-2 ms). Lines are cached by row index; the cursor's line is not.
``virtual_size`` is declared anew without ``layout=True``, so that an appended row costs no layout
pass of the whole screen.
"""

from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate_tui import columns
from llmgate_tui.clock import Clock
from llmgate_tui.columns import Column
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.list_keys import LIST_KEYS
from llmgate_tui.runs import Run
from llmgate_tui.state import Delta
from llmgate_tui.view import View
from llmgate_tui.widgets.row_painter import RowPainter
from llmgate_tui.widgets.row_styles import RowStyles

_TONES: Final = ("plain", "quiet", "good", "live", "warn", "bad", "accent")


class TrafficTable(ScrollView, can_focus=True):
    """Rows of a ``View``, a cursor that stays with its exchange, and following of new rows."""

    virtual_size = Reactive(Size(0, 0), layout=False)
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "traffic--cursor",
        "traffic--cursor-blurred",
        *(f"traffic--{tone}" for tone in _TONES),
    }
    DEFAULT_CSS = """
    TrafficTable {
        height: 1fr; background: $background; color: $foreground;
        overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1;
    }
    TrafficTable > .traffic--plain { color: $foreground; }
    TrafficTable > .traffic--quiet { color: $quiet; }
    TrafficTable > .traffic--good { color: $success; }
    TrafficTable > .traffic--live, TrafficTable > .traffic--accent { color: $accent; }
    TrafficTable > .traffic--warn { color: $warning; }
    TrafficTable > .traffic--bad { color: $error; }
    TrafficTable > .traffic--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground;
    }
    TrafficTable > .traffic--cursor-blurred { background: $block-cursor-blurred-background; }
    TrafficTable.-lost > .traffic--plain, TrafficTable.-lost > .traffic--live { color: $quiet; }
    """
    BINDINGS: ClassVar[list[BindingType]] = LIST_KEYS

    class Moved(Message):
        """The cursor stands on another exchange, or on none."""

        def __init__(self, row: ExchangeSummary | None) -> None:
            super().__init__()
            self.row = row

        def can_replace(self, message: Message) -> bool:
            """Only the last place matters."""
            return isinstance(message, TrafficTable.Moved)

    class Chosen(Message):
        """Enter or a double click on an exchange."""

    class Reshaped(Message):
        """The columns are others now."""

    class AtOldest(Message):
        """The reader has come to the oldest row there is."""

    class FollowChanged(Message):
        """Following went on or off by moving."""

    def __init__(self, view: View, clock: Clock, glyphs: Glyphs) -> None:
        super().__init__(id="traffic-table")
        self.view = view
        self.clock = clock
        self.glyphs = glyphs
        self.following = True
        self.selected: str | None = None
        self._height = 0  # before the last resize
        self.columns: list[tuple[Column, int]] = columns.for_width(80)
        self._styles = RowStyles(self, "traffic")
        self._painter = RowPainter(self._styles, clock, glyphs)

    @property
    def relative(self) -> bool:
        """Times are told as how long ago."""
        return self._painter.relative

    @relative.setter
    def relative(self, relative: bool) -> None:
        self._painter.relative = relative
        self.redraw_all()

    # -- what the view shows -------------------------------------------------

    @property
    def cursor(self) -> int | None:
        """The position of the selected exchange, None when it is not shown."""
        if self.selected is None:
            return None
        return self.view.position_of(self.selected)

    @property
    def run(self) -> Run | None:
        """The run whose heading is selected."""
        return None if self.selected is None else self.view.run_of(self.selected)

    @property
    def row(self) -> ExchangeSummary | None:
        """The selected exchange."""
        return None if self.selected is None else self.view.traffic.find(self.selected)

    def take(self, delta: Delta, moved: bool) -> None:
        """Shows a change that the view has already taken."""
        if delta.rebuilt:
            self._painter.forget_all()
        for index in delta.changed:
            self._painter.forget(index)
        if delta.trimmed and not self.view.limited and not self.view.arranged:
            self._keep_place(delta.trimmed)
        grown = self._resize()
        if self.following or self.cursor is None:
            self._settle()
        if moved or delta.rebuilt or delta.trimmed:
            self.refresh()
        else:
            self._refresh_rows(delta.changed)
            if grown:
                self._refresh_new(delta)

    def place(self) -> tuple[int | None, int]:
        """Where the cursor stands and what row is at the top, for ``keep_place``."""
        return self.cursor, self.scroll_offset.y

    def keep_place(self, place: tuple[int | None, int]) -> None:
        """Rows came in above: what is read stays where it is on the screen."""
        (before, top), after = place, self.cursor
        if before is not None and after is not None:
            self._scroll_to_row(top + after - before)

    def rearrange(self) -> None:
        """The view was rebuilt: filter, order or marks changed."""
        self._resize()
        self._settle()
        self.refresh()

    def refresh_live(self) -> None:
        """Redraws visible rows that are on their way: their time runs."""
        self._refresh_rows(
            [
                index
                for index in self._visible()
                if index >= 0 and self.view.traffic.row(index).state in LIVE
            ]
        )

    def redraw_all(self) -> None:
        """Every line anew: the spelling of times, the connection or the theme changed."""
        self._painter.forget_all()
        self._styles.forget()
        self.refresh()

    def redraw(self, id: str) -> None:  # noqa: A002
        """One exchange's line anew."""
        index = self.view.traffic.index(id)
        if index is not None:
            self._refresh_rows([index])
        elif (at := self.view.position_of(id)) is not None:
            self._refresh_line(at)

    def _keep_place(self, trimmed: int) -> None:
        if not self.following:
            self._scroll_to_row(max(0, self.scroll_offset.y - trimmed))

    def _resize(self) -> bool:
        size = Size(self.scrollable_content_region.width, len(self.view))
        grown = size != self.virtual_size
        if grown:
            self.virtual_size = size
            self._scroll_update(size)
        return grown

    def _settle(self) -> None:
        """Puts the cursor where it belongs after the rows changed."""
        if not len(self.view):
            self._select(None)
        elif self.following:
            self._select_position(self._newest())
        elif (at := self.cursor) is not None:
            self._show(at)
        else:  # hidden by a filter or trimmed: stay at the same height
            self._select_position(min(self.scroll_offset.y, len(self.view) - 1))

    def _newest(self) -> int:
        return 0 if self.view.flipped else len(self.view) - 1

    def _visible(self) -> list[int]:
        top = self.scroll_offset.y
        return [
            self.view.index(at) for at in range(top, min(top + self.size.height, len(self.view)))
        ]

    def _refresh_rows(self, indices: list[int]) -> None:
        for index in indices:
            self._painter.forget(index)
            at = self.view.position(index)
            if at is not None:
                self._refresh_line(at)

    def _refresh_line(self, at: int) -> None:
        y = at - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _refresh_new(self, delta: Delta) -> None:
        if self.view.flipped:
            self.refresh()
            return
        shown = len(self.view) - self.scroll_offset.y
        if shown <= self.size.height + (self.view.traffic.end - delta.first_new):
            self.refresh()

    # -- moving --------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Moves the cursor; leaving the newest row ends following, reaching it by hand does not."""
        at = self.cursor
        self.go_to((self._newest() if at is None else at) + by)

    def action_first(self) -> None:
        """To the first row."""
        self.go_to(0)

    def action_last(self) -> None:
        """To the last row."""
        self.go_to(len(self.view) - 1)

    def action_page(self, halves: int) -> None:
        """By half pages."""
        self.action_move(halves * max(1, (self.size.height - 1) // 2))

    def go_to(self, position: int) -> None:
        """Puts the cursor on a position; at the newest row following goes on, elsewhere off."""
        if not len(self.view):
            return
        position = max(0, min(position, len(self.view) - 1))
        self._select_position(position)
        self.set_following(position == self._newest() and not self.view.arranged)
        if position == len(self.view) - 1 - self._newest():
            self._say_oldest()

    def select(self, id: str) -> None:  # noqa: A002
        """Puts the cursor on an exchange, if it is shown."""
        at = self.view.position_of(id)
        if at is not None:
            self.go_to(at)

    def set_following(self, following: bool) -> None:
        """Turns following on (and jumps to the newest row) or off."""
        if following == self.following:
            return
        self.following = following
        if following:
            self._settle()
        self.post_message(self.FollowChanged())

    def _select_position(self, position: int) -> None:
        self._select(self.view.id_at(position))
        self._show(position)

    def _select(self, id: str | None) -> None:  # noqa: A002
        if id == self.selected:
            return
        before, self.selected = self.selected, id
        for changed in (before, id):
            if changed is not None:
                self.redraw(changed)
        self.post_message(self.Moved(self.row))

    def _scroll_to_row(self, row: int) -> None:
        """At once, and seen at once; the wheel goes on from there."""
        self.scroll_y = row
        self.scroll_target_y = self.scroll_y

    def _show(self, position: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if position < top:
            self._scroll_to_row(position)
        elif position >= top + height:
            self._scroll_to_row(position - height + 1)

    # -- mouse, size, focus --------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Selects the row under the mouse; a second click opens it."""
        at = event.y + self.scroll_offset.y
        if 0 <= at < len(self.view):
            self.go_to(at)
            if event.chain > 1:
                self.post_message(self.Chosen())

    def on_mouse_scroll_up(self) -> None:
        """Looking back ends following: new rows must not pull the list away."""
        self.set_following(False)
        if not self.scroll_offset.y and not self.view.flipped:
            self._say_oldest()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The scrollbar can be dragged to the oldest row, too."""
        super().watch_scroll_y(old_value, new_value)
        edge = self.max_scroll_y if self.view.flipped else 0
        if round(old_value) != edge and round(new_value) == edge:
            self._say_oldest()

    def _say_oldest(self) -> None:
        if not self.view.arranged and not self.following:
            self.post_message(self.AtOldest())

    def on_resize(self) -> None:
        """Picks the columns that fit."""
        at_end = self.scroll_offset.y + self._height >= len(self.view)
        self._height = self.size.height
        width = self.scrollable_content_region.width
        self.columns = columns.for_width(width)
        self._painter.shape(self.columns, width)
        self.post_message(self.Reshaped())
        self._resize()
        self._settle()
        self.call_after_refresh(self._settle_resized, at_end)

    def _settle_resized(self, at_end: bool) -> None:
        """How far the list scrolls is known now; one that showed its end goes on to, if the cursor
        can be seen there.
        """
        if at_end and (self.cursor or 0) >= self.max_scroll_y:
            self._scroll_to_row(self.max_scroll_y)
        self._settle()

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self._redraw_cursor()

    def on_blur(self) -> None:
        """The cursor looks different without the focus."""
        self._redraw_cursor()

    def _redraw_cursor(self) -> None:
        if self.selected is not None:
            self.redraw(self.selected)

    def notify_style_update(self) -> None:
        """Forgets finished lines; styles are looked up again when they are next needed."""
        super().notify_style_update()
        self._painter.forget_all()
        self._styles.forget()

    # -- drawing -------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        position = y + self.scroll_offset.y
        if position >= len(self.view):
            return Strip.blank(self.size.width, self.rich_style)
        index = self.view.index(position)
        if index < 0:
            run = self.view.run_at(index)
            folded = run.id not in self.view.unfolded
            return self._painter.heading(run, folded=folded, cursor=run.id == self.selected)
        row = self.view.traffic.row(index)
        marked = row.id in self.view.traffic.marks
        if row.id == self.selected:
            return self._painter.draw(row, marked=marked, cursor=True)
        return self._painter.line(index, row, marked=marked)
