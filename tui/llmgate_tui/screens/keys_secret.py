"""A new key, shown this once: nothing keeps it but the file it was written to."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmgate.wire.editing import Verdict
from llmgate_tui.desk import Desk
from llmgate_tui.first_model import first_model
from llmgate_tui.snippets import first_request
from llmgate_tui.text import clean
from llmgate_tui.widgets.choices import Choices


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
    Secret #secret-about, Secret #secret-said { color: $quiet; }
    Secret #secret-effects { color: $warning; }
    Secret #secret-keys { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", id="secret.copy", tooltip="Copy the key"),
        Binding("c", "curl", "curl", id="secret.curl", tooltip="Copy a request with it as curl"),
        Binding("escape,q", "leave", "close", id="secret.leave", tooltip="Close; it is gone then"),
    ]

    def __init__(self, name: str, verdict: Verdict, desk: Desk, *, file: str) -> None:
        super().__init__()
        self._of = name
        self._secret = verdict.secret
        self._variable = verdict.secret_name
        self._effects = verdict.effects
        self._file = clean(file.rsplit("/", 1)[-1]) or "config.yaml"
        self._desk = desk

    def compose(self) -> ComposeResult:
        """The key, where it is kept, how it is used, what is different now."""
        kept = f"in {self._file} itself"
        if self._variable:
            kept = f"in .env beside {self._file}, as {clean(self._variable)}"
        about = f"It is kept {kept}. This screen shows it once; afterwards only its last four."
        address = clean(self._desk.address)
        use = f"Callers send it to {address} as bearer token, x-api-key or api-key."
        keys = [("y", "copy the key", "copy"), ("c", "copy a request with it", "curl")]
        with Vertical():
            yield Static(Content(f"Key {clean(self._of)} is made"), id="secret-title")
            yield Static(Content(clean(self._secret)), id="secret-key")
            yield Static(Content(f"{about}\n{use}"), id="secret-about")
            if self._effects:
                said = "\n".join(clean(effect) for effect in self._effects[:4])
                yield Static(Content(said), id="secret-effects")
            yield Static("", id="secret-said", markup=False)
            yield Choices([*keys, ("esc", "close", "leave")], id="secret-keys")

    def action_copy(self) -> None:
        """By the terminal, which never says whether it took it: the last four tell."""
        self._hand_over(self._secret, "the key")

    def action_curl(self) -> None:
        """A first request, the key in it, ready for a shell."""
        traffic = self._desk.traffic
        model = first_model(traffic.status, [], traffic.providers.values())
        self._hand_over(
            first_request(self._desk.address, model, keyed=True, key=self._secret), "a request"
        )

    def _hand_over(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        said = f"copied {what}; check what arrives: the key ends in {clean(self._secret[-4:])}"
        self.query_one("#secret-said", Static).update(Content(said))

    def action_leave(self) -> None:
        """It is not kept here."""
        self._secret = ""
        _ = self.dismiss(None)
