"""The Providers screen: how each is doing, and what can be done about it."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker

from llmgate.wire.gateway import ProviderView
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.screens import providers_acts as acts
from llmgate_tui.screens.body import KeyGroup, OpenTraffic
from llmgate_tui.screens.drafting import DRAFT_KEYS, Drafting
from llmgate_tui.screens.preview import Preview
from llmgate_tui.screens.providers_keys import (
    PROVIDER_KEYS,
    columns,
    spark_width,
)
from llmgate_tui.screens.providers_pane import ProviderPane
from llmgate_tui.screens.providers_rows import cells, sought
from llmgate_tui.widgets.find_line import FindLine
from llmgate_tui.widgets.grid import GRID_KEYS, Grid, GridRow

_LOW = 14  # below this height there is room for one pane
_EVERY = 6  # ticks: three seconds
_BESIDE = 150  # from this width on the errors stand beside the facts
_NEEDS_ONE = frozenset({"open", "test", "enable", "drain", "edit"})


class ProvidersBody(Drafting):
    """The list of all, and what is known of the one under the cursor."""

    TITLE: ClassVar[str] = "Providers"
    BINDINGS: ClassVar[list[BindingType]] = [*PROVIDER_KEYS, *DRAFT_KEYS]
    DEFAULT_CSS = """
    ProvidersBody.-low #providers-grid { height: 1fr; }
    ProvidersBody.-low ProviderPane, ProvidersBody.-low.-inside #providers-grid { display: none; }
    ProvidersBody.-low.-inside ProviderPane { display: block; }
    ProvidersBody.-lost Grid > .grid--plain, ProvidersBody.-lost Grid > .grid--good,
    ProvidersBody.-lost Grid > .grid--accent { color: $quiet; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, id="providers")
        self.grid = Grid(columns(120), id="providers-grid", ellipsis=desk.glyphs.ellipsis)
        self.pane = ProviderPane(desk)
        self._find = FindLine("find a provider by name, kind or address", id="providers-find")
        self._sought = ""
        self._any = False
        self._ticks = 0
        self._link: Link | None = None
        self._asking: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """List above, details below."""
        yield self._find
        yield self.grid
        yield self.pane
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
        slow = self._asking is not None and self._asking.is_running
        if not slow and (self._link is None or self._link.up):
            self._asking = self.run_worker(self._read(), group="providers", exit_on_error=False)

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
        for grid in (self.grid, self.pane.errors):
            grid.notify_style_update()
            grid.refresh()

    def redraw(self) -> None:
        """List and details."""
        if not self.is_attached:
            return
        views = sought(self.desk.traffic.providers.values(), self._sought)
        self._list(views)
        self._apportion(len(self.grid.rows))
        self.pane.show(self.view(), self.size.height)

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

    def drafted(self) -> None:
        """The draft may say something of a provider."""
        self.redraw()

    # -- room ----------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Panes beside or below each other, or one alone."""
        self.set_class(event.size.height < _LOW, "-low")
        self.pane.set_class(event.size.width >= _BESIDE, "-beside")
        self.grid.set_columns(columns(event.size.width))
        self.call_after_refresh(self.redraw)

    def _apportion(self, rows: int) -> None:
        height = self.size.height
        if not height:
            return
        least = max(4, height // 2) if height >= _LOW else 0
        self.grid.styles.height = min(rows + 1, least) + 1 if least else "1fr"

    def panes(self) -> list[Widget]:
        """What the focus goes round through."""
        return [self.grid, *self.pane.panes()]

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
            self.pane.show(self.view(), self.size.height)
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
        error = self.pane.error() if self.screen.focused is self.pane.errors else None
        if error is not None and error.exchange:
            self.post_message(OpenTraffic(exchange=error.exchange))
        elif error is not None:
            title = "An error of the check, not of an exchange"
            await self.app.push_screen(Preview(title, error.message))
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
            self.run_worker(acts.test(self, view.name), group=f"test {view.name}", exclusive=True)

    def action_enable(self) -> None:
        """On or off, by an edit of the file."""
        if view := self.view():
            self.run_worker(acts.enable(self, view), group="edit", exclusive=True)

    def action_drain(self) -> None:
        """Nothing new, or as before."""
        if view := self.view():
            self.run_worker(acts.drain(self, view), group="drain", exclusive=True)

    def action_edit(self) -> None:
        """Its settings."""
        if view := self.view():
            self.run_worker(acts.edit(self, view), group="edit", exclusive=True)

    async def action_weights(self) -> None:
        """The Routes screen."""
        await self.screen.run_action("show('routes')")
