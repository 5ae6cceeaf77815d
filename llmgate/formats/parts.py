"""Block events put together again: the answer as parts of a message, or as text."""

from collections.abc import Iterable
from typing import Final

from llmgate.wire.blocks import BlockDelta, BlockEvent, BlockKind, BlockStarted
from llmgate.wire.chat import Part, PartKind

_NOT_SHOWN: Final = frozenset({"signature", "citation"})
_KINDS: Final[dict[BlockKind, PartKind]] = {
    "text": "text",
    "reasoning": "reasoning",
    "tool_call": "tool_call",
    "refusal": "refusal",
    "image": "image",
    "audio": "audio",
    "other": "other",
}


def answer_parts(events: Iterable[BlockEvent]) -> list[Part]:
    """Joins every block's deltas; a tool call without arguments gets the empty object."""
    blocks: dict[int, tuple[BlockStarted, list[str]]] = {}
    for event in events:
        match event:
            case BlockStarted():
                blocks[event.index] = (event, [])
            case BlockDelta() if event.kind not in _NOT_SHOWN and event.index in blocks:
                blocks[event.index][1].append(event.text)
            case _:
                pass
    parts = (_part(start, "".join(texts)) for start, texts in blocks.values())
    return [part for part in parts if part.text or part.kind not in {"text", "reasoning"}]


def answer_text(events: Iterable[BlockEvent]) -> str:
    """Joins the text; a blank line where something else was said in between."""
    pieces: list[str] = []
    before: PartKind = "text"
    for part in answer_parts(events):
        if part.kind == "text" and part.text:
            if pieces and before != "text":
                pieces.append("\n\n")
            pieces.append(part.text)
        before = part.kind
    return "".join(pieces)


def _part(start: BlockStarted, text: str) -> Part:
    kind = _KINDS[start.kind]
    if kind == "tool_call":
        text = "{}" if text.strip() in {"", "null"} else text
    elif not text and kind in {"image", "audio", "other"}:
        text = start.name
    name = "" if kind in {"image", "audio"} else start.name
    return Part(kind=kind, text=text, name=name, id=start.id)
