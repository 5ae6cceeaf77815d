"""The one-line tab bar of the detail pane."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.message import Message

from llmgate_tui.widgets.line import Line, Piece
from llmgate_tui.widgets.line_look import ASCII_TWINS

TABS: Final = (
    "Summary",
    "Chat",
    "Prompt",
    "Request",
    "Answer",
    "Events",
    "Headers",
    "Timing",
    "Attempts",
)
_BETWEEN: Final = (" · ", "  ")


class TabBar(Line):
    """All names with the active one accented; only that one, between arrows, when it is narrow."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--rule"}
    DEFAULT_CSS = "TabBar > .line--rule { color: $rule; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, names: Sequence[str] = TABS, *, ascii: bool = False) -> None:  # noqa: A002
        super().__init__()
        self.ascii = ascii
        self.names = names
        self.active = names[0]
        self.notes: Sequence[str] = ()

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Names at the left, standing facts about the view at the right."""
        right: list[Piece] = [(f" {note} ", "quiet") for note in self.notes if note]
        room = width - sum(len(text) for text, _ in right)
        between = next((by for by in _BETWEEN if len(by.join(self.names)) + 5 <= room), "")
        left = self._all(between) if between else self._one()
        used = sum(len(text) for text, _ in left)
        left.append(("─" * max(0, room - used), "rule"))
        return (
            [(t.translate(ASCII_TWINS), tone) for t, tone in left] if self.ascii else left
        ), right

    def _all(self, between: str) -> list[Piece]:
        pieces: list[Piece] = [("── ", "rule")]
        self._spots = []
        at = 3
        for name in self.names:
            if at > 3:
                pieces.append((between, "rule"))
                at += len(between)
            pieces.append((name, "accent" if name == self.active else "quiet"))
            self._spots.append((at, at + len(name), f"choose('{name}')"))
            at += len(name)
        return [*pieces, (" ", "")]

    def _one(self) -> list[Piece]:
        number = self.names.index(self.active)
        before, after = self.names[number - 1], self.names[(number + 1) % len(self.names)]
        end = 4 + len(self.active)
        self._spots = [(0, 4, f"choose('{before}')"), (4, end + 4, f"choose('{after}')")]
        return [
            ("─ ", "rule"),
            ("◂ ", "quiet"),
            (self.active, "accent"),
            (" ▸", "quiet"),
            (f" {number + 1}/{len(self.names)} ", "quiet"),
        ]

    def action_choose(self, name: str) -> None:
        """Says which tab was clicked."""
        self.post_message(self.Chosen(name))
