"""Content blocks of Anthropic Messages: their kinds, and their wire indices, which are not ours."""

from typing import Any, Final

import msgspec

from llmgate.formats.machine import BlockMachine
from llmgate.formats.media import describe, json_text
from llmgate.wire.blocks import BlockKind, DeltaKind

_MAX_OTHER: Final = 2000
_KINDS: Final[dict[str, BlockKind]] = {
    "text": "text",
    "thinking": "reasoning",
    "redacted_thinking": "reasoning",
    "tool_use": "tool_call",
    "server_tool_use": "tool_call",
    "mcp_tool_use": "tool_call",
    "image": "image",
}
_KIND_OF_DELTA: Final[dict[str, tuple[BlockKind, DeltaKind]]] = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("reasoning", "reasoning"),
    "signature_delta": ("reasoning", "signature"),
    "input_json_delta": ("tool_call", "json"),
    "citations_delta": ("text", "citation"),
    "compaction_delta": ("other", "text"),
}


class Delta(msgspec.Struct, gc=False):
    """What a ``delta`` object may hold."""

    type: str = ""
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    citation: Any = None
    content: str | None = None
    stop_reason: str | None = None


class Blocks:
    """Maps wire indices to blocks and keeps what a block said of itself at its start."""

    __slots__ = ("_at", "_machine", "_pending", "asked_for_tools")

    def __init__(self, machine: BlockMachine) -> None:
        self._machine = machine
        self._at: dict[int, int] = {}
        self._pending: dict[int, str] = {}  # input given whole at the start of a tool block
        self.asked_for_tools = False

    def start(self, index: int, block: Any) -> None:
        """Begins a block; one that is still open at this index is over."""
        if index in self._at:
            self.stop(index)
        self._at[index] = self._begin(block if isinstance(block, dict) else {})

    def delta(self, index: int, delta: Delta) -> None:
        """Adds to a block; a block that never started starts now."""
        kinds = _KIND_OF_DELTA.get(delta.type)
        if kinds is None:
            if delta.type:
                self._machine.note(f"an unknown delta was left out: {delta.type[:40]}")
            return
        block = self._at.get(index)
        if block is None:
            self._machine.note("a delta came for a block that was never started")
            block = self._at[index] = self._machine.open(kinds[0])
        text = _text(delta)
        if text:
            self._pending.pop(block, None)
            self._machine.delta(block, kinds[1], text)

    def stop(self, index: int) -> None:
        """Completes a block."""
        block = self._at.pop(index, None)
        if block is not None:
            self._flush(block)
            self._machine.stop(block)

    def whole(self, block: Any) -> None:
        """Takes a complete block."""
        self.start(-1, block)
        self.stop(-1)

    def restart(self) -> None:
        """Indices begin anew: what is open is over."""
        for index in list(self._at):
            self.stop(index)

    def close(self) -> None:
        """Gives what was held back."""
        for block in self._at.values():
            self._flush(block)

    def _begin(self, block: dict[str, Any]) -> int:
        wire = str(block.get("type") or "text")
        kind = _KINDS.get(wire, "other")
        if wire == "tool_use":
            self.asked_for_tools = True
        name = describe(block) if kind == "image" else str(block.get("name") or "")
        if kind == "other":
            name = wire[:100]
        machine = self._machine
        index = machine.open(kind, str(block.get("id") or block.get("tool_use_id") or ""), name)
        self._say_start(index, kind, block)
        return index

    def _say_start(self, index: int, kind: BlockKind, block: dict[str, Any]) -> None:
        machine = self._machine
        match kind:
            case "text":
                machine.delta(index, "text", str(block.get("text") or ""))
                for citation in block.get("citations") or ():
                    machine.delta(index, "citation", json_text(citation))
            case "reasoning":
                machine.delta(index, "reasoning", str(block.get("thinking") or ""))
                signature = block.get("signature") or block.get("data") or ""
                machine.delta(index, "signature", str(signature))
            case "tool_call":
                if block.get("input"):
                    self._pending[index] = json_text(block["input"])
            case "other" if block.get("content"):
                machine.delta(index, "json", json_text(block["content"])[:_MAX_OTHER])
            case _:
                pass

    def _flush(self, block: int) -> None:
        self._machine.delta(block, "json", self._pending.pop(block, ""))


def _text(delta: Delta) -> str:
    if delta.citation is not None:
        return json_text(delta.citation)
    parts = (delta.text, delta.partial_json, delta.thinking, delta.signature, delta.content)
    return next((part for part in parts if part), "")
