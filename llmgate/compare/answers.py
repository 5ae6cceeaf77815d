"""An answer as it is compared: what was said and which tools were called, whatever the protocol."""

from typing import Final

import msgspec

from llmgate.formats import catalog
from llmgate.wire.blocks import BlockEvent, Finished
from llmgate.wire.chat import Part
from llmgate.wire.exchanges import Protocol

_APART: Final = "\n\n"


class ToolUse(msgspec.Struct, frozen=True):
    """One call of a tool; the arguments are JSON text, as the model wrote it."""

    name: str
    arguments: str
    id: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says; ``ok``: it was read to its end and is no error."""

    text: str = ""
    reasoning: str = ""
    tools: tuple[ToolUse, ...] = ()
    finish: str = ""
    ok: bool = False

    @property
    def there(self) -> bool:
        """Something can be compared: words, calls, or the provider's word that there are none."""
        return bool(self.text or self.tools or (self.ok and self.finish))


def read_answer(protocol: Protocol, content_type: str, body: bytes | None) -> Answer:
    """Reads a whole answer as it came; never raises. No body gives an empty answer."""
    if not body:
        return Answer()
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
