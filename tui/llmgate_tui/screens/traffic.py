"""The Traffic screen's body: filter line, list, detail; keys of both."""

from typing import ClassVar, Final, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui import figures
from llmgate_tui.api import Api
from llmgate_tui.clock import Clock
from llmgate_tui.connection import Link
from llmgate_tui.detail.pane import DetailPane
from llmgate_tui.filter import compile_filter
from llmgate_tui.filter_terms import FilterProblem
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.screens.menu import Menu
from llmgate_tui.state import Delta, Traffic
from llmgate_tui.view import ARRIVAL, ORDERS, View
from llmgate_tui.widgets.empty import Empty
from llmgate_tui.widgets.filter_bar import FilterBar, FilterInput
from llmgate_tui.widgets.line import Piece
from llmgate_tui.widgets.table_head import TableHead
from llmgate_tui.widgets.traffic_table import TrafficTable

Layout = Literal["list", "below", "right", "full"]

_ORDER_KEYS: Final = {
    "status": "s",
    "client": "c",
    "model": "m",
    "provider": "p",
    "ttft": "f",
    "total": "l",
    "tps": "r",
    "in": "i",
    "out": "o",
    "cost": "$",
    "key": "y",
    "route": "u",
}


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=id, tooltip=tooltip, show=show)


