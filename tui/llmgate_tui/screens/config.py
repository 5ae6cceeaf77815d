"""The Config screen: the file with its problems, the draft, every version there was."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker

from llmgate.wire.editing import History
from llmgate.wire.gateway import ConfigView
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.screens import config_acts as acts
from llmgate_tui.screens import config_history as histories
from llmgate_tui.screens.body import KeyGroup
from llmgate_tui.screens.config_file import FileText, file_text, first_problem, toned
from llmgate_tui.screens.config_head import MODES, ConfigHead, Mode, Shown
from llmgate_tui.screens.config_keys import CONFIG_KEYS
from llmgate_tui.screens.drafting import Drafting
from llmgate_tui.screens.review import say
from llmgate_tui.verdict_text import Line, verdict_lines
from llmgate_tui.widgets.find_line import FindLine
from llmgate_tui.widgets.grid import GRID_KEYS, Grid
from llmgate_tui.widgets.line_look import KEYS as TEXT_KEYS
from llmgate_tui.widgets.line_view import LineView


class ConfigBody(Drafting):
    """One of three: file, draft, history."""

    TITLE: ClassVar[str] = "Config"
    BINDINGS: ClassVar[list[BindingType]] = CONFIG_KEYS
    DEFAULT_CSS = """
    ConfigBody > .-aside { display: none; }
    ConfigBody.-lost .line-view--key, ConfigBody.-lost Grid > .grid--plain { color: $quiet; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, id="config")
        plain = desk.glyphs.dot.isascii()
        self.mode: Mode = "file"
        self.head = ConfigHead(self._told, desk.glyphs)
        self.file = LineView(ascii=plain, id="config-file")
        self.draft = LineView(ascii=plain, id="config-draft")
        self.grid = Grid(histories.COLUMNS, id="config-history", ellipsis=desk.glyphs.ellipsis)
        self.history = History()
        self._find = FindLine("find in the text", id="config-find")
        self._text = FileText([], [])
        self._offered = False  # keys for a revision
        self._shown_of: ConfigView | None = None
        self._read_of: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """The head, one of three below, the draft at the foot."""
        yield self.head
        yield self._find
        yield self.file
        yield self.draft
        yield self.grid
        yield self.draft_line

    def on_mount(self) -> None:
        """Begins with the file."""
        self._show_mode()
        self.file.show([[(f"Waiting for the gateway at {self.desk.address}.", "")]])

    def _told(self) -> Shown:
        return Shown(self.mode, self.config, len(self.desk.draft))

    def _pane(self) -> Widget:
        panes: dict[Mode, Widget] = {"file": self.file, "draft": self.draft, "history": self.grid}
        return panes[self.mode]

    def focus_first(self) -> None:
        """What is shown."""
        self.screen.set_focus(self._pane())

    def key_groups(self) -> list[KeyGroup]:
        """Its own, and those of its parts."""
        return [
            (self.TITLE, self, CONFIG_KEYS),
            ("Moving in the history", self.grid, GRID_KEYS),
            ("Moving in the file", self.file, TEXT_KEYS),
        ]

    def memory(self) -> dict[str, str]:
        """Which of the three."""
        return {"mode": self.mode}

    def remember(self, memory: dict[str, str]) -> None:
        """The same as last time."""
        for mode in MODES:
            if mode == memory.get("mode"):
                self.mode = mode
        if self.is_attached:
            self._show_mode()

    # -- news ----------------------------------------------------------------

    def shown(self) -> None:
        """Everything as it is now."""
        self.follow_draft()
        self.draft_line.redraw()
        self.steered()

    def steered(self) -> None:
        """Reads config and history again."""
        _: Worker[None] = self.run_worker(self._read, group="read", exclusive=True)

    def news(self) -> None:
        """Another version runs, or another one was refused."""
        if self._facts() != self._read_of:
            self.steered()

    def tick(self) -> None:
        """Edits made elsewhere."""
        self.follow_draft()

    def link_changed(self, link: Link) -> None:
        """What is shown is old while the connection is down."""
        self.set_class(not link.up and link.word != "connecting", "-lost")
        if link.up and self.config is None:
            self.steered()

    def _facts(self) -> tuple[object, ...]:
        status = self.desk.traffic.status
        if status is None:
            return ()
        return status.config_version, status.rejected_version, status.config_problem

    async def _read(self) -> None:
        self._read_of = self._facts()
        try:
            config = await self.desk.steering.config()
            self.history = await self.desk.steering.history()
        except ApiProblem as problem:
            if self.config is None:
                self.file.show([[(problem.message, "bad")]])
            return
        self.know(config)
        self._show_file(config)
        self._show_history()
        self.head.redraw()
        self.refresh_bindings()

    def _show_file(self, config: ConfigView) -> None:
        if config != self._shown_of:
            self._text = file_text(config, self.desk.glyphs)
            self.file.show(self._text.items, toned, keep_place=self._shown_of is not None)
            self._shown_of = config

    def _show_history(self) -> None:
        found = histories.rows(self.history.revisions, self.desk.glyphs, self.desk.clock.moment)
        self.grid.set_rows(found)

    def drafted(self) -> None:
        """The draft is another one."""
        self.judged()
        self.head.redraw()

    def judged(self) -> None:
        """The draft and what the gateway says of it."""
        draft = self.desk.draft
        lines: list[Line] = []
        if not len(draft):
            lines.append([("Nothing is drafted. Routes (3) and Keys (4) draft edits.", "quiet")])
            lines.append([("u undoes the last change of the file, U redoes it.", "quiet")])
        for number, note in enumerate(draft.notes, 1):
            lines.append([(f"{number:>3}  ", "quiet"), (note, "")])
        if len(draft) and draft.conflict is not None:
            said = "the file has changed since: ctrl+s shows both"
            lines += [[], [(f"{self.desk.glyphs.warning} {said}", "warn")]]
        elif draft.verdict is not None and len(draft):
            lines += [[], *verdict_lines(draft.verdict, self.desk.glyphs)]
        self.draft.show(lines, keep_place=True)

    # -- modes ---------------------------------------------------------------

    def action_mode(self, by: int) -> None:
        """The next of the three."""
        self.mode = MODES[(MODES.index(self.mode) + by) % len(MODES)]
        self._show_mode()
        self.focus_first()

    def _show_mode(self) -> None:
        for widget in (self.file, self.draft, self.grid):
            widget.set_class(widget is not self._pane(), "-aside")
        self.head.redraw()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No keys are offered that do nothing here."""
        if action in {"open", "roll_back"}:
            return self.mode == "history" and self._number() is not None
        if action in {"find", "wrap"}:
            return self.mode != "history"
        if action in {"editor", "copy_path"}:
            return self.config is not None and self.config.editable
        return super().check_action(action, parameters)

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        if self._offered != bool(event.id):
            self._offered = bool(event.id)
            self.refresh_bindings()

    @on(Grid.Chosen)
    def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_back(self) -> None:
        """Out of the search, else to the file."""
        if not self._find.clear_text() and self.mode != "file":
            self.action_mode(-MODES.index(self.mode))

    # -- the text ------------------------------------------------------------

    def _view(self) -> LineView:
        return self.draft if self.mode == "draft" else self.file

    def action_find(self) -> None:
        """In what is shown."""
        self._find.open()

    @on(FindLine.Sought)
    def _seek(self, event: FindLine.Sought) -> None:
        event.stop()
        self._view().search(event.text)

    @on(FindLine.Left)
    def _found(self, event: FindLine.Left) -> None:
        event.stop()
        self.focus_first()

    def action_wrap(self) -> None:
        """Long lines."""
        self._view().toggle_wrap()

    def action_copy_path(self) -> None:
        """For another terminal."""
        if self.config is not None:
            self.app.copy_to_clipboard(self.config.file)
            say(self, f"copied: {self.config.file}")

    # -- the file and its history ---------------------------------------------

    def action_validate(self) -> None:
        """The file on disk, now."""
        self.run_worker(acts.check(self), group="steer", exclusive=True)

    def action_editor(self) -> None:
        """The person's own, at the line."""
        if self.config is not None and acts.edit_file(self, self.config, self._line(self.config)):
            self.action_validate()

    def _line(self, config: ConfigView) -> int:
        if line := first_problem(config):
            return line
        if self.mode != "file" or not self.file.text.rows:
            return 1
        row = min(self.file.scroll_offset.y, self.file.text.rows - 1)
        return self._text.line_at(self.file.text.row(row).line)

    def _number(self) -> int | None:
        return int(self.grid.selected) if self.grid.selected.isdecimal() else None

    def action_open(self) -> None:
        """What the revision under the cursor changed."""
        if (number := self._number()) is not None:
            self.run_worker(acts.show_revision(self, number), group="ask", exclusive=True)

    def action_roll_back(self) -> None:
        """To the one under the cursor, after its diff."""
        if (number := self._number()) is not None and self.config is not None:
            work = acts.roll_back(self, number, self.config)
            self.run_worker(work, group="steer", exclusive=True)
