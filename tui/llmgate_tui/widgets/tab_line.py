"""The line of screens: those that exist, and standing facts about the gateway at its right end."""

from collections.abc import Callable

from llmgate.wire.gateway import Status
from llmgate_tui.widgets.line import Line, Piece


class TabLine(Line):
    """``screens`` are (key, title, action); the first is the only one so far."""

    def __init__(self, screens: list[tuple[str, str, str]], status: Callable[[], Status | None]):
        super().__init__(id="tabs")
        self._screens = screens
        self._status = status
        self.active = 0

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Titles at the left, facts at the right."""
        left: list[Piece] = [(" ", "")]
        self._spots = []
        at = 1
        for number, (key, title, action) in enumerate(self._screens):
            left += [(key, "accent"), (f" {title}", "strong" if number == self.active else "quiet")]
            left.append(("  ", ""))
            end = at + len(key) + 1 + len(title)
            self._spots.append((at, end, action))
            at = end + 2
        return left, [("   ".join(self._facts()) + " ", "quiet")]

    def _facts(self) -> list[str]:
        status = self._status()
        if status is None:
            return []
        facts = ["demo answers"] if status.demo else []
        return [*facts, "no key needed on this machine"] if status.keyless else facts
