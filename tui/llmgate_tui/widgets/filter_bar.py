"""The filter line: a text, what is wrong with it, and where the list stands at its right end."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from llmgate_tui.completion import Values, complete
from llmgate_tui.filter_terms import FilterProblem
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean
from llmgate_tui.widgets.clean_input import CleanInput
from llmgate_tui.widgets.line import Line, Piece
from llmgate_tui.widgets.place import Place

_DEBOUNCE_S = 0.15
_REMEMBERED = 100


class FilterInput(CleanInput):
    """An input that is focused by ``/`` only, with the filters used before on up and down."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up", "older", "Older", id="filter.older", tooltip="The filter used before", show=False
        ),
        Binding(
            "down", "newer", "Newer", id="filter.newer", tooltip="The filter used after", show=False
        ),
        Binding(
            "escape", "leave", "Clear", id="filter.clear", tooltip="Clear the filter and leave"
        ),
        Binding(
            "tab", "complete", "Complete", id="filter.complete", tooltip="Complete a field or value"
        ),
        Binding("enter", "submit", "Keep", id="filter.keep", tooltip="Keep the filter and leave"),
    ]

    class Left(Message):
        """The input gives the focus back."""

    class Open(Message):
        """Tab was pressed where more than one word is possible."""

        def __init__(self, at: int, words: list[str]) -> None:
            super().__init__()
            self.at = at
            self.words = words

    def __init__(self, values: Values) -> None:
        super().__init__("filter: err since:yesterday  model:claude*  -client:codex", id="filter")
        self.can_focus = False
        self._values = values
        self._history: list[str] = []
        self._at = 0

    def remember(self) -> None:
        """Keeps the text for the up key."""
        text = self.value.strip()
        if text and self._history[-1:] != [text]:
            self._history = [*self._history[-_REMEMBERED + 1 :], text]
        self._at = len(self._history)

    def action_older(self) -> None:
        """The filter used before."""
        self._walk(-1)

    def action_newer(self) -> None:
        """The filter used after."""
        self._walk(1)

    def _walk(self, by: int) -> None:
        self._at = max(0, min(len(self._history), self._at + by))
        self.value = self._history[self._at] if self._at < len(self._history) else ""
        self.cursor_position = len(self.value)

    def action_complete(self) -> None:
        """Adds what is sure, or tells what is possible."""
        text, at, words = complete(self.value, self.cursor_position, self._values)
        self.value = text
        self.cursor_position = at
        if words:
            self.post_message(self.Open(at, words))

    def action_leave(self) -> None:
        """Clears and leaves."""
        self.value = ""
        self.post_message(self.Left())


class Trouble(Line):
    """A caret under the place of the trouble, and what it is."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="filter-trouble")
        self._glyphs = glyphs
        self._problem: FilterProblem | None = None
        self._colour = "bad"

    def say(self, problem: FilterProblem | None, tone: str = "bad") -> None:
        """Shows a problem, or goes away."""
        self._problem = problem
        self._colour = tone
        self.display = problem is not None
        self.redraw()

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """The caret stands under the character; the words beside it, where there is room."""
        if self._problem is None:
            return [], []
        at = 3 + self._problem.at
        message = clean(self._problem.message)
        if at + 2 + len(message) <= width:
            return [
                (" " * at + self._glyphs.caret + " ", self._colour),
                (message, self._colour),
            ], []
        if len(message) + 2 <= at < width:
            lead = " " * (at - len(message) - 1)
            return [(f"{lead}{message} {self._glyphs.caret}", self._colour)], []
        return [(f" {self._glyphs.caret} {message}", self._colour)], []


class FilterBar(Vertical):
    """Posts ``Changed`` when typing has paused, ``FilterInput.Left`` when it is done."""

    DEFAULT_CSS = """
    FilterBar { height: auto; background: $background; }
    FilterBar > Horizontal { height: 1; }
    FilterBar Input, FilterBar Input:focus {
        width: 1fr; height: 1; padding: 0; border: none; color: $foreground;
        background: $background; background-tint: $background 0%;
    }
    FilterBar Input > .input--placeholder { color: $quiet; }
    FilterBar Slash { width: 3; }
    FilterBar Trouble { display: none; }
    """

    class Changed(Message):
        """The text to filter by."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, where: Callable[[], list[Piece]], glyphs: Glyphs, values: Values) -> None:
        super().__init__(id="filter-bar")
        self.input = FilterInput(values)
        self._place = Place(where)
        self._trouble = Trouble(glyphs)
        self._timer: Timer | None = None
        self._told = False  # what Tab found is shown

    def compose(self) -> ComposeResult:
        """The slash, the text, the place; the trouble below."""
        with Horizontal():
            yield Slash()
            yield self.input
            yield self._place
        yield self._trouble

    def enter(self) -> None:
        """Begins typing."""
        self.input.can_focus = True
        self.input.focus()

    def clear(self) -> None:
        """Empties the text."""
        self.input.value = ""

    def put(self, text: str) -> None:
        """Another text, which is already filtered by."""
        if self._timer is not None:
            self._timer.stop()
        with self.input.prevent(Input.Changed):
            self.input.value = text
        self.input.remember()

    def redraw(self) -> None:
        """The place said something else before."""
        self._place.redraw()

    def trouble(self, problem: FilterProblem | None) -> None:
        """What is wrong with the text; what Tab told stays until the next letter."""
        if problem is not None or not self._told:
            self._trouble.say(problem)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._forget_told()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_DEBOUNCE_S, self._settled)

    @on(FilterInput.Left)
    def _forget_told(self) -> None:
        if self._told:
            self._told = False
            self._trouble.say(None)

    def _settled(self) -> None:
        self.post_message(self.Changed(self.input.value))

    @on(FilterInput.Open)
    def _open(self, event: FilterInput.Open) -> None:
        event.stop()
        self._told = True
        self._trouble.say(FilterProblem("  ".join(event.words), event.at), tone="quiet")

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self.input.remember()
        self.post_message(FilterInput.Left())


class Slash(Line):
    """The sign before the text."""

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """/"""
        return [(" / ", "accent")], []
