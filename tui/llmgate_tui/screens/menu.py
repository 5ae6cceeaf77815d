"""A small menu over the screen: one key or enter chooses, escape leaves."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from llmgate_tui.text import clean
from llmgate_tui.widgets.choices import Choices

Choice = tuple[str, str, str]  # key, label, value


class Menu(ModalScreen[str | None]):
    """Returns the value of the choice, or None."""

    DEFAULT_CSS = """
    Menu { align: center middle; background: $background 60%; }
    Menu > Vertical { width: auto; min-width: 28; max-width: 90%; height: auto; max-height: 90%;
        background: $panel; padding: 1 2; }
    Menu #menu-keys { width: 24; margin-top: 1; }
    Menu #menu-title { color: $accent; width: auto; margin-bottom: 1; }
    Menu OptionList {
        width: auto; min-width: 24; height: auto; max-height: 100%;
        background: $panel; border: none; padding: 0;
    }
    Menu OptionList:focus { background: $panel; background-tint: $panel 0%; border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back", id="menu.leave", tooltip="Leave the menu"),
        Binding("j", "down", "Down", id="menu.down", tooltip="Next choice", show=False),
        Binding("k", "up", "Up", id="menu.up", tooltip="Previous choice", show=False),
    ]

    def __init__(self, title: str, choices: list[Choice], chosen: str = "") -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Title and choices."""
        options = [
            Option(Content.assemble((f"{key}  ", "$accent"), clean(label)), id=f"choice-{at}")
            for at, (key, label, _) in enumerate(self._choices)
        ]
        with Vertical():
            yield Static(Content(clean(self._title)), id="menu-title", markup=False)
            yield OptionList(*options)
            yield Choices([("enter", "choose", "choose"), ("esc", "back", "leave")], id="menu-keys")

    def on_mount(self) -> None:
        """Starts at what holds now."""
        values = [value for _, _, value in self._choices]
        self.query_one(OptionList).highlighted = (
            values.index(self._chosen) if self._chosen in values else 0
        )

    def on_key(self, event: events.Key) -> None:
        """A choice's own key."""
        for key, _, value in self._choices:
            if event.character == key:
                event.stop()
                event.prevent_default()
                _ = self.dismiss(value)
                return

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        _ = self.dismiss(self._choices[event.option_index][2])

    def action_leave(self) -> None:
        """Nothing is chosen."""
        _ = self.dismiss(None)

    def action_choose(self) -> None:
        """The choice that is marked."""
        self.query_one(OptionList).action_select()

    def action_down(self) -> None:
        """Next."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Previous."""
        self.query_one(OptionList).action_cursor_up()
