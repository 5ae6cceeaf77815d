"""The matrix of a replay: a row for each request, the original beside what each target answered."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker

from llmgate.wire.replays import Cell as Result
from llmgate.wire.replays import Matrix, MatrixRow, ReplayView
from llmgate_tui import replay_cells, replay_text
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.replay_cells import ALL, FIGURES
from llmgate_tui.screens import replay_acts as acts
from llmgate_tui.screens.body import OpenCompare, OpenTraffic
from llmgate_tui.screens.replay_keys import MATRIX_KEYS
from llmgate_tui.screens.replay_table import Shape, columns, header, row_cells, shape
from llmgate_tui.widgets.cell_grid import CellGrid
from llmgate_tui.widgets.grid import Grid, GridRow
from llmgate_tui.widgets.heading import Heading
from llmgate_tui.widgets.line import Line, Piece

_EVERY: Final = 2  # ticks: a second
_TOTAL: Final = "="  # no exchange has such an id
_NEEDS_ROWS: Final = frozenset({"compare", "order", "difference", "traffic", "original", "export"})


class ReplayProgress(Line):
    """How far the replay is."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay-progress")
        self._glyphs = desk.glyphs
        self.replay: ReplayView | None = None

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """In one line."""
        if self.replay is None:
            return [], []
        return replay_text.progress(self.replay, self._glyphs, width), []


