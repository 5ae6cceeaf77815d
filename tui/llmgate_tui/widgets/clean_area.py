"""A text of several lines to write in, that never holds control characters."""

from textual import events
from textual.widgets import TextArea

from llmgate.wire.safe_text import safe_text


class CleanArea(TextArea):
    """Tab goes on to the next field; what is pasted is made visible first."""

    DEFAULT_CSS = """
    CleanArea {
        background: $boost; border: none; padding: 0 1; height: auto; max-height: 8; min-height: 1;
        scrollbar-size-vertical: 1;
    }
    CleanArea:focus { background: $block-cursor-background; border: none; }
    CleanArea > .text-area--cursor-line { background: transparent; }
    """

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002
        super().__init__(safe_text(text), id=id, tab_behavior="focus", soft_wrap=True, compact=True)
        self.cursor_blink = False

    async def _on_paste(self, event: events.Paste) -> None:
        await super()._on_paste(events.Paste(safe_text(event.text)))
        event.prevent_default()
