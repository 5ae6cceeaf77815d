"""What differs between two exchanges: text, reasoning, tool calls, figures, raw events."""

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from llmgate.wire.compare import Comparison
from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate_tui.api import ApiProblem
from llmgate_tui.compare import heads
from llmgate_tui.compare.modes import MODES, differences
from llmgate_tui.desk import Desk
from llmgate_tui.detail.search import SearchInput
from llmgate_tui.detail.tabs import TabBar
from llmgate_tui.screens.body import Body, CopyText, KeyGroup, OpenTraffic
from llmgate_tui.screens.compare_keys import COMPARE_KEYS
from llmgate_tui.screens.compare_view import CompareView
from llmgate_tui.widgets.line import Line, Piece
from llmgate_tui.widgets.line_view import LineView

_HOW: Final = "Mark two exchanges in Traffic (1, then m), and press d."
_NEEDS: Final = frozenset(
    {"difference", "mode", "volatile", "unified", "swap", "search", "copy", "wrap", "open"}
)


class Side(Line):
    """A line above that names one of the two, or what is left out."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.left: list[Piece] = []
        self.right: list[Piece] = []

    def say(self, left: list[Piece], right: list[Piece] | None = None) -> None:
        """Other words."""
        self.left, self.right = left, right or []
        self.redraw()

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """As told."""
        return self.left, [*self.right, (" ", "")] if self.right else []


class CompareBody(Body):
    """Opened by ``open``; ``origin`` is the screen that escape leads back to."""

    TITLE: ClassVar[str] = "Compare"
    BINDINGS: ClassVar[list[BindingType]] = COMPARE_KEYS

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="compare")
        self.desk = desk
        self.origin = "traffic"
        self.sides: tuple[str, str] | None = None
        self.volatile = False
        self.comparison: Comparison | None = None
        plain = desk.glyphs.dot.isascii()
        self._left, self._right = Side(id="compare-left"), Side(id="compare-right")
        self._out = Side(id="compare-out")
        self._tabs = TabBar(MODES, ascii=plain)
        self.view = CompareView(ascii=plain)
        self.search_line = SearchInput()
        self._found = ""

    def compose(self) -> ComposeResult:
        """Both sides' names, the modes, what is left out, the view."""
        yield self._left
        yield self._right
        yield self._tabs
        yield self._out
        yield self.view
        yield self.search_line

    def on_mount(self) -> None:
        """Says how to get here with something to compare."""
        if self.sides is None:
            self.view.say(_HOW)

    def focus_first(self) -> None:
        """The text."""
        self.screen.set_focus(self.view.view)

    def key_groups(self) -> list[KeyGroup]:
        """Its own keys; those of the text are the detail's."""
        return [("Compare", self, COMPARE_KEYS)]

    # -- content -------------------------------------------------------------

    def open(self, left: str, right: str, origin: str) -> None:
        """Compares two exchanges; escape goes back to ``origin``."""
        self.origin = origin
        self.sides = (left, right)
        self.volatile = False
        self.comparison = None
        self._found = ""
        self.search_line.value = ""
        self.view.say("Asking the gateway…")
        self._ask()

    def _ask(self) -> None:
        self.redraw()
        if self.sides is not None:
            self.run_worker(
                self._read(*self.sides), group="compare", exclusive=True, exit_on_error=False
            )

    async def _read(self, left: str, right: str) -> None:
        first = self.comparison is None
        try:
            read = await self.desk.keeping.compare(left, right, volatile=self.volatile)
        except ApiProblem as problem:
            self.comparison = None
            self.view.say(f"These two cannot be compared: {problem.message}", "warn")
            self.redraw()
            return
        self.comparison = read
        if first and not differences(read, self.view.mode):
            self.view.mode = next((m for m in MODES if differences(read, m)), self.view.mode)
        self.view.show(read)
        self.redraw()
        self.refresh_bindings()

    def tick(self) -> None:
        """What was on its way when it was compared is compared again when it has ended."""
        read = self.comparison
        if read is None:
            return
        for row in (read.left, read.right):
            now = self.desk.traffic.find(row.id)
            if row.state in LIVE and now is not None and now.state not in LIVE:
                self._ask()
                return

    def on_resize(self) -> None:
        """The heads say as much as fits."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Everything above the text."""
        read, width = self.comparison, self.size.width
        if read is None:
            self._left.say([(" Compare", "strong")])
            self._right.say([])
            self._out.say([])
        else:
            likeness, place = heads.likeness(read), self._place()
            self._left.say(self._side(read.left, "-", width - _cells(likeness)), likeness)
            self._right.say(self._side(read.right, "+", width - _cells(place)), place)
            out = heads.left_out(read.ignored, volatile=self.volatile, width=width)
            self._out.say(out)
        self._tabs.active = self.view.mode
        wrapped = "" if self.view.view.text.wrap else "unwrapped"
        self._tabs.notes = [self._found, wrapped]
        self._tabs.redraw()

    def _side(self, row: ExchangeSummary, sign: str, width: int) -> list[Piece]:
        clock = self.desk.clock
        return heads.side(row, sign, clock.moment, self.desk.glyphs, width - 2)

    def _place(self) -> list[Piece]:
        count, at = self.view.count, self.view.at
        if not count:
            return [("no difference here", "good")]
        if at >= 0:
            return [(f"difference {at + 1} of {count:,}", "")]
        return [("1 difference" if count == 1 else f"{count:,} differences", "")]

    # -- keys ----------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is offered while there is nothing to compare."""
        if self.comparison is None:
            return action not in _NEEDS
        return action != "unified" or self.view.mode != "Figures"

    def action_difference(self, by: int) -> None:
        """The next one, or the one before."""
        self.view.step(by)

    @on(CompareView.Stands)
    def _stands(self, event: CompareView.Stands) -> None:
        event.stop()
        self.redraw()

    def action_mode(self, by: int) -> None:
        """Another side of the comparison."""
        self.choose(MODES[(MODES.index(self.view.mode) + by) % len(MODES)])

    def choose(self, mode: str) -> None:
        """A mode by name."""
        self._found = ""
        self.view.choose(mode)
        if self.search_line.value:
            self.view.view.search(self.search_line.value)
        self.redraw()
        self.refresh_bindings()

    @on(TabBar.Chosen)
    def _clicked(self, event: TabBar.Chosen) -> None:
        event.stop()
        if self.comparison is not None:
            self.choose(event.name)

    def action_volatile(self) -> None:
        """Asks again, with everything or without what says nothing."""
        self.volatile = not self.volatile
        self._ask()

    def action_swap(self) -> None:
        """The other way round."""
        if self.sides is not None:
            self.sides = (self.sides[1], self.sides[0])
            self._ask()

    def action_unified(self) -> None:
        """Side by side, or one below the other, whatever the width."""
        self.view.unified = self.view.beside
        self.view.fill()
        self.redraw()

    def action_wrap(self) -> None:
        """Of both views: the next mode is shown the same way."""
        for view in (self.view.lines, self.view.pairs):
            view.toggle_wrap()
        self.redraw()

    def action_copy(self) -> None:
        """What is shown."""
        self.post_message(CopyText(f"Comparison, {self.view.mode.lower()}", self.view.text()))

    def action_open(self) -> None:
        """The right one, among the others."""
        if self.comparison is not None:
            self.post_message(OpenTraffic(exchange=self.comparison.right.id))

    async def action_back(self) -> None:
        """Drops a search first."""
        if self.search_line.value:
            self.search_line.value = ""
            self.view.view.search("")
            return
        await self.screen.run_action(f"show('{self.origin}')")

    # -- search --------------------------------------------------------------

    def action_search(self) -> None:
        """Opens the search line."""
        self.search_line.open()

    @on(SearchInput.Changed)
    def _sought(self, event: SearchInput.Changed) -> None:
        event.stop()
        self.view.view.search(event.value)

    @on(SearchInput.Left)
    def _search_left(self, event: SearchInput.Left) -> None:
        event.stop()
        if not event.keep:
            self.view.view.search("")
        self.focus_first()

    @on(LineView.Found)
    def _hit(self, event: LineView.Found) -> None:
        event.stop()
        sought = self.search_line.value
        self._found = f"{event.at} of {event.count}" if event.count else "no hit" if sought else ""
        self.redraw()


def _cells(pieces: list[Piece]) -> int:
    return sum(len(text) for text, _ in pieces) + 1
