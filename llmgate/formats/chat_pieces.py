"""What is read of a Chat Completions delta or message, by every name that hosts give it."""

from typing import Any, Final

import msgspec

_NO_RAW: Final = msgspec.Raw(b"")


class Function(msgspec.Struct, gc=False):
    """What is called, and a piece of its arguments (an object at some hosts)."""

    name: str | None = None
    arguments: str | dict[str, Any] | list[Any] | None = None


class ToolCall(msgspec.Struct, gc=False):
    """A piece of a tool call."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: Function | None = None
    custom: dict[str, Any] | None = None


class Detail(msgspec.Struct, gc=False):
    """OpenRouter's reasoning: text, summary or encrypted, with a signature."""

    type: str | None = None
    text: str | None = None
    summary: str | None = None
    signature: str | None = None
    data: str | None = None


class Piece(msgspec.Struct, gc=False):
    """A delta, or a whole message."""

    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Detail] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Function | None = None
    audio: dict[str, Any] | None = None
    images: list[Any] | None = None
    annotations: list[Any] | None = None
