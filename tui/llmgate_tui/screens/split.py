"""The list and the detail: one above or beside the other, or one alone."""

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

Layout = Literal["list", "below", "right", "full"]


class Split(Container):
    """Both stay mounted whatever is shown, so that moving through the list costs no new widgets."""

    DEFAULT_CSS = """
    Split { height: 1fr; layout: vertical; }
    Split.-right { layout: horizontal; }
    Split > #list, Split > .detail { width: 1fr; height: 1fr; }
    Split.-list > .detail, Split.-full > #list { display: none; }
    Split.-right > .detail { border-left: solid $rule; }
    """

    def __init__(self, parts: list[Widget], detail: Widget) -> None:
        super().__init__(id="split", classes="-list")
        self.arrangement: Layout = "list"
        self.last_split: Layout = "below"
        self._list = Vertical(*parts, id="list")
        self._detail = detail
        self._share = 50
        detail.add_class("detail")

    def compose(self) -> ComposeResult:
        """Both sides."""
        yield self._list
        yield self._detail

    def settle(self, arrangement: Layout) -> None:
        """Another arrangement."""
        for name in ("list", "below", "right", "full"):
            self.set_class(name == arrangement, f"-{name}")
        self.arrangement = arrangement
        if arrangement in {"below", "right"}:
            self.last_split = arrangement
        self._apportion()

    def resize(self, by: int) -> None:
        """Moves the border, in hundredths."""
        self._share = max(16, min(84, self._share + by))
        self._apportion()

    @property
    def share(self) -> int:
        """The list's share of the room, in hundredths."""
        return self._share

    def _apportion(self) -> None:
        both = self.arrangement in {"below", "right"}
        shares = (self._share, 100 - self._share) if both else (1, 1)
        for widget, share in zip((self._list, self._detail), shares, strict=True):
            widget.styles.height = f"{share}fr" if self.arrangement == "below" else "1fr"
            widget.styles.width = f"{share}fr" if self.arrangement == "right" else "1fr"

    def in_detail(self) -> bool:
        """The focus is in the detail."""
        focused = self.screen.focused
        return focused is not None and self._detail in focused.ancestors_with_self

    def focus_detail(self) -> None:
        """Gives the focus to the first part of the detail that takes it."""
        parts: list[Widget] = [self._detail, *self._detail.walk_children(Widget)]
        target = next((widget for widget in parts if widget.focusable), None)
        if target is not None:
            self.screen.set_focus(target)
