"""The detail pane: one exchange from nine sides, kept on the screen while the list moves."""

from functools import partial
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.api import ApiProblem
from llmgate_tui.clock import Clock
from llmgate_tui.detail.fill import Filler
from llmgate_tui.detail.search import SearchInput
from llmgate_tui.detail.source import DetailApi, PromptApi, Source
from llmgate_tui.detail.tabs import TABS, TabBar
from llmgate_tui.glyphs import ASCII, Glyphs, choose
from llmgate_tui.widgets.line_view import LineView

_PATIENCE_S: Final = 0.25  # before an empty view says that it waits
_WHOLE: Final = frozenset(
    {"Summary", "Headers", "Timing", "Attempts"}
)  # read again when it moves on
_LAID_OUT: Final = frozenset({"Timing", "Events", "Headers", "Attempts", "Prompt"})
_RAW: Final = frozenset({"Request", "Answer"})


class DetailPane(Widget):
    """Shows what ``show`` is given; the tab and the way of looking stay from one to the next."""

    DEFAULT_CSS = """
    DetailPane { layout: vertical; background: $background; }
    """

    def __init__(
        self,
        api: DetailApi,
        clock: Clock | None = None,
        glyphs: Glyphs | None = None,
        prompts: PromptApi | None = None,
    ) -> None:
        super().__init__()
        ascii_only = (glyphs or choose()) is ASCII
        self.tab = TABS[0]
        self.raw = False
        self._api = api
        self._prompts = prompts
        self._clock = clock or Clock()
        self._source: Source | None = None
        self._filler: Filler | None = None
        self._worker: Worker[None] | None = None
        self._patience: Timer | None = None
        self._bar = TabBar(ascii=ascii_only)
        self.view = LineView(ascii=ascii_only)
        self.search_line = SearchInput()
        self._found = ""
        self._width = 0

    def compose(self) -> ComposeResult:
        """Tab bar, text, and the search line while it is wanted."""
        yield self._bar
        yield self.view
        yield self.search_line

    def on_mount(self) -> None:
        """Says what the pane is for until something is shown."""
        if self._source is None:
            self._say("No exchange is chosen.")
        else:
            self._fill()

    # -- what is shown -------------------------------------------------------

    def show(self, summary: ExchangeSummary | None) -> None:
        """Another exchange, or none; whatever was being read for the last one stops."""
        if summary is None:
            self._source = None
            self._stop()
            self._say("No exchange is chosen.")
            return
        self._source = Source(self._api, summary, self._prompts)
        self._found = ""
        self._fill()

    def update_summary(self, summary: ExchangeSummary) -> None:
        """News of the exchange shown; of any other they are left aside."""
        source = self._source
        if source is None or summary.id != source.summary.id or summary == source.summary:
            return
        moved_on = source.update(summary)
        if moved_on and self.tab in _WHOLE:
            self._fill(again=True)
        elif self.tab == "Summary" and self._filler is not None:
            self._filler.redraw_summary()

    def on_resize(self) -> None:
        """What is laid out for a width is laid out anew."""
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        width = self.view.scrollable_content_region.width
        if width == self._width or self._filler is None:
            return
        self._width = width
        if self.tab == "Summary":
            self._filler.redraw_summary()
        elif self.tab in _LAID_OUT and self._source is not None and not self._source.live:
            self._fill(again=True)

    def _fill(self, *, again: bool = False) -> None:
        self._redraw_bar()
        if self._source is None or not self.is_mounted:
            return
        self._stop()
        filler = self._filler = Filler(
            self.view, self._source, self._clock, raw=self.raw, again=again
        )
        if not again:
            self._patience = self.set_timer(_PATIENCE_S, self._say_waiting)
        self._worker = self.run_worker(
            partial(self._work, filler),  # cancelled before it starts, it must not be a coroutine
            group="detail",
            exclusive=True,
            exit_on_error=False,
        )

    async def _work(self, filler: Filler) -> None:
        try:
            await filler.fill(self.tab)
        except ApiProblem as problem:
            self._stop_waiting()
            filler.say(problem.message)

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.stop()
            self._patience = None

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        """A mistake of ours is shown where it happened; it does not end the program."""
        if event.worker is not self._worker:
            return
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self._say_problem(f"this tab cannot be shown: {type(error).__name__}: {error}")
        if event.worker.is_finished:
            self._stop_waiting()

    def _say(self, text: str) -> None:
        self.view.show([[(text, "quiet")]])

    def _say_waiting(self) -> None:
        self._patience = None
        if self._filler is not None and not self._filler.shown:
            self._say("Asking the gateway…")

    def _say_problem(self, message: str) -> None:
        self._stop_waiting()
        if self._filler is not None:
            self._filler.say(message)

    def shown_text(self) -> str:
        """What the open tab shows, as plain text; empty when nothing is chosen."""
        return "" if self._source is None else self.view.plain

    # -- tabs ----------------------------------------------------------------

    def next_tab(self) -> None:
        """The tab to the right, around the end."""
        self._choose(TABS[(TABS.index(self.tab) + 1) % len(TABS)])

    def previous_tab(self) -> None:
        """The tab to the left, around the end."""
        self._choose(TABS[TABS.index(self.tab) - 1])

    def choose(self, tab: str) -> None:
        """A tab by name; one that there is not changes nothing."""
        if tab in TABS:
            self._choose(tab)

    def _choose(self, tab: str) -> None:
        if tab != self.tab:
            self.tab = tab
            self._found = ""
            self._fill()

    @on(TabBar.Chosen)
    def _clicked(self, event: TabBar.Chosen) -> None:
        event.stop()
        self._choose(event.name)

    def _redraw_bar(self) -> None:
        notes = [self._found]
        if self.tab in _RAW and self.raw:
            notes.append("raw")
        if not self.view.text.wrap:
            notes.append("unwrapped")
        self._bar.active = self.tab
        self._bar.notes = notes
        self._bar.redraw()

    # -- ways of looking -----------------------------------------------------

    @property
    def wrap(self) -> bool:
        """Long lines are wrapped."""
        return self.view.text.wrap

    def toggle_wrap(self) -> None:
        """Wraps long lines, or lets them run on."""
        self.view.toggle_wrap()
        self._redraw_bar()

    def toggle_raw(self) -> None:
        """Laid out, or as it came; of bodies only."""
        self.raw = not self.raw
        if self.tab in _RAW:
            self._fill()

    def search(self) -> None:
        """Opens the search line."""
        self.search_line.open()

    @on(SearchInput.Changed)
    def _sought(self, event: SearchInput.Changed) -> None:
        event.stop()
        self.view.search(event.value)

    @on(SearchInput.Left)
    def _search_left(self, event: SearchInput.Left) -> None:
        event.stop()
        if not event.keep:
            self.view.search("")
        self.view.focus()

    @on(LineView.Found)
    def _stands(self, event: LineView.Found) -> None:
        event.stop()
        sought = self.search_line.value
        self._found = f"{event.at} of {event.count}" if event.count else "no hit" if sought else ""
        self._redraw_bar()
