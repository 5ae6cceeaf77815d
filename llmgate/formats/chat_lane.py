"""One choice of a chat answer: what is said in turn, and the tool calls beside it."""

from typing import Any, Final

import msgspec

from llmgate.formats import media
from llmgate.formats.chat_pieces import Function, Piece, ToolCall
from llmgate.formats.machine import BlockMachine
from llmgate.wire.blocks import BlockKind, DeltaKind

_DELTA_OF: Final[dict[BlockKind, DeltaKind]] = {"reasoning": "reasoning"}


class _Call:
    """A tool call under way; it begins for readers when its name is known."""

    __slots__ = ("block", "id", "index", "name", "waiting")

    def __init__(self, index: int | None, id: str) -> None:  # noqa: A002
        self.index = index
        self.id = id
        self.name = ""
        self.block: int | None = None
        self.waiting: list[str] = []


class Lane:
    """Follows one choice."""

    __slots__ = ("_block", "_calls", "_kind", "_machine", "finished", "spoke")

    def __init__(self, machine: BlockMachine) -> None:
        self._machine = machine
        self._kind: BlockKind | None = None
        self._block = -1
        self._calls: list[_Call] = []
        self.finished = False
        self.spoke = False

    def take(self, piece: Piece) -> None:
        """Takes a delta; reasoning first, as it is thought before it is said."""
        content = piece.content
        if piece.reasoning_content or piece.reasoning or piece.reasoning_details:
            self._reason(piece)
        if content:
            if isinstance(content, str):
                self._say("text", content)
            else:
                self._say_parts(content)
        if piece.tool_calls:
            for call in piece.tool_calls:
                self._call(call)
        self._take_rare(piece)

    def close(self) -> None:
        """Begins calls that never got a name, so that nothing said is lost."""
        for call in self._calls:
            if call.block is None:
                self._begin(call)

    def _take_rare(self, piece: Piece) -> None:
        if piece.refusal:
            self._say("refusal", piece.refusal)
        if piece.function_call is not None:
            self._call(ToolCall(index=-1, function=piece.function_call))
        if piece.audio:
            self._say("audio", str(piece.audio.get("transcript") or ""))
        for image in piece.images or ():
            self._machine.stop(self._machine.open("image", name=media.describe(image)))
            self.spoke = True
        for note in piece.annotations or ():
            self._cite(note)

    def _say(self, kind: BlockKind, text: str) -> None:
        self._turn_to(kind)
        self._machine.delta(self._block, _DELTA_OF.get(kind, "text"), text)

    def _turn_to(self, kind: BlockKind) -> None:
        if self._kind is not kind or not self._machine.is_open(self._block):
            self._machine.stop(self._block)
            self._block = self._machine.open(kind)
            self._kind = kind
            self.spoke = True

    def _reason(self, piece: Piece) -> None:
        text = piece.reasoning_content or piece.reasoning
        if text:
            self._say("reasoning", text)
        for detail in piece.reasoning_details or ():
            said = detail.text or detail.summary
            if said and not text:
                self._say("reasoning", said)
            signature = detail.signature or detail.data
            if signature:
                self._turn_to("reasoning")
                self._machine.delta(self._block, "signature", signature)

    def _say_parts(self, parts: list[Any]) -> None:
        for part in parts:
            match part:
                case str(text) | {"text": str(text)}:
                    self._say("text", text)
                case {"type": "thinking", "thinking": str(text)}:
                    self._say("reasoning", text)
                case {"type": "thinking", "thinking": list(inner)}:
                    self._say("reasoning", "".join(media.texts(inner)))
                case {"type": "image_url" | "image"}:
                    self._machine.stop(self._machine.open("image", name=media.describe(part)))
                case {"type": "reference", **rest}:
                    self._turn_to("text")
                    self._machine.delta(self._block, "citation", media.json_text(rest))
                case _:
                    self._machine.note("a content part of an unknown type was left out")

    def _cite(self, note: Any) -> None:
        match note:
            case {"url_citation": {"url": str(url)}} | {"url": str(url)}:
                self._turn_to("text")
                self._machine.delta(self._block, "citation", url)
            case _:
                pass

    def _call(self, piece: ToolCall) -> None:
        if self._kind is not None:
            self._machine.stop(self._block)
            self._kind = None
        function = piece.function or _custom(piece)
        call = self._find(piece, function.name or "")
        call.name = call.name or function.name or ""
        call.id = call.id or piece.id or ""
        if function.arguments:
            call.waiting.append(media.json_text(function.arguments))
        if call.name:
            self._begin(call)

    def _find(self, piece: ToolCall, name: str) -> _Call:
        """Decides whose piece it is: an id or a name never seen at this index begins a new call."""
        if piece.id:
            known = next((c for c in self._calls if c.id == piece.id and _fits(c, piece)), None)
        else:
            known = None
        if known is None:
            known = next((c for c in reversed(self._calls) if _fits(c, piece)), None)
            if known is not None and _is_another(known, piece, name):
                known = None
        if known is None:
            known = _Call(piece.index, piece.id or "")
            self._calls.append(known)
        return known

    def _begin(self, call: _Call) -> None:
        if call.block is None:
            call.block = self._machine.open("tool_call", call.id, call.name)
            self.spoke = True
        for text in call.waiting:
            self._machine.delta(call.block, "json", text)
        call.waiting.clear()


def _fits(call: _Call, piece: ToolCall) -> bool:
    return piece.index is None or call.index is None or call.index == piece.index


def _is_another(known: _Call, piece: ToolCall, name: str) -> bool:
    if piece.id and known.id and piece.id != known.id:
        return bool(name) or piece.index is None
    if name and known.name:
        return name != known.name or (not piece.id and piece.index is None)
    return False


def _custom(piece: ToolCall) -> Function:
    if piece.custom is None:
        return Function()
    name, text = piece.custom.get("name"), piece.custom.get("input")
    return msgspec.convert({"name": name, "arguments": text}, Function, strict=False)
