"""A question before something that cannot be undone; the safe answer is the default."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Confirm(ModalScreen[bool]):
    """True only for ``y``."""

    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm > Vertical {
        width: auto; max-width: 90%; height: auto; background: $panel; padding: 1 2;
    }
    Confirm Static { width: auto; height: auto; }
    Confirm #confirm-keys { color: $quiet; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes", tooltip="Yes"),
        Binding("n,escape,enter,q", "answer(False)", "No", id="confirm.no", tooltip="No"),
    ]

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        with Vertical():
            yield Static(Content(self._question))
            yield Static(Content(f"y {self._yes}    n stay"), id="confirm-keys")

    def action_answer(self, yes: bool) -> None:
        """The answer."""
        _ = self.dismiss(yes)
