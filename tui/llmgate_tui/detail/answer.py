"""The Answer tab: the text as it grows, thinking dimmed, tool calls with their arguments."""

from collections.abc import Sequence

from llmgate.wire.blocks import (
    BlockDelta,
    BlockEvent,
    BlockStarted,
    BlockStopped,
    Failed,
    Finished,
    Note,
    Started,
    UsageReported,
)
from llmgate.wire.chat import ChatView, Part
from llmgate_tui.detail import json_text
from llmgate_tui.widgets.line_text import Item, Line, Piece


def render(view: ChatView) -> list[Item]:
    """A complete answer."""
    items: list[Item] = []
    if view.problem:
        items += [[("▲ ", "warn"), (view.problem, "warn")], []]
    for part in view.answer:
        items += [*_part(part), []]
    if not view.answer:
        items += [[("The answer has no text.", "quiet")], []]
    if view.finish:
        items.append([("finished: ", "quiet"), (view.finish.replace("_", " "), "")])
    return items


def _part(part: Part) -> Sequence[Line]:
    match part.kind:
        case "tool_call":
            return [_call(part.name, part.id), *json_text.lines(part.text, "  ")]
        case "reasoning":
            return [[(line, "quiet")] for line in part.text.split("\n")]
        case "refusal":
            return [[("refused", "warn")], *_lines(part.text, "warn")]
        case "text" | "tool_result":
            return _lines(part.text, "")
        case "image" | "audio" | "file" | "other":
            return [[(f"[{part.text or part.kind}]", "accent")]]


def _lines(text: str, tone: str) -> list[Line]:
    return [[(line, tone)] for line in text.split("\n")]


def _call(name: str, id: str) -> Line:  # noqa: A002
    return [("→ ", "accent"), (name or "a tool", "accent"), (f"  {id}" if id else "", "quiet")]


class Growing:
    """Turns block events into pieces to append: text, ``\\n`` in it, and a tone."""

    def __init__(self, indent: str = "") -> None:
        self._indent = indent
        self._tones: dict[int, str] = {}
        self._last: int | None = None  # the block written last
        self._began = False

    def pieces(self, events: Sequence[BlockEvent]) -> list[Piece]:
        """What the events add."""
        return [piece for event in events for piece in self._of(event)]

    def _of(self, event: BlockEvent) -> list[Piece]:
        match event:
            case BlockStarted():
                return self._begin(event)
            case BlockDelta():
                return self._go_on(event)
            case Finished(reason, _):
                self._last = None
                return [*self._apart(), ("finished: ", "quiet"), (reason.replace("_", " "), "")]
            case Failed():
                self._last = None
                said = f"{event.type} {event.message}".strip()
                return [*self._apart(), ("✗ ", "bad"), (said, "bad")]
            case Note(text):
                self._last = None
                return [*self._apart(), ("▲ ", "warn"), (text, "warn")]
            case Started() | BlockStopped() | UsageReported():
                return []

    def _begin(self, event: BlockStarted) -> list[Piece]:
        tones = {"reasoning": "quiet", "refusal": "warn"}
        self._tones[event.index] = tones.get(event.kind, "")
        self._last = event.index
        if event.kind == "tool_call":
            return [*self._apart(), *_call(event.name, event.id), ("\n" + self._indent, "")]
        if event.kind in {"image", "audio", "other"}:
            return [*self._apart(), (f"[{event.kind}]", "accent")]
        return self._apart()

    def _go_on(self, event: BlockDelta) -> list[Piece]:
        if event.kind == "signature" or not event.text:
            return []
        pieces: list[Piece] = []
        if self._last != event.index:  # blocks may take turns: each keeps its own lines
            self._last = event.index
            pieces = self._apart()
        text = event.text.replace("\n", "\n" + self._indent) if self._indent else event.text
        tone = "literal" if event.kind == "citation" else self._tones.get(event.index, "")
        return [*pieces, (text, tone)]

    def _apart(self) -> list[Piece]:
        """A blank line between blocks."""
        began, self._began = self._began, True
        return [("\n\n" + self._indent if began else self._indent, "")]
