"""The Events screen: what happened to the gateway itself and to the connection, like a log."""

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from llmgate.wire.feed import Notice
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body, KeyGroup, OpenTraffic
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.events_log import LEASTS, EventLog, Least, as_text, cells
from llmgate_tui.screens.preview import Preview
from llmgate_tui.text import clean
from llmgate_tui.widgets.find_line import FindLine
from llmgate_tui.widgets.grid import GRID_KEYS, Grid, GridColumn, GridRow
from llmgate_tui.widgets.line import Line, Piece

_COLUMNS: Final = [
    GridColumn("TIME", 8, needs=30),
    GridColumn("", 1),
    GridColumn("LEVEL", 7, needs=50),
    GridColumn("KIND", 8, needs=60),
    GridColumn("", 1),
    GridColumn("EVENT", 0),
]
_TITLES: Final = {"all": "all levels", "warning": "warnings and errors", "error": "errors only"}


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=f"events.{id}", tooltip=tooltip, show=show)


class EventsHead(Line):
    """Which events are shown, how many, whether the newest is followed."""

    def __init__(self, body: "EventsBody") -> None:
        super().__init__(id="events-head")
        self._body = body

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Level at the left, place at the right."""
        body = self._body
        title = _TITLES[body.least]
        self._spots = [(2, 2 + len(title), "screen.press('l')")]
        left = [("  ", ""), (title, "quiet" if body.least == "all" else "accent")]
        if body.sought:
            left.append((f"   with {clean(body.sought)!r}", "accent"))
        right = (
            f"{body.count:,} of {body.total:,}" if body.count < body.total else f"{body.count:,}"
        )
        pace = f"{body.desk.glyphs.down} following" if body.following else "F follows"
        return left, [(f"{right}  {pace} " if body.count else f"{right} ", "quiet")]


class EventsBody(Body):
    """Notices, newest last; the end is followed while the cursor stands on it."""

    TITLE: ClassVar[str] = "Events"
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("enter", "open", "open", "open", "Open its exchange, or the whole text", True),
        _key("l", "level", "level", "level", "All, warnings and errors, errors only", True),
        _key("slash", "find", "find", "find", "Find events by their text", True),
        _key("F", "follow", "follow", "follow", "To the newest, and follow it", True),
        _key("y", "copy", "copy", "copy", "Copy the line", True),
        _key("z", "clear", "clear", "clear", "Clear the view", True),
        _key("escape", "back", "back", "back", "Drop the search, then show all levels"),
    ]
    DEFAULT_CSS = "EventsBody.-lost Grid > .grid--plain { color: $quiet; }"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="events")
        self.desk = desk
        self.log_ = EventLog()
        self.least: Least = "all"
        self.sought = ""
        self.count = self.total = 0
        self.grid = Grid(_COLUMNS, id="events-grid", ellipsis=desk.glyphs.ellipsis)
        self._find = FindLine("find events by level, kind or text", id="events-find")
        self._head = EventsHead(self)
        self._notices: dict[str, Notice] = {}
        self._seen: tuple[object, ...] = ()
        self._any = False

    def compose(self) -> ComposeResult:
        """What is shown; the log."""
        yield self._find
        yield self._head
        yield self.grid

    @property
    def following(self) -> bool:
        """The cursor stands on the newest."""
        return self.grid.cursor in {None, len(self.grid.rows) - 1}

    # -- news ----------------------------------------------------------------

    def shown(self) -> None:
        """As it is now."""
        self.redraw()

    def news(self) -> None:
        """Something happened; most news are not for this screen."""
        self.redraw()

    def link_changed(self, link: Link) -> None:
        """Part of the log, whether shown or not."""
        noted = self.log_.link(link, self.desk.clock.now_ms())
        if self.is_attached:
            self.set_class(not link.up and link.word != "connecting", "-lost")
            self.grid.notify_style_update()
            self.grid.refresh()
            if noted:
                self.redraw()

    def redraw(self) -> None:
        """The list, if anything about it is new."""
        notices = self.desk.traffic.notices
        last = notices[-1] if notices else None
        status = self.desk.traffic.status
        seen = (id(last), len(notices), len(self.log_.own), self.least, self.sought, status is None)
        if seen != self._seen and self.is_attached:
            self._seen = seen
            self._list()

    def _list(self) -> None:
        notices, follow = self.desk.traffic.notices, self.following
        entries = self.log_.entries(notices, self.least, self.sought)
        self.total = len(self.log_.entries(notices, "all", ""))
        self.count = len(entries)
        self._notices = {entry.id: entry.notice for entry in entries}
        moment, glyphs = self.desk.clock.moment, self.desk.glyphs
        rows = [GridRow(entry.id, cells(entry.notice, moment, glyphs)) for entry in entries]
        self.grid.set_rows(rows or self._nothing())
        if follow:
            self.grid.action_last()
        self._head.redraw()
        if bool(entries) != self._any:  # other keys do something now
            self._any = bool(entries)
            self.refresh_bindings()

    def _nothing(self) -> list[GridRow]:
        if self.total:
            said = [f"Nothing matches: {self.total:,} hidden. esc shows all again."]
        elif self.desk.traffic.status is None:
            said = [f"Waiting for the gateway at {self.desk.address}."]
        else:
            said = [
                "Nothing has happened yet.",
                "Told here: reloads and edits of the config, health of providers, limits and",
                "budgets reached, what could not be recorded, connections lost and found.",
                "1 shows the requests themselves.",
            ]
        return [GridRow(f"-{at}", [text], selectable=False) for at, text in enumerate(said)]

    # -- keys ----------------------------------------------------------------

    def focus_first(self) -> None:
        """The list."""
        self.screen.set_focus(self.grid)

    def key_groups(self) -> list[KeyGroup]:
        """Its own, and those of the list."""
        return [
            (self.TITLE, self, list(self.BINDINGS)),
            ("Moving in a table", self.grid, GRID_KEYS),
            ("While finding", self._find, list(FindLine.BINDINGS)),
        ]

    def memory(self) -> dict[str, str]:
        """The level."""
        return {"level": self.least}

    def remember(self, memory: dict[str, str]) -> None:
        """The level of last time."""
        self.least = next((least for least in LEASTS if least == memory.get("level")), self.least)
        self.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing without an event."""
        return not (action in {"open", "copy", "clear"} and self.notice() is None)

    def notice(self) -> Notice | None:
        """The one under the cursor."""
        return self._notices.get(self.grid.selected)

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        self._head.redraw()

    @on(Grid.Chosen)
    async def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        await self.action_open()

    @on(FindLine.Sought)
    def _seek(self, event: FindLine.Sought) -> None:
        event.stop()
        self.sought = event.text
        self.redraw()

    @on(FindLine.Left)
    def _found(self, event: FindLine.Left) -> None:
        event.stop()
        self.focus_first()

    def action_find(self) -> None:
        """By text."""
        self._find.open()

    def action_level(self) -> None:
        """The next level."""
        self.least = LEASTS[(LEASTS.index(self.least) + 1) % len(LEASTS)]
        self.redraw()

    def action_back(self) -> None:
        """Everything again."""
        if not self._find.clear_text() and self.least != "all":
            self.least = "all"
            self.redraw()

    def action_follow(self) -> None:
        """To the end."""
        self.grid.action_last()

    async def action_open(self) -> None:
        """The exchange it is about; without one, the whole text."""
        if (notice := self.notice()) is None:
            return
        if notice.exchange:
            self.post_message(OpenTraffic(exchange=notice.exchange))
            return
        title = f"{self.desk.clock.moment(notice.at_ms)} {notice.level}, {clean(notice.kind)}"
        await self.app.push_screen(Preview(title, notice.text))

    def action_copy(self) -> None:
        """The line."""
        if (notice := self.notice()) is not None:
            self.app.copy_to_clipboard(as_text(notice, self.desk.clock.local))
            self.notify("line copied", timeout=2, markup=False)

    async def action_clear(self) -> None:
        """Asks, then shows only what comes from now on."""
        question = f"Clear {self.total:,} events from this view? It cannot be taken back."

        def answered(yes: bool | None) -> None:
            if yes:
                newest = max(notice.at_ms for notice in self._all())
                self.log_.clear(newest)
                self._seen = ()
                self.redraw()

        await self.app.push_screen(Confirm(question, "clear"), answered)

    def _all(self) -> list[Notice]:
        entries = self.log_.entries(self.desk.traffic.notices, "all", "")
        return [entry.notice for entry in entries]
