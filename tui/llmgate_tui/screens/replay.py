"""The Replay screen: recorded requests sent again, to other providers, and what came of it."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.replay_cells import FIGURES
from llmgate_tui.replay_plan import packed, unpacked
from llmgate_tui.replay_sets import Looked
from llmgate_tui.screens.body import Body, KeyGroup
from llmgate_tui.screens.replay_keys import FORM_KEYS, MATRIX_KEYS
from llmgate_tui.screens.replay_matrix import ReplayMatrix
from llmgate_tui.screens.replay_setup import ReplaySetup
from llmgate_tui.widgets.cell_grid import CELL_KEYS
from llmgate_tui.widgets.find_line import FindLine


class ReplayBody(Body):
    """Two faces: what to send where, and the matrix of one replay."""

    TITLE: ClassVar[str] = "Replay"
    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    ReplayBody ReplayMatrix { display: none; }
    ReplayBody.-matrix ReplayMatrix { display: block; }
    ReplayBody.-matrix ReplaySetup { display: none; }
    ReplayBody.-lost Grid > .grid--plain, ReplayBody.-lost Grid > .grid--accent,
    ReplayBody.-lost Grid > .grid--good { color: $quiet; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay")
        self.desk = desk
        self.setup = ReplaySetup(desk)
        self.matrix = ReplayMatrix(desk)
        self._link: Link | None = None

    def compose(self) -> ComposeResult:
        """Both faces."""
        yield self.setup
        yield self.matrix

    @property
    def in_matrix(self) -> bool:
        """A replay is opened."""
        return self.has_class("-matrix")

    # -- news --------------------------------------------------------------------

    def shown(self) -> None:
        """Everything as it is now."""
        self.setup.shown()
        if self.in_matrix:
            self.matrix.redraw()

    def tick(self) -> None:
        """What runs is asked for; what is not shown is not."""
        if self._link is not None and not self._link.up:
            return
        if self.in_matrix:
            self.matrix.tick()
        else:
            self.setup.tick()

    def link_changed(self, link: Link) -> None:
        """What is shown is old while the connection is down: greyed."""
        came_back = link.up and self._link is not None and not self._link.up
        self._link = link
        self.set_class(not link.up and link.word != "connecting", "-lost")
        for grid in (self.setup.sets.grid, self.setup.list.grid, self.matrix.grid):
            grid.notify_style_update()
            grid.refresh()
        if came_back:
            self.setup.list.ask()
            self.setup.cost.again()
            self.matrix.again()

    def offer(self, looked: Looked) -> None:
        """What the Traffic screen stands on."""
        self.setup.sets.offer(looked)

    def give(self, ids: Sequence[str]) -> None:
        """Choose these exchanges and ask where to send them."""
        self._face(matrix=False)
        self.setup.sets.give(ids)
        self.setup.focus_form()

    def open(self, id: str) -> None:  # noqa: A002
        """Shows the matrix of a replay."""
        self._face(matrix=True)
        self.matrix.open(id, self.setup.list.replays.get(id))
        self._focus_matrix()

    def _focus_matrix(self) -> None:
        if self.matrix.grid.is_attached:  # not while the screen is still being made
            self.screen.set_focus(self.matrix.grid)

    def _face(self, *, matrix: bool) -> None:
        self.set_class(matrix, "-matrix")
        self.refresh_bindings()

    @on(ReplaySetup.Opened)
    def _opened(self, event: ReplaySetup.Opened) -> None:
        event.stop()
        self.open(event.replay.id)

    @on(ReplayMatrix.Left)
    def _left(self, event: ReplayMatrix.Left) -> None:
        event.stop()
        self._face(matrix=False)
        self.setup.shown()
        if self.matrix.replay is not None:
            self.setup.list.grid.select(self.matrix.replay.id)
        self.setup.go(self.setup.list.grid)

    @on(ReplayMatrix.Known)
    def _known(self, event: ReplayMatrix.Known) -> None:
        event.stop()
        self.setup.list.know(event.replay)
        self.refresh_bindings()

    # -- keys --------------------------------------------------------------------

    def focus_first(self) -> None:
        """The matrix, or the sets."""
        if self.in_matrix:
            self._focus_matrix()
        else:
            self.setup.go(self.setup.sets.grid)

    def key_groups(self) -> list[KeyGroup]:
        """The form, the matrix, their tables."""
        return [
            (self.TITLE, self.setup, FORM_KEYS),
            ("Replay: the matrix", self.matrix, MATRIX_KEYS),
            ("Moving in the matrix", self.matrix.grid, CELL_KEYS),
            ("While typing what to send", self.setup.sets.find, list(FindLine.BINDINGS)),
        ]

    def memory(self) -> dict[str, str]:
        """The form, and how the matrix is looked at."""
        return {
            "plan": packed(self.setup.form.plan)[:8_000],
            "figure": self.matrix.figure,
            "order": "worst" if self.matrix.worst else "",
        }

    def remember(self, memory: dict[str, str]) -> None:
        """As it was the last time."""
        self.setup.form.take(unpacked(memory.get("plan", "")))
        figure = memory.get("figure", "")
        self.matrix.figure = figure if figure in FIGURES else ""
        self.matrix.worst = memory.get("order") == "worst"
