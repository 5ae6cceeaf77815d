"""The Keys screen: callers' keys and every limit with what is left of it."""

from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from llmgate.wire.gateway import KeyView
from llmgate.wire.limits import LimitsView
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.filter_text import exact
from llmgate_tui.screens import keys_acts as acts
from llmgate_tui.screens.body import KeyGroup, OpenTraffic
from llmgate_tui.screens.drafting import DRAFT_KEYS, Drafting
from llmgate_tui.screens.keys_file import Tree, drafted, parsed
from llmgate_tui.screens.keys_keys import KEY_KEYS, NEEDS_HOLDER, NEEDS_KEY
from llmgate_tui.screens.keys_rows import Holder, Look, columns, holders, row_ids, rows
from llmgate_tui.widgets.grid import GRID_KEYS, Grid, GridRow

_EVERY_MS: Final = 1_000


class KeysBody(Drafting):
    """Reads what is used of every limit once a second while it is shown."""

    TITLE: ClassVar[str] = "Keys"
    BINDINGS: ClassVar[list[BindingType]] = [*KEY_KEYS, *DRAFT_KEYS]
    DEFAULT_CSS = """
    KeysBody.-lost Grid > .grid--plain, KeysBody.-lost Grid > .grid--good,
    KeysBody.-lost Grid > .grid--strong { color: $quiet; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, id="keys")
        self.grid = Grid(columns(120), id="keys-grid", ellipsis=desk.glyphs.ellipsis)
        self._keys: list[KeyView] = []
        self._limits: list[LimitsView] = []
        self._file: Tree = {}
        self._made: Tree = {}  # with the draft on top
        self._made_of: tuple[Tree | None, int] = (None, -1)
        self._read_of: int | None = None  # the config version the file was read of
        self._read_ms = 0
        self._known = False
        self._problem = ""
        self._holders: dict[str, tuple[Holder, str]] = {}  # row: what it is of, which limit
        self._link_up = True
        self._reading = False
        self._wanted_row = ""
        self._offered: str | None = None  # what kind of row the keys are offered for

    def compose(self) -> ComposeResult:
        """One list, and the line of the draft."""
        yield self.grid
        yield self.draft_line

    # -- news ----------------------------------------------------------------

    def shown(self) -> None:
        """Everything as it is now."""
        self._ask(now=True)
        self.redraw()
        self.follow_draft()

    def drafted(self) -> None:
        """Rows show what the draft makes of them."""
        self.redraw()

    def steered(self) -> None:
        """Another file: read it."""
        self._read_of = None
        self._ask(now=True)

    def news(self) -> None:
        """Another config has other keys: read at once."""
        status = self.desk.traffic.status
        if status is not None and status.config_version != self._read_of and self._known:
            self._ask(now=True)
        self.follow_draft()

    def tick(self) -> None:
        """Twice a second: times run; once a second everything is read."""
        self._ask()
        self.redraw()

    def link_changed(self, link: Link) -> None:
        """What is shown is old while the connection is down: greyed."""
        self._link_up = link.up
        self.set_class(not link.up and link.word != "connecting", "-lost")
        self.grid.notify_style_update()
        self.grid.refresh()

    def _ask(self, *, now: bool = False) -> None:
        now_ms = self.desk.clock.now_ms()
        due = now or now_ms - self._read_ms >= _EVERY_MS
        if due and self._link_up and not self._reading and self.is_attached:
            self._read_ms, self._reading = now_ms, True
            self.run_worker(self._read(), group="keys-read", exit_on_error=False)

    async def _read(self) -> None:
        status, steering = self.desk.traffic.status, self.desk.steering
        version = status.config_version if status is not None else None
        try:
            if version is None or version != self._read_of:
                self.config = await steering.config()
                self._file, self._read_of = parsed(self.config.text), version
            self._keys, self._limits = await steering.keys(), await steering.limits()
        except ApiProblem as problem:
            self._problem = problem.message
        else:
            self._known, self._problem = True, ""
        finally:
            self._reading = False
        self.redraw()

    # -- what is shown -------------------------------------------------------

    def redraw(self) -> None:
        """Only lines that differ are painted."""
        if not self._known:
            said = self._problem or f"Asking the gateway at {self.desk.address}…"
            self.grid.set_rows([GridRow("-", [(said, "quiet")], selectable=False)])
            return
        found = holders(self._keys, self._limits, self._file, self._wanted())
        look = Look(
            now_ms=self.desk.clock.now_ms(),
            glyphs=self.desk.glyphs,
            moment=self.desk.clock.moment,
        )
        self._holders = {
            id: (holder, limit)
            for holder in found
            for id, limit in row_ids(holder).items()  # noqa: A001
        }
        self.grid.set_rows(rows(found, look))
        if self._wanted_row:
            self.grid.select(self._wanted_row)
            self._wanted_row = ""

    def on_resize(self, event: events.Resize) -> None:
        """Picks the columns that fit."""
        self.grid.set_columns(columns(event.size.width))

    def _wanted(self) -> Tree:
        """The file as the draft makes it; made anew when either has changed."""
        changed = self.desk.draft.changed
        if self._made_of[0] is not self._file or self._made_of[1] != changed:
            self._made_of = (self._file, changed)
            self._made = drafted(self._file, self.desk.draft.edits)
        return self._made

    def selected(self) -> tuple[Holder, str] | None:
        """The holder under the cursor, and the limit, if it stands on one."""
        return self._holders.get(self.grid.selected)

    def focus_first(self) -> None:
        """The list."""
        self.screen.set_focus(self.grid)

    def key_groups(self) -> list[KeyGroup]:
        """Its own, and those of the list."""
        return [
            (self.TITLE, self, [*KEY_KEYS, *DRAFT_KEYS]),
            ("Moving in a table", self.grid, GRID_KEYS),
        ]

    def memory(self) -> dict[str, str]:
        """Where the cursor stands."""
        return {"row": self.grid.selected} if self.grid.selected else {}

    def remember(self, memory: dict[str, str]) -> None:
        """Puts it there when the rows have come."""
        self._wanted_row = memory.get("row", "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing to the row."""
        if action not in NEEDS_HOLDER | NEEDS_KEY:
            return super().check_action(action, parameters)
        at = self.selected()
        if at is None:
            return False
        return at[0].scope == "key" if action in NEEDS_KEY else True

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        at = self.selected()
        offered = at[0].scope if at is not None else None
        if offered != self._offered:  # other keys do something now
            self._offered = offered
            self.refresh_bindings()

    @on(Grid.Chosen)
    def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        self.action_edit()

    # -- actions -------------------------------------------------------------

    def action_edit(self) -> None:
        """Its limits in a form."""
        if at := self.selected():
            self._run(lambda: acts.edit_limits(self, at[0], at[1]))

    def action_new(self) -> None:
        """A key."""
        self._run(lambda: acts.make_key(self))

    def action_add(self) -> None:
        """Limits for what has none."""
        self._run(lambda: acts.add_limit(self))

    def action_models(self) -> None:
        """What a key may ask for."""
        if at := self.selected():
            self._run(lambda: acts.edit_models(self, at[0]))

    def action_enable(self) -> None:
        """A key, or not."""
        if at := self.selected():
            self._run(lambda: acts.enable(self, at[0]), review=True)

    def action_remove(self) -> None:
        """A key on its own row, else a limit."""
        if at := self.selected():
            holder, limit = at
            if holder.scope == "key" and not limit:
                self._run(lambda: acts.revoke(self, holder), review=True)
            else:
                self._run(lambda: acts.remove_limit(self, holder, limit))

    def action_reset(self) -> None:
        """From nothing again."""
        if at := self.selected():
            self._run(lambda: acts.reset(self, at[0]))

    def action_refused(self) -> None:
        """What it refused, in Traffic."""
        if at := self.selected():
            limit = f"{at[0].scope} {at[0].name}: {at[1] or '*'}"
            self.post_message(OpenTraffic(exact("limit", limit)))

    def _run(self, work: Callable[[], Awaitable[object]], *, review: bool = False) -> None:
        async def done() -> None:
            drafted = await work()
            self._ask(now=True)
            if drafted and review:
                self.action_review()

        self.run_worker(done(), group="keys-act", exit_on_error=False)
