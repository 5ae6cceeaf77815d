"""A recorded request as a form: where it goes, how it is sampled, what it says."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static, TextArea

from llmgate.wire.safe_text import safe_text
from llmgate_tui import resend
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.text import clean
from llmgate_tui.widgets.choices import Choices
from llmgate_tui.widgets.clean_area import CleanArea
from llmgate_tui.widgets.clean_input import CleanInput

_LINES: Final = (
    ("provider", "Provider", "empty: through the routes"),
    ("model", "Model", "as it was asked"),
    ("temperature", "Temperature", "not set"),
    ("max_tokens", "Max tokens", "not set"),
)
_AREAS: Final = (("system", "System prompt"), ("message", "Last user message"))


class Resend(ModalScreen[resend.Values | None]):
    """What nobody touches is given back as it came, also where the screen shows it cleaned."""

    DEFAULT_CSS = """
    Resend { align: center middle; background: $background 60%; }
    Resend > Vertical {
        width: 94%; max-width: 100; height: auto; max-height: 100%; background: $panel;
        padding: 1 2;
    }
    Resend.-low > Vertical { padding: 0 1; }
    Resend #resend-title { color: $accent; height: 1; }
    Resend VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    Resend .resend-row { height: 1; }
    Resend .resend-label { color: $quiet; height: 1; }
    Resend .resend-row .resend-label { width: 14; }
    Resend CleanInput { background: $boost; height: 1; border: none; padding: 0 1; width: 1fr; }
    Resend CleanInput:focus { background: $block-cursor-background; border: none; }
    Resend CleanArea { margin-bottom: 1; }
    Resend #resend-problem { color: $error; height: auto; }
    Resend #resend-keys { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "send", id="resend.submit", tooltip="Send it"),
        Binding("escape", "leave", "leave", id="resend.leave", tooltip="Leave; asks if changed"),
    ]

    def __init__(
        self,
        before: resend.Values,
        typed: resend.Values | None = None,
        *,
        known: Mapping[str, Sequence[str]],
        fields: frozenset[str],
        problem: str = "",
    ) -> None:
        """``before`` is what was recorded, ``typed`` what was typed the last time, ``fields`` those
        that the protocol has.
        """
        super().__init__()
        self._before = before
        self._values = typed or before
        self._known = known
        self._has = fields
        self._problem = problem

    def compose(self) -> ComposeResult:
        """One line each for the small ones, several for what is said."""
        with Vertical():
            yield Static("Edit and send again", id="resend-title", markup=False)
            with VerticalScroll(can_focus=False):
                for name, label, hint in _LINES:
                    yield from self._line(name, label, hint)
                for name, label in _AREAS:
                    if name in self._has:
                        yield Static(label, classes="resend-label", markup=False)
                        yield CleanArea(self._values[name], id=f"resend-{name}")
            yield Static(Content(clean(self._problem)), id="resend-problem", markup=False)
            keys = [("ctrl+s", "send", "submit"), ("esc", "leave", "leave")]
            yield Choices([*keys, ("tab", "next", "next")], id="resend-keys")

    def _line(self, name: str, label: str, hint: str) -> ComposeResult:
        entry = CleanInput(hint, id=f"resend-{name}")
        entry.value = self._values[name]
        if known := self._known.get(name):
            entry.suggester = SuggestFromList([clean(one) for one in known], case_sensitive=False)
        title = Static(label, classes="resend-label", markup=False)
        yield Horizontal(title, entry, classes="resend-row")

    def on_mount(self) -> None:
        """Typing begins where most is changed, at its end."""
        for area in self.query(CleanArea):
            area.move_cursor(area.document.end)
        self.query_one("#resend-message", CleanArea).focus()

    def on_resize(self) -> None:
        """The fields scroll; the problem and the keys stay in sight."""
        low = self.app.size.height < 16
        self.set_class(low, "-low")
        around = 4 if low else 6
        self.query_one(VerticalScroll).styles.max_height = max(2, self.app.size.height - around)

    def values(self) -> resend.Values:
        """As typed; the recorded value where what is shown is what was shown of it."""
        found = dict(self._before)
        for name, shown in self._shown().items():
            for known in (self._before[name], self._values[name]):
                if shown == _cleaned(name, known):
                    found[name] = known
                    break
            else:
                found[name] = shown
        return found

    def _shown(self) -> resend.Values:
        lines = {
            name: self.query_one(f"#resend-{name}", Input).value.strip() for name, _, _ in _LINES
        }
        areas = {
            name: self.query_one(f"#resend-{name}", TextArea).text
            for name, _ in _AREAS
            if name in self._has
        }
        return lines | areas

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self) -> None:
        self._say(resend.problem(self.values()))

    def _say(self, problem: str) -> None:
        if problem or not self._problem:
            self.query_one("#resend-problem", Static).update(Content(clean(problem)))

    def action_next(self) -> None:
        """To the next field."""
        self.focus_next()

    def action_submit(self) -> None:
        """Takes the values if nothing is wrong with them."""
        values = self.values()
        if problem := resend.problem(values):
            self._say(problem)
            return
        _ = self.dismiss(values)

    async def action_leave(self) -> None:
        """Asks before anything typed is lost."""
        if self.values() == self._before:
            self._leave_if(True)
            return
        question = Confirm("Leave without sending? What you typed is lost.", "leave")
        await self.app.push_screen(question, self._leave_if)

    def _leave_if(self, yes: bool | None) -> None:
        if yes:
            _ = self.dismiss(None)


def _cleaned(name: str, value: str) -> str:
    """How a field shows a value."""
    return safe_text(value) if name in {"system", "message"} else clean(value).strip()
