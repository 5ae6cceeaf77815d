"""A form over the screen: named values, checked as they are typed, never lost by a refusal."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.suggester import Suggester, SuggestFromList
from textual.widgets import Input, Static

from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.text import clean
from llmgate_tui.widgets.choices import Choices
from llmgate_tui.widgets.clean_input import CleanInput

Values = dict[str, str]
Check = Callable[[Values], str]
"""What is wrong with the values; empty when nothing is."""

_AROUND = 6  # lines of a form that are not fields


class Field(msgspec.Struct, frozen=True):
    """``hint`` stands in an empty field; ``known`` are offered while typing, right takes one."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    known: Sequence[str] = ()
    words: Sequence[str] | None = None  # known, of a field that takes several with blanks between


class LastWord(Suggester):
    """Completes the word that is being typed, among several."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(case_sensitive=True)
        self._words = words

    async def get_suggestion(self, value: str) -> str | None:
        """The whole text with its last word completed by one that is not there yet."""
        *there, begun = value.split(" ")
        for word in self._words:
            if begun and word.startswith(begun) and word != begun and word not in there:
                return value + word[len(begun) :]
        return None


class Form(ModalScreen[Values | None]):
    """Enter goes on to the next field, in the last one it submits; ctrl+s submits from anywhere."""

    DEFAULT_CSS = """
    Form { align: center middle; background: $background 60%; }
    Form > Vertical {
        width: 90%; max-width: 72; height: auto; max-height: 95%; background: $panel; padding: 1 2;
    }
    Form #form-title { color: $accent; height: auto; margin-bottom: 1; }
    Form VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    Form .form-label { color: $quiet; height: 1; }
    Form CleanInput { margin-bottom: 1; background: $boost; height: 1; border: none; padding: 0 1; }
    Form CleanInput:focus { background: $block-cursor-background; border: none; }
    Form .form-row { height: 1; }
    Form .form-row .form-label { width: 60%; max-width: 30; text-wrap: nowrap; }
    Form .form-row CleanInput { margin-bottom: 0; width: 1fr; }
    Form #form-problem { color: $error; height: auto; }
    Form #form-keys { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "take", id="form.submit", tooltip="Take the values"),
        Binding("escape", "leave", "leave", id="form.leave", tooltip="Leave the form"),
        Binding("down", "app.focus_next", "next", id="form.next", tooltip="Next field", show=False),
        Binding(
            "up",
            "app.focus_previous",
            "previous",
            id="form.up",
            tooltip="Previous field",
            show=False,
        ),
    ]

    def __init__(  # noqa: PLR0913 - a form is what it is told
        self,
        title: str,
        fields: Sequence[Field],
        check: Check,
        *,
        verb: str = "take",
        compact: bool = False,
        first: str = "",
        careful: bool = False,
    ):
        """``compact``: labels stand beside their fields; ``first`` is typed in first; a
        ``careful`` form asks before what was typed is lost.
        """
        super().__init__()
        self._careful = careful
        self._compact = compact
        self._first = first
        self._title = title
        self._fields = list(fields)
        self._check = check
        self._verb = verb
        self._touched = False

    def compose(self) -> ComposeResult:
        """Title, fields, the problem, the keys."""
        with Vertical():
            yield Static(Content(clean(self._title)), id="form-title", markup=False)
            with VerticalScroll(can_focus=False):
                for field in self._fields:
                    yield from self._row(field)
            yield Static("", id="form-problem", markup=False)
            keys = [("ctrl+s", self._verb, "submit"), ("esc", "leave", "leave")]
            yield Choices([("enter", "next", "next"), *keys], id="form-keys")

    def _row(self, field: Field) -> ComposeResult:
        label = Static(Content(clean(field.label)), classes="form-label", markup=False)
        entry = CleanInput(field.hint, id=f"form-{field.name}")
        entry.value = field.value
        if field.known:
            known = [clean(name) for name in field.known]
            entry.suggester = SuggestFromList(known, case_sensitive=False)
        if field.words is not None:
            entry.suggester = LastWord([clean(name) for name in field.words])
        if self._compact:
            yield Horizontal(label, entry, classes="form-row")
        else:
            yield label
            yield entry

    def on_mount(self) -> None:
        """Typing begins in the field it was opened for."""
        if self._first:
            self.query_one(f"#form-{self._first}", Input).focus()

    def on_resize(self, event: Resize) -> None:
        """The fields scroll; the problem and the keys stay in sight."""
        room = event.size.height * 95 // 100 - _AROUND
        for fields in self.query(VerticalScroll):  # none when it is left before it was composed
            fields.styles.max_height = max(2, room)

    def values(self) -> Values:
        """As typed, without spaces around."""
        return {
            field.name: self.query_one(f"#form-{field.name}", Input).value.strip()
            for field in self._fields
        }

    @on(Input.Changed)
    def _typed(self) -> None:
        """Nothing is wrong with a form before anything is typed."""
        values = self.values()
        if self._touched or values != {field.name: field.value for field in self._fields}:
            self._touched = True
            self._say(self._check(values))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == f"form-{self._fields[-1].name}":
            self.action_submit()
        else:
            self.focus_next()

    def _say(self, problem: str) -> None:
        self.query_one("#form-problem", Static).update(Content(clean(problem)))

    def action_next(self) -> None:
        """To the next field."""
        self.focus_next()

    def action_submit(self) -> None:
        """Takes the values if nothing is wrong with them."""
        values = self.values()
        if problem := self._check(values):
            self._say(problem)
            return
        _ = self.dismiss(values)

    async def action_leave(self) -> None:
        """Nothing is taken."""
        before = {field.name: clean(field.value).strip() for field in self._fields}
        if self._careful and self.values() != before:
            question = Confirm("Leave without keeping what was typed?", "leave")
            await self.app.push_screen(question, self._leave_if)
        else:
            self._leave_if(True)

    def _leave_if(self, yes: bool | None) -> None:
        if yes:
            _ = self.dismiss(None)
