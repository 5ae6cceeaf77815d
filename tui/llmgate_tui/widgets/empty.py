"""What the list shows when it is empty: how to send the first request, or what hides the rows."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llmgate_tui.snippets import first_request, pointing


class Empty(VerticalScroll, can_focus=True):
    """Two faces: nothing has come yet, and nothing passes the filter."""

    DEFAULT_CSS = """
    Empty { height: 1fr; background: $background; padding: 1 3; scrollbar-size-vertical: 1; }
    Empty Static { height: auto; }
    """

    def __init__(self, address: str) -> None:
        super().__init__(id="empty")
        self._address = address
        self._text = Static("", markup=False)
        self._said: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def show_waiting(self, *, answers: bool) -> None:
        """Nothing is known yet: no gateway, or one that does not let us in."""
        lines = [(f"Waiting for the gateway at {self._address}.", "")]
        if not answers:
            how = "in another terminal starts one; this screen connects by itself."
            lines += [("", ""), ("llmgate up", "$accent"), ("", ""), (how, "$quiet")]
        self._say(lines)

    def show_first(self, model: str, *, keyed: bool) -> None:
        """How to begin."""
        asked = first_request(self._address, model, keyed=keyed)
        lines: list[tuple[str, str]] = [
            ("No traffic yet. Send the first request (y copies it):", ""),
            ("", ""),
            *((line, "$accent") for line in asked.splitlines()),
            ("", ""),
            ("Or point a tool here:", ""),
            ("", ""),
            *((line, "$quiet") for line in pointing(self._address, keyed=keyed)),
        ]
        self._say(lines)

    def show_hidden(self, hidden: int, *, marked: bool, doing: str = "") -> None:
        """The filter lets nothing through; ``doing``: what is being done about it."""
        way = "M shows all again" if marked else "esc clears the filter"
        lines = [(f"Nothing matches: {hidden:,} hidden. {way}.", "$quiet")]
        if doing == "no more":
            lines.append(("The gateway's store has nothing that matches either.", "$quiet"))
        elif doing:
            lines.append((f"{doing[0].upper()}{doing[1:]} in the gateway's store.", "$quiet"))
        self._say(lines)

    def _say(self, lines: list[tuple[str, str]]) -> None:
        if lines == self._said:
            return
        self._said = lines
        content = Content("\n").join(
            [Content.styled(text, style) if style else Content(text) for text, style in lines]
        )
        self._text.update(content)
