"""The styles of a list's lines: a tone, on the cursor's line or off it, looked up once."""

from rich.style import Style
from textual.widget import Widget


class RowStyles:
    """Component classes ``<prefix>--<tone>``, ``<prefix>--cursor`` and ``--cursor-blurred``."""

    def __init__(self, widget: Widget, prefix: str) -> None:
        self._widget = widget
        self._prefix = prefix
        self._styles: dict[tuple[str, bool, bool], Style] = {}

    def __call__(self, tone: str, cursor: bool) -> Style:
        """The style of a tone."""
        key = (tone, cursor, self._widget.has_focus)
        style = self._styles.get(key)
        if style is None:
            style = self._styles[key] = self._build(*key)
        return style

    def forget(self) -> None:
        """Another theme."""
        self._styles.clear()

    def _build(self, tone: str, cursor: bool, focused: bool) -> Style:
        style = self._widget.get_component_rich_style(f"{self._prefix}--{tone}")
        if not cursor:
            return style
        name = "cursor" if focused else "cursor-blurred"
        under = self._widget.get_component_rich_style(f"{self._prefix}--{name}")
        color = under.color if focused and tone == "plain" else style.color
        app = self._widget.app
        bare = app.no_color or app.ansi_color
        return Style(color=color, bgcolor=under.bgcolor, reverse=bare, bold=bare and focused)
