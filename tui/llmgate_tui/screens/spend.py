"""The Spend screen: money and tokens of a period, by one name at a time."""

import time
from pathlib import Path
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.worker import Worker

from llmgate.wire.spend import By, Period, SpendReport, SpendRow
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body, KeyGroup, OpenTraffic
from llmgate_tui.screens.limit_bars import Look
from llmgate_tui.screens.spend_export import write_new
from llmgate_tui.screens.spend_head import SPEND_KEYS, Choices, SpendHead, columns
from llmgate_tui.screens.spend_lines import first_steps, lines
from llmgate_tui.screens.spend_rows import BYS, PERIODS, cells, drill, name, total_of
from llmgate_tui.text import clean
from llmgate_tui.widgets.grid import GRID_KEYS, Grid, GridRow
from llmgate_tui.widgets.line_text import Line as TextLine
from llmgate_tui.widgets.line_view import LineView

_EVERY: Final = 10  # ticks: five seconds
_LOW: Final = 14
_TOTAL: Final = "="  # the id of the line of sums; names have another first character


class SpendBody(Body):
    """A table by name; below it the chart, budgets and what is not priced."""

    TITLE: ClassVar[str] = "Spend"
    BINDINGS: ClassVar[list[BindingType]] = SPEND_KEYS
    DEFAULT_CSS = """
    SpendBody #spend-lines { margin-top: 1; }
    SpendBody.-low #spend-grid { height: 1fr; }
    SpendBody.-low #spend-lines { display: none; margin-top: 0; }
    SpendBody.-low.-inside #spend-lines { display: block; }
    SpendBody.-low.-inside #spend-grid { display: none; }
    SpendBody.-lost Grid > .grid--plain, SpendBody.-lost Grid > .grid--accent,
    SpendBody.-lost Grid > .grid--strong { color: $quiet; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="spend")
        self.desk = desk
        self.period: Period = "today"
        self.by: By = "model"
        self.report: SpendReport | None = None
        self.problem = ""
        self.grid = Grid(columns(120, self.by), id="spend-grid", ellipsis=desk.glyphs.ellipsis)
        self.text = LineView(ascii=desk.glyphs.dot.isascii(), id="spend-lines")
        self._head = SpendHead(self.choices, self.choose)
        self._lines: list[TextLine] = []
        self._rows: dict[str, SpendRow] = {}
        self._ticks = 0
        self._link: Link | None = None
        self._asking: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Choices, table, the rest."""
        yield self._head
        with Vertical():
            yield self.grid
            yield self.text

    # -- asking --------------------------------------------------------------

    def shown(self) -> None:
        """Asks anew."""
        self.redraw()
        self.ask()

    def tick(self) -> None:
        """Asks every five seconds while it is shown."""
        self._ticks += 1
        slow = self._asking is not None and self._asking.is_running
        if self._ticks >= _EVERY and not slow:
            self.ask()

    def ask(self) -> None:
        """Reads the report; an answer to an older question is dropped."""
        self._ticks = 0
        if self.is_attached and (self._link is None or self._link.up):
            self._asking = self.run_worker(
                self._read, group="spend", exclusive=True, exit_on_error=False
            )

    async def _read(self) -> None:
        try:
            self.report = await self.desk.steering.spend(self.period, self.by)
            self.problem = ""
        except ApiProblem as problem:
            self.problem = problem.message
        self.redraw()

    def choose(self, period: Period | None = None, by: By | None = None) -> None:
        """Another period, or other names."""
        self.period, self.by = period or self.period, by or self.by
        self._head.redraw()
        self.ask()

    def link_changed(self, link: Link) -> None:
        """What is shown is old while the connection is down: greyed."""
        came_back = link.up and (self._link is None or not self._link.up)
        self._link = link
        self.set_class(not link.up and link.word != "connecting", "-lost")
        self.grid.notify_style_update()
        self.grid.refresh()
        self._head.redraw()
        if came_back and not self.has_class("-away"):
            self.ask()

    def choices(self) -> Choices:
        """What is chosen, and what to know about it."""
        return Choices(self.period, self.by, self.said(), bool(self.problem))

    def said(self) -> str:
        """What to know about the report."""
        if self.problem:
            return f"not read: {self.problem}"
        if self.report is None:
            return ""
        as_asked = (self.report.period, self.report.by) == (self.period, self.by)
        return "" if as_asked else "reading"

    # -- drawing -------------------------------------------------------------

    def redraw(self) -> None:
        """Table, lines."""
        if not self.is_attached:
            return
        report = self.report
        self._rows = {} if report is None else {f"-{row.name}": row for row in report.rows}
        if report is not None:
            self._shape(report.by)
        self.grid.set_rows(self._table(report))
        self._apportion()
        self._head.redraw()
        found = [] if report is None else self._below(report)
        if found != self._lines:
            self._lines = found
            self.text.show(found, keep_place=True)

    def _table(self, report: SpendReport | None) -> list[GridRow]:
        plain = self.desk.glyphs.dot.isascii()
        if report is None:
            said = "Not read yet." if not self.problem else "Spend is not known."
            return [GridRow("note", [said], selectable=False)]
        if not report.total.exchanges:
            title = dict(PERIODS).get(report.period, report.period)
            when = title if report.period == "today" else f"in the last {title}"
            return [GridRow("note", [f"Nothing spent {when}."], selectable=False)]
        total = total_of(report)
        rows = [
            GridRow(id_, cells(row, name(row, report.by), total, plain=plain))
            for id_, row in self._rows.items()
        ]
        sums = cells(report.total, "total", total, plain=plain, tone="strong")
        return [GridRow(_TOTAL, sums), *rows]

    def _below(self, report: SpendReport) -> list[TextLine]:
        desk, status = self.desk, self.desk.traffic.status
        if not report.total.exchanges:
            keyed = status is not None and not status.keyless
            return first_steps(report, desk.address, desk.traffic.first_model(), keyed=keyed)
        width = self.text.scrollable_content_region.width or self.size.width
        look = Look(desk.clock.now_ms(), desk.clock.moment, desk.glyphs, width)
        return lines(report, look, desk.clock.local, self.size.height - self._grid_height() - 2)

    def on_resize(self, event: events.Resize) -> None:
        """More columns, a higher chart, or the table alone."""
        self.set_class(event.size.height < _LOW, "-low")
        self.call_after_refresh(self.redraw)

    def _shape(self, by: By) -> None:
        if (wanted := columns(self.size.width, by)) != self.grid.columns:
            self.grid.set_columns(wanted)

    def _grid_height(self) -> int:
        return min(len(self.grid.rows) + 1, max(5, self.size.height // 2))

    def _apportion(self) -> None:
        if self.size.height:
            low = self.size.height < _LOW
            self.grid.styles.height = "1fr" if low else self._grid_height()

    # -- keys ----------------------------------------------------------------

    def focus_first(self) -> None:
        """The table."""
        self.remove_class("-inside")
        self.screen.set_focus(self.grid)

    def key_groups(self) -> list[KeyGroup]:
        """Its own, and those of the table."""
        return [(self.TITLE, self, SPEND_KEYS), ("Moving in a table", self.grid, GRID_KEYS)]

    def memory(self) -> dict[str, str]:
        """What was chosen."""
        return {"period": self.period, "by": self.by}

    def remember(self, memory: dict[str, str]) -> None:
        """As it was chosen last time."""
        self.period = next((p for p, _ in PERIODS if p == memory.get("period")), self.period)
        self.by = next((by for by in BYS if by == memory.get("by")), self.by)
        self._head.redraw()

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()

    @on(Grid.Chosen)
    def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """The traffic of the row."""
        if self.report is None or not self._rows:
            return
        row = self._rows.get(self.grid.selected)
        text = drill(self.report, row, self.desk.clock.now_ms())
        self.post_message(OpenTraffic(filter=text))

    def action_period(self, by: int) -> None:
        """The next one."""
        names = [period for period, _ in PERIODS]
        self.choose(period=names[(names.index(self.period) + by) % len(names)])

    def action_by(self, by: int) -> None:
        """The next kind of name."""
        self.choose(by=BYS[(BYS.index(self.by) + by) % len(BYS)])

    def action_refresh(self) -> None:
        """Now."""
        self.ask()

    def action_other(self) -> None:
        """Table or chart."""
        goal: Widget = self.text if self.screen.focused is self.grid else self.grid
        self.set_class(goal is self.text, "-inside")
        self.screen.set_focus(goal)

    def action_back(self) -> None:
        """The table."""
        self.focus_first()

    def action_export(self) -> None:
        """The table as a file in the working folder."""
        self.run_worker(self._export(), group="export", exclusive=True, exit_on_error=False)

    async def _export(self) -> None:
        period, by = self.period, self.by
        day = time.strftime("%Y-%m-%d", self.desk.clock.local(self.desk.clock.now_ms()))
        try:
            data = await self.desk.steering.spend_csv(period, by)
            path = write_new(Path.cwd(), f"llmgate-spend-{period}-by-{by}-{day}", data)
        except (ApiProblem, OSError) as problem:
            said = problem.message if isinstance(problem, ApiProblem) else str(problem)
            self.notify(f"not exported: {clean(said)}", severity="error", markup=False)
            return
        self.notify(clean(f"written to {path}"), timeout=10, markup=False)
