"""What to send and what was sent at the left, where to and what it costs at the right."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widget import Widget

from llmgate.wire.replays import ReplaySpec, ReplayView
from llmgate_tui import replay_text
from llmgate_tui.desk import Desk
from llmgate_tui.replay_plan import plan_of, spec_of
from llmgate_tui.screens import replay_acts as acts
from llmgate_tui.screens.replay_cost import ReplayCost
from llmgate_tui.screens.replay_form import ADD, START, ReplayForm
from llmgate_tui.screens.replay_keys import FORM_KEYS
from llmgate_tui.screens.replay_list import ReplayList
from llmgate_tui.screens.replay_sets import ReplaySets
from llmgate_tui.screens.review import say
from llmgate_tui.text import clean
from llmgate_tui.widgets.find_line import FindLine
from llmgate_tui.widgets.grid import Grid

_LOW = 14  # below this height there is room for one pane
_WIDE = 90  # from this width on both halves stand side by side


class ReplaySetup(Container):
    """Four panes; posts ``Started`` and ``Opened``."""

    BINDINGS: ClassVar[list[BindingType]] = FORM_KEYS
    DEFAULT_CSS = """
    ReplaySetup { height: 1fr; layout: horizontal; }
    ReplaySetup > Vertical { width: 1fr; height: 1fr; }
    ReplaySetup #replay-list { margin-top: 1; }
    ReplaySetup #replay-right { border-left: solid $rule; }
    ReplaySetup.-narrow #replay-right { border-left: none; display: none; }
    ReplaySetup.-narrow.-inside #replay-right { display: block; }
    ReplaySetup.-narrow.-inside #replay-left { display: none; }
    ReplaySetup.-low #replay-list { margin-top: 0; }
    ReplaySetup.-low ReplaySets Grid, ReplaySetup.-low ReplayForm,
    ReplaySetup.-low ReplayForm Grid { height: 1fr; }
    ReplaySetup.-low #replay-list, ReplaySetup.-low #replay-cost { display: none; }
    ReplaySetup.-low.-second #replay-list, ReplaySetup.-low.-second #replay-cost { display: block; }
    ReplaySetup.-low.-second ReplaySets, ReplaySetup.-low.-second ReplayForm { display: none; }
    """

    class Opened(Message):
        """Show this replay's matrix."""

        def __init__(self, replay: ReplayView) -> None:
            super().__init__()
            self.replay = replay

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay-setup")
        self.desk = desk
        self.sets = ReplaySets(desk)
        self.list = ReplayList(desk)
        self.form = ReplayForm(desk)
        self.cost = ReplayCost(desk)
        self._offered: list[bool | None] = []

    def compose(self) -> ComposeResult:
        """Two halves."""
        with Vertical(id="replay-left"):
            yield self.sets
            yield self.list
        with Vertical(id="replay-right"):
            yield self.form
            yield self.cost

    # -- news ------------------------------------------------------------------

    def shown(self) -> None:
        """Everything as it is now."""
        self.sets.redraw()
        self.list.redraw()
        self.list.ask()

    def tick(self) -> None:
        """Marks may have changed; a replay may run."""
        self.sets.follow_marks()
        self.list.tick()

    def spec(self) -> ReplaySpec:
        """What the form says now."""
        chosen = self.sets.chosen
        ids = chosen.ids if chosen is not None else ()
        return spec_of(self.form.plan, ids, chosen.protocols if chosen is not None else ())

    @on(ReplaySets.Changed)
    @on(ReplayForm.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        chosen = self.sets.chosen
        self.form.protocols = chosen.protocols if chosen is not None else set()
        self.cost.about(self.spec())

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        self._offer()

    @on(Grid.Chosen)
    def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        self.action_open()

    # -- room ------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """One half, or one pane, where there is little room."""
        self.set_class(event.size.width < _WIDE, "-narrow")
        self.set_class(event.size.height < _LOW, "-low")
        self.call_after_refresh(self.cost.redraw)

    def panes(self) -> list[Widget]:
        """What the focus goes round through."""
        return [self.sets.grid, self.list.grid, self.form.grid, self.cost.text]

    def go(self, goal: Widget) -> None:
        """Gives a pane the keys, and shows it; not while the screen is still being made."""
        if not self.is_attached:
            return
        at = self.panes().index(goal)
        self.set_class(at > 1, "-inside")
        self.set_class(at % 2 == 1, "-second")
        self.screen.set_focus(goal)
        self._offer()

    def focus_form(self) -> None:
        """Where to send it, or, when that is known, the start."""
        self.form.grid.select(START if self.form.plan.targets else ADD)
        self.go(self.form.grid)

    @on(FindLine.Left)
    def _found(self, event: FindLine.Left) -> None:
        event.stop()
        self.go(self.sets.grid)

    # -- actions -----------------------------------------------------------------

    def _where(self) -> Widget | None:
        return self.screen.focused if self.is_attached else None

    def _offer(self) -> None:
        """The keys at the foot follow the cursor and the focus; drawn when they are others."""
        able = [self.check_action(action, ()) for action in ("remove", "reuse", "stop", "resume")]
        if able != self._offered:
            self._offered = able
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing where the focus is."""
        where = self._where()
        if action in {"stop", "resume"}:
            return self._meant(action) is not None
        if action in {"reuse", "delete"}:
            return where is self.list.grid and self.list.replay is not None
        if action in {"remove", "nudge"}:
            return where is self.form.grid
        return True

    def action_open(self) -> None:
        """What the cursor stands on, in whichever pane."""
        where = self._where()
        if where is self.list.grid:
            if (replay := self.list.replay) is not None:
                self.post_message(self.Opened(replay))
        elif where is self.form.grid and self.form.grid.selected == START:
            self.action_start()
        elif where is self.form.grid:
            self.run_worker(self.form.edit(), group="edit", exclusive=True)
        elif where is self.sets.grid and self._untyped():
            self.action_find()
        else:
            self.focus_form()

    def _untyped(self) -> bool:
        """The cursor stands on a filter that lets nothing through yet."""
        chosen = self.sets.chosen
        return chosen is not None and chosen.id == "typed" and not chosen.ids

    def action_add_target(self) -> None:
        """One more."""
        self.run_worker(self.form.add_target(), group="edit", exclusive=True)

    def action_remove(self) -> None:
        """One less."""
        if not self.form.drop():
            say(self, "d removes the target or field under the cursor")

    def action_nudge(self, by: int) -> None:
        """A count."""
        self.form.nudge(by)

    def action_find(self) -> None:
        """A filter of its own."""
        self.go(self.sets.grid)
        self.sets.find.open()

    def action_other(self, by: int) -> None:
        """The next pane."""
        panes, where = self.panes(), self._where()
        at = panes.index(where) if where in panes else 0
        self.go(panes[(at + by) % len(panes)])

    def action_back(self) -> None:
        """To the sets."""
        self.go(self.sets.grid)

    def action_start(self) -> None:
        """After a question, when it costs something."""
        spec = self.spec()
        if not spec.ids:
            say(self, "nothing is chosen: a set at the left says what to send")
        elif not spec.targets:
            say(self, "no target is chosen: a adds one")
        else:
            self.run_worker(self._start(spec), group="start", exclusive=True)

    async def _start(self, spec: ReplaySpec) -> None:
        replay = await acts.start(self, self.desk, spec)
        if replay is not None:
            self.list.know(replay)
            self.post_message(self.Opened(replay))

    def action_stop(self) -> None:
        """The one under the cursor."""
        self._steer("stop")

    def action_resume(self) -> None:
        """The one under the cursor."""
        self._steer("resume")

    def _steer(self, what: acts.Steer) -> None:
        if (replay := self._meant(what)) is not None:
            work = acts.steer(self, self.desk, replay, what, self.list.know)
            self.run_worker(work, group="steer", exclusive=True, exit_on_error=False)

    def _meant(self, what: str) -> ReplayView | None:
        """The replay under the cursor; with the focus elsewhere the newest that this is for."""
        able = replay_text.active if what == "stop" else acts.resumable
        here = self.list.replay if self._where() is self.list.grid else None
        known = self.list.replays.values() if here is None else (here,)
        return next(filter(able, known), None)

    def action_reuse(self) -> None:
        """Its settings, and what it sent."""
        if (replay := self.list.replay) is not None:
            self.form.take(plan_of(replay.spec))
            if replay.spec.ids:
                self.sets.give(replay.spec.ids)
            self.focus_form()

    def action_delete(self) -> None:
        """After a question."""
        if (replay := self.list.replay) is not None:
            self.run_worker(self._delete(replay), group="delete", exclusive=True)

    async def _delete(self, replay: ReplayView) -> None:
        if await acts.delete(self, self.desk, replay):
            self.list.forget(replay.id)
            self.notify(f"deleted: {clean(replay.id)}", timeout=3, markup=False)
