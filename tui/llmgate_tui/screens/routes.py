"""The Routes screen: targets, weights and shares, edited as a draft."""

from collections.abc import Awaitable, Coroutine
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import Worker

from llmgate.wire.gateway import RouteView
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.screens import routes_acts as acts
from llmgate_tui.screens import routes_edits as edits
from llmgate_tui.screens.body import KeyGroup
from llmgate_tui.screens.drafting import Drafting
from llmgate_tui.screens.form import Values
from llmgate_tui.screens.routes_keys import NEEDS_ROUTE, NEEDS_TARGET, ROUTE_KEYS
from llmgate_tui.screens.routes_plan import PlannedRoute, PlannedTarget, planned
from llmgate_tui.screens.routes_rows import NO_FILE, NOTHING, Spot, columns, rows, spot
from llmgate_tui.text import clean
from llmgate_tui.widgets.grid import GRID_KEYS, Grid, GridRow

_EVERY_TICKS: Final = 4  # of half a second: observed shares move


class RoutesBody(Drafting):
    """Routes in the order they are tried, with the draft on top."""

    TITLE: ClassVar[str] = "Routes"
    BINDINGS: ClassVar[list[BindingType]] = ROUTE_KEYS
    DEFAULT_CSS = """
    RoutesBody.-lost Grid > .grid--plain, RoutesBody.-lost Grid > .grid--strong { color: $quiet; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, id="routes")
        self.grid = Grid(columns(120), id="routes-grid", ellipsis=desk.glyphs.ellipsis)
        self.running: list[RouteView] | None = None
        self.plan: list[PlannedRoute] = []
        self._offered = (False, False)  # keys for a route, for a target
        self._wanted: str | None = ""  # the row of last time, none: the first target
        self._ticks = 0
        self._reader: Worker[None] | None = None
        self._question: Values = {}

    def compose(self) -> ComposeResult:
        """The routes, and the draft below."""
        yield self.grid
        yield self.draft_line

    def focus_first(self) -> None:
        """The list."""
        self.screen.set_focus(self.grid)

    def key_groups(self) -> list[KeyGroup]:
        """Its own, and those of the list."""
        return [(self.TITLE, self, ROUTE_KEYS), ("Moving in a table", self.grid, GRID_KEYS)]

    def memory(self) -> dict[str, str]:
        """Where the cursor stands."""
        return {"at": self.grid.selected} if self.grid.selected else {}

    def remember(self, memory: dict[str, str]) -> None:
        """The same row as last time, if it comes again."""
        self._wanted = memory.get("at", "")

    # -- news ----------------------------------------------------------------

    def shown(self) -> None:
        """Everything as it is now."""
        self._ticks = 0
        self.follow_draft()
        self.draft_line.redraw()
        self.redraw()
        self.steered()

    def steered(self) -> None:
        """Reads config and routes again."""
        self._reader = self.run_worker(self._read(afresh=True), group="read", exclusive=True)

    def news(self) -> None:
        """Another version of the config is another list."""
        status = self.desk.traffic.status
        known = self.config.version if self.config is not None else None
        if status is not None and known is not None and status.config_version != known:
            self.steered()

    def tick(self) -> None:
        """Every two seconds: what was really sent."""
        self.follow_draft()
        self._ticks = (self._ticks + 1) % _EVERY_TICKS
        if not self._ticks and (self._reader is None or self._reader.is_finished):
            self._reader = self.run_worker(self._read(), group="read")

    def link_changed(self, link: Link) -> None:
        """What is shown is old while the connection is down: greyed."""
        self.set_class(not link.up and link.word != "connecting", "-lost")
        self.grid.notify_style_update()
        self.grid.refresh()

    async def _read(self, *, afresh: bool = False) -> None:
        status = self.desk.traffic.status
        version = status.config_version if status is not None else None
        try:
            if afresh or self.config is None or self.config.version != version:
                self.know(await self.desk.steering.config())
            running = await self.desk.steering.routes()
        except ApiProblem:
            self.redraw()  # the header says how the connection stands
            return
        if self.running is None or not self.outrun():
            self.running = running  # else the draft's places are those of the routes it was made on
        self.redraw()

    def drafted(self) -> None:
        """The same routes with other edits on top."""
        self.redraw()

    def redraw(self) -> None:
        """Only what differs is painted."""
        if not self.is_attached:
            return
        self.plan = planned(self.running or [], self.desk.draft.edits, self._away())
        found = rows(self.plan, self.desk.traffic.providers, self.desk.glyphs, self.size.width)
        self.grid.set_rows(found or self._nothing())
        if found and self._wanted is not None:
            first = next((route.name for route in self.plan if route.targets), "")
            self.grid.select(self._wanted or Spot(first, 0).id)
            self._wanted = None

    def _away(self) -> set[str]:
        providers = self.desk.traffic.providers.values()
        value = self.desk.draft.value
        return edits.away(
            {
                view.name: (value(["providers", view.name, "enabled"], view.enabled), view.draining)
                for view in providers
            }
        )

    def _nothing(self) -> list[GridRow]:
        if self.running is None:
            said: tuple[str, ...] = (f"Waiting for the gateway at {self.desk.address}.",)
        elif self.config is not None and not self.config.editable:
            file = clean(self.config.file) or "config.yaml"
            said = (*NOTHING[:-1], NO_FILE.format(file=file))
        else:
            said = NOTHING
        return [GridRow(f"-{at}", [text], selectable=False) for at, text in enumerate(said)]

    def on_resize(self, event: events.Resize) -> None:
        """Other columns."""
        self.grid.set_columns(columns(event.size.width))
        self.call_after_refresh(self.redraw)

    # -- what is selected ----------------------------------------------------

    def route(self) -> PlannedRoute | None:
        """The route under the cursor, or whose target it is."""
        at = spot(self.grid.selected)
        if at is None:
            return None
        return next((route for route in self.plan if route.name == at.route), None)

    def target(self) -> PlannedTarget | None:
        """The target under the cursor."""
        route, at = self.route(), spot(self.grid.selected)
        if route is None or at is None or at.target is None:
            return None
        return route.targets[at.target] if at.target < len(route.targets) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing here."""
        if action in NEEDS_ROUTE:
            return self.route() is not None
        if action in NEEDS_TARGET:
            return self.target() is not None
        return super().check_action(action, parameters)

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        offered = (self.route() is not None, self.target() is not None)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    @on(Grid.Chosen)
    def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        self.action_edit()

    # -- weights -------------------------------------------------------------

    def action_nudge(self, by: int) -> None:
        """Weight up or down."""
        if target := self.target():
            self._weigh(target.weight + by)

    def action_zero(self) -> None:
        """Nothing new goes there."""
        self._weigh(0)

    def _weigh(self, weight: int) -> None:
        route, target = self.route(), self.target()
        if route is None or target is None:
            return
        drafted = edits.weigh(route, target, weight)
        if drafted is None:
            return
        edit, note = drafted
        back = target.was is not None and target.was.weight == weight
        if back and self.desk.draft.leave_alone(edit.path):
            self.follow_draft()
        else:
            self.put(edit, note)

    def action_equalise(self) -> None:
        """The same for all."""
        if route := self.route():
            for edit, note in edits.equalise(route):
                if not self.put(edit, note):
                    return

    # -- order and being -----------------------------------------------------

    def action_shift(self, by: int) -> None:
        """A place up or down."""
        route, target = self.route(), self.target()
        moved = edits.move(self.plan, route, target, by) if route is not None else None
        if route is None or moved is None:
            return
        drafted, to = moved
        if self.put(*drafted) and target is not None:
            self.grid.select(Spot(route.name, to).id)

    def action_switch(self) -> None:
        """On or off."""
        if route := self.route():
            self.put(*edits.switch(route))

    # -- what is asked -------------------------------------------------------

    def action_remove(self) -> None:
        """Out of the draft's routes, after a question."""
        if route := self.route():
            self._ask(acts.remove(self, route, self.target()))

    def action_edit(self) -> None:
        """The target, or the route."""
        if route := self.route():
            taken = self._names() - {route.name}
            self._ask(self._go(acts.edit(self, route, self.target(), taken)))

    def action_add(self) -> None:
        """One more target."""
        if route := self.route():
            self._ask(self._go(acts.add(self, route)))

    def action_new(self) -> None:
        """One more route."""
        self._ask(self._go(acts.new(self, self._names())))

    def action_dry_run(self) -> None:
        """Where would a model go?"""
        self._ask(self._dry_run())

    async def _dry_run(self) -> None:
        self._question = await acts.dry_run(self, self.plan, self._question)

    async def _go(self, work: Awaitable[Spot | None]) -> None:
        """Puts the cursor where the work has been done."""
        if place := await work:
            self.grid.select(place.id)

    def _ask(self, work: Coroutine[None, None, None]) -> None:
        self.run_worker(work, group="ask", exclusive=True)

    def _names(self) -> set[str]:
        return {route.name for route in self.plan}
