"""The line above the Config screen: file, draft or history; which version runs."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from llmgate.wire.gateway import ConfigView
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean
from llmgate_tui.widgets.line import Line, Piece

Mode = Literal["file", "draft", "history"]
MODES: Final[tuple[Mode, ...]] = ("file", "draft", "history")


class Shown(msgspec.Struct, frozen=True):
    """What the line tells."""

    mode: Mode
    config: ConfigView | None
    drafted: int


class ConfigHead(Line):
    """Modes at the left, versions and the path at the right."""

    def __init__(self, shown: Callable[[], Shown], glyphs: Glyphs) -> None:
        super().__init__(id="config-head")
        self._shown_now = shown
        self._glyphs = glyphs

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Both ends."""
        now = self._shown_now()
        left: list[Piece] = [(" ", "")]
        self._spots = []
        at = 1
        for mode in MODES:
            count = f" {now.drafted}" if mode == "draft" and now.drafted else ""
            label = f" {mode.capitalize()}{count} "
            left.append((label, "strong" if mode == now.mode else "quiet"))
            steps = (MODES.index(mode) - MODES.index(now.mode)) % len(MODES)
            key = "right_square_bracket" if steps == 1 else "left_square_bracket"
            if steps:
                self._spots.append((at, at + len(label), f"screen.press('{key}')"))
            at += len(label)
        return left, self._right(now.config, width - at)

    def _right(self, config: ConfigView | None, room: int) -> list[Piece]:
        if config is None:
            return []
        glyphs = self._glyphs
        versions: list[Piece] = [(f"v{config.version} {glyphs.ok}", "")]
        if config.problems:
            refused = "?" if config.rejected_version is None else config.rejected_version
            bad = f"v{refused} {glyphs.bad}"
            if room > 40:
                bad += f" kept v{config.version}"
            versions += [(f" {glyphs.middot} ", "quiet"), (bad, "bad")]
        used = sum(len(text) for text, _ in versions) + 1
        path = clean(config.file) or "no file"
        if len(path) + 3 > room - used:
            path = path.rsplit("/", 1)[-1]
        before: list[Piece] = [(f"{path}  ", "quiet")] if len(path) + 3 <= room - used else []
        return [*before, *versions, (" ", "")]
