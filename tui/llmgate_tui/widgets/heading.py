"""A line that names what stands below it, with a rule to the right end."""

from rich.cells import cell_len

from llmgate_tui.glyphs import Glyphs
from llmgate_tui.widgets.line import Line, Piece


class Heading(Line):
    """Says pieces; a rule fills what they leave."""

    DEFAULT_CSS = "Heading > .line--rule { color: $rule; }"
    COMPONENT_CLASSES = {"line--rule"}  # noqa: RUF012 - Textual's own shape

    def __init__(self, glyphs: Glyphs, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rule = glyphs.rule
        self._left: list[Piece] = []
        self._right: list[Piece] = []

    def say(self, left: list[Piece], right: list[Piece] | None = None) -> None:
        """Other words; repainted when they differ."""
        self._left, self._right = left, right or []
        self.redraw()

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """A short rule, the words, a long rule, the words of the right end."""
        used = sum(cell_len(text) for text, _ in (*self._left, *self._right))
        rest = max(1, width - used - (6 if self._right else 5))
        left = [(f" {self._rule} ", "rule"), *self._left, (f" {self._rule * rest}", "rule")]
        return left, [(" ", ""), *self._right, (" ", "")] if self._right else []
