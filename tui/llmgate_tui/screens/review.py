"""The way of a draft into the file: what it would do, yes or no, and what to do when refused.

``review`` is awaited in a worker of any screen. The draft survives all of it: only applying it, or
dropping it when asked, ends it.
"""

from typing import ClassVar, Literal, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widget import Widget

from llmgate.wire.editing import Conflict, EditRequest, Verdict
from llmgate.wire.safe_text import safe_text
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.screens.page import Page
from llmgate_tui.steering import Refused, Stale
from llmgate_tui.verdict_text import Line, conflict_lines, running, verdict_lines

_T = TypeVar("_T")
Answer = Literal["apply", "drop", ""]
Severity = Literal["information", "warning", "error"]


class Review(Page[bool]):
    """What a change does to the file and to the traffic; True applies it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter,ctrl+s", "answer(True)", "yes", id="review.yes", tooltip="Apply it"),
        Binding("escape,q", "answer(False)", "back", id="review.back", tooltip="Back, keeping it"),
    ]

    def __init__(self, title: str, verdict: Verdict, desk: Desk, *, verb: str = "apply") -> None:
        able = verdict.ok and not verdict.problems
        keys = [("y", verb, "answer(True)"), ("esc", "back", "answer(False)")]
        if not able:
            keys = [("esc", "back: nothing is lost", "answer(False)")]
        super().__init__(title, verdict_lines(verdict, desk.glyphs), keys, desk.glyphs)
        self._able = able

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is not valid cannot be applied."""
        return self._able or parameters != (True,)

    def action_answer(self, yes: bool) -> None:
        """The answer."""
        _ = self.dismiss(yes)


class Told(Page[None]):
    """A text to read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "back", id="told.leave", tooltip="Back"),
    ]

    def __init__(self, title: str, lines: list[Line], desk: Desk) -> None:
        super().__init__(title, lines, [("esc", "back", "leave")], desk.glyphs)

    def action_leave(self) -> None:
        """Back."""
        _ = self.dismiss(None)


class Clash(Page[Answer]):
    """The file has moved: theirs, yours, both; what now?"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer('apply')", "apply on top", id="clash.apply", tooltip="Apply on top"),
        Binding("x", "answer('drop')", "drop", id="clash.drop", tooltip="Drop the draft"),
        Binding("escape,q", "answer('')", "keep", id="clash.keep", tooltip="Keep the draft"),
    ]

    def __init__(self, conflict: Conflict, desk: Desk) -> None:
        self._able = not conflict.merge_problem
        keys = [("a", "apply on top", "answer('apply')")] if self._able else []
        keys += [("x", "drop the draft", "answer('drop')"), ("esc", "keep it", "answer('')")]
        title = "The file has changed since your first edit"
        super().__init__(title, conflict_lines(conflict), keys, desk.glyphs)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is applied on top of what it does not fit."""
        return self._able or parameters != ("apply",)

    def action_answer(self, answer: Answer) -> None:
        """The answer."""
        _ = self.dismiss(answer)


async def review(where: Widget, desk: Desk) -> bool:
    """Shows what the draft does and applies it when told to; True when it was applied."""
    draft = desk.draft
    if not len(draft):
        say(where, "nothing is drafted")
        return False
    try:
        verdict = await desk.steering.validate(EditRequest(edits=list(draft.edits)), draft.etag)
    except Stale as stale:
        return await _clash(where, desk, stale.conflict)
    except Refused as refused:
        verdict = refused.verdict
    except ApiProblem as problem:
        failed(where, "the draft is kept", problem)
        return False
    return await _judge(where, desk, verdict)


async def _judge(where: Widget, desk: Desk, verdict: Verdict) -> bool:
    """The diff, and the answer to it."""
    desk.draft.verdict = verdict
    if not await asked(where, Review(_title(desk), verdict, desk)):
        return False
    return await _apply(where, desk)


async def _apply(where: Widget, desk: Desk) -> bool:
    draft = desk.draft
    request = EditRequest(edits=list(draft.edits), note=draft.note())
    try:
        verdict = await desk.steering.apply(request, draft.etag)
    except Stale as stale:
        return await _clash(where, desk, stale.conflict)
    except Refused as refused:
        return await _judge(where, desk, refused.verdict)
    except ApiProblem as problem:
        failed(where, "not applied, the draft is kept", problem)
        return False
    draft.drop()
    say(where, running(verdict))
    for warning in verdict.warnings[:3]:
        say(where, warning, "warning")
    return True


async def _clash(where: Widget, desk: Desk, conflict: Conflict) -> bool:
    desk.draft.conflict = conflict
    match await asked(where, Clash(conflict, desk)):
        case "apply":
            desk.draft.rebase(conflict)
            return await _apply(where, desk)
        case "drop":
            desk.draft.drop()
            say(where, "the draft is dropped")
        case _:
            pass
    return False


async def asked(where: Widget, screen: ModalScreen[_T]) -> _T | None:
    """The answer given on a screen laid over this one."""
    return await where.app.push_screen_wait(screen)


def failed(where: Widget, what: str, problem: ApiProblem) -> None:
    """Says what was not done, and why."""
    say(where, f"{what}: {problem.message}", "error")


def say(where: Widget, text: str, severity: Severity = "information") -> None:
    """A word on the screen for a few seconds; names in it may hold anything."""
    where.notify(safe_text(text), severity=severity, markup=False)


def _title(desk: Desk) -> str:
    count = len(desk.draft)
    return "1 edit" if count == 1 else f"{count} edits"
