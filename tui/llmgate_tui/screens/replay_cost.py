"""What a replay would send and cost, asked for as the form changes."""

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.worker import Worker

from llmgate.wire.replays import ReplayEstimate, ReplaySpec
from llmgate_tui import replay_text
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.widgets.heading import Heading
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.line_view import LineView

_QUIET_S = 0.3  # after the last change


class ReplayCost(Vertical):
    """Asks no more than the last question; an older answer is dropped."""

    DEFAULT_CSS = "ReplayCost { height: 1fr; }"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay-cost")
        self._desk = desk
        self.text = LineView(ascii=desk.glyphs.dot.isascii(), id="replay-cost-text")
        self._heading = Heading(desk.glyphs, id="replay-cost-heading")
        self._spec = ReplaySpec()
        self._asked: ReplaySpec | None = None  # what the estimate is of
        self._estimate: ReplayEstimate | None = None
        self._problem = ""
        self._lines: list[Line] = []
        self._soon: Timer | None = None
        self._asking: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """A title, a text."""
        yield self._heading
        yield self.text

    def on_mount(self) -> None:
        """What to do first."""
        self._heading.say([("before it starts", "strong")])
        self.redraw()

    def about(self, spec: ReplaySpec) -> None:
        """Another form; asked for when it has stood still for a moment."""
        if spec == self._spec:
            return
        self._spec = spec
        if self._soon is not None:
            self._soon.stop()
        if spec.ids and spec.targets and spec != self._asked:
            self._soon = self.set_timer(_QUIET_S, self._ask)
        self.redraw()

    def again(self) -> None:
        """The connection is back, or something was sent: what was asked may have changed."""
        self._asked = None
        if self._spec.ids and self._spec.targets:
            self._ask()

    def _ask(self) -> None:
        spec = self._spec
        self._asking = self.run_worker(
            partial(self._read, spec), group="estimate", exclusive=True, exit_on_error=False
        )

    async def _read(self, spec: ReplaySpec) -> None:
        try:
            self._estimate, self._problem = await self._desk.replaying.estimate(spec), ""
        except ApiProblem as problem:
            self._estimate, self._problem = None, problem.message
        self._asked = spec
        self.redraw()

    def redraw(self) -> None:
        """Painted when it says something else."""
        if not self.is_attached:
            return
        lines = self._said()
        if lines != self._lines:
            self._lines = lines
            self.text.show(lines, keep_place=True)

    def _said(self) -> list[Line]:
        spec, glyphs = self._spec, self._desk.glyphs
        if not spec.ids or not spec.targets or self._asked is None:
            return replay_text.first_steps(len(spec.ids), [str(one) for one in spec.targets])
        if self._problem:
            return [[(f"{glyphs.bad} ", "bad"), (self._problem, "")]]
        if self._estimate is None:
            return []
        width = self.text.scrollable_content_region.width or self.size.width
        known = replay_text.estimate_lines(self._estimate, glyphs, width)
        return [*known, [], *self._start()]

    def _start(self) -> list[Line]:
        able = self._estimate is not None and self._estimate.requests > 0
        return [[("ctrl+s", "accent"), (" starts it", "")]] if able else []
