"""A request and its answer as a conversation, whatever protocol they were sent in."""

from typing import Literal

import msgspec

PartKind = Literal[
    "text",
    "reasoning",
    "tool_call",
    "tool_result",
    "image",
    "audio",
    "file",
    "refusal",
    "other",
]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One piece of a message.

    ``text`` is the text, the tool arguments as JSON text, the tool result as text, or a short
    description of media (``image/png, 48 kB``); ``id`` joins a tool call and its result.
    """

    kind: PartKind
    text: str = ""
    name: str = ""
    id: str = ""
    is_error: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn; ``role`` is the sender's own word (system, developer, user, tool ...)."""

    role: str
    parts: list[Part]


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked: messages in order (system prompts first), tool names, settings."""

    messages: list[Message] = []
    tools: list[str] = []
    settings: dict[str, str] = {}


class ChatView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole exchange as a conversation; ``problem`` says why a side could not be read."""

    request: ChatRequest = msgspec.field(default_factory=ChatRequest)
    answer: list[Part] = []
    finish: str = ""
    problem: str = ""
