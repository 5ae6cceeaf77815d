"""Where an exported request goes, and with which key: named by variables, never written out."""

from typing import Final

from llmgate.recording.recording import Recording
from llmgate.wire.safe_text import safe_text

ADDRESS: Final = "http://127.0.0.1:8484"
ADDRESS_VARIABLE: Final = "LLMGATE_URL"


def credential(recording: Recording) -> tuple[str, str, str]:
    """The header for the key, what stands before the key, and the variable that holds it."""
    if recording.dialect.startswith("anthropic."):
        return "x-api-key", "", "ANTHROPIC_API_KEY"
    return "authorization", "Bearer ", "OPENAI_API_KEY"


def sent_headers(recording: Recording) -> list[tuple[str, str]]:
    """The headers to send, but for the key: nothing in them can end a line."""
    return [
        (name, "".join(letter for letter in value if letter >= " " and letter != "\x7f"))
        for name, value in recording.request_headers
    ]


def caption(recording: Recording) -> str:
    """The title, in one line of plain letters."""
    return safe_text(recording.title or recording.id, newlines=False)[:200]
