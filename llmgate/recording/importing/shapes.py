"""Which protocol a request body is of, when nothing but the body says so."""

from typing import Final

from llmgate.recording.importing.lines import Fields, text_of, value_of
from llmgate.recording.importing.placing import Placed

_CHAT: Final = Placed("/v1/chat/completions", "openai.chat")
_MESSAGES: Final = Placed("/v1/messages", "anthropic.messages")
_RESPONSES: Final = Placed("/v1/responses", "openai.responses")
_EMBEDDINGS: Final = Placed("/v1/embeddings", "openai.embeddings")
_COMPLETIONS: Final = Placed("/v1/completions", "openai.completions")

_ONLY_ANTHROPIC: Final = frozenset({"system", "stop_sequences", "anthropic_version", "top_k"})
_ONLY_OPENAI: Final = frozenset(
    {"n", "response_format", "max_completion_tokens", "logprobs", "stop", "frequency_penalty"}
)
_ONLY_EMBEDDINGS: Final = frozenset({"encoding_format", "dimensions"})
_BLOCKS: Final = frozenset({"tool_use", "tool_result", "thinking", "image", "document"})


def place_of(body: Fields) -> Placed | str:
    """The protocol of a request body, or why it cannot be told."""
    if "messages" in body:
        return _MESSAGES if _is_anthropic(body) else _CHAT
    if "input" in body:
        embeds = "embed" in text_of(body, "model").lower() or _ONLY_EMBEDDINGS & body.keys()
        return _EMBEDDINGS if embeds else _RESPONSES
    if "prompt" in body:
        return _COMPLETIONS
    return "its body has none of `messages`, `input` and `prompt`"


def _is_anthropic(body: Fields) -> bool:
    """Keys that only one of them has, then blocks that only one of them knows, then the model."""
    if _ONLY_ANTHROPIC & body.keys():
        return True
    if _ONLY_OPENAI & body.keys():
        return False
    tools = value_of(body, "tools")
    if isinstance(tools, list) and tools and isinstance(tools[0], dict):
        return "input_schema" in tools[0] or "function" not in tools[0]
    messages = value_of(body, "messages")
    turns = messages if isinstance(messages, list) else []
    if any(isinstance(turn, dict) and _has_blocks(turn.get("content")) for turn in turns):
        return True
    if any(isinstance(turn, dict) and turn.get("role") in ("system", "tool") for turn in turns):
        return False
    return text_of(body, "model").rpartition("/")[2].startswith("claude") and "max_tokens" in body


def _has_blocks(content: object) -> bool:
    parts = content if isinstance(content, list) else []
    return any(
        isinstance(part, dict) and (part.get("type") in _BLOCKS or "cache_control" in part)
        for part in parts
    )
