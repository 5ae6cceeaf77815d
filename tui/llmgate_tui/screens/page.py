"""A text over the screen with a title above and keys below, as high as it needs to be."""

from collections.abc import Sequence
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean
from llmgate_tui.verdict_text import Line, rows_needed
from llmgate_tui.widgets.choices import Choice, Choices
from llmgate_tui.widgets.line_view import LineView

_T = TypeVar("_T")
_FRAME = 4  # title, keys, the lines between


class Page(ModalScreen[_T]):
    """Scrolls; what its keys answer is up to those that are made of it."""

    DEFAULT_CSS = """
    Page { align: center middle; background: $background 60%; }
    Page > Vertical {
        width: 94%; max-width: 110; max-height: 96%; background: $panel; padding: 0 2;
    }
    Page #page-title { color: $accent; height: 1; margin-top: 1; }
    Page #page-keys { height: 1; margin-bottom: 1; }
    Page LineView { background: $panel; height: 1fr; margin: 1 0; padding: 0; }
    Page.-low #page-title { margin-top: 0; }
    Page.-low #page-keys { margin-bottom: 0; }
    Page.-low LineView { margin: 0; }
    """

    def __init__(
        self, title: str, lines: Sequence[Line], keys: Sequence[Choice], glyphs: Glyphs
    ) -> None:
        super().__init__()
        self._title = title
        self._lines = list(lines)
        self._keys = Choices(keys, id="page-keys")
        self._view = LineView(ascii=glyphs.dot.isascii())

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical():
            yield Static(Content(clean(self._title)), id="page-title", markup=False)
            yield self._view
            yield self._keys

    def on_mount(self) -> None:
        """Fills it."""
        self._view.show(self._lines)
        self._view.focus()

    def on_resize(self, event: events.Resize) -> None:
        """As high as the text, as far as there is room."""
        low = event.size.height < 16
        self.set_class(low, "-low")
        width = min(110, event.size.width * 94 // 100) - 6
        frame = 2 if low else _FRAME + 2
        self.query_one(Vertical).styles.height = rows_needed(self._lines, width) + frame
