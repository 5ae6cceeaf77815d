"""A question before something that cannot be undone; the safe answer is the default."""

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmgate.wire.safe_text import safe_text
from llmgate_tui.widgets.choices import Choices

_WIDEST = 72
_PADDING = 4


class Confirm(ModalScreen[bool]):
    """True only for ``y``."""

    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm > Vertical { height: auto; max-height: 100%; background: $panel; padding: 1 2; }
    Confirm #confirm-question { height: auto; }
    Confirm #confirm-keys { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes", tooltip="Yes"),
        Binding("n,escape,enter,q", "answer(False)", "No", id="confirm.no", tooltip="No"),
    ]

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = safe_text(question)
        self._yes = safe_text(yes, newlines=False)

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        keys = [("y", self._yes, "answer(True)"), ("n", "stay", "answer(False)")]
        with Vertical():
            yield Static(Content(self._question), id="confirm-question", markup=False)
            yield Choices(keys, id="confirm-keys")

    def on_resize(self, event: events.Resize) -> None:
        """As wide as the question, as far as there is room; the rest of it goes on below."""
        lines = [*self._question.splitlines(), f"y {self._yes}   n stay"]
        wanted = min(_WIDEST, max(cell_len(line) for line in lines)) + _PADDING
        self.query_one(Vertical).styles.width = min(wanted, event.size.width)

    def action_answer(self, yes: bool) -> None:
        """The answer."""
        _ = self.dismiss(yes)
