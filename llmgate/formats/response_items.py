"""Output items of OpenAI Responses as blocks: found by place, since some hosts rotate item ids."""

from typing import Any, Final, Protocol

from llmgate.formats.machine import BlockMachine
from llmgate.formats.media import describe, json_text
from llmgate.wire.blocks import BlockKind, DeltaKind

_MAX_OTHER: Final = 2000
_CALLS: Final = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
        "computer_call",
        "tool_search_call",
        "mcp_approval_request",
    }
)
_ARGUMENTS: Final = ("arguments", "input", "action", "operation", "code", "queries", "query")
_DELTA_OF: Final[dict[BlockKind, DeltaKind]] = {"reasoning": "reasoning"}


class Place(Protocol):
    """Where an event belongs."""

    output_index: int | None
    content_index: int | None
    summary_index: int | None
    item_id: str | None


_Key = tuple[int | str, BlockKind, int]


class Items:
    """Follows the items of one response."""

    __slots__ = (
        "_calls",
        "_last",
        "_machine",
        "_said",
        "_summaries",
        "_texts",
        "asked_for_tools",
    )

    def __init__(self, machine: BlockMachine) -> None:
        self._machine = machine
        self._texts: dict[_Key, int] = {}
        self._calls: dict[int | str, int] = {}  # item -> its block, of tool calls and others
        self._summaries: dict[int | str, int | None] = {}  # item -> the part that spoke last
        self._said: set[int] = set()  # blocks that have had a delta
        self._last: int | str = 0
        self.asked_for_tools = False

    def add(self, place: Place, item: Any) -> None:
        """An item begins; messages and reasoning get a block when they speak."""
        where = self._item(place)
        if isinstance(item, dict) and item.get("type") not in {"message", "reasoning", None}:
            self._open_call(where, item)

    def say(self, place: Place, kind: BlockKind, text: str) -> None:
        """More text of a message, a refusal or reasoning."""
        if not text:
            return
        where = self._item(place)
        if kind == "reasoning":
            self._part_of_summary(where, place)
        block = self._text_block(where, kind, place.content_index)
        self._said.add(block)
        self._machine.delta(block, _DELTA_OF.get(kind, "text"), text)

    def say_once(self, place: Place, kind: BlockKind, text: str) -> None:
        """The text is complete; said here only if no delta came before."""
        where = self._item(place)
        silent = self._key(where, kind, place.content_index) not in self._texts
        if kind == "reasoning":  # one block, but every part of the summary speaks for itself
            silent = self._summaries.get(where, -1) != place.summary_index
        if silent:
            self.say(place, kind, text)

    def argue(self, place: Place, text: str) -> None:
        """More of a tool call's arguments."""
        block = self._call_block(self._item(place))
        if text:
            self._said.add(block)
            self._machine.delta(block, "json", text)

    def argue_once(self, place: Place, text: str) -> None:
        """The arguments are complete; said here only if no delta came before."""
        if self._call_block(self._item(place)) not in self._said:
            self.argue(place, text)

    def cite(self, place: Place, annotation: Any) -> None:
        """A source of the text."""
        block = self._text_block(self._item(place), "text", place.content_index)
        match annotation:
            case {"url": str(text)} | {"file_id": str(text)}:
                self._machine.delta(block, "citation", text)
            case _:
                pass

    def complete(self, place: Place, item: Any) -> None:
        """An item is over: says what has not been said of it, and stops its blocks."""
        self._complete(self._item(place), item)

    def whole(self, item: Any) -> None:
        """Takes a complete item of a whole answer."""
        self._complete(f"whole {len(self._texts) + len(self._calls)}", item)

    def _complete(self, where: int | str, item: Any) -> None:
        if isinstance(item, dict):
            self._fill(where, item)
        for key, block in self._texts.items():
            if key[0] == where:
                self._machine.stop(block)
        if where in self._calls:
            self._machine.stop(self._calls[where])

    def _fill(self, where: int | str, item: dict[str, Any]) -> None:
        match item.get("type"):
            case "message":
                self._fill_message(where, item.get("content"))
            case "reasoning":
                self._fill_reasoning(where, item)
            case _:
                self._fill_call(where, item)

    def _fill_message(self, where: int | str, content: Any) -> None:
        if any(key[0] == where for key in self._texts):
            return
        for number, part in enumerate(content if isinstance(content, list) else ()):
            match part:
                case {"type": "refusal", "refusal": str(text)}:
                    self._put(where, "refusal", number, text)
                case {"text": str(text), **rest}:
                    self._put(where, "text", number, text)
                    self._cite_all(where, number, rest.get("annotations"))
                case _:
                    pass

    def _cite_all(self, where: int | str, number: int, annotations: Any) -> None:
        block = self._texts.get((where, "text", number))
        for annotation in (
            annotations if isinstance(annotations, list) and block is not None else ()
        ):
            match annotation:
                case {"url": str(text)} | {"file_id": str(text)}:
                    self._machine.delta(block or 0, "citation", text)
                case _:
                    pass

    def _fill_reasoning(self, where: int | str, item: dict[str, Any]) -> None:
        if (where, "reasoning", 0) not in self._texts:
            parts = [
                text
                for name in ("summary", "content")
                for part in (item.get(name) or ())
                if isinstance(part, dict) and isinstance(text := part.get("text"), str)
            ]
            if parts:
                self._put(where, "reasoning", 0, "\n\n".join(parts))
        sealed = item.get("encrypted_content")
        if isinstance(sealed, str) and sealed:
            block = self._text_block(where, "reasoning", 0)
            self._machine.delta(block, "signature", sealed)

    def _fill_call(self, where: int | str, item: dict[str, Any]) -> None:
        if where not in self._calls:
            self._open_call(where, item)
        block = self._calls[where]
        if block not in self._said:
            text = next((json_text(item[n]) for n in _ARGUMENTS if item.get(n)), "")
            is_call = item.get("type") in _CALLS
            self._machine.delta(block, "json", text if is_call else text[:_MAX_OTHER])
            self._said.add(block)

    def _put(self, where: int | str, kind: BlockKind, number: int, text: str) -> None:
        block = self._text_block(where, kind, number)
        self._said.add(block)
        self._machine.delta(block, _DELTA_OF.get(kind, "text"), text)

    def _open_call(self, where: int | str, item: dict[str, Any]) -> None:
        wire = str(item.get("type") or "function_call")[:100]
        identifier = str(item.get("call_id") or item.get("id") or "")
        if wire in _CALLS:
            self.asked_for_tools = True
            name = str(item.get("name") or wire.removesuffix("_call"))
            block = self._machine.open("tool_call", identifier, name)
        elif wire == "image_generation_call":
            block = self._machine.open("image", identifier, describe(item))
        else:
            block = self._machine.open("other", identifier, str(item.get("name") or wire))
        self._calls[where] = block

    def _call_block(self, where: int | str) -> int:
        block = self._calls.get(where)
        if block is None:
            self._machine.note("arguments came for a tool call that was never added")
            self._open_call(where, {})
        return self._calls[where]

    def _text_block(self, where: int | str, kind: BlockKind, number: int | None) -> int:
        key = self._key(where, kind, number)
        block = self._texts.get(key)
        if block is None:
            block = self._texts[key] = self._machine.open(kind)
        return block

    def _key(self, where: int | str, kind: BlockKind, number: int | None) -> _Key:
        return (where, kind, 0 if kind == "reasoning" else number or 0)

    def _part_of_summary(self, where: int | str, place: Place) -> None:
        """Puts a blank line between the parts of a reasoning summary."""
        before = self._summaries.get(where, -1)
        self._summaries[where] = place.summary_index
        if before not in {-1, place.summary_index}:
            self._machine.delta(self._text_block(where, "reasoning", 0), "reasoning", "\n\n")

    def _item(self, place: Place) -> int | str:
        if place.output_index is not None:
            self._last = place.output_index
        elif place.item_id:
            self._last = place.item_id
        return self._last
