"""The search line at the foot of the detail pane: there while it is typed in."""

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from llmgate_tui.widgets.clean_input import CleanInput


class SearchInput(CleanInput):
    """Searches as it is typed; enter keeps the hits, escape drops them."""

    DEFAULT_CSS = """
    SearchInput { display: none; background: $panel; padding: 0 1; }
    SearchInput.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "Drop", id="search.drop", tooltip="Drop the search", show=False),
    ]

    class Left(Message):
        """The focus goes back; ``keep`` tells whether the hits stay."""

        def __init__(self, *, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    def __init__(self) -> None:
        super().__init__("search", id="detail-search")
        self.can_focus = False

    def open(self) -> None:
        """Shows itself and takes the keys."""
        self.can_focus = True
        self.add_class("-open")
        self.focus()

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave(keep=True)

    def action_drop(self) -> None:
        """No search after all."""
        with self.prevent(Input.Changed):
            self.value = ""
        self._leave(keep=False)

    def on_blur(self) -> None:
        """Goes away with the focus."""
        self.remove_class("-open")
        self.can_focus = False

    def _leave(self, *, keep: bool) -> None:
        self.remove_class("-open")
        self.can_focus = False
        self.post_message(self.Left(keep=keep))
