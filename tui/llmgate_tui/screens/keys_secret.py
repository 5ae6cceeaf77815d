"""A new key, shown this once: nothing keeps it but the file it was written to."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmgate_tui.text import clean


class Secret(ModalScreen[None]):
    """Copies on ``y``; enter does not close it, so that no key typed ahead hides it unseen."""

    DEFAULT_CSS = """
    Secret { align: center middle; background: $background 60%; }
    Secret > Vertical {
        width: 90%; max-width: 80; height: auto; max-height: 95%; background: $panel; padding: 1 2;
    }
    Secret Static { height: auto; margin-bottom: 1; }
    Secret #secret-title { color: $accent; }
    Secret #secret-key { text-style: bold; }
    Secret #secret-about, Secret #secret-keys { color: $quiet; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", id="secret.copy", tooltip="Copy the key"),
        Binding("escape,q", "leave", "close", id="secret.leave", tooltip="Close; it is gone then"),
    ]

    def __init__(self, name: str, secret: str, variable: str, *, address: str) -> None:
        super().__init__()
        self._of = name
        self._secret = secret
        self._variable = variable
        self._address = address

    def compose(self) -> ComposeResult:
        """The key, where it is kept, how it is used."""
        kept = "in config.yaml itself"
        if self._variable:
            kept = f"in .env beside config.yaml, as {clean(self._variable)}"
        about = f"It is kept {kept}. This screen shows it once; afterwards only its last four."
        use = f"Callers send it to {clean(self._address)} as bearer token, x-api-key or api-key."
        with Vertical():
            yield Static(Content(f"Key {clean(self._of)} is made"), id="secret-title")
            yield Static(Content(clean(self._secret)), id="secret-key")
            yield Static(Content(f"{about}\n{use}"), id="secret-about")
            yield Static(Content("y copy   esc close"), id="secret-keys")

    def action_copy(self) -> None:
        """By the terminal, which never says whether it took it: the last four tell."""
        self.app.copy_to_clipboard(self._secret)
        said = f"copied; check what arrives: it ends in {clean(self._secret[-4:])}   esc close"
        self.query_one("#secret-keys", Static).update(Content(said))

    def action_leave(self) -> None:
        """It is not kept here."""
        self._secret = ""
        _ = self.dismiss(None)
