"""The list half of the Traffic screen: filter line, rows and their order, marks, following."""

from collections.abc import Collection

from textual import on

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.runs import Run
from llmgate_tui.screens.body import Body
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.traffic_keys import ORDER_KEYS
from llmgate_tui.state import Delta
from llmgate_tui.view import ARRIVAL, ORDERS, View
from llmgate_tui.widgets.empty import Empty
from llmgate_tui.widgets.filter_bar import FilterBar, FilterInput
from llmgate_tui.widgets.line import Piece
from llmgate_tui.widgets.place import where
from llmgate_tui.widgets.table_head import TableHead
from llmgate_tui.widgets.traffic_table import TrafficTable


class TrafficList(Body):
    """Owns the view on the traffic; what is opened of it is the business of ``TrafficBody``."""

    DEFAULT_CSS = """
    TrafficList Empty { display: none; }
    TrafficList.-nothing Empty { display: block; }
    TrafficList.-nothing TrafficTable, TrafficList.-nothing TableHead { display: none; }
    TrafficList.-nothing DetailPane { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="traffic")
        self.desk = desk
        self.traffic = desk.traffic
        self.view = View(desk.traffic, desk.clock.now_ms)
        self.table = TrafficTable(self.view, desk.clock, desk.glyphs)
        self._bar = FilterBar(self._where, desk.glyphs, desk.traffic.values)
        self._head = TableHead(self.table)
        self._empty = Empty(desk.address)
        self._resorted = 0.0
        self._stale = False  # a sorted or grouped list has not taken in everything
        self._link: Link | None = None

    # -- news ----------------------------------------------------------------

    def take(self, rows: list[ExchangeSummary], *, merge: bool = False) -> None:
        """New or changed exchanges."""
        if self.traffic.paused:
            self.traffic.hold(rows)
            self._bar.redraw()
            return
        delta = self.traffic.merge(rows) if merge else self.traffic.put(rows)
        self._show(delta)

    def take_older(self, rows: list[ExchangeSummary]) -> None:
        """Rows from before those that are held."""
        place = self.table.place()
        delta = self.traffic.merge(rows)
        self.table.take(delta, self.view.take(delta))
        self.table.keep_place(place)
        self._face()

    def _show(self, delta: Delta) -> None:
        moved = self.view.take(delta)
        if self.view.arranged:
            self._stale = True
            moved = self._resort() or moved
        self.table.take(delta, moved)
        self._face()

    def _resort(self) -> bool:
        """A list ordered by a column or grouped takes in news once a second."""
        now = self.desk.clock.now_ms() / 1000
        if not self._stale or now - self._resorted < 1:
            return False
        self._resorted, self._stale = now, False
        self.view.rebuild()
        return True

    def tick(self) -> None:
        """Twice a second: running times; once a second what is sorted."""
        if self.has_class("-nothing"):
            self._explain()
        status = self.traffic.status
        if status is not None and status.live:
            self._stale = True  # what runs on changes places by itself
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

    def focus_list(self) -> None:
        """The keys go to the list, or to what stands in its place."""
        self.screen.set_focus(self._empty if self.has_class("-nothing") else self.table)

    def _explain(self) -> None:
        doing = self.seeking()
        if len(self.traffic) or doing:
            self._empty.show_hidden(len(self.traffic), marked=self.view.only_marked, doing=doing)
            return
        if self._link is not None and not self._link.up:
            self._empty.show_waiting(answers=self._link.word in {"unauthorised", "mismatch"})
            return
        status = self.traffic.status
        keyed = status is not None and not status.keyless
        self._empty.show_first(self.traffic.first_model(), keyed=keyed)

    def _where(self) -> list[Piece]:
        return where(self.table, self.desk.glyphs, self.seeking())

    def seeking(self) -> str:
        """What goes on in the store for the filter."""
        return ""

    @on(TrafficTable.FollowChanged)
    def _follow_changed(self, event: TrafficTable.FollowChanged) -> None:
        event.stop()
        self._bar.redraw()

    @on(TrafficTable.Reshaped)
    def _reshaped(self, event: TrafficTable.Reshaped) -> None:
        event.stop()
        self._head.redraw()

    # -- the list ------------------------------------------------------------

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
        if name == self.view.order and not self.view.grouped:
            self.action_reverse()
            return
        self.view.order, self.view.grouped = name, False
        self.view.flipped = name in {"ttft", "total", "tps", "in", "out", "cost", "status"}
        if self.view.arranged:
            self.table.set_following(False)
        self._rebuild()

    def action_reverse(self) -> None:
        """The other way round."""
        self.view.flipped = not self.view.flipped
        self._rebuild()

    def action_group(self) -> None:
        """By agent run, or one exchange after the other; the cursor stays with what it was on."""
        row, run = self.table.row, self.table.run
        if run is not None:
            row = self.traffic.row(run.rows[-1])
        self.view.grouped = not self.view.grouped
        if self.view.grouped:
            self.table.set_following(False)
        self._rebuild()
        if row is not None:
            folded = self.view.run_with(row.id)
            self.table.select(row.id if folded is None else folded.id)
        self.refresh_bindings()

    def action_fold(self, unfold: bool) -> None:
        """Shows or hides the exchanges of the run at the cursor."""
        row, run = self.table.row, self.table.run
        if run is None and row is not None:
            run = self.view.run_with(row.id)
        if run is None:
            return
        if unfold:
            self.view.unfolded.add(run.id)
        else:
            self.view.unfolded.discard(run.id)
            self.table.select(run.id)
        self._rebuild()

    def action_mark(self) -> None:
        """Marks and moves on."""
        row, run = self.table.row, self.table.run
        if run is not None:
            self._mark_run(run)
            return
        if row is None:
            return
        self.put_marks([row.id], row.id not in self.traffic.marks)
        self.table.action_move(1)

    def _mark_run(self, run: Run) -> None:
        """All of its exchanges; none when all were marked."""
        ids = {self.traffic.row(index).id for index in run.rows}
        self.put_marks(ids, not ids <= self.traffic.marks)

    def put_marks(self, ids: Collection[str], on: bool) -> None:
        """Marks or unmarks exchanges."""
        self.traffic.mark(ids, on)
        for id_ in ids:
            self.table.redraw(id_)
        if self.view.limited or self.view.grouped:
            self._rebuild()
        self._bar.redraw()

    def action_only_marked(self) -> None:
        """Marked exchanges, or all."""
        self.view.only_marked = not self.view.only_marked
        self._rebuild()

    def action_unmark(self) -> None:
        """No marks."""
        self.view.only_marked = False
        self.put_marks(set(self.traffic.marks), False)
        self._rebuild()

    def action_follow(self) -> None:
        """Follows new exchanges or not; following means as they came."""
        if self.view.arranged:
            self.view.order, self.view.flipped, self.view.grouped = ARRIVAL, False, False
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
