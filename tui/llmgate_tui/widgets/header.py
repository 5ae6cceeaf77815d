"""The header: connection, config, live count, errors, money, recording; redrawn when it differs."""

from collections.abc import Callable

from rich.cells import cell_len

from llmgate.wire.gateway import Status
from llmgate_tui import figures, units
from llmgate_tui.clock import Clock
from llmgate_tui.connection import Link
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean, fit
from llmgate_tui.widgets.line import Line, Piece

_GAP = "   "


class Header(Line):
    """Drops the least needed parts first when the line is narrow."""

    def __init__(
        self,
        link: Callable[[], Link],
        status: Callable[[], Status | None],
        *,
        address: str,
        clock: Clock,
        glyphs: Glyphs,
    ) -> None:
        super().__init__(id="header")
        self._link = link
        self._status = status
        self._address = address
        self._clock = clock
        self._glyphs = glyphs

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """As many groups as fit, most needed first; a click anywhere opens the palette."""
        self._spots = [(0, width, "app.command_palette")]
        right: list[Piece] = [(f"{self._clock.time_of_day(self._clock.now_ms())} ", "quiet")]
        if width < 60:
            right = []
        room = width - _cells(right) - 1
        groups = self._groups()
        chosen: set[int] = set()
        for rank in sorted(range(len(groups)), key=lambda at: groups[at][0]):
            cells = _cells(groups[rank][1]) + len(_GAP)
            if groups[rank][1] and cells <= room:
                room -= cells
                chosen.add(rank)
        left: list[Piece] = [(" ", "")]
        for at in sorted(chosen):
            left += [(_GAP, "")] if len(left) > 1 else []
            left += groups[at][1]
        return left, right

    def _groups(self) -> list[tuple[int, list[Piece]]]:
        """Rank (0 is needed most) and pieces, in the order they are shown."""
        status = self._status()
        groups = [(0, self._connection()), (6, [(self._address, "quiet")])]
        if status is not None:
            groups += [
                (2 if status.config_problem else 4, self._config(status)),
                (1, self._recording(status)),
                (3, self._live(status)),
                (7, [(f"{figures.grouped(status.recording.kept)} kept", "")]),
                (5, self._errors(status)),
                (5, self._money(status)),
            ]
        return groups

    def _connection(self) -> list[Piece]:
        link = self._link()
        tone = {"connected": "good", "connecting": "quiet", "stale": "warn"}.get(link.word, "bad")
        dot = self._glyphs.dot if link.up else self._glyphs.ring
        said = str(link).replace("·", self._glyphs.middot)
        return [("llmgate ", "strong"), (f"{dot} {said}", tone)]

    def _config(self, status: Status) -> list[Piece]:
        good = f"v{status.config_version} {self._glyphs.ok}"
        if not status.config_problem:
            return [("config ", "quiet"), (good, "")]
        bad = f"v{status.rejected_version or '?'} {self._glyphs.bad} kept v{status.config_version}"
        return [("config ", "quiet"), (f"{good} {self._glyphs.middot} ", ""), (bad, "bad")]

    def _recording(self, status: Status) -> list[Piece]:
        recording = status.recording
        if recording.state == "stopped":
            return [(f"{self._glyphs.warning} not recording", "bad")]
        if recording.state == "off":
            return [("recording off", "warn")]
        lost = recording.dropped_bodies + recording.dropped_exchanges
        return (
            [(f"{self._glyphs.warning} {figures.grouped(lost)} not kept", "warn")] if lost else []
        )

    def _live(self, status: Status) -> list[Piece]:
        if not status.live:
            return [("idle", "quiet")]
        if status.streaming:
            return [(f"{status.streaming} streaming", "accent")]
        return [(f"{status.live} live", "accent")]

    def _errors(self, status: Status) -> list[Piece]:
        if not status.requests:
            return []
        share = 100 * status.errors / status.requests
        tone = "bad" if share >= 20 else "warn" if share >= 5 else "quiet"
        return [(f"{share:.1f}% err", tone)]

    def _money(self, status: Status) -> list[Piece]:
        return [(units.spent(status.today), ""), (" today", "quiet")]


class ProblemLine(Line):
    """Pinned under the header while something is wrong that a person must fix."""

    DEFAULT_CSS = "ProblemLine { background: $error 15%; }"

    def __init__(
        self, link: Callable[[], Link], status: Callable[[], Status | None], glyphs: Glyphs
    ) -> None:
        super().__init__(id="problem")
        self._link = link
        self._status = status
        self._glyphs = glyphs

    def text(self) -> str:
        """What is wrong; empty when nothing is."""
        link, status = self._link(), self._status()
        if link.word not in {"connecting", "connected", "stale"}:
            return clean(link.reason)
        if status is None:
            return ""
        if status.config_problem:
            return f"config not applied: {clean(status.config_problem)}"
        if status.recording.state == "stopped":
            return f"recording has stopped: {clean(status.recording.problem) or 'unknown reason'}"
        return ""

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """The reason, and the key that shows the rest of one too long for the line."""
        text, room, more = self.text(), width - 4, "! shows all "
        left: list[Piece] = [(f" {self._glyphs.warning} ", "bad")]
        self._spots = [(0, width, "screen.problem")]
        if cell_len(text) <= room:
            return [*left, (text, "")], []
        cut = fit(text, max(8, room - len(more) - 1), self._glyphs.ellipsis)
        return [*left, (cut, "")], [(more, "accent")]


def _cells(pieces: list[Piece]) -> int:
    return sum(len(text) for text, _ in pieces)
