"""An answer as it is compared: what was said and which tools were called, whatever the protocol."""

from contextlib import suppress
from typing import Final

import msgspec

from llmgate.compare.json_value import NoJson, pretty, read_json
from llmgate.compare.vectors import Vector, read_vectors
from llmgate.compare.volatile import Stripper
from llmgate.formats import catalog
from llmgate.wire.blocks import BlockEvent, Finished
from llmgate.wire.chat import Part
from llmgate.wire.exchanges import Protocol

_APART: Final = "\n\n"
_READ: Final = frozenset(
    {
        "openai.chat",
        "openai.completions",
        "openai.responses",
        "anthropic.messages",
        "anthropic.count_tokens",
    }
)
_MEDIA: Final = ("audio/", "image/", "video/", "application/octet-stream")
_MOST_PLAIN: Final = 1_000_000  # bytes


class ToolUse(msgspec.Struct, frozen=True):
    """One call of a tool; the arguments are JSON text, as the model wrote it."""

    name: str
    arguments: str
    id: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says; ``ok``: it was read to its end and is no error. ``vectors`` are those
    of embeddings.
    """

    text: str = ""
    reasoning: str = ""
    tools: tuple[ToolUse, ...] = ()
    finish: str = ""
    ok: bool = False
    vectors: tuple[Vector, ...] = ()

    @property
    def there(self) -> bool:
        """Something can be compared: words, calls, or the provider's word that there are none."""
        return bool(self.text or self.tools or self.vectors or (self.ok and self.finish))


def read_answer(protocol: Protocol, content_type: str, body: bytes | None) -> Answer:
    """Reads a whole answer as it came; never raises. No body gives an empty answer.

    A protocol that is not read says what stands in its body, ids left out.
    """
    if not body:
        return Answer()
    if protocol == "openai.embeddings":
        vectors = read_vectors(body)
        return Answer(vectors=vectors, ok=bool(vectors))
    if protocol not in _READ:
        named = protocol == "openai.models"  # whose ids are what it says
        return Answer(text=_plain(content_type, body, Stripper(whole=named)), ok=True)
    reader = catalog.reader_for(protocol, content_type)
    events: list[BlockEvent] = [*reader.feed(body), *reader.close()]
    parts = catalog.answer_parts(events)
    calls = (part for part in parts if part.kind == "tool_call")
    finish = next((e.raw or e.reason for e in reversed(events) if isinstance(e, Finished)), "")
    return Answer(
        text=_said(parts, "text", "refusal"),
        reasoning=_said(parts, "reasoning"),
        tools=tuple(ToolUse(part.name, part.text, part.id) for part in calls),
        finish=finish,
        ok=reader.ending().state == "finished",
    )


def _plain(content_type: str, body: bytes, stripper: Stripper) -> str:
    """A body that is text, as JSON with indentation if it is JSON."""
    if content_type.startswith(_MEDIA) or len(body) > _MOST_PLAIN or b"\0" in body:
        return ""
    text = body.decode("utf-8", "replace")
    with suppress(NoJson):
        return pretty(stripper.strip(read_json(text)))
    return text


def _said(parts: list[Part], *kinds: str) -> str:
    """Joins the text of these kinds; a blank line where something else was said in between."""
    pieces: list[str] = []
    near = True
    for part in parts:
        wanted = part.kind in kinds and bool(part.text)
        if wanted:
            pieces += [part.text] if near or not pieces else [_APART, part.text]
        near = wanted
    return "".join(pieces)
