"""What the screens that edit the config have in common: the draft, its keys, undo and redo."""

import asyncio
from typing import ClassVar, Final

import msgspec
from textual.binding import Binding, BindingType
from textual.timer import Timer

from llmgate.wire.editing import Edit, EditRequest, Verdict
from llmgate.wire.gateway import ConfigView
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body, DraftChanged
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.review import asked, failed, review, say
from llmgate_tui.steering import Refused, Stale
from llmgate_tui.verdict_text import effect_lines, running
from llmgate_tui.widgets.draft_line import DraftLine
from llmgate_tui.widgets.line_look import ASCII_TWINS

_QUIET_S: Final = 0.3  # after the last edit, before the gateway is asked about them

DRAFT_KEYS: Final[list[BindingType]] = [
    Binding("ctrl+s", "review", "apply", id="draft.review", tooltip="See what the draft does"),
    Binding(
        "u",
        "undo",
        "undo",
        id="draft.undo",
        tooltip="Undo: the draft's last edit, or the last change of the file",
    ),
    Binding("U", "redo", "redo", id="draft.redo", tooltip="Redo what was undone", show=False),
    Binding(
        "i",
        "write_file",
        "write file",
        id="draft.write_file",
        tooltip="Write the config file there is not yet",
    ),
    Binding("ctrl+r", "drop_draft", "drop draft", id="draft.drop", tooltip="Drop the draft"),
]
"""To be added to the bindings of a screen that is a ``Drafting``."""


