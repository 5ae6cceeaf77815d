"""One-line widgets: text in tones on a line, cut to the width, with clickable parts."""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.strip import Strip
from textual.widget import Widget

Piece = tuple[str, str]  # text and tone: a component class without its prefix, "" for plain
Spot = tuple[int, int, str]  # from cell, to cell, action


class Line(Widget):
    """Renders ``pieces()`` into one line, without Rich renderables or markup in between."""

    TONES = ("quiet", "good", "warn", "bad", "accent", "strong")
    COMPONENT_CLASSES = {f"line--{tone}" for tone in TONES}  # noqa: RUF012 - Textual's own shape
    DEFAULT_CSS = """
    Line { height: 1; width: 1fr; background: $background; color: $foreground; }
    Line > .line--quiet { color: $quiet; }
    Line > .line--good { color: $success; }
    Line > .line--warn { color: $warning; }
    Line > .line--bad { color: $error; }
    Line > .line--accent { color: $accent; }
    Line > .line--strong { color: $foreground; text-style: bold; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._shown: tuple[tuple[Piece, ...], int] | None = None
        self._spots: list[Spot] = []

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """What stands at the left and at the right end."""
        raise NotImplementedError

    def spots(self) -> list[Spot]:
        """The clickable parts, found while the pieces were made."""
        return self._spots

    def redraw(self) -> None:
        """Repaints if the pieces say something else than what is shown."""
        left, right = self.pieces(self.size.width)
        if self._shown != ((*left, ("", "|"), *right), self.size.width):
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line itself."""
        width = self.size.width
        if y or not width:
            return Strip.blank(width, self.rich_style)
        left, right = self.pieces(width)
        self._shown = ((*left, ("", "|"), *right), width)
        ends = Strip(self._segments(right))
        room = width - ends.cell_length
        start = Strip(self._segments(left))
        if room < 8 or not right:
            return start.adjust_cell_length(width, self.rich_style)
        return Strip.join([start.adjust_cell_length(room, self.rich_style), ends])

    def _segments(self, pieces: Iterable[Piece]) -> list[Segment]:
        return [Segment(text, self._tone(tone)) for text, tone in pieces if text]

    def _tone(self, tone: str) -> Style:
        return self.get_component_rich_style(f"line--{tone}") if tone else self.rich_style

    async def on_click(self, event: Click) -> None:
        """Runs the action under the mouse."""
        for start, end, action in self.spots():
            if start <= event.x < end:
                event.stop()
                await self.run_action(action)
                return
