"""Shows a text over the screen: what was copied (a terminal never says whether it took it), or a
message too long for its line.
"""

from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmgate.wire.safe_text import safe_text
from llmgate_tui.text import clean
from llmgate_tui.widgets.choices import Choices

LONG: Final = 74_000  # what many terminals take at most by OSC 52, base64 included
_SHOWN: Final = 20_000
_AROUND: Final = 6  # padding, title, keys, the lines between
_KEYS: Final = [("esc", "close", "leave"), ("j", "down", "scroll(1)"), ("k", "up", "scroll(-1)")]


def notice(text: str) -> str:
    """What to know about the copy; empty when nothing."""
    encoded = (len(text.encode()) + 2) // 3 * 4
    if encoded <= LONG:
        return ""
    return "Longer than many terminals accept (74 kB): check what arrived."


class Preview(ModalScreen[None]):
    """Title, a word of caution if needed, and the text itself (its beginning, if long)."""

    DEFAULT_CSS = """
    Preview { align: center middle; background: $background 60%; }
    Preview > Vertical {
        width: 90%; max-width: 110; height: auto; max-height: 85%; background: $panel; padding: 1 2;
    }
    Preview #preview-title { color: $accent; height: auto; }
    Preview #preview-notice { color: $warning; height: auto; }
    Preview VerticalScroll {
        height: auto; max-height: 100%; margin: 1 0; scrollbar-size-vertical: 1;
    }
    Preview #preview-text { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,y", "leave", "Close", id="preview.leave", tooltip="Close"),
        Binding(
            "j,down", "scroll(1)", "Down", id="preview.down", tooltip="Scroll down", show=False
        ),
        Binding("k,up", "scroll(-1)", "Up", id="preview.up", tooltip="Scroll up", show=False),
    ]

    def __init__(self, title: str, text: str, note: str = "") -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._note = note

    def compose(self) -> ComposeResult:
        """The parts."""
        with Vertical():
            yield Static(Content(clean(self._title)), id="preview-title", markup=False)
            if self._note:
                yield Static(Content(clean(self._note)), id="preview-notice", markup=False)
            with VerticalScroll(can_focus=False):
                yield Static(Content(self._shown()), id="preview-text", markup=False)
            yield Choices(_KEYS, id="preview-keys")

    def on_resize(self, event: events.Resize) -> None:
        """The text scrolls; title and keys stay in sight."""
        around = _AROUND + bool(self._note)
        room = max(1, event.size.height * 85 // 100 - around)
        self.query_one(VerticalScroll).styles.max_height = room

    def _shown(self) -> str:
        text = safe_text(self._text[:_SHOWN])
        return (
            text if len(self._text) <= _SHOWN else f"{text}\n... (only the beginning is shown here)"
        )

    def action_leave(self) -> None:
        """Back."""
        _ = self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Moves the text."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
