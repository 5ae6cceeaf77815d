"""How a recording is called: the first words of what the user asked, and a file name made of it."""

import re
import unicodedata
from typing import Final

from llmgate.errors import BadRequest
from llmgate.formats import catalog
from llmgate.recording.format import SUFFIX
from llmgate.recording.recording import Recording
from llmgate.wire.chat import Message
from llmgate.wire.exchanges import Protocol
from llmgate.wire.safe_text import safe_text

_LONGEST: Final = 60
_SLUG: Final = 40
_REMINDER: Final = re.compile(r"<system-reminder>.*?(?:</system-reminder>|$)", re.DOTALL)
_SHORT: Final = {"anthropic.messages": "messages", "anthropic.count_tokens": "count-tokens"}


def title_of(dialect: Protocol, method: str, path: str, body: bytes) -> str:
    """The first words of the last thing the user said, else the request line."""
    try:
        messages = catalog.read_request(dialect, body).messages
    except BadRequest:
        messages = []
    said = next((text for message in reversed(messages) if (text := _said(message))), "")
    return _first_words(said) or _first_words(f"{method} {path.partition('?')[0]}")


def file_name(recording: Recording) -> str:
    """A name that sorts by time and tells what it is: ``20261121-120431-chat-...``."""
    when = re.sub(r"\D", "", recording.t0)[:14]
    parts = [
        f"{when[:8]}-{when[8:]}" if len(when) == 14 else "",
        _SHORT.get(recording.dialect, recording.dialect.rpartition(".")[2]),
        _slug(recording.title),
        _slug(recording.id.removeprefix("rec_")[:16]),  # the file may say anything
    ]
    return "-".join(part for part in parts if part) + SUFFIX


def _said(message: Message) -> str:
    if message.role != "user":
        return ""
    texts = (part.text for part in message.parts if part.kind == "text")
    return _REMINDER.sub("", "\n".join(texts)).strip()


def _first_words(text: str) -> str:
    """One line that fits a list, cut between words."""
    line = " ".join(safe_text(text[:1000], newlines=False).split())
    if len(line) <= _LONGEST:
        return line
    cut = line[:_LONGEST].rpartition(" ")[0] or line[:_LONGEST]
    return f"{cut} …"


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG].strip("-")
