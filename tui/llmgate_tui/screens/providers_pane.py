"""The lower part of the Providers screen: facts of one provider, and its last errors."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from llmgate.wire.gateway import LastError, ProviderView
from llmgate_tui.desk import Desk
from llmgate_tui.screens.limit_bars import Look
from llmgate_tui.screens.providers_detail import error_cells, lines
from llmgate_tui.screens.providers_keys import ERROR_COLUMNS
from llmgate_tui.screens.providers_rows import newest
from llmgate_tui.text import clean
from llmgate_tui.widgets.grid import Grid, GridRow
from llmgate_tui.widgets.heading import Heading
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.line_view import LineView


class ProviderPane(Vertical):
    """Errors stand below the facts, or beside them where it is wide; none, no room for them."""

    DEFAULT_CSS = """
    ProviderPane { height: 1fr; }
    ProviderPane > Container { height: 1fr; layout: vertical; }
    ProviderPane.-beside > Container { layout: horizontal; }
    ProviderPane Grid { height: auto; }
    ProviderPane.-beside Grid { height: 1fr; width: 1fr; }
    ProviderPane.-beside LineView { width: 1fr; }
    ProviderPane.-calm Grid { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="providers-pane", classes="-calm")
        self._desk = desk
        self.facts = LineView(ascii=desk.glyphs.dot.isascii(), id="providers-facts")
        self.errors = Grid(ERROR_COLUMNS, id="providers-errors", ellipsis=desk.glyphs.ellipsis)
        self._heading = Heading(desk.glyphs, id="providers-heading")
        self._name = ""
        self._lines: list[Line] = []
        self._known: dict[str, LastError] = {}

    def compose(self) -> ComposeResult:
        """The name; facts and errors."""
        yield self._heading
        with Container():
            yield self.facts
            yield self.errors

    def show(self, view: ProviderView | None, height: int) -> None:
        """What is known of a provider; ``height`` is that of the whole screen."""
        name = "" if view is None else view.name
        self._heading.say([] if view is None else _title(view))
        found = [] if view is None else lines(view, self._look())
        if (name, found) != (self._name, self._lines):
            keep, self._name, self._lines = name == self._name, name, found
            self.facts.show(found, keep_place=keep)
        self._show_errors([] if view is None else newest(view.last_errors), height)

    def _look(self) -> Look:
        desk = self._desk
        width = self.facts.scrollable_content_region.width or self.size.width
        return Look(desk.clock.now_ms(), desk.clock.moment, desk.glyphs, width)

    def _show_errors(self, errors: list[LastError], height: int) -> None:
        self._known = {f"{e.at_ms} {e.exchange} {e.status} {e.error_type}": e for e in errors}
        moment = self._desk.clock.moment
        self.errors.set_rows(
            [GridRow(id_, error_cells(error, moment)) for id_, error in self._known.items()]
        )
        self.set_class(not errors, "-calm")
        room = min(len(errors) + 1, max(3, height // 5))
        self.errors.styles.height = "1fr" if self.has_class("-beside") else room

    def error(self) -> LastError | None:
        """The error under the cursor."""
        return self._known.get(self.errors.selected)

    def panes(self) -> list[Widget]:
        """What can have the keys."""
        return [self.facts] if self.has_class("-calm") else [self.facts, self.errors]


def _title(view: ProviderView) -> list[tuple[str, str]]:
    kind = "" if view.kind == view.name else f"  {clean(view.kind)}"
    return [(clean(view.name), "strong"), (kind, "quiet")]
