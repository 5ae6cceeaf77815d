"""The Traffic screen: the list with its filter, and what is opened of it beside or below."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.desk import Desk
from llmgate_tui.detail.pane import DetailPane
from llmgate_tui.screens.body import KeyGroup
from llmgate_tui.screens.split import Layout, Split
from llmgate_tui.screens.traffic_keys import NEEDS_ROWS, TRAFFIC_KEYS, traffic_groups
from llmgate_tui.screens.traffic_list import TrafficList
from llmgate_tui.widgets.traffic_table import TrafficTable


class TrafficBody(TrafficList):
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
        self.detail = DetailPane(desk.api, desk.clock, desk.glyphs)
        self.split = Split([self._head, self.table, self._empty], self.detail)
        self._shown: str | None = None
        self._soon: Timer | None = None

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

    # -- the cursor and the detail -------------------------------------------

    @on(TrafficTable.Moved)
    def _moved(self, event: TrafficTable.Moved) -> None:
        event.stop()
        self._bar.redraw()
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
        return not (self.has_class("-nothing") and action in NEEDS_ROWS)

    def action_filter(self) -> None:
        """Searches where the focus is."""
        if self.split.in_detail():
            self.detail.search()
        else:
            self._bar.enter()

    def action_copy(self) -> None:
        """Asks what to copy."""
        self.post_message(self.Copy(self.table.row))