class ReplayMatrix(Vertical):
    """Reads the matrix when its replay has moved on; posts ``Left`` to go back."""

    BINDINGS: ClassVar[list[BindingType]] = MATRIX_KEYS
    DEFAULT_CSS = "ReplayMatrix { height: 1fr; }"

    class Left(Message):
        """Back to the form."""

    class Known(Message):
        """How the replay stands now."""

        def __init__(self, replay: ReplayView) -> None:
            super().__init__()
            self.replay = replay

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay-matrix")
        self.desk = desk
        self.grid = CellGrid([], id="replay-grid", ellipsis=desk.glyphs.ellipsis)
        self.replay: ReplayView | None = None
        self.matrix: Matrix | None = None
        self.figure = ""  # empty: what the room is for
        self.worst = False
        self.column = 1  # of the matrix: 0 is the original
        self._first = 1
        self._rows: list[MatrixRow] = []
        self._heading = Heading(desk.glyphs, id="replay-heading")
        self._progress = ReplayProgress(desk)
        self._problem = ""
        self._ticks = 0
        self._wanted = ""  # the replay that is opened
        self._asking: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """What it is, how far it is, the table."""
        yield self._heading
        yield self._progress
        yield self.grid

    # -- asking ----------------------------------------------------------------

    def open(self, id: str, known: ReplayView | None = None) -> None:  # noqa: A002
        """Another replay, or the same one again."""
        if self.replay is None or self.replay.id != id:
            self.replay, self.matrix, self._rows = known, None, []
            self.column, self._first = 1, 1
            self._problem = ""
        self.redraw()
        self._ask(id)

    def tick(self) -> None:
        """News come only of what runs."""
        self._ticks += 1
        replay, slow = self.replay, self._asking is not None and self._asking.is_running
        if replay is not None and self._ticks >= _EVERY and not slow:
            unread = self.matrix is None or _moved_on(self.matrix.replay, replay)
            if replay_text.active(replay) or unread:
                self._ask(replay.id)

    def again(self) -> None:
        """The connection is back."""
        if self._wanted:
            self._ask(self._wanted)

    def _ask(self, id: str) -> None:  # noqa: A002
        """An answer about another replay is dropped."""
        self._ticks, self._wanted = 0, id
        self._asking = self.run_worker(
            partial(self._read, id), group="matrix", exclusive=True, exit_on_error=False
        )

    async def _read(self, id: str) -> None:  # noqa: A002
        """The matrix only when something has ended since."""
        try:
            replay = await self.desk.replaying.replay(id)
            if self.matrix is None or _moved_on(self.matrix.replay, replay):
                self.matrix = await self.desk.replaying.matrix(id)
            self._problem = ""
        except ApiProblem as problem:
            self._problem = problem.message
        else:
            self.know(replay)
        self.redraw()

    def know(self, replay: ReplayView) -> None:
        """How it stands now."""
        self.replay = replay
        self.post_message(self.Known(replay))
        self.redraw()

    # -- drawing ---------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """More or fewer columns."""
        self.call_after_refresh(self.redraw)

    @property
    def shape(self) -> Shape:
        """What there is room for."""
        width = self.grid.size.width or self.size.width
        names = self.matrix.columns if self.matrix is not None else ()
        return shape(width, names, self.figure)

    def _count(self) -> int:
        return len(self.matrix.columns) if self.matrix is not None else 1

    def redraw(self) -> None:
        """Only what differs is painted."""
        if not self.is_attached:
            return
        self.column = max(1, min(self.column, self._count() - 1))
        form = self.shape
        self._first = replay_cells.window(self._count(), self.column, self._first, form.fitting)
        shown = form.indices(self._first, self._count())
        self._progress.replay = self.replay
        self._progress.redraw()
        self._say(form, shown)
        self._fill(form, shown)

    def _say(self, form: Shape, shown: Sequence[int]) -> None:
        left: list[Piece] = []
        if self.replay is not None:
            left = [(replay_text.about(self.replay), "strong"), (" to ", "quiet")]
            left.append((replay_text.targets(self.replay), ""))
        self._heading.say(left, header(form, shown, self._count(), worst=self.worst))

    def _fill(self, form: Shape, shown: Sequence[int]) -> None:
        matrix, glyphs, moment = self.matrix, self.desk.glyphs, self.desk.clock.moment
        if matrix is None:
            said = f"not read: {self._problem}" if self._problem else "Reading what came of it."
            self.grid.set_rows([GridRow("-", [said], selectable=False)])
            return
        order = replay_cells.ordered(matrix.rows, form.figure, self.column, worst=self.worst)
        self._rows = order
        wanted = columns(form, shown, matrix.columns, self.column, glyphs)
        if wanted != self.grid.columns:
            self.grid.set_columns(wanted)
        self.grid.choose(form.leading + shown.index(self.column) if self.column in shown else -1)
        rows = [
            GridRow(str(row.source.id), row_cells(row, form, shown, glyphs, moment))
            for row in order
        ]
        self.grid.set_rows([*self._above(matrix, form, shown), *rows])

    def _above(self, matrix: Matrix, form: Shape, shown: Sequence[int]) -> list[GridRow]:
        """What the figures are, and the sums of all rows."""
        glyphs = self.desk.glyphs
        lead = [""] * (form.leading - 1)
        rows: list[GridRow] = []
        if form.figure == ALL:
            heads = [(replay_cells.HEAD, "quiet")] * len(shown)
            rows.append(GridRow("figures", [*lead, "", *heads], selectable=False))
        if not matrix.rows:
            return [GridRow("-", ["There is nothing in it."], selectable=False)]
        sums = replay_cells.totals(matrix)
        cells = [
            (replay_cells.sum_text(sums[at], form.figure, at, glyphs), "strong") for at in shown
        ]
        return [*rows, GridRow(_TOTAL, [*lead, ("all", "strong"), *cells], selectable=False)]

    # -- the cell ----------------------------------------------------------------

    def row(self) -> MatrixRow | None:
        """The request under the cursor."""
        wanted = self.grid.selected
        return next((row for row in self._rows if row.source.id == wanted), None)

    def result(self) -> Result | None:
        """What came of it at the chosen target."""
        row = self.row()
        return row.cells[self.column] if row is not None and self.column < len(row.cells) else None

    @on(CellGrid.Aside)
    def _aside(self, event: CellGrid.Aside) -> None:
        event.stop()
        if event.to is None:
            self.column += event.by
        else:
            shown = self.shape.indices(self._first, self._count())
            at = event.to - self.shape.leading
            self.column = shown[at] if 0 <= at < len(shown) and shown[at] else self.column
        self.redraw()

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()

    @on(Grid.Chosen)
    async def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        self.action_compare()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing here."""
        if action == "stop":
            return self.replay is not None and replay_text.active(self.replay)
        if action == "resume":
            return self.replay is not None and self.replay.state in acts.RESUMABLE
        return action not in _NEEDS_ROWS or bool(self._rows)

    def action_compare(self) -> None:
        """The result beside the original."""
        self.run_worker(self._compare(), group="result", exclusive=True, exit_on_error=False)

    async def _compare(self) -> None:
        row = self.row()
        if row is not None and (id_ := await acts.pick(self, self.result())):
            self.post_message(OpenCompare(left=row.source.id, right=id_))

    def action_traffic(self) -> None:
        """The result as an exchange."""
        self.run_worker(self._traffic(), group="result", exclusive=True, exit_on_error=False)

    async def _traffic(self) -> None:
        if id_ := await acts.pick(self, self.result()):
            self.post_message(OpenTraffic(exchange=id_))

    def action_original(self) -> None:
        """The request as it was recorded."""
        if (row := self.row()) is not None:
            self.post_message(OpenTraffic(exchange=row.source.id))

    # -- the table ---------------------------------------------------------------

    def action_figure(self, by: int) -> None:
        """The next one."""
        names = list(FIGURES)
        self.figure = names[(names.index(self.shape.figure) + by) % len(names)]
        self.redraw()

    def action_order(self) -> None:
        """The worst first, or as they were sent."""
        self.worst = not self.worst
        self.redraw()
        self.grid.action_first()

    def action_difference(self, by: int) -> None:
        """To a result that differs from the original."""
        ids = [row.source.id for row in self._rows]
        at = ids.index(self.grid.selected) if self.grid.selected in ids else 0
        found = replay_cells.next_difference(self._rows, (at, self.column), by)
        if found is None:
            self.notify("every answer is the same as the original's", timeout=3, markup=False)
            return
        self.column = found[1]
        self.grid.select(ids[found[0]])
        self.redraw()

    # -- the replay --------------------------------------------------------------

    def action_stop(self) -> None:
        """Nothing new is sent."""
        self._steer("stop")

    def action_resume(self) -> None:
        """The rest is sent."""
        self._steer("resume")

    def _steer(self, what: acts.Steer) -> None:
        if self.replay is not None:
            work = acts.steer(self, self.desk, self.replay, what, self.know)
            self.run_worker(work, group="steer", exclusive=True, exit_on_error=False)

    def action_export(self) -> None:
        """A file in the working folder."""
        if self.matrix is not None:
            work = acts.export(self, self.matrix)
            self.run_worker(work, group="export", exclusive=True, exit_on_error=False)

    def action_leave(self) -> None:
        """Back to the form."""
        self.post_message(self.Left())


def _moved_on(before: ReplayView, now: ReplayView) -> bool:
    return (before.done, before.state, before.running) != (now.done, now.state, now.running)
