"""Conversations for fine-tuning and evals, one a line: messages with the answer as the last one,
and the tools, in the shape of OpenAI's chat. What that shape has no place for is left out whole.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from llmgate.errors import BadRequest
from llmgate.formats import catalog
from llmgate.formats.lenient import plain
from llmgate.recording.derive import events_of
from llmgate.recording.recording import Recording
from llmgate.wire.chat import Message, Part
from llmgate.wire.recordings import Skipped

Json = dict[str, Any]

_CONVERSATIONS: Final = frozenset(
    {"openai.chat", "openai.completions", "openai.responses", "anthropic.messages"}
)
_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})


class _Unfit(Exception):
    """The shape has no place for something; the message says for what."""


def as_jsonl(recordings: Sequence[Recording]) -> tuple[bytes, list[Skipped]]:
    """The conversations, and those that are left out with the reason."""
    lines: list[bytes] = []
    skipped: list[Skipped] = []
    for recording in recordings:
        try:
            lines.append(msgspec.json.encode(_line(recording)) + b"\n")
        except _Unfit as unfit:
            skipped.append(Skipped(what=recording.title or recording.id, why=str(unfit)))
    return b"".join(lines), skipped


def _line(it: Recording) -> Json:
    if it.dialect not in _CONVERSATIONS:
        raise _Unfit(f"{it.dialect} is no conversation")
    if it.status >= 300 or it.how not in {"eof", "length"} or it.error:
        raise _Unfit(f"the answer is not whole: {it.error or it.how}")
    body = plain(it.body)
    if not isinstance(body, dict):
        raise _Unfit("the request is no JSON object")
    if body.get("previous_response_id") or body.get("conversation"):
        raise _Unfit("its conversation began in another request, which the provider keeps")
    answer = _answer(it)
    tools = _tools(body.get("tools"))
    messages = body.get("messages") if it.dialect == "openai.chat" else None
    if not isinstance(messages, list):
        messages = list(_messages(it))
    return {"messages": [*messages, answer], **({"tools": tools} if tools else {})}


def _answer(it: Recording) -> Json:
    """The answer as a message; reads the bytes, since a recording keeps no reasoning apart."""
    parts = catalog.answer_parts(events_of(it))
    return _assistant(parts)


def _messages(it: Recording) -> Iterator[Json]:
    try:
        request = catalog.read_request(it.dialect, it.body)
    except BadRequest as error:
        raise _Unfit(str(error)) from error
    pending: list[Part] = []
    for message in request.messages:
        if message.role == "assistant":
            pending += message.parts
            continue
        if pending:
            yield _assistant(pending)
            pending = []
        yield from _others(message)
    if pending:
        yield _assistant(pending)


def _others(message: Message) -> Iterator[Json]:
    """A message that is not the model's: results of tools become messages of their own."""
    texts = [part for part in message.parts if part.kind != "tool_result"]
    for part in message.parts:
        if part.kind == "tool_result":
            yield {"role": "tool", "tool_call_id": part.id, "content": part.text}
    if texts:
        _only_text(texts)
        if message.role not in _ROLES:
            raise _Unfit(f"it has a message of the role {message.role[:40]!r}")
        yield {"role": message.role, "content": _content(texts)}


def _assistant(parts: Sequence[Part]) -> Json:
    calls = [part for part in parts if part.kind == "tool_call"]
    texts = [part for part in parts if part.kind == "text"]
    refusals = [part.text for part in parts if part.kind == "refusal"]
    _only_text([part for part in parts if part.kind not in {"tool_call", "refusal"}])
    if not (calls or texts or refusals):
        raise _Unfit("the answer says nothing")
    message: Json = {"role": "assistant", "content": "".join(part.text for part in texts) or None}
    if refusals:
        message["refusal"] = "".join(refusals)
    if calls:
        message["tool_calls"] = [_call(part) for part in calls]
    return message


def _call(part: Part) -> Json:
    function = {"name": part.name, "arguments": part.text}
    return {"id": part.id, "type": "function", "function": function}


def _content(texts: Sequence[Part]) -> object:
    if len(texts) == 1:
        return texts[0].text
    return [{"type": "text", "text": part.text} for part in texts]


def _only_text(parts: Sequence[Part]) -> None:
    for part in parts:
        if part.kind != "text":
            raise _Unfit(f"it holds {part.kind.replace('_', ' ')}, for which there is no place")


def _tools(value: object) -> list[Json]:
    return [_tool(tool) for tool in value] if isinstance(value, list) else []


def _tool(tool: object) -> Json:
    """A function in the shape of chat; a provider's own tools cannot be said."""
    if isinstance(tool, dict):
        if isinstance(tool.get("function"), dict):
            return tool
        kind, name = tool.get("type", "custom"), tool.get("name")
        if isinstance(name, str) and kind in {"function", "custom"} and "format" not in tool:
            given = {
                "name": name,
                "description": tool.get("description"),
                "parameters": tool.get("parameters") or tool.get("input_schema"),
                "strict": tool.get("strict"),
            }
            function = {key: item for key, item in given.items() if item is not None}
            return {"type": "function", "function": function}
    raise _Unfit("it offers a tool of the provider's own")
