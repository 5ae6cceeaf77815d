"""A text field that never holds control characters, however they were pasted."""

from textual.widgets import Input

from llmgate_tui.text import clean


class CleanInput(Input):
    """One line, no blinking cursor: nothing moves without news."""

    def __init__(self, placeholder: str, *, id: str) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Makes what cannot be shown visible."""
        return clean(value)
