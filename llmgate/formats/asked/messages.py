"""An Anthropic Messages request as a conversation."""

from typing import Any, Final

from llmgate.formats.asked.pieces import (
    as_dict,
    as_list,
    content_parts,
    other,
    part,
    plain_text,
    settings_of,
    tool_names,
)
from llmgate.formats.media import json_text
from llmgate.wire.chat import ChatRequest, Message, Part

_SETTINGS: Final = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "thinking",
    "output_config",
    "tool_choice",
    "service_tier",
    "speed",
    "context_management",
    "mcp_servers",
    "stream",
)


def read_messages(body: dict[str, Any]) -> ChatRequest:
    """Reads the system prompt, then the messages in order."""
    system = content_parts(body.get("system"))
    messages = [Message(role="system", parts=system)] if system else []
    for item in as_list(body.get("messages")):
        message = as_dict(item)
        content = message.get("content")
        parts = [_part(p) for p in content] if isinstance(content, list) else content_parts(content)
        messages.append(Message(role=str(message.get("role") or "?"), parts=parts))
    return ChatRequest(
        messages=messages,
        tools=tool_names(body.get("tools")),
        settings=settings_of(body, _SETTINGS),
    )


def _part(piece: Any) -> Part:
    match piece:
        case {"type": "tool_use" | "server_tool_use" | "mcp_tool_use"}:
            return Part(
                kind="tool_call",
                text=json_text(piece.get("input") or {}),
                name=str(piece.get("name") or ""),
                id=str(piece.get("id") or ""),
            )
        case {"type": "tool_result" | "mcp_tool_result"}:
            return Part(
                kind="tool_result",
                text=plain_text(piece.get("content")),
                id=str(piece.get("tool_use_id") or ""),
                is_error=piece.get("is_error") is True,
            )
        case {"type": str(kind), "tool_use_id": str(call)} if kind.endswith("_tool_result"):
            seen = other(piece)
            return Part(kind="tool_result", text=seen.text, name=kind, id=call)
        case _:
            return part(piece)
