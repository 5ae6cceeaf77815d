"""A line to find rows with: out of sight until ``/``, and while it holds nothing."""

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from llmgate_tui.widgets.clean_input import CleanInput


class FindLine(CleanInput):
    """Posts ``Sought`` as it is typed; enter keeps the text, escape drops it."""

    DEFAULT_CSS = """
    FindLine, FindLine:focus {
        display: none; height: 1; padding: 0 2; border: none; color: $foreground;
        background: $background; background-tint: $background 0%;
    }
    FindLine > .input--placeholder { color: $quiet; }
    FindLine.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "clear", id="find.drop", tooltip="Clear the text and leave"),
        Binding("enter", "submit", "keep", id="find.keep", tooltip="Keep the text and leave"),
    ]

    class Sought(Message):
        """The text to find, in small letters."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The focus is given back."""

    def __init__(self, hint: str, *, id: str) -> None:  # noqa: A002
        super().__init__(hint, id=id)
        self.can_focus = False

    def open(self) -> None:
        """Shows itself and takes the keys."""
        self.can_focus = True
        self.add_class("-open")
        self.focus()

    def clear_text(self) -> bool:
        """Empties it; False when it was empty."""
        held = bool(self.value)
        self.value = ""
        self.remove_class("-open")
        return held

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Sought(event.value.strip().lower()))

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def action_drop(self) -> None:
        """Everything is shown again."""
        self.value = ""
        self._leave()

    def _leave(self) -> None:
        self.can_focus = False
        self.set_class(bool(self.value), "-open")
        self.post_message(self.Left())
