"""One line about the draft: how many edits, the last of them, what is wrong with them, its keys."""

from llmgate_tui.draft import Draft
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean, fit
from llmgate_tui.widgets.line import Line, Piece

_KEYS = (("^s", "apply", "ctrl+s"), ("u", "take back", "u"), ("^r", "drop", "ctrl+r"))


class DraftLine(Line):
    """Takes no room while there is no draft. A click on a key presses it."""

    DEFAULT_CSS = """
    DraftLine { background: $boost; display: none; }
    DraftLine.-drafting { display: block; }
    """

    def __init__(self, draft: Draft, glyphs: Glyphs) -> None:
        super().__init__(classes="draft-line")
        self._draft = draft
        self._glyphs = glyphs

    def redraw(self) -> None:
        """Comes and goes with the draft."""
        if self.has_class("-drafting") != bool(self._draft.edits):
            self.set_class(bool(self._draft.edits), "-drafting")
        super().redraw()

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """State at the left, keys at the right."""
        count = len(self._draft)
        if not count:
            return [], []
        right = self._keys(width)
        left: list[Piece] = [(f" draft {count} ", "accent")]
        room = max(8, width - len(left[0][0]) - sum(len(text) for text, _ in right) - 1)
        text, tone = self._said()
        short = fit(text, room, self._glyphs.ellipsis).rstrip()
        return [*left, (short, tone)], right

    def _said(self) -> tuple[str, str]:
        verdict, conflict = self._draft.verdict, self._draft.conflict
        if conflict is not None:
            return f"{self._glyphs.warning} the file has changed meanwhile", "warn"
        if verdict is not None and verdict.problems:
            return f"{self._glyphs.bad} {clean(verdict.problems[0].message)}", "bad"
        return clean(self._draft.notes[-1]), ""

    def _keys(self, width: int) -> list[Piece]:
        keys = _KEYS if width >= 80 else _KEYS[:1] if width >= 50 else ()
        pieces: list[Piece] = [("  ", "")] if keys else []
        self._spots = []
        at = width - sum(len(key) + len(label) + 3 for key, label, _ in keys)
        for key, label, pressed in keys:
            pieces += [(key, "accent"), (f" {label}  ", "quiet")]
            end = at + len(key) + len(label) + 1
            self._spots.append((at, end, f"screen.press('{pressed}')"))
            at += len(key) + len(label) + 3
        return pieces