class TrafficBody(Vertical):
    """Owns the view on the traffic and what is shown of it."""

    DEFAULT_CSS = """
    TrafficBody { height: 1fr; }
    TrafficBody #split { height: 1fr; layout: vertical; }
    TrafficBody #split.-right { layout: horizontal; }
    TrafficBody #list { width: 1fr; height: 1fr; }
    TrafficBody DetailPane { width: 1fr; height: 1fr; }
    TrafficBody #split.-list DetailPane { display: none; }
    TrafficBody #split.-full #list { display: none; }
    TrafficBody #split.-right DetailPane { border-left: solid $rule; }
    TrafficBody Empty { display: none; }
    TrafficBody.-nothing Empty { display: block; }
    TrafficBody.-nothing TrafficTable, TrafficBody.-nothing TableHead { display: none; }
    TrafficBody.-nothing DetailPane { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        _key(
            "slash", "filter", "filter", "filter", "Filter the list, or search in the detail", True
        ),
        _key(
            "enter", "open", "open", "open", "Open the detail, then fill the screen with it", True
        ),
        _key(
            "y", "copy", "copy", "copy", "Copy as curl, Python, body, answer, id or headers", True
        ),
        _key("m,space", "mark", "mark", "mark", "Mark or unmark, and move down", True),
        _key("F", "follow", "follow", "follow", "Follow new exchanges", True),
        _key("p", "pause", "pause", "pause", "Hold the display still while traffic goes on", True),
        _key("o", "order", "order", "order", "Order by a column", True),
        _key("O", "reverse", "reverse", "order.reverse", "Reverse the order"),
        _key("M", "only_marked", "marked", "mark.only", "Show marked exchanges only"),
        _key("U", "unmark", "unmark", "mark.clear", "Clear all marks"),
        _key("escape", "back", "back", "back", "Back: smaller detail, list, then no filter"),
        _key("tab,shift+tab", "other", "list/detail", "focus.other", "Between list and detail"),
        _key("minus", "layout", "layout", "layout", "List only, detail below, detail right", True),
        _key("plus", "resize(-8)", "larger", "layout.larger", "Give the detail more room"),
        _key("underscore", "resize(8)", "smaller", "layout.smaller", "Give the detail less room"),
        _key("right_square_bracket", "tab(1)", "tab", "tab.next", "Next tab of the detail"),
        _key("left_square_bracket", "tab(-1)", "tab", "tab.previous", "Previous tab of the detail"),
        _key("J", "step(1)", "next", "detail.next", "Next exchange with the detail open"),
        _key(
            "K", "step(-1)", "previous", "detail.previous", "Previous exchange with the detail open"
        ),
        _key("w", "wrap", "wrap", "detail.wrap", "Wrap long lines in the detail"),
        _key("f", "raw", "raw", "detail.raw", "Pretty or raw in the detail"),
        _key("t", "time", "time", "list.time", "Time of day, or how long ago"),
        _key("z", "clear", "clear", "list.clear", "Clear the view; the store keeps everything"),
    ]

    class Copy(Message):
        """Copy something of this exchange."""

        def __init__(self, row: ExchangeSummary | None) -> None:
            super().__init__()
            self.row = row

    def __init__(
        self, traffic: Traffic, api: Api, *, address: str, clock: Clock, glyphs: Glyphs
    ) -> None:
        super().__init__(id="traffic")
        self.traffic = traffic
        self.view = View(traffic, clock.now_ms)
        self.table = TrafficTable(self.view, clock, glyphs)
        self.detail = DetailPane(api)
        self.arrangement: Layout = "list"
        self._bar = FilterBar(self._where, glyphs)
        self._head = TableHead(self.table)
        self._empty = Empty(address)
        self._clock = clock
        self._glyphs = glyphs
        self._split: Layout = "below"
        self._share = 50
        self._shown: str | None = None
        self._soon: Timer | None = None
        self._resorted = 0.0
        self._link: Link | None = None

    def compose(self) -> ComposeResult:
        """Filter line; list and detail."""
        yield self._bar
        with Container(id="split", classes="-list"):
            with Vertical(id="list"):
                yield self._head
                yield self.table
                yield self._empty
            yield self.detail

    def on_mount(self) -> None:
        """The list has the keys."""
        self.table.focus()
        self._face()

    # -- news ----------------------------------------------------------------

    def take(self, rows: list[ExchangeSummary], *, merge: bool = False) -> None:
        """New or changed exchanges."""
        if self.traffic.paused:
            self.traffic.hold(rows)
            self._bar.redraw()
            return
        delta = self.traffic.merge(rows) if merge else self.traffic.put(rows)
        self._show(delta)
        if self._shown is not None:
            for row in rows:
                if row.id == self._shown:
                    self.detail.update_summary(row)

    def _show(self, delta: Delta) -> None:
        moved = self.view.take(delta)
        if self.view.arranged and delta.first_new < self.traffic.end:
            moved = self._resort() or moved
        self.table.take(delta, moved)
        self._face()

    def _resort(self) -> bool:
        """A list ordered by a column takes in new rows once a second."""
        now = self._clock.now_ms() / 1000
        if now - self._resorted < 1:
            return False
        self._resorted = now
        self.view.rebuild()
        return True

    def tick(self) -> None:
        """Twice a second: running times; once a second what is sorted."""
        if self.view.arranged and not self.traffic.paused and self._resort():
            self.table.rearrange()
        if self.table.relative:
            self.table.redraw_all()
        elif not self.traffic.paused:
            self.table.refresh_live()

    def link_changed(self, link: Link) -> None:
        """What is shown is old while the connection is down: greyed."""
        self._link = link
        self.table.set_class(not link.up and link.word != "connecting", "-lost")
        self.table.redraw_all()
        self._face()

    def _face(self) -> None:
        """The list, or why there is none."""
        nothing = not len(self.view)
        if nothing:
            self._explain()
        if nothing != self.has_class("-nothing"):
            self.set_class(nothing, "-nothing")
            self.call_after_refresh(self._refocus)
        self._bar.redraw()

    def _refocus(self) -> None:
        if self.screen.focused is None:
            (self if self.has_class("-nothing") else self.table).focus()

    def _explain(self) -> None:
        if len(self.traffic):
            self._empty.show_hidden(len(self.traffic), marked=self.view.only_marked)
            return
        status = self.traffic.status
        lost = self._link is not None and not self._link.up
        self._empty.show_first(keyed=status is not None and not status.keyless, lost=lost)

    def _where(self) -> list[Piece]:
        pieces: list[Piece] = []
        shown, held = len(self.view), len(self.traffic)
        if self.traffic.marks:
            pieces.append((f"{len(self.traffic.marks)} marked  ", "accent"))
        if self.view.limited:
            pieces.append((f"{shown:,} of {held:,}  ", ""))
        elif (at := self.table.cursor) is not None:
            pieces.append((f"{at + 1:,}/{shown:,}  ", "quiet"))
        if self.view.arranged:
            pieces.append((f"by {ORDERS[self.view.order][0]}  ", "accent"))
        return [*pieces, *self._pace()]

    def _pace(self) -> list[Piece]:
        if self.traffic.paused:
            return [(f"PAUSED +{figures.grouped(self.traffic.held_new())}", "warn")]
        if self.table.following and not self.view.arranged:
            arrow = self._glyphs.up if self.view.flipped else self._glyphs.down
            return [(f"{arrow} following", "quiet")]
        return []

    # -- the cursor and the detail -------------------------------------------

    @on(TrafficTable.Moved)
    def _moved(self, event: TrafficTable.Moved) -> None:
        event.stop()
        self._bar.redraw()
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(0.08, self._show_detail)

    @on(TrafficTable.FollowChanged)
    def _follow_changed(self, event: TrafficTable.FollowChanged) -> None:
        event.stop()
        self._bar.redraw()

    @on(TrafficTable.Chosen)
    def _chosen(self, event: TrafficTable.Chosen) -> None:
        event.stop()
        self.action_open()

    def _show_detail(self) -> None:
        """Only an open detail is worth asking the gateway for."""
        row = self.table.row if self.arrangement != "list" else None
        shown = row.id if row is not None else None
        if shown != self._shown:
            self._shown = shown
            self.detail.show(row)

    def _arrange(self, arrangement: Layout) -> None:
        split = self.query_one("#split")
        for name in ("list", "below", "right", "full"):
            split.set_class(name == arrangement, f"-{name}")
        self.arrangement = arrangement
        if arrangement in {"below", "right"}:
            self._split = arrangement
        self._apportion()
        self._show_detail()
        if arrangement == "full":
            self.call_after_refresh(self._focus_detail)
        elif self._in_detail() and arrangement == "list":
            self.table.focus()

    def _apportion(self) -> None:
        both = self.arrangement in {"below", "right"}
        shares = (self._share, 100 - self._share) if both else (1, 1)
        for widget, share in zip((self.query_one("#list"), self.detail), shares, strict=True):
            widget.styles.height = f"{share}fr" if self.arrangement == "below" else "1fr"
            widget.styles.width = f"{share}fr" if self.arrangement == "right" else "1fr"

    def _in_detail(self) -> bool:
        focused = self.screen.focused
        return focused is not None and self.detail in focused.ancestors_with_self

    def _focus_detail(self) -> None:
        found: list[Widget] = [self.detail, *self.detail.walk_children(Widget)]
        target = next((widget for widget in found if widget.focusable), None)
        if target is not None:
            target.focus()

    def action_open(self) -> None:
        """Opens the detail beside the list; once open, lets it fill the screen."""
        if self.has_class("-nothing"):
            return
        roomy = self.size.height >= 16
        if self.arrangement == "list" and roomy:
            self._arrange(self._split)
        elif self.arrangement != "full":
            self._arrange("full")

    def action_back(self) -> None:
        """One step back."""
        if self.arrangement == "full":
            self._arrange(self._split if self.size.height >= 16 else "list")
            self.table.focus()
        elif self._in_detail():
            self.table.focus()
        elif self.view.limited:
            self._unlimit()
        elif self.arrangement != "list":
            self._arrange("list")

    def _unlimit(self) -> None:
        if self.view.only_marked:
            self.action_only_marked()
        else:
            self._bar.clear()

    def action_other(self) -> None:
        """The focus goes between list and detail."""
        if self.arrangement in {"list", "full"} or self._in_detail():
            if self.arrangement != "full":
                self.table.focus()
        else:
            self._focus_detail()

    def action_layout(self) -> None:
        """List only, detail below, detail right."""
        order: dict[Layout, Layout] = {"list": "below", "below": "right", "right": "list"}
        self._arrange(order.get(self.arrangement, "below"))

    def action_resize(self, by: int) -> None:
        """Moves the border between list and detail."""
        self._share = max(16, min(84, self._share + by))
        self._apportion()

    def action_tab(self, by: int) -> None:
        """Another tab of the detail."""
        if self.arrangement == "list":
            self.action_open()
        (self.detail.next_tab if by > 0 else self.detail.previous_tab)()

    def action_step(self, by: int) -> None:
        """The next exchange, wherever the focus is."""
        self.table.action_move(by)

    def action_wrap(self) -> None:
        """Wraps long lines or not."""
        self.detail.toggle_wrap()

    def action_raw(self) -> None:
        """Pretty or raw."""
        self.detail.toggle_raw()

    # -- the list ------------------------------------------------------------

    def action_filter(self) -> None:
        """Searches where the focus is."""
        if self._in_detail():
            self.detail.search()
        else:
            self._bar.enter()

    @on(FilterBar.Changed)
    def _filtered(self, event: FilterBar.Changed) -> None:
        event.stop()
        try:
            accept = compile_filter(
                event.text, now_ms=self._clock.now_ms(), marked=self.traffic.marks
            )
        except FilterProblem as problem:
            self._bar.trouble(problem)
            return
        self._bar.trouble(None)
        self.view.accept = accept
        self._rebuild()

    @on(FilterInput.Left)
    def _filter_left(self, event: FilterInput.Left) -> None:
        event.stop()
        self._bar.input.can_focus = False
        (self if self.has_class("-nothing") else self.table).focus()

    def _rebuild(self) -> None:
        self.view.rebuild()
        self.table.rearrange()
        self._head.redraw()
        self._face()

    async def action_order(self) -> None:
        """Asks for the column to order by."""
        choices = [("t", "time (as they came)", ARRIVAL)]
        choices += [(_ORDER_KEYS[name], title, name) for name, (title, _) in ORDERS.items()]
        await self.app.push_screen(Menu("Order by", choices, self.view.order), self.order_by)

    def order_by(self, name: str | None) -> None:
        """Orders by a column; the same one again reverses."""
        if name is None:
            return
        if name == self.view.order:
            self.action_reverse()
            return
        self.view.order = name
        self.view.flipped = name in {"ttft", "total", "tps", "in", "out", "cost", "status"}
        if self.view.arranged:
            self.table.set_following(False)
        self._rebuild()

    def action_reverse(self) -> None:
        """The other way round."""
        self.view.flipped = not self.view.flipped
        self._rebuild()

    def action_mark(self) -> None:
        """Marks and moves on."""
        row = self.table.row
        if row is None:
            return
        self.traffic.toggle_mark(row.id)
        self.table.redraw(row.id)
        if self.view.only_marked:
            self._rebuild()
        self.table.action_move(1)
        self._bar.redraw()

    def action_only_marked(self) -> None:
        """Marked exchanges, or all."""
        self.view.only_marked = not self.view.only_marked
        self._rebuild()

    def action_unmark(self) -> None:
        """No marks."""
        self.traffic.marks.clear()
        self.view.only_marked = False
        self.table.redraw_all()
        self._rebuild()

    def action_follow(self) -> None:
        """Follows new exchanges or not; following means as they came."""
        if self.view.arranged:
            self.order_by(ARRIVAL)
            self.view.flipped = False
            self._rebuild()
        self.table.set_following(not self.table.following)

    def action_pause(self) -> None:
        """Holds the display."""
        self.traffic.paused = not self.traffic.paused
        if not self.traffic.paused:
            self.take(self.traffic.release(), merge=True)
        self._bar.redraw()

    def action_time(self) -> None:
        """Absolute or relative."""
        self.table.relative = not self.table.relative
        self.table.redraw_all()

    def action_clear(self) -> None:
        """Empties the view."""
        count = self.traffic.clear()
        self._rebuild()
        self.table.redraw_all()
        self.notify(f"{count:,} cleared from the view; the store keeps them", markup=False)

    def action_copy(self) -> None:
        """Asks what to copy."""
        self.post_message(self.Copy(self.table.row))
