"""The Traffic screen's body: filter line, list, detail; keys of both."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.api import Api
from llmgate_tui.clock import Clock
from llmgate_tui.connection import Link
from llmgate_tui.detail.pane import DetailPane
from llmgate_tui.filter import compile_filter
from llmgate_tui.filter_terms import FilterProblem
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.screens.body import Body, KeyGroup
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.split import Layout, Split
from llmgate_tui.screens.traffic_keys import ORDER_KEYS, TRAFFIC_KEYS, traffic_groups
from llmgate_tui.state import Delta, Traffic
from llmgate_tui.view import ARRIVAL, ORDERS, View
from llmgate_tui.widgets.empty import Empty
from llmgate_tui.widgets.filter_bar import FilterBar, FilterInput
from llmgate_tui.widgets.line import Piece
from llmgate_tui.widgets.place import where
from llmgate_tui.widgets.table_head import TableHead
from llmgate_tui.widgets.traffic_table import TrafficTable

_NEEDS_ROWS = frozenset({"open", "mark", "order", "reverse", "layout", "follow", "step", "tab"})


class TrafficBody(Body):
    """Owns the view on the traffic and what is shown of it."""

    DEFAULT_CSS = """
    TrafficBody Empty { display: none; }
    TrafficBody.-nothing Empty { display: block; }
    TrafficBody.-nothing TrafficTable, TrafficBody.-nothing TableHead { display: none; }
    TrafficBody.-nothing DetailPane { display: none; }
    """
    TITLE: ClassVar[str] = "Traffic"
    BINDINGS: ClassVar[list[BindingType]] = TRAFFIC_KEYS

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
        self.detail = DetailPane(api, clock, glyphs)
        self._bar = FilterBar(self._where, glyphs, traffic.values)
        self._head = TableHead(self.table)
        self._empty = Empty(address)
        self.split = Split([self._head, self.table, self._empty], self.detail)
        self._clock = clock
        self._glyphs = glyphs
        self._shown: str | None = None
        self._soon: Timer | None = None
        self._resorted = 0.0
        self._link: Link | None = None

    def compose(self) -> ComposeResult:
        """Filter line; list and detail."""
        yield self._bar
        yield self.split

    def on_mount(self) -> None:
        """The list has the keys."""
        self._face()
        self.focus_list()

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

    def take_older(self, rows: list[ExchangeSummary]) -> None:
        """Rows from before those that are held."""
        place = self.table.place()
        delta = self.traffic.merge(rows)
        self.table.take(delta, self.view.take(delta))
        self.table.keep_place(place)
        self._face()

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
        if self.has_class("-nothing"):
            self._explain()
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
            self.refresh_bindings()
            if self.screen.focused in {None, self.table, self._empty}:
                self.focus_list()
        self._bar.redraw()

    def focus_first(self) -> None:
        """The list."""
        self.focus_list()

    def key_groups(self) -> list[KeyGroup]:
        """The list, the detail, the filter line."""
        return traffic_groups(self, self.table, self.detail, self._bar.input)

    def focus_list(self) -> None:
        """The keys go to the list, or to what stands in its place."""
        self.screen.set_focus(self._empty if self.has_class("-nothing") else self.table)

    def _explain(self) -> None:
        if len(self.traffic):
            self._empty.show_hidden(len(self.traffic), marked=self.view.only_marked)
            return
        if self._link is not None and not self._link.up:
            self._empty.show_waiting(answers=self._link.word in {"unauthorised", "mismatch"})
            return
        status = self.traffic.status
        keyed = status is not None and not status.keyless
        self._empty.show_first(self.traffic.first_model(), keyed=keyed)

    def _where(self) -> list[Piece]:
        return where(self.table, self._glyphs)

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

    @on(TrafficTable.Reshaped)
    def _reshaped(self, event: TrafficTable.Reshaped) -> None:
        event.stop()
        self._head.redraw()

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
        was_inside = self.split.in_detail()
        self.split.settle(arrangement)
        self._show_detail()
        if arrangement == "full":
            self.call_after_refresh(self.split.focus_detail)
        elif was_inside:
            self.focus_list()

    @property
    def arrangement(self) -> Layout:
        """How list and detail share the room."""
        return self.split.arrangement

    def _roomy(self) -> bool:
        return self.size.height >= 16

    def action_open(self) -> None:
        """Opens the detail beside the list; once open, lets it fill the screen."""
        if self.has_class("-nothing"):
            return
        if self.arrangement == "list" and self._roomy():
            self._arrange(self.split.last_split)
        elif self.arrangement != "full":
            self._arrange("full")

    def action_back(self) -> None:
        """One step back."""
        if self.arrangement == "full":
            self._arrange(self.split.last_split if self._roomy() else "list")
            self.focus_list()
        elif self.split.in_detail():
            self.focus_list()
        elif self.view.only_marked:
            self.action_only_marked()
        elif self.view.accept is not None:
            self._bar.clear()
        elif self.arrangement != "list":
            self._arrange("list")

    def action_other(self) -> None:
        """The focus goes between list and detail."""
        if self.arrangement == "full":
            return
        if self.arrangement == "list" or self.split.in_detail():
            self.focus_list()
        else:
            self.split.focus_detail()

    def action_layout(self) -> None:
        """List only, detail below, detail right."""
        order: dict[Layout, Layout] = {"list": "below", "below": "right", "right": "list"}
        self._arrange(order.get(self.arrangement, "below"))

    def action_resize(self, by: int) -> None:
        """Moves the border between list and detail."""
        self.split.resize(by)

    def action_tab(self, by: int) -> None:
        """Another tab of the detail; opens it first."""
        if self.arrangement == "list":
            self.action_open()
        elif by > 0:
            self.detail.next_tab()
        else:
            self.detail.previous_tab()

    def action_step(self, by: int) -> None:
        """The next exchange, wherever the focus is."""
        self.table.action_move(by)

    def action_wrap(self) -> None:
        """Wraps long lines or not."""
        self.detail.toggle_wrap()

    def action_raw(self) -> None:
        """Pretty or raw."""
        self.detail.toggle_raw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing in an empty list."""
        return not (self.has_class("-nothing") and action in _NEEDS_ROWS)

    # -- the list ------------------------------------------------------------

    def action_filter(self) -> None:
        """Searches where the focus is."""
        if self.split.in_detail():
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
        self.focus_list()

    def _rebuild(self) -> None:
        self.view.rebuild()
        self.table.rearrange()
        self._head.redraw()
        self._face()

    async def action_order(self) -> None:
        """Asks for the column to order by."""
        choices = [("t", "time (as they came)", ARRIVAL)]
        choices += [(ORDER_KEYS[name], title, name) for name, (title, _) in ORDERS.items()]
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

    def action_clear(self) -> None:
        """Empties the view."""
        count = self.traffic.clear()
        self._rebuild()
        self.table.redraw_all()
        self.notify(f"{count:,} cleared from the view; the store keeps them", markup=False)

    def action_copy(self) -> None:
        """Asks what to copy."""
        self.post_message(self.Copy(self.table.row))
