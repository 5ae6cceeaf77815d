"""Scrollbars for terminals that show ASCII only: whole cells, no eighths of blocks."""

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender


class PlainScrollBar(ScrollBarRender):
    """Blanks in two colours."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def draw_scrollbars(*, plain: bool) -> None:
    """How every scrollbar of the process is drawn from now on; Textual knows no narrower place."""
    ScrollBar.renderer = PlainScrollBar if plain else ScrollBarRender
