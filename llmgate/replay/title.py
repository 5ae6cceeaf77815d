"""What a recorded request is called: the beginning of what its user said last."""

from typing import Final

from llmgate.errors import BadRequest
from llmgate.formats import catalog
from llmgate.wire.chat import ChatRequest
from llmgate.wire.exchanges import Protocol

_LONGEST: Final = 120
_MOST_READ: Final = 8_000_000


def title_of(protocol: Protocol, body: bytes) -> str:
    """The title, empty where there are no words; controls stay as they are: whoever shows it knows
    where.
    """
    if not body or len(body) > _MOST_READ:
        return ""
    try:
        return _title(catalog.read_request(protocol, body))
    except BadRequest:
        return ""


def _title(request: ChatRequest) -> str:
    for message in reversed(request.messages):
        if message.role == "user":
            for part in message.parts:
                words = " ".join(part.text[: _LONGEST * 4].split()) if part.kind == "text" else ""
                if words:
                    return words[:_LONGEST]
    return ""
