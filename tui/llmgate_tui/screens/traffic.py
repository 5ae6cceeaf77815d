"""The Traffic screen: the list with its filter, and what is opened of it beside or below."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.detail.pane import DetailPane
from llmgate_tui.replay_sets import Looked
from llmgate_tui.screens import traffic_memory
from llmgate_tui.screens.body import KeyGroup, OpenReplay
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.split import Layout, Split
from llmgate_tui.screens.traffic_keep import TrafficKeep
from llmgate_tui.screens.traffic_keys import NEEDS_ROWS, TRAFFIC_KEYS, traffic_groups
from llmgate_tui.text import clean
from llmgate_tui.widgets.traffic_table import TrafficTable

_LONGEST = 2_000  # a filter


class TrafficBody(TrafficKeep):
    """The list and the detail of what the cursor stands on."""

    TITLE: ClassVar[str] = "Traffic"
    BINDINGS: ClassVar[list[BindingType]] = TRAFFIC_KEYS

    class Copy(Message):
        """Copy something of this exchange."""

        def __init__(self, row: ExchangeSummary | None) -> None:
            super().__init__()
            self.row = row

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.detail = DetailPane(desk.api, desk.clock, desk.glyphs, desk.keeping)
        self.split = Split([self._head, self.table, self._empty], self.detail)
        self._shown: str | None = None
        self._soon: Timer | None = None
        self._offered = False  # the cursor stands on a live request

    def compose(self) -> ComposeResult:
        """Filter line; list and detail."""
        yield self._bar
        yield self.split

    def on_mount(self) -> None:
        """The list has the keys."""
        self._face()
        self.focus_list()

    def key_groups(self) -> list[KeyGroup]:
        """The list, the detail, the filter line."""
        return traffic_groups(self, self.table, self.detail, self._bar.input)

    def take(self, rows: list[ExchangeSummary], *, merge: bool = False) -> None:
        """New or changed exchanges; what is open follows."""
        super().take(rows, merge=merge)
        if self._shown is not None and not self.traffic.paused:
            for row in rows:
                if row.id == self._shown:
                    self.detail.update_summary(row)
        self._offer()

    # -- from elsewhere ------------------------------------------------------

    async def open(self, filter: str = "", exchange: str = "") -> None:  # noqa: A002
        """Shows what a filter lets through, or an exchange, which is read if it is not held."""
        if not exchange:
            self._bar.put(filter)
            self.filter_by(filter)
            self.focus_list()
            return
        if self.view.position_of(exchange) is None:
            self._bar.put(filter)
            self.view.only_marked = self.view.grouped = False
            self.filter_by(filter)
            if not await self._hold(exchange):
                return
        self.table.set_following(False)
        self.table.select(exchange)
        if self.arrangement == "list":
            self.action_open()

    async def _hold(self, exchange: str) -> bool:
        """Has an exchange in the list; says why not."""
        if self.traffic.find(exchange) is not None:
            return True
        try:
            found = await self.desk.api.detail(exchange)
        except ApiProblem as problem:
            said = f"{clean(exchange)} cannot be shown: {problem.message}"
            self.notify(said, severity="warning", markup=False)
            return False
        self.traffic.merge_extra([found.summary])
        self._rebuild()
        return True

    def memory(self) -> dict[str, str]:
        """The way the list and the detail are looked at."""
        return traffic_memory.kept(self.view, self.table, self.split, self.detail) | {
            "filter": self._bar.input.value[:_LONGEST]
        }

    def remember(self, memory: dict[str, str]) -> None:
        """Looks at them that way again."""
        traffic_memory.restore(memory, self.view, self.table, self.detail)
        layout = traffic_memory.layout(memory)
        if layout is not None:
            self.split.resize(traffic_memory.share(memory) - self.split.share)
            self._arrange(layout)
        if text := memory.get("filter", "")[:_LONGEST]:
            self._bar.put(text)
            self.filter_by(text)
        else:
            self._rebuild()

    # -- the cursor and the detail -------------------------------------------

    @on(TrafficTable.Moved)
    def _moved(self, event: TrafficTable.Moved) -> None:
        event.stop()
        self._bar.redraw()
        self._offer()
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(0.08, self._show_detail)

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
        if (run := self.table.run) is not None:
            self.action_fold(run.id not in self.view.unfolded)
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
        """No keys are offered that do nothing here."""
        if action == "cancel":
            return self._cancellable() is not None
        if action == "fold":
            return self.view.grouped
        return not (self.has_class("-nothing") and action in NEEDS_ROWS)

    def _cancellable(self) -> ExchangeSummary | None:
        row = None if self.has_class("-nothing") else self.table.row
        return row if row is not None and row.state in LIVE else None

    def _offer(self) -> None:
        """The keys at the foot follow what the cursor stands on."""
        offered = self._cancellable() is not None
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def action_cancel(self) -> None:
        """Ends a live request, after a question."""
        if (row := self._cancellable()) is not None:
            self.run_worker(self._cancel(row), group="cancel", exit_on_error=False)

    async def _cancel(self, row: ExchangeSummary) -> None:
        who, what = clean(row.client) or "its caller", clean(row.model) or clean(row.path)
        question = f"End the request of {who} for {what} now?\nIts caller gets an error."
        if not await self.app.push_screen_wait(Confirm(question, "end it")):
            return
        try:
            await self.desk.steering.cancel(row.id)
        except ApiProblem as problem:
            self.notify(f"not ended: {problem.message}", severity="warning", markup=False)
        else:
            self.notify(f"the request of {who} is ended", markup=False)

    def action_filter(self) -> None:
        """Searches where the focus is."""
        if self.split.in_detail():
            self.detail.search()
        else:
            self._bar.enter()

    # -- again -----------------------------------------------------------------

    def looked(self) -> Looked:
        """What this screen stands on, for the Replay screen."""
        row, run = self.table.row, self.table.run
        if row is None and run is not None:
            row = self.traffic.row(run.rows[-1])
        return Looked(row=row, filter=self._bar.input.value, rows=self.view.exchanges())

    def action_replay(self) -> None:
        """To the same provider and model."""
        if (row := self.table.row) is not None:
            self.post_message(OpenReplay([row.id], ask=False))

    def action_replay_to(self) -> None:
        """The marked ones, or the one under the cursor, by the form."""
        marked = [row.id for row in self.traffic.rows if row.id in self.traffic.marks]
        row = self.looked().row
        ids = marked or ([row.id] if row is not None else [])
        self.post_message(OpenReplay(ids, ask=True))

    def action_copy(self) -> None:
        """Asks what to copy."""
        self.post_message(self.Copy(self.table.row))
