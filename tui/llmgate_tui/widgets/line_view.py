"""The viewer of long text: only visible rows are toned and drawn, and text may grow at the end.

``virtual_size`` is declared anew without ``layout=True``: growing text costs no layout pass.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from llmgate_tui import units
from llmgate_tui.widgets.line_look import ASCII_TWINS, CSS, KEYS, TONES
from llmgate_tui.widgets.line_text import LIMIT, Colour, Item, Line, LineText, Row

_BATCH_S: Final = 0.1
_CACHED: Final = 1_000
_ASIDE: Final = 8  # cells per step sideways


class LineView(ScrollView, can_focus=True):
    """Shows lines of toned parts, wrapped or not, with folds, search and following of growth."""

    virtual_size = Reactive(Size(0, 0), layout=False)
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"line-view--{tone}" for tone in TONES),
        "line-view--cursor",
        "line-view--match",
        "line-view--match-current",
    }
    DEFAULT_CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    class Found(Message):
        """The search stands elsewhere: hit ``at`` (from 1) of ``count``, 0 when there is none."""

        def __init__(self, at: int, count: int) -> None:
            super().__init__()
            self.at = at
            self.count = count

    def __init__(
        self,
        *,
        limit: int = LIMIT,
        ascii: bool = False,  # noqa: A002
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.text = LineText(limit)
        self.cursor: int | None = None  # a row; only text with folds has one
        self.hit = -1  # the current match
        self._strips: dict[int, Strip] = {}
        self._styles: dict[tuple[str, bool], Style] = {}
        self._pending: list[tuple[str, str] | list[Item]] = []
        self._timer: Timer | None = None

    # -- content -------------------------------------------------------------

    def show(
        self, items: Iterable[Item], colour: Colour | None = None, *, keep_place: bool = False
    ) -> None:
        """Replaces the lines; ``keep_place`` stays where the reader is."""
        self._drop_pending()
        self.text.show(items, colour)
        self._replaced(keep_place)

    def show_text(
        self, text: str, colour: Colour | None = None, *, above: Sequence[Line] = ()
    ) -> None:
        """Replaces everything by one text, with a few lines above it."""
        self._drop_pending()
        self.text.show_text(text, colour, above)
        self._replaced(keep_place=False)

    def append(self, text: str, tone: str = "") -> None:
        """Lets the last line go on; drawn with the next batch, ten times a second at most."""
        last = self._pending[-1] if self._pending else None
        if isinstance(last, tuple) and last[1] == tone and len(last[0]) < 4_096:
            self._pending[-1] = (last[0] + text, tone)
        else:
            self._pending.append((text, tone))
        self._wake()

    def append_lines(self, items: Iterable[Item]) -> None:
        """Adds lines at the end; drawn with the next batch."""
        self._pending.append(list(items))
        self._wake()

    def flush(self) -> None:
        """Draws what has been appended, and stays at the end if the reader is there."""
        self._timer = None
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        at_end = self.at_end
        first = len(self.text.texts)
        for part in pending:
            changed = self.text.grow(*part) if isinstance(part, tuple) else self.text.add(part)
            first = min(first, changed)
        self._grown(first)
        if at_end:
            self.to_end()

    @property
    def at_end(self) -> bool:
        """The reader sees the last row, or stands on it."""
        if self.cursor is not None:
            return self.cursor >= self._height - 1
        return self.scroll_offset.y >= self.max_scroll_y

    @property
    def plain(self) -> str:
        """Everything shown, without tones."""
        return "\n".join(self.text.texts)

    def to_end(self) -> None:
        """Goes to the last row."""
        if self.cursor is not None:
            self._place_cursor(self._height - 1)
        self.scroll_to(y=self.max_scroll_y, animate=False)

    def _wake(self) -> None:
        if self._timer is None and self.is_attached:
            self._timer = self.set_timer(_BATCH_S, self.flush)

    def _drop_pending(self) -> None:
        self._pending.clear()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _replaced(self, keep_place: bool) -> None:
        self._strips.clear()
        self._layout()
        if not self.text.folds:
            self.cursor = None
        elif self.cursor is None or not keep_place:
            first = self.text.row_of(self.text.first_fold)
            self.cursor = first if first < self.scrollable_content_region.height else 0
        else:
            self.cursor = min(self.cursor, self._height - 1)
        if not keep_place:
            self.hit = -1
            self.scroll_to(0, 0, animate=False)
        self.refresh()

    def _grown(self, first: int) -> None:
        """Redraws from line ``first`` on, where that is visible."""
        row = self.text.row_of(first) if first < len(self.text.texts) else self.text.rows
        for old in [known for known in self._strips if known >= row]:
            del self._strips[old]
        if self.text.folds and self.cursor is None:
            self.cursor = 0
        self._measure()
        top = max(0, row - self.scroll_offset.y)
        if top < self.size.height:
            self.refresh(Region(0, top, self.size.width, self.size.height - top))

    # -- geometry ------------------------------------------------------------

    @property
    def _height(self) -> int:
        return self.text.rows + (1 if self.text.more else 0)

    def _layout(self) -> None:
        self.text.layout(self.scrollable_content_region.width, self.text.wrap)
        self._measure()

    def _measure(self) -> None:
        width = self.text.width if self.text.wrap else self.text.widest
        if (size := Size(width, self._height)) != self.virtual_size:
            self.virtual_size = size
            self._scroll_update(size)

    def on_resize(self) -> None:
        """Wraps to the new width, keeping the top line in place."""
        if self.scrollable_content_region.width == self.text.width and self._strips:
            return
        self._rewrap(self.text.wrap)

    def toggle_wrap(self) -> None:
        """Wraps long lines, or lets them run on."""
        self._rewrap(not self.text.wrap)
        if self.text.wrap:
            self.scroll_to(x=0, animate=False)

    def _rewrap(self, wrap: bool) -> None:
        at_end = self.at_end and self.max_scroll_y > 0
        top = self._spot(self.scroll_offset.y)
        cursor = None if self.cursor is None else self._spot(self.cursor)
        self.text.layout(self.scrollable_content_region.width, wrap)
        self._strips.clear()
        self._measure()
        if cursor is not None:
            self.cursor = self.text.row_of(*cursor)
        y = self.max_scroll_y if at_end else self.text.row_of(*top) if self.text.rows else 0
        self.scroll_to(y=y, animate=False)
        self.refresh()

    def _spot(self, row: int) -> tuple[int, int]:
        if not self.text.rows:
            return 0, 0
        found = self.text.row(min(row, self.text.rows - 1))
        return found.line, found.start

    # -- drawing -------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forgets styles of another theme."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        width = self.size.width
        number = y + self.scroll_offset.y
        is_cursor = number == self.cursor
        strip = None if is_cursor else self._strips.get(number)
        if strip is None:
            strip = self._draw(number, is_cursor)
            if not is_cursor and self.text.wrap:
                self._keep(number, strip)
        x = 0 if self.text.wrap else self._cropped(number)
        return strip.crop_extend(x, x + width, self._style("", is_cursor))

    def _keep(self, number: int, strip: Strip) -> None:
        if len(self._strips) >= _CACHED:
            self._strips.clear()
        self._strips[number] = strip

    def _draw(self, number: int, is_cursor: bool) -> Strip:
        if number >= self.text.rows:
            note = f"… {units.size(self.text.more)} more" if number < self._height else ""
            return Strip([Segment(note, self._style("quiet", False))] if note else [])
        row = self._visible_part(self.text.row(number))
        line = self.text.marked(row, self.hit) if self.text.matches else self.text.pieces(row)
        if self.ascii:
            line = [(text.translate(ASCII_TWINS), tone) for text, tone in line]
        segments = [Segment(text, self._style(tone, is_cursor)) for text, tone in line]
        if row.indent:
            segments.insert(0, Segment(" " * row.indent, self._style("", is_cursor)))
        return Strip(segments)

    def _visible_part(self, row: Row) -> Row:
        """Of a long line that does not wrap, only what can be seen is worth toning."""
        if self.text.wrap or row.end < 2_000:
            return row
        left, right = self.scroll_offset.x, self.scroll_offset.x + self.size.width
        start = left if self._sliced(row.line) else 0
        return Row(row.line, min(start, row.end), min(right, row.end), 0)

    def _sliced(self, line: int) -> bool:
        text = self.text.texts[line]
        return len(text) >= 2_000 and text.isascii()

    def _cropped(self, number: int) -> int:
        if number < self.text.rows and self._sliced(self.text.row(number).line):
            return 0
        return self.scroll_offset.x

    def _style(self, tone: str, is_cursor: bool) -> Style:
        style = self._styles.get((tone, is_cursor))
        if style is None:
            style = self._styles[tone, is_cursor] = self._make_style(tone, is_cursor)
        return style

    def _make_style(self, tone: str, is_cursor: bool) -> Style:
        name = f"line-view--{tone}"
        style = (
            self.get_component_rich_style(name)
            if name in self.COMPONENT_CLASSES
            else self.rich_style
        )
        if not is_cursor or tone.startswith("match"):
            return style
        cursor = self.get_component_rich_style("line-view--cursor")
        return style + Style(bgcolor=cursor.bgcolor, reverse=cursor.reverse)

    # -- moving --------------------------------------------------------------

    def action_step(self, by: int) -> None:
        """A row up or down."""
        if self.cursor is None:
            self.scroll_to(y=self.scroll_offset.y + by, animate=False)
        else:
            self._place_cursor(self.cursor + by)

    def action_page(self, by: int) -> None:
        """A page up or down."""
        self.action_step(by * max(1, self.scrollable_content_region.height - 1))

    def action_edge(self, to: int) -> None:
        """To the top or the end."""
        if to > 0:
            self.to_end()
            return
        if self.cursor is not None:
            self._place_cursor(0)
        self.scroll_to(0, 0, animate=False)

    def action_aside(self, by: int) -> None:
        """Sideways, when lines do not wrap."""
        self.scroll_to(x=max(0, self.scroll_offset.x + by * _ASIDE), animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys go on to the screen where there is nothing to unfold, or nothing was found."""
        if action == "hit":
            return bool(self.text.matches)
        if action != "toggle_fold":
            return True
        return (
            self.cursor is not None
            and self.cursor < self.text.rows
            and self.text.foldable(self.text.row(self.cursor).line)
        )

    def action_toggle_fold(self) -> None:
        """Opens or closes the fold under the cursor."""
        if self.cursor is None or self.cursor >= self.text.rows:
            return
        line = self.text.row(self.cursor).line
        if self.text.toggle(line):
            self.cursor = self.text.row_of(line)
            self._grown(line)

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor; on the head of a fold, opens or closes it."""
        row = event.y + self.scroll_offset.y
        if self.cursor is None or row >= self.text.rows:
            return
        self._place_cursor(row)
        if self.text.foldable(self.text.row(row).line):
            self.action_toggle_fold()

    def _place_cursor(self, row: int) -> None:
        before, self.cursor = self.cursor, max(0, min(row, self._height - 1))
        for changed in (before, self.cursor):
            if changed is not None:
                self.refresh_lines(changed)
        self._reveal(self.cursor)

    def _reveal(self, row: int) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if row < top:
            self.scroll_to(y=row, animate=False)
        elif row >= top + height:
            self.scroll_to(y=row - height + 1, animate=False)

    # -- search --------------------------------------------------------------

    def search(self, term: str) -> int:
        """Marks every hit and goes to the first at or below the top; returns their number."""
        count = self.text.search(term)
        self.hit = -1
        if count:
            top = self.scroll_offset.y
            rows = (i for i, m in enumerate(self.text.matches) if self._match_row(i) >= top)
            self._go(next(rows, 0))
        else:
            self.post_message(self.Found(0, 0))
        self._strips.clear()
        self.refresh()
        return count

    def action_hit(self, by: int) -> None:
        """To the next or the previous hit, around the ends."""
        if self.text.matches:
            self._go((self.hit + by) % len(self.text.matches))

    def _match_row(self, number: int) -> int:
        match = self.text.matches[number]
        return self.text.row_of(match.line, match.start)

    def _go(self, number: int) -> None:
        self.hit = number
        self.post_message(self.Found(number + 1, len(self.text.matches)))
        row = self._match_row(number)
        if self.cursor is not None:
            self.cursor = row
        height = self.scrollable_content_region.height
        if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, row - height // 3), animate=False)
        if not self.text.wrap:
            start = self.text.matches[number].start
            self.scroll_to(x=max(0, start - self.size.width // 2), animate=False)
        self._strips.clear()
        self.refresh()
