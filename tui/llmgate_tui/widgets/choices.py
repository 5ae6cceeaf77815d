"""The keys at the foot of what lies over the screen: read, pressed or clicked."""

from collections.abc import Sequence

from llmgate_tui.widgets.line import Line, Piece

Choice = tuple[str, str, str]
"""Key, what it does, the screen's action."""


class Choices(Line):
    """Side by side, as many as fit."""

    DEFAULT_CSS = "Choices { background: $panel; }"

    def __init__(self, choices: Sequence[Choice], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choices = list(choices)

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Keys and labels."""
        pieces: list[Piece] = []
        self._spots = []
        at = 0
        for key, label, action in self._choices:
            cells = len(key) + 1 + len(label)
            if at + cells > width:
                break
            pieces += [(key, "accent"), (f" {label}   ", "quiet")]
            self._spots.append((at, at + cells, f"screen.{action}"))
            at += cells + 3
        return pieces, []
