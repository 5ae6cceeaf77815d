"""A Chat Completions request as a conversation."""

from typing import Any, Final

from llmgate.formats.asked.pieces import (
    as_dict,
    as_list,
    content_parts,
    plain_text,
    settings_of,
    tool_names,
)
from llmgate.formats.media import json_text
from llmgate.wire.chat import ChatRequest, Message, Part

SAMPLING: Final = (
    "temperature",
    "top_p",
    "top_k",
    "n",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
    "reasoning",
    "verbosity",
    "response_format",
    "tool_choice",
    "parallel_tool_calls",
    "service_tier",
    "stream",
)


def read_chat(body: dict[str, Any]) -> ChatRequest:
    """Reads messages in order."""
    tools = tool_names(body.get("tools")) + tool_names(body.get("functions"))
    return ChatRequest(
        messages=[_message(item) for item in as_list(body.get("messages"))],
        tools=tools,
        settings=settings_of(body, SAMPLING),
    )


def read_completion(body: dict[str, Any]) -> ChatRequest:
    """Reads the prompt, or prompts, of a Completions request."""
    prompt = body.get("prompt")
    prompts = prompt if isinstance(prompt, list) and prompt and _is_text(prompt) else [prompt]
    return ChatRequest(
        messages=[Message(role="user", parts=[_prompt(each)]) for each in prompts if each],
        settings=settings_of(body, SAMPLING),
    )


def read_embedding(body: dict[str, Any]) -> ChatRequest:
    """Reads the inputs of an Embeddings request."""
    given = body.get("input")
    inputs = given if isinstance(given, list) and given and _is_text(given) else [given]
    return ChatRequest(
        messages=[Message(role="user", parts=[_prompt(each)]) for each in inputs if each],
        settings=settings_of(body, ("dimensions", "encoding_format")),
    )


def _is_text(values: list[Any]) -> bool:
    return any(isinstance(value, (str, list)) for value in values)


def _prompt(value: Any) -> Part:
    if isinstance(value, str):
        return Part(kind="text", text=value)
    count = len(value) if isinstance(value, list) else 0
    return Part(kind="other", name="tokens", text=f"{count} token ids" if count else str(value))


def _message(item: Any) -> Message:
    message = as_dict(item)
    role = str(message.get("role") or "?")
    if role in {"tool", "function"}:
        return Message(role=role, parts=[_result(message)])
    parts: list[Part] = []
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str):
        parts.append(Part(kind="reasoning", text=thought))
    parts += content_parts(message.get("content"))
    if isinstance(message.get("refusal"), str):
        parts.append(Part(kind="refusal", text=message["refusal"]))
    parts += [_call(call) for call in as_list(message.get("tool_calls"))]
    if isinstance(message.get("function_call"), dict):
        parts.append(_call({"function": message["function_call"]}))
    return Message(role=role, parts=parts)


def _result(message: dict[str, Any]) -> Part:
    return Part(
        kind="tool_result",
        text=plain_text(message.get("content")),
        name=str(message.get("name") or ""),
        id=str(message.get("tool_call_id") or ""),
    )


def _call(item: Any) -> Part:
    call = as_dict(item)
    function = as_dict(call.get("function") or call.get("custom"))
    arguments = function.get("arguments", function.get("input"))
    return Part(
        kind="tool_call",
        text=json_text(arguments) if arguments is not None else "",
        name=str(function.get("name") or ""),
        id=str(call.get("id") or ""),
    )