class Drafting(Body):
    """Knows the config that edits are made on; tells ``drafted`` and ``steered`` what happens.

    Compose ``self.draft_line`` at the foot.
    """

    DRAFT_TITLE: ClassVar[str] = "Draft"

    def __init__(self, desk: Desk, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.desk = desk
        self.config: ConfigView | None = None
        self.draft_line = DraftLine(desk.draft, desk.glyphs)
        self._seen: tuple[int, int, str] = (
            -1,
            0,
            "",
        )  # draft, version, what is wrong with the file
        self._turn = asyncio.Lock()
        self._pause: Timer | None = None

    # -- for the screen to fill in ---------------------------------------------

    def drafted(self) -> None:
        """The draft is another one: show it."""

    def steered(self) -> None:
        """The file is (or may be) another one: read what is shown again."""

    def judged(self) -> None:
        """The gateway has said what it thinks of the draft."""

    # -- drafting --------------------------------------------------------------

    async def read_config(self) -> bool:
        """Reads the config that edits are made on; False when it cannot be read."""
        try:
            self.know(await self.desk.steering.config())
        except ApiProblem:
            return False
        self.follow_draft()
        return True

    def know(self, config: ConfigView) -> None:
        """The config as it is now; a draft made on another one is asked about again."""
        moved = self.config is not None and self.config.etag != config.etag
        self.config = config
        if moved and self.outrun():
            self._check_soon()

    def outrun(self) -> bool:
        """The draft was made on another file than the one that is known now."""
        draft = self.desk.draft
        return bool(len(draft)) and self.config is not None and draft.etag != self.config.etag

    def put(self, edit: Edit, note: str) -> bool:
        """One more edit in the draft; False, with a reason on the screen, when there is no file."""
        if self.config is None:
            say(self, "the config is not known yet", "warning")
            return False
        if not self.config.editable:
            said = "there is no config file yet: i writes one"
            say(self, said, "warning")
            return False
        self.desk.draft.add(edit, note, etag=self.config.etag)
        self.follow_draft()
        return True

    def follow_draft(self) -> None:
        """Shows the draft if it has changed, here or elsewhere."""
        status = self.desk.traffic.status
        file = (status.config_version, status.config_problem) if status is not None else (0, "")
        seen = (self.desk.draft.changed, *file)  # another file is another verdict on the draft
        if self._seen == seen or not self.is_attached:
            return
        self._seen = seen
        self.drafted()
        self.draft_line.redraw()
        self.post_message(DraftChanged())
        self.refresh_bindings()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(_QUIET_S, self._check_soon)

    def _check_soon(self) -> None:
        if len(self.desk.draft):
            self.run_worker(self._check(), group="check", exclusive=True)

    async def _check(self) -> None:
        """What the gateway says of the draft, for the line at the foot."""
        draft = self.desk.draft
        changed = draft.changed
        try:
            verdict = await self.desk.steering.validate(
                EditRequest(edits=list(draft.edits)), draft.etag
            )
        except Stale as stale:
            if draft.changed == changed:
                draft.conflict = stale.conflict
        except Refused as refused:
            self._note(changed, refused.verdict)
        except ApiProblem:
            return  # the header says how the connection stands; the draft is kept
        else:
            self._note(changed, verdict)
        self.draft_line.redraw()
        self.judged()

    def _note(self, changed: int, verdict: Verdict) -> None:
        if self.desk.draft.changed == changed:
            self.desk.draft.verdict, self.desk.draft.conflict = verdict, None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key is offered for a draft or a file that there is not."""
        if action == "write_file":
            return self.config is not None and not self.config.editable
        return action not in {"review", "drop_draft"} or bool(len(self.desk.draft))

    # -- actions ---------------------------------------------------------------

    def action_review(self) -> None:
        """What would happen; and then, when told to, it does."""
        self.run_worker(self._review(), group="steer", exclusive=True)

    async def _review(self) -> None:
        if await review(self, self.desk):
            self.steered()
        self.follow_draft()
        self.draft_line.redraw()

    def action_drop_draft(self) -> None:
        """Forgets every edit, after a question."""
        self.run_worker(self._drop_draft(), group="steer", exclusive=True)

    async def _drop_draft(self) -> None:
        count = len(self.desk.draft)
        if not count:
            say(self, "nothing is drafted")
            return
        edits = "1 edit" if count == 1 else f"{count} edits"
        if await asked(self, Confirm(f"Drop the draft of {edits}?", "drop")):
            self.desk.draft.drop()
            self.follow_draft()

    def action_write_file(self) -> None:
        """Gives a config that was built from the environment a file."""
        self.run_worker(self._write_file(), group="steer", exclusive=True)

    async def _write_file(self) -> None:
        try:
            verdict = await self.desk.steering.write_file()
        except Refused as refused:
            say(self, f"no file was written: {refused}", "error")
        except (ApiProblem, Stale) as problem:
            say(self, f"no file was written: {problem}", "error")
        else:
            await self.read_config()
            file = self.config.file if self.config is not None else ""
            say(self, "\n".join([f"the config has a file now: {file}", *verdict.effects[:3]]))
        self.steered()

    def action_undo(self) -> None:
        """The draft's last edit, else the file's."""
        if len(self.desk.draft):
            note = self.desk.draft.take_back()
            say(self, f"taken back: {note}")
            self.follow_draft()
        else:
            self.run_worker(self._step("undo"), group="steps")

    def action_redo(self) -> None:
        """What was taken back last."""
        if note := self.desk.draft.make_again():
            say(self, f"again: {note}")
            self.follow_draft()
        elif len(self.desk.draft):
            said = "nothing to redo in the draft: apply or drop it first"
            say(self, said, "warning")
        else:
            self.run_worker(self._step("redo"), group="steps")

    async def _step(self, which: str) -> None:
        """One revision back or forward; keys pressed meanwhile wait for their turn."""
        async with self._turn:
            await self._step_now(which)

    async def _step_now(self, which: str) -> None:
        if self.config is None and not await self.read_config():
            say(self, f"no {which}: the gateway does not answer", "error")
            return
        etag = self.config.etag if self.config is not None else ""
        steering = self.desk.steering
        try:
            verdict = await (steering.undo(etag) if which == "undo" else steering.redo(etag))
        except Stale:
            said = f"the file has just changed: look at it, then {which} again"
            say(self, said, "warning")
        except Refused as refused:
            say(self, f"no {which}: {refused}", "error")
        except ApiProblem as problem:
            failed(self, f"no {which}", problem)
        else:
            self._take_over(verdict)
            say(self, self._stepped(which, verdict))
        self.steered()

    def _take_over(self, verdict: Verdict) -> None:
        """What the next step is made on, before the config has been read again."""
        if self.config is not None:
            self.config = msgspec.structs.replace(
                self.config, etag=verdict.etag, version=verdict.version
            )

    def _stepped(self, which: str, verdict: Verdict) -> str:
        lines = effect_lines(verdict, self.desk.glyphs)[:5]
        said = ["".join(text for text, _ in line) for line in lines]
        if self.desk.glyphs.dot.isascii():
            said = [line.translate(ASCII_TWINS) for line in said]
        if not said and not verdict.diff:
            return f"{running(verdict, undo=False)}: the {which} changed nothing in the file"
        way = "U redoes it" if which == "undo" else "u undoes it"
        return "\n".join([f"{running(verdict, undo=False)} ({which}): {way}", *said])
