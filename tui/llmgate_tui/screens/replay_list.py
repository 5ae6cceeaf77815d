"""The list of earlier replays: read when shown, and once a second while one of them runs."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.worker import Worker

from llmgate.wire.replays import ReplayView
from llmgate_tui import figures, replay_text
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.replay_cells import dollars
from llmgate_tui.screens.replay_keys import LIST_COLUMNS
from llmgate_tui.widgets.grid import Cell, Grid, GridRow

_EVERY = 2  # ticks: a second


class ReplayList(Vertical):
    """Owns what is known of replays."""

    DEFAULT_CSS = """
    ReplayList { height: 1fr; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay-list")
        self.desk = desk
        self.grid = Grid(LIST_COLUMNS, id="replay-replays", ellipsis=desk.glyphs.ellipsis)
        self.replays: dict[str, ReplayView] = {}
        self.problem = ""
        self._known = False
        self._ticks = 0
        self._asking: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """One table."""
        yield self.grid

    @property
    def replay(self) -> ReplayView | None:
        """The one under the cursor."""
        return self.replays.get(self.grid.selected)

    def tick(self) -> None:
        """News come only of what runs."""
        self._ticks += 1
        running = any(replay_text.active(replay) for replay in self.replays.values())
        if self._ticks >= _EVERY and (running or self.problem):
            self.ask()
        self.redraw()

    def ask(self) -> None:
        """Reads them all."""
        self._ticks = 0
        if self.is_attached and not (self._asking is not None and self._asking.is_running):
            self._asking = self.run_worker(self._read, group="replays", exit_on_error=False)

    async def _read(self) -> None:
        try:
            found = await self.desk.replaying.replays()
        except ApiProblem as problem:
            self.problem = problem.message
        else:
            self.problem, self._known = "", True
            self.replays = {replay.id: replay for replay in found}
        self.redraw()

    def know(self, replay: ReplayView) -> None:
        """One of them as it stands now."""
        rest = {id_: one for id_, one in self.replays.items() if id_ != replay.id}
        new = replay.id not in self.replays
        self.replays = {replay.id: replay, **rest} if new else {**self.replays, replay.id: replay}
        self.redraw()

    def forget(self, id: str) -> None:  # noqa: A002
        """It is deleted."""
        self.replays.pop(id, None)
        self.redraw()

    def redraw(self) -> None:
        """Only what differs is painted."""
        if self.is_attached:
            rows = [GridRow(id_, self._cells(replay)) for id_, replay in self.replays.items()]
            self.grid.set_rows(rows or [GridRow("-", [self._nothing()], selectable=False)])

    def _nothing(self) -> Cell:
        if self.problem:
            return f"not read: {self.problem}", "warn"
        return "No replay yet." if self._known else "Not read yet."

    def _cells(self, replay: ReplayView) -> list[Cell]:
        now_ms = self.desk.clock.now_ms()
        return [
            replay_text.about(replay),
            replay_text.targets(replay),
            replay_text.state(replay, self.desk.glyphs),
            f"{replay.done}/{replay.total}",
            dollars(replay.spent_usd, replay.spent_basis),
            (figures.ago(now_ms - replay.created_ms), "quiet"),
        ]
