"""The main screen: header, screens line, body, keys; and what to show when there is no room."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.gateway import Status
from llmgate_tui import figures, snippets, units
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.copying import CHOICES, text_of
from llmgate_tui.desk import Desk
from llmgate_tui.screens.bodies import SCREENS, Bodies
from llmgate_tui.screens.body import (
    CopyText,
    DraftChanged,
    OpenCompare,
    OpenMatrix,
    OpenReplay,
    OpenTraffic,
)
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.preview import Preview, notice
from llmgate_tui.screens.replay_once import again
from llmgate_tui.screens.traffic import TrafficBody
from llmgate_tui.widgets.header import Header, ProblemLine
from llmgate_tui.widgets.key_line import KeyLine
from llmgate_tui.widgets.tab_line import TabLine

LEAST = (40, 10)


class MainScreen(Screen[None]):
    """Holds the parts; told of news by the app."""

    DEFAULT_CSS = """
    MainScreen { background: $background; color: $foreground; }
    MainScreen #problem { display: none; }
    MainScreen.-problem #problem { display: block; }
    MainScreen #too-small { display: none; width: 1fr; height: 1fr; color: $foreground; }
    MainScreen.-too-small > * { display: none; }
    MainScreen.-too-small #too-small { display: block; }
    MainScreen.-short TabLine, MainScreen.-short KeyLine { display: none; }
    MainScreen.-bare KeyLine { display: none; }
    MainScreen LineView { padding: 0 0 0 3; }  /* as the list */
    MainScreen.-tiny LineView { padding: 0 0 0 1; }
    """
    AUTO_FOCUS = ""  # the body decides, at once
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own shape
        (0, "-tiny"),
        (60, "-narrow"),
        (80, "-normal"),
        (120, "-wide"),
        (180, "-xwide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-mid"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"show('{name}')", title, id=f"screen.{name}", tooltip=title, show=False)
            for key, name, title in SCREENS
        ),
        Binding(
            "exclamation_mark", "problem", "problem", id="problem", tooltip="What is wrong, in full"
        ),
        Binding("H", "hints", "hints", id="hints", tooltip="Hide or show the keys", show=False),
    ]

    def __init__(self, desk: Desk):
        super().__init__()
        traffic, api, clock, glyphs = desk.traffic, desk.api, desk.clock, desk.glyphs
        address = desk.address
        self.body = TrafficBody(desk)
        self.bodies = Bodies(self.body, desk)
        self.desk = desk
        self._traffic = traffic
        self._api = api
        self._address = address
        self._link = Link(word="connecting")
        self._routes_of: int | None = None  # the config version whose routes were asked for
        tabs = [(key, title, f"screen.show('{name}')") for key, name, title in SCREENS]
        self._tabs = TabLine(tabs, self.status, lambda: len(desk.draft))
        self._header = Header(self.link, self.status, address=address, clock=clock, glyphs=glyphs)
        self._problem = ProblemLine(self.link, self.status, glyphs)
        self._too_small = Static("", id="too-small", markup=False)
        self._keys = KeyLine(plain=glyphs.dot.isascii())

    def status(self) -> Status | None:
        """The gateway's state, as last heard."""
        return self._traffic.status

    def link(self) -> Link:
        """The connection, as last heard."""
        return self._link

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._header
        yield self._problem
        yield self._tabs
        yield self.bodies
        yield self._keys
        yield self._too_small

    # -- news ----------------------------------------------------------------

    def take(self, rows: list[ExchangeSummary], *, merge: bool) -> None:
        """New or changed exchanges."""
        self.body.take(rows, merge=merge)

    def news(self) -> None:
        """Status, providers or notices have changed; a problem comes and goes at once."""
        if bool(self._problem.text()) != self.has_class("-problem"):
            self.redraw_facts()
        self.bodies.body.news()

    def link_changed(self, link: Link) -> None:
        """The connection stands otherwise."""
        changed = (link.word, link.reason) != (self._link.word, self._link.reason)
        self._link = link
        if changed:
            self.bodies.link_changed(link)
            self.redraw_facts()

    def tick(self, link: Link) -> None:
        """Twice a second."""
        self.link_changed(link)
        self.redraw_facts()
        self.bodies.body.tick()
        self._ask_routes()

    def redraw_facts(self) -> None:
        """Header and what hangs on it; nothing is repainted that says the same."""
        if (wrong := bool(self._problem.text())) != self.has_class("-problem"):
            self.set_class(wrong, "-problem")
            self.refresh_bindings()
        for line in (self._header, self._problem, self._tabs):
            line.redraw()
        if self.has_class("-too-small"):
            self._say_too_small()

    # -- the first request -----------------------------------------------------

    def _ask_routes(self) -> None:
        """Once for each config, while there is nothing to show but how to begin."""
        status = self.status()
        if not self._link.up or status is None:
            self._routes_of = None
        elif not len(self._traffic) and self._routes_of != status.config_version:
            self._routes_of = status.config_version
            self.run_worker(self._read_routes(), group="routes", exclusive=True)

    async def _read_routes(self) -> None:
        try:
            self._traffic.routes = await self._api.routes()
        except ApiProblem:
            self._traffic.routes = []  # another model is named then
        self.body.tick()

    # -- size ----------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Below the least size one line takes the place of everything."""
        small = event.size.width < LEAST[0] or event.size.height < LEAST[1]
        self.set_class(small, "-too-small")
        if small:
            self._say_too_small()
        elif self.focused is None:
            self.call_after_refresh(self.bodies.body.focus_first)

    def _say_too_small(self) -> None:
        size, status = self.app.size, self.status()
        said = f"llmgate needs {LEAST[0]}x{LEAST[1]}, have {size.width}x{size.height}"
        if status is not None:
            said += f" - {status.live} live, {status.errors} err, {units.spent(status.today)}"
        self._too_small.update(Content(said))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key is offered for a problem that there is not."""
        return action != "problem" or self.has_class("-problem")

    # -- actions -------------------------------------------------------------

    async def action_show(self, name: str) -> None:
        """One of the eight screens."""
        if name == "replay":
            self.bodies.replay.offer(self.body.looked())
        await self.bodies.switch(name)
        self._tabs.active = [known for _, known, _ in SCREENS].index(self.bodies.home)
        self._tabs.redraw()
        self.refresh_bindings()

    @on(DraftChanged)
    def _draft_changed(self, event: DraftChanged) -> None:
        event.stop()
        self._tabs.redraw()

    @on(OpenTraffic)
    async def _open_traffic(self, event: OpenTraffic) -> None:
        event.stop()
        await self.action_show("traffic")
        work = self.body.open(filter=event.filter, exchange=event.exchange)
        self.run_worker(work, group="open", exclusive=True, exit_on_error=False)

    @on(OpenCompare)
    async def _open_compare(self, event: OpenCompare) -> None:
        event.stop()
        origin = self.bodies.home
        self.bodies.compare.origin = origin
        await self.action_show("compare")
        self.bodies.compare.open(event.left, event.right, origin)

    @on(OpenReplay)
    async def _open_replay(self, event: OpenReplay) -> None:
        """At once, after a question of one line, or by the form."""
        event.stop()
        row = self._traffic.find(event.ids[0]) if len(event.ids) == 1 else None
        if not event.ask and row is not None:
            self.run_worker(again(self, self.desk, row), group="again", exit_on_error=False)
        elif event.ids:
            await self.action_show("replay")
            self.bodies.replay.give(event.ids)

    @on(OpenMatrix)
    async def _open_matrix(self, event: OpenMatrix) -> None:
        event.stop()
        await self.action_show("replay")
        self.bodies.replay.open(event.replay)

    def action_hints(self) -> None:
        """The keys at the foot."""
        self.toggle_class("-bare")

    def action_order(self, name: str) -> None:
        """A click on a column title."""
        self.body.order_by(name)

    def action_press(self, key: str) -> None:
        """A click on a key of the foot."""
        self.app.simulate_key(key)

    @on(TrafficBody.Copy)
    async def _copy(self, event: TrafficBody.Copy) -> None:
        event.stop()
        row = event.row
        if row is None:
            status = self.status()
            keyed = status is not None and not status.keyless
            model = self._traffic.first_model()
            text = snippets.first_request(self._address, model, keyed=keyed)
            await self._copied("First request", text)
            return

        shown = self.body.detail.shown_text() if self.body.arrangement != "list" else ""
        tab = [("t", f"shown text ({self.body.detail.tab})", "tab")] if shown else []

        async def chosen(choice: str | None) -> None:
            if choice == "tab":
                await self._copied(self.body.detail.tab, shown)
            elif choice is not None:
                work = self._copy_worker(choice, row)
                self.run_worker(work, exclusive=True, group="copy", exit_on_error=False)

        await self.app.push_screen(Menu("Copy", [*CHOICES, *tab]), chosen)

    async def _copy_worker(self, choice: str, row: ExchangeSummary) -> None:
        try:
            text = await text_of(choice, row, self._api, self._address)
        except ApiProblem as problem:
            self.notify(f"not copied: {problem.message}", severity="error", markup=False)
            return
        title = next(label for _, label, value in CHOICES if value == choice)
        await self._copied(title[0].upper() + title[1:], text)

    @on(CopyText)
    async def _copy_text(self, event: CopyText) -> None:
        event.stop()
        await self._copied(event.what, event.text)

    async def _copied(self, what: str, text: str) -> None:
        self.app.copy_to_clipboard(text)
        size = figures.size(len(text.encode("utf-8", "replace")))
        await self.app.push_screen(Preview(f"{what} copied ({size})", text, notice(text)))

    async def action_problem(self) -> None:
        """The whole of what the problem line has room for the beginning of."""
        if problem := self._problem.text():
            await self.app.push_screen(Preview("What is wrong", problem))
