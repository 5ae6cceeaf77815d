"""What the eight screens have in common: one is shown at a time, the main screen tells it news."""

from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.message import Message

from llmgate_tui.connection import Link

KeyGroup = tuple[str, DOMNode, list[BindingType]]
"""A title, the widget whose actions they are, its bindings: for the help and the palette."""


class OpenTraffic(Message):
    """Show the Traffic screen: with this filter text, or standing on this exchange."""

    def __init__(self, filter: str = "", exchange: str = "") -> None:  # noqa: A002
        super().__init__()
        self.filter = filter
        self.exchange = exchange


class OpenCompare(Message):
    """Show what differs between two exchanges, by their ids."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__()
        self.left = left
        self.right = right


class OpenReplay(Message):
    """Send these exchanges again: at once as they were, or after asking where to (the form)."""

    def __init__(self, ids: list[str], *, ask: bool) -> None:
        super().__init__()
        self.ids = ids
        self.ask = ask


class OpenMatrix(Message):
    """Show the Replay screen with this replay."""

    def __init__(self, replay: str) -> None:
        super().__init__()
        self.replay = replay


class CopyText(Message):
    """Copy a text, and show what was copied."""

    def __init__(self, what: str, text: str) -> None:
        super().__init__()
        self.what = what
        self.text = text


class DraftChanged(Message):
    """The draft has another edit, or one less."""


class Body(Vertical):
    """A screen between the header and the keys. Everything is told on the main thread.

    News and ticks come only while it is shown; ``shown`` is told at every switch to it.
    """

    TITLE: ClassVar[str] = ""
    DEFAULT_CSS = "Body { height: 1fr; }"

    def focus_first(self) -> None:
        """Gives the keys to where they are wanted first."""

    def shown(self) -> None:
        """The screen has been switched to."""

    def hidden(self) -> None:
        """Another one has been switched to."""

    def news(self) -> None:
        """Status, providers, notices or the draft have changed: at most ten times a second."""

    def tick(self) -> None:
        """Twice a second."""

    def link_changed(self, link: Link) -> None:
        """The connection stands otherwise; told whether shown or not."""

    def key_groups(self) -> list[KeyGroup]:
        """Every binding of this screen, in the order the help shows them."""
        return [(self.TITLE, self, list(type(self).BINDINGS))]

    def memory(self) -> dict[str, str]:
        """What of the view is worth restoring at the next start."""
        return {}

    def remember(self, memory: dict[str, str]) -> None:
        """Restores it; what is not understood is ignored."""
