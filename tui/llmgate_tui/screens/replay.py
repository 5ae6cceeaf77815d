"""The Replay screen: not in this version; says what can be done instead."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class ReplayBody(Body):
    """A text, and the way back."""

    TITLE: ClassVar[str] = "Replay"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,enter",
            "screen.show('traffic')",
            "traffic",
            id="replay.back",
            tooltip="Back to the traffic",
        )
    ]
    DEFAULT_CSS = """
    ReplayBody VerticalScroll { padding: 1 3; scrollbar-size-vertical: 1; }
    ReplayBody Static { height: auto; max-width: 84; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay")
        self.desk = desk
        self._room = VerticalScroll(id="replay-text", can_focus=True)
        self._text = Static("", markup=False)
        self._marked = -1

    def compose(self) -> ComposeResult:
        """One text."""
        with self._room:
            yield self._text

    def focus_first(self) -> None:
        """The text, so that it can be scrolled."""
        self.screen.set_focus(self._room)

    def shown(self) -> None:
        """Counts the marks."""
        self.tick()

    def tick(self) -> None:
        """The marks may have changed."""
        marked = len(self.desk.traffic.marks)
        if marked != self._marked and self.is_attached:
            self._marked = marked
            self._text.update(_content(marked))


def _content(marked: int) -> Content:
    counted = "1 exchange is" if marked == 1 else f"{marked:,} exchanges are"
    marks = f"{counted} marked" if marked else "No exchange is marked yet"
    lines = [
        ("Replay is not in this version yet.", "bold"),
        ("", ""),
        (
            "It will send marked exchanges again, to the same or any other provider, and show side "
            "by side what differs: text, tool calls, tokens, cost, time.",
            "",
        ),
        ("", ""),
        ("What can be done now, in Traffic (1):", ""),
        ("y   copy an exchange as curl or Python, and send it from a shell", "$quiet"),
        ("m   mark what is worth replaying; M shows only the marked", "$quiet"),
        ("", ""),
        (f"{marks}. Marks last until the terminal is left.", "$accent" if marked else "$quiet"),
    ]
    return Content("\n").join([Content.styled(text, style) for text, style in lines])
