"""What to send: the sets there are to choose from; the row of the cursor is the choice."""

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.filter import Filter, parse_filter
from llmgate_tui.filter_terms import FilterProblem
from llmgate_tui.replay_sets import NEWEST, Looked, SourceSet, source_sets
from llmgate_tui.screens.replay_keys import SET_COLUMNS
from llmgate_tui.seek import Seek
from llmgate_tui.widgets.find_line import FindLine
from llmgate_tui.widgets.grid import Cell, Grid, GridRow

_TYPING_S = 0.3


class ReplaySets(Vertical):
    """Posts ``Changed``; a filter that is typed here looks into the gateway's store, too."""

    DEFAULT_CSS = "ReplaySets { height: auto; } ReplaySets Grid { height: 7; }"

    class Changed(Message):
        """Other exchanges are chosen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay-sets")
        self.desk = desk
        self.grid = Grid(SET_COLUMNS, id="replay-set-grid", ellipsis=desk.glyphs.ellipsis)
        self.find = FindLine("send what a filter lets through", id="replay-find")
        self._looked = Looked()
        self._given: Sequence[str] = ()
        self._sought: tuple[str, Sequence[ExchangeSummary]] = ("", ())
        self._problem = ""
        self._sets: dict[str, SourceSet] = {}
        self._marks: set[str] = set()
        self._told: tuple[str, ...] = ()
        self._soon: Timer | None = None
        self._seeking: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """A line to type in, the sets."""
        yield self.find
        yield self.grid

    @property
    def chosen(self) -> SourceSet | None:
        """The set under the cursor."""
        return self._sets.get(self.grid.selected)

    def offer(self, looked: Looked) -> None:
        """What the Traffic screen stands on now."""
        self._looked = looked

    def give(self, ids: Sequence[str]) -> None:
        """Chooses these exchanges, by a set there is or as one of their own."""
        self._given = ()
        self.redraw()
        same = (one.id for one in self._sets.values() if set(one.ids) == set(ids))
        found = next(same, "")
        if not found:
            self._given, found = tuple(ids), "given"
            self.redraw()
        self.grid.select(found)
        self.tell()

    def redraw(self) -> None:
        """The sets as they are now; the first one that holds something is chosen at first."""
        if not self.is_attached:
            return
        sets = source_sets(self.desk.traffic, self._looked, self._given, self._sought)
        first = not self._sets
        self._marks = set(self.desk.traffic.marks)
        self._sets = {one.id: one for one in sets}
        self.grid.styles.height = len(sets) + 1
        self._draw()
        if first:
            self.grid.select(next((one.id for one in sets if one.ids), sets[0].id))
        self.tell()

    def follow_marks(self) -> None:
        """Nothing else of the sets changes while this screen is shown."""
        if self.desk.traffic.marks != self._marks:
            self.redraw()

    def _draw(self) -> None:
        self.grid.set_rows([GridRow(one.id, self._cells(one)) for one in self._sets.values()])

    def _cells(self, one: SourceSet) -> list[Cell]:
        sign = self.desk.glyphs.dot if one.id == self.grid.selected else " "
        title = f"{sign} {one.title}"
        if one.id == "typed" and self._problem:
            return [title, (self._problem, "warn")]
        return [title, (one.note, "plain" if one.ids else "quiet")]

    def tell(self) -> None:
        """Says so when other exchanges are chosen."""
        chosen = self.chosen
        ids = tuple(chosen.ids) if chosen is not None else ()
        if ids != self._told:
            self._told = ids
            self.post_message(self.Changed())

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        self._draw()
        self.tell()

    # -- a filter of its own ---------------------------------------------------

    @on(FindLine.Sought)
    def _typed(self, event: FindLine.Sought) -> None:
        event.stop()
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(_TYPING_S, self._seek)

    def _seek(self) -> None:
        text, clock = self.find.value.strip(), self.desk.clock
        self.workers.cancel_group(self, "seek")
        self._problem, found = "", None
        try:
            marks = self.desk.traffic.marks
            found = parse_filter(text, now_ms=clock.now_ms(), marked=marks, local=clock.local)
        except FilterProblem as problem:
            self._problem = problem.message
        self._sought = (text, ())
        self.redraw()
        self.grid.select("typed")
        if found is not None:
            self._seeking = self.run_worker(
                partial(self._look, text, found), group="seek", exit_on_error=False
            )

    async def _look(self, text: str, wanted: Filter) -> None:
        seek = Seek(self.desk.api, self.desk.traffic, wanted)
        found: dict[str, ExchangeSummary] = {}
        try:
            async with aclosing(seek.deeply()) as pages:
                async for rows in pages:
                    found.update((row.id, row) for row in rows)
            held = self.desk.traffic.rows
            found.update((row.id, row) for row in held if wanted.accept(row))
            if len(found) < NEWEST:
                async with aclosing(seek.older(NEWEST - len(found))) as pages:
                    async for rows in pages:
                        found.update((row.id, row) for row in rows)
        except ApiProblem as problem:
            self._problem = f"not all searched: {problem.message}"
        self._sought = (text, list(found.values()))
        self.redraw()
