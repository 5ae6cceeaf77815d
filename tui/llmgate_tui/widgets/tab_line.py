"""The line of screens: those that exist, and standing facts at its right end."""

from collections.abc import Callable

from llmgate.wire.gateway import Status
from llmgate_tui.widgets.line import Line, Piece


class TabLine(Line):
    """``screens`` are (key, title, action). Where there is no room the other screens are keys only,
    and facts that do not fit are left out.
    """

    def __init__(
        self,
        screens: list[tuple[str, str, str]],
        status: Callable[[], Status | None],
        drafted: Callable[[], int],
    ) -> None:
        super().__init__(id="tabs")
        self._drafted = drafted
        self._screens = screens
        self._status = status
        self.active = 0

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Titles at the left, facts at the right."""
        left: list[Piece] = [(" ", "")]
        self._spots = []
        at = 1
        whole = sum(len(key) + len(title) + 3 for key, title, _ in self._screens) <= width
        for number, (key, title, action) in enumerate(self._screens):
            active = number == self.active
            said = f" {title}" if whole or active else ""
            left += [(key, "accent"), (said, "strong" if active else "quiet"), ("  ", "")]
            self._spots.append((at, at + len(key) + len(said), action))
            at += len(key) + len(said) + 2
        facts, room = "", width - at - 2
        for fact in self._facts():
            if len(facts) + len(fact) + 3 * bool(facts) <= room:
                facts = f"{facts}   {fact}" if facts else fact
        return left, [(f"{facts} ", "quiet")] if facts else []

    def _facts(self) -> list[str]:
        status, count = self._status(), self._drafted()
        facts = [f"draft {count}"] if count else []
        if status is None:
            return facts
        facts += ["demo answers"] if status.demo else []
        return [*facts, "no key needed"] if status.keyless else facts
