"""An OpenAI Responses request as a conversation: its items become turns."""

from typing import Any, Final

from llmgate.formats.asked.pieces import (
    as_dict,
    as_list,
    content_parts,
    other,
    plain_text,
    settings_of,
    tool_names,
)
from llmgate.formats.media import json_text, texts
from llmgate.wire.chat import ChatRequest, Message, Part

_SETTINGS: Final = (
    "temperature",
    "top_p",
    "max_output_tokens",
    "reasoning",
    "text",
    "tool_choice",
    "parallel_tool_calls",
    "truncation",
    "store",
    "previous_response_id",
    "prompt_cache_key",
    "service_tier",
    "stream",
)


def read_responses(body: dict[str, Any]) -> ChatRequest:
    """Reads the instructions, then the items; neighbours of one role become one turn."""
    turns: list[Message] = []
    tools = tool_names(body.get("tools"))
    if body.get("instructions"):
        turns.append(Message(role="system", parts=content_parts(body["instructions"])))
    given = body.get("input")
    if isinstance(given, str):
        turns.append(Message(role="user", parts=content_parts(given)))
    for item in as_list(given):
        piece = as_dict(item)
        if piece.get("type") == "additional_tools":
            tools += tool_names(piece.get("tools"))
        else:
            _add(turns, *_turn(piece))
    return ChatRequest(messages=turns, tools=tools, settings=settings_of(body, _SETTINGS))


def _add(turns: list[Message], role: str, parts: list[Part]) -> None:
    joins = role in {"assistant", "tool"} and bool(turns) and turns[-1].role == role
    if joins:
        turns[-1].parts.extend(parts)
    else:
        turns.append(Message(role=role, parts=parts))


def _turn(item: dict[str, Any]) -> tuple[str, list[Part]]:
    kind = str(item.get("type") or "message")
    if kind == "message":
        return str(item.get("role") or "?"), content_parts(item.get("content"))
    if kind == "reasoning":
        said = [*as_list(item.get("summary")), *as_list(item.get("content"))]
        return "assistant", [Part(kind="reasoning", text="\n\n".join(texts(said)))]
    if kind.endswith("_output"):
        return "tool", [_result(item)]
    if kind in {"function_call", "custom_tool_call"} or kind.endswith("_call"):
        return "assistant", [_call(item, kind)]
    return "assistant" if "role" not in item else str(item["role"]), [other(item)]


def _call(item: dict[str, Any], kind: str) -> Part:
    given = item.get("arguments") or item.get("input") or item.get("action") or ""
    return Part(
        kind="tool_call",
        text=json_text(given),
        name=str(item.get("name") or kind.removesuffix("_call")),
        id=str(item.get("call_id") or item.get("id") or ""),
    )


def _result(item: dict[str, Any]) -> Part:
    return Part(
        kind="tool_result",
        text=plain_text(item.get("output")),
        id=str(item.get("call_id") or ""),
        is_error=item.get("status") in {"failed", "incomplete"},
    )
