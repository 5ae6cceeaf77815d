"""The Providers screen: how each is doing, and what can be done about it."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from llmgate.wire.gateway import ProviderView
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.screens import providers_acts as acts
from llmgate_tui.screens.body import KeyGroup, OpenTraffic
from llmgate_tui.screens.drafting import DRAFT_KEYS, Drafting
from llmgate_tui.screens.limit_bars import Look
from llmgate_tui.screens.preview import Preview
from llmgate_tui.screens.providers_detail import error_cells, lines
from llmgate_tui.screens.providers_keys import (
    ERROR_COLUMNS,
    PROVIDER_KEYS,
    columns,
    spark_width,
)
from llmgate_tui.screens.providers_rows import cells, sought
from llmgate_tui.text import clean
from llmgate_tui.widgets.find_line import FindLine
from llmgate_tui.widgets.grid import GRID_KEYS, Grid, GridRow
from llmgate_tui.widgets.heading import Heading
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.line_view import LineView

_LOW = 14  # below this height there is room for one pane
_EVERY = 6  # ticks: three seconds
_BESIDE = 130  # from this width on the errors stand beside the facts
_NEEDS_ONE = frozenset({"open", "test", "enable", "drain", "edit"})


class ProvidersBody(Drafting):
    """The list of all, and what is known of the one under the cursor."""

    TITLE: ClassVar[str] = "Providers"
    BINDINGS: ClassVar[list[BindingType]] = [*PROVIDER_KEYS, *DRAFT_KEYS]
    DEFAULT_CSS = """
    ProvidersBody #providers-detail { height: 1fr; layout: vertical; }
    ProvidersBody.-beside #providers-detail { layout: horizontal; }
    ProvidersBody #providers-errors { height: auto; }
    ProvidersBody.-beside #providers-errors { height: 1fr; width: 2fr; }
    ProvidersBody.-beside #providers-facts { width: 3fr; }
    ProvidersBody.-calm #providers-errors { display: none; }
    ProvidersBody.-low #providers-grid { height: 1fr; }
    ProvidersBody.-low #providers-detail, ProvidersBody.-low Heading { display: none; }
    ProvidersBody.-low.-inside #providers-detail { display: block; }
    ProvidersBody.-low.-inside Heading { display: block; }
    ProvidersBody.-low.-inside #providers-grid { display: none; }
    ProvidersBody.-lost Grid > .grid--plain, ProvidersBody.-lost Grid > .grid--good,
    ProvidersBody.-lost Grid > .grid--accent { color: $quiet; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, id="providers")
        plain = desk.glyphs.dot.isascii()
        self.grid = Grid(columns(120), id="providers-grid")
        self.facts = LineView(ascii=plain, id="providers-facts")
        self.errors = Grid(ERROR_COLUMNS, id="providers-errors")
        self._find = FindLine("find a provider by name, kind or address", id="providers-find")
        self._heading = Heading(desk.glyphs, id="providers-heading")
        self._sought = ""
        self._any = False
        self._ticks = 0
        self._link: Link | None = None
        self._lines: tuple[str, list[Line]] = ("", [])
        self._exchanges: dict[str, tuple[str, str]] = {}  # row of an error: exchange, message

    def compose(self) -> ComposeResult:
        """List above, details below."""
        yield self._find
        yield self.grid
        yield self._heading
        with Container(id="providers-detail"):
            yield self.facts
            yield self.errors
        yield self.draft_line

    # -- news ----------------------------------------------------------------

    def shown(self) -> None:
        """Everything as it is now."""
        self.redraw()
        self.follow_draft()
        self._ask()

    def news(self) -> None:
        """Waits for the next tick, unless nothing is shown yet."""
        if self.view() is None:
            self.redraw()
        self.follow_draft()

    def tick(self) -> None:
        """Twice a second; only what differs is painted."""
        self._ticks += 1
        if self._ticks >= _EVERY:
            self._ask()
        self.redraw()

    def _ask(self) -> None:
        """Reads them all: without traffic the feed does not say that rates have fallen."""
        self._ticks = 0
        if self._link is None or self._link.up:
            self.run_worker(self._read(), group="providers", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        try:
            views = await self.desk.steering.providers()
        except ApiProblem:
            return  # the header says how the connection stands
        self.desk.traffic.providers = {view.name: view for view in views}
        self.redraw()

    def steered(self) -> None:
        """Other providers, or other settings."""
        self._ask()

    def link_changed(self, link: Link) -> None:
        """What is shown is old while the connection is down: greyed."""
        self._link = link
        self.set_class(not link.up and link.word != "connecting", "-lost")
        for grid in (self.grid, self.errors):
            grid.notify_style_update()
            grid.refresh()

    def redraw(self) -> None:
        """List and details."""
        if not self.is_attached:
            return
        views = sought(self.desk.traffic.providers.values(), self._sought)
        self._list(views)
        self._apportion(len(self.grid.rows))
        self._details()

    def _list(self, views: list[ProviderView]) -> None:
        now_ms, glyphs = self.desk.clock.now_ms(), self.desk.glyphs
        room = spark_width(self.size.width)
        draft = self.desk.draft
        rows = [
            GridRow(view.name, cells(view, now_ms, glyphs, room, wanted=acts.drafted(draft, view)))
            for view in views
        ]
        self.grid.set_rows(rows or [GridRow("-", [self._nothing()], selectable=False)])

    def _nothing(self) -> str:
        if self.desk.traffic.status is None:
            return f"Waiting for the gateway at {self.desk.address}."
        if self.desk.traffic.providers:
            return "Nothing matches; esc shows all again."
        return "No providers yet: write some under `providers:` in the config (7)."

    def _details(self) -> None:
        view = self.view()
        if view is None:
            self._heading.say([])
            self._show("", [])
            self._show_errors(None)
            return
        kind = "" if view.kind == view.name else f"  {clean(view.kind)}"
        self._heading.say([(clean(view.name), "strong"), (kind, "quiet")])
        look = Look(
            self.desk.clock.now_ms(),
            self.desk.clock.moment,
            self.desk.glyphs,
            self.facts.scrollable_content_region.width or self.size.width,
        )
        self._show(view.name, lines(view, look))
        self._show_errors(view)

    def _show(self, name: str, found: list[Line]) -> None:
        if self._lines != (name, found):
            keep = self._lines[0] == name
            self._lines = (name, found)
            self.facts.show(found, keep_place=keep)

    def _show_errors(self, view: ProviderView | None) -> None:
        found = error_cells(view, self.desk.clock.moment) if view is not None else []
        rows = [GridRow(f"{at} {id}", row) for at, (id, row) in enumerate(found)]  # noqa: A001
        self._exchanges = {
            row.id: (id, str(row.cells[2]))
            for row, (id, _) in zip(rows, found, strict=True)  # noqa: A001
        }
        self.errors.set_rows(rows)
        if self.has_class("-calm") == bool(rows):
            self.set_class(not rows, "-calm")

    def drafted(self) -> None:
        """The draft may say something of a provider."""
        self.redraw()

    # -- room ----------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Panes beside or below each other, or one alone."""
        self.set_class(event.size.height < _LOW, "-low")
        self.set_class(event.size.width >= _BESIDE, "-beside")
        self.grid.set_columns(columns(event.size.width))
        self.call_after_refresh(self.redraw)

    def _apportion(self, rows: int) -> None:
        height = self.size.height
        if not height:
            return
        least = max(4, height // 2) if height >= _LOW else 0
        self.grid.styles.height = min(rows + 1, least) + 1 if least else "1fr"
        beside = self.has_class("-beside")
        errors = min(len(self.errors.rows) + 1, max(3, height // 5))
        self.errors.styles.height = "1fr" if beside else errors

    def panes(self) -> list[Widget]:
        """What the focus goes round through."""
        panes: list[Widget] = [self.grid, self.facts]
        return panes if self.has_class("-calm") else [*panes, self.errors]

    def focus_first(self) -> None:
        """The list."""
        self.remove_class("-inside")
        self.screen.set_focus(self.grid)

    def key_groups(self) -> list[KeyGroup]:
        """Its own, and those of the list."""
        return [
            (self.TITLE, self, [*PROVIDER_KEYS, *DRAFT_KEYS]),
            ("Moving in a table", self.grid, GRID_KEYS),
            ("While finding", self._find, list(FindLine.BINDINGS)),
        ]

    # -- what is selected ----------------------------------------------------

    def view(self) -> ProviderView | None:
        """The provider under the cursor."""
        return self.desk.traffic.providers.get(self.grid.selected)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing without a provider."""
        if action in _NEEDS_ONE:
            return self.view() is not None
        return super().check_action(action, parameters)

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        if event.grid is self.grid:
            self._details()
            if bool(event.id) != self._any:  # other keys do something now
                self._any = bool(event.id)
                self.refresh_bindings()

    @on(Grid.Chosen)
    async def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        await self.action_open()

    @on(FindLine.Sought)
    def _seek(self, event: FindLine.Sought) -> None:
        event.stop()
        self._sought = event.text
        self.redraw()

    @on(FindLine.Left)
    def _found(self, event: FindLine.Left) -> None:
        event.stop()
        self.focus_first()

    # -- actions -------------------------------------------------------------

    def action_find(self) -> None:
        """By name."""
        self._find.open()

    async def action_open(self) -> None:
        """The traffic of the provider, or the exchange of the error under the cursor."""
        if self.screen.focused is self.errors and self.errors.selected in self._exchanges:
            exchange, message = self._exchanges[self.errors.selected]
            if exchange:
                self.post_message(OpenTraffic(exchange=exchange))
            else:
                await self.app.push_screen(
                    Preview("An error of the check, not of an exchange", message)
                )
        elif view := self.view():
            self.post_message(OpenTraffic(filter=acts.traffic_filter(view.name)))

    def action_other(self, by: int) -> None:
        """The next pane."""
        panes = self.panes()
        at = panes.index(self.screen.focused) if self.screen.focused in panes else 0
        goal = panes[(at + by) % len(panes)]
        self.set_class(goal is not self.grid, "-inside")
        self.screen.set_focus(goal)

    def action_back(self) -> None:
        """To the list, or out of the search."""
        if self.screen.focused is self.grid:
            self._find.clear_text()
        else:
            self.focus_first()

    def action_test(self) -> None:
        """Asks for the models."""
        if view := self.view():
            self.run_worker(acts.test(self, self.desk, view.name), group="test")

    def action_enable(self) -> None:
        """On or off, by an edit of the file."""
        if view := self.view():
            self.run_worker(acts.enable(self, view), group="edit", exclusive=True)

    def action_drain(self) -> None:
        """Nothing new, or as before."""
        if view := self.view():
            self.run_worker(acts.drain(self, self.desk, view), group="drain", exclusive=True)

    def action_edit(self) -> None:
        """Its settings."""
        if view := self.view():
            self.run_worker(acts.edit(self, view), group="edit", exclusive=True)

    async def action_weights(self) -> None:
        """The Routes screen."""
        await self.screen.run_action("show('routes')")
