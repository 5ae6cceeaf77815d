"""A request cut into what it consists of: tool definitions, system prompts, parts of messages.

Two units are the same when they say the same: marks for the provider's cache, which move from turn
to turn, and ids do not count.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from llmgate.compare.json_value import compact
from llmgate.errors import BadRequest
from llmgate.formats import catalog, lenient
from llmgate.formats.asked.pieces import as_dict, as_list, tool_names
from llmgate.wire.chat import ChatRequest, Part
from llmgate.wire.exchanges import Protocol

Section = Literal["tools", "system", "messages"]

IMAGE_BYTES: Final = 4_000
"""What an image counts for, in bytes of text: providers charge 1,000 tokens and more for one."""

_SYSTEM: Final = frozenset({"system", "developer"})
_SAID: Final = frozenset({"input", "arguments"})
_REMINDER: Final = "<system-reminder>"
_DEEPEST: Final = 128
_TITLE: Final = 80
_TOOLS: Final = ("tools", "functions")
_CONTENT: Final = frozenset({*_TOOLS, "messages", "system", "instructions", "input", "prompt"})


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a request. ``tool`` is the tool it defines, calls or brings a result of."""

    section: Section
    role: str
    kind: str
    text: str
    tool: str = ""
    message: int = 0  # the number of its message

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Equal for units that say the same."""
        return self.section, self.role, self.kind, self.tool, self.text

    @property
    def weight(self) -> int:
        """How much it weighs, in bytes: closer to tokens than characters are in any script."""
        held = IMAGE_BYTES if self.kind == "image" else len(self.text.encode("utf-8", "replace"))
        named = self.kind in {"tool_call", "definition"}
        return held + (len(self.tool) if named else 0)

    @property
    def title(self) -> str:
        """What it is, in a line."""
        match self.kind:
            case "definition" | "tool_call" | "tool_result":
                return f"{self.kind.replace('_', ' ')} of {self.tool or '?'}"
            case "text":
                return _first_words(self.text)
            case _:
                return f"{self.kind}: {_first_words(self.text)}"

    @property
    def reminder(self) -> bool:
        """An agent put it into the user's turn on its own."""
        return self.kind == "text" and self.text.lstrip().startswith(_REMINDER)


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A request: its units in order, its settings; ``continues`` is the answer at the provider's
    side that it goes on from.
    """

    units: list[Unit]
    settings: dict[str, Any]
    continues: str = ""
    turn: int = 1


def read_prompt(protocol: Protocol, body: bytes) -> Prompt:
    """Cuts a request; raises BadRequest for what cannot be read as a conversation."""
    value = lenient.plain(body)
    if not isinstance(value, dict):
        raise BadRequest("the request body is not a JSON object that can be read")
    clean = _clean(value)
    # written and read once more, since formats read bytes
    request = catalog.read_request(protocol, msgspec.json.encode(clean))
    units = [*_definitions(clean), *_parts(request)]
    if not units:
        raise BadRequest(f"there are no messages in this request ({protocol})")
    continues = clean.get("previous_response_id")
    return Prompt(
        units=units,
        settings={name: it for name, it in clean.items() if name not in _CONTENT},
        continues=continues if isinstance(continues, str) else "",
        turn=1 + _answers(request),
    )


def _answers(request: ChatRequest) -> int:
    """How often the assistant has answered, its calls and what it says after them as one each."""
    roles = [message.role for message in request.messages]
    before = ["", *roles[:-1]]
    return sum(role == "assistant" != last for role, last in zip(roles, before, strict=False))


def _clean(value: Any, depth: int = 0) -> Any:
    """The same without marks for caches; media carry a digest, since no more is read of them."""
    if depth > _DEEPEST:
        raise BadRequest(f"the request body is nested too deeply: more than {_DEEPEST} levels")
    if isinstance(value, list):
        return [_clean(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: inner if key in _SAID and isinstance(inner, dict) else _field(key, inner, value, depth)
        for key, inner in value.items()
        if key != "cache_control"
    }


def _field(key: str, inner: Any, around: dict[str, Any], depth: int) -> Any:
    if isinstance(inner, dict | list):
        return _clean(inner, depth + 1)
    return _digested(key, inner, around)


def _digested(key: str, inner: Any, around: dict[str, Any]) -> Any:
    if not isinstance(inner, str):
        return inner
    data = around.get("data")
    if key in {"media_type", "format"} and isinstance(data, str):
        return f"{inner} #{_digest(data)}"
    if inner.startswith("data:") and key in {"url", "image_url", "file_data", "file_url"}:
        kind, semicolon, rest = inner.partition(";")
        return f"{kind} #{_digest(rest)}{semicolon}{rest}"
    return inner


def _digest(data: str) -> str:
    return hashlib.sha256(data.encode("utf-8", "replace")).hexdigest()[:6]


def _definitions(body: dict[str, Any]) -> Iterator[Unit]:
    tools = [tool for name in _TOOLS for tool in as_list(body.get(name))]
    for item in as_list(body.get("input")):
        if as_dict(item).get("type") == "additional_tools":
            tools += as_list(item.get("tools"))
    for number, (name, tool) in enumerate(_named(tools)):
        yield Unit(
            section="tools",
            role="tools",
            kind="definition",
            text=compact(tool),
            tool=name,
            message=number,
        )


def _named(tools: list[Any]) -> Iterator[tuple[str, Any]]:
    """Tools with their names; those of a namespace one by one."""
    for tool in tools:
        names, inner = tool_names([tool]), as_list(as_dict(tool).get("tools"))
        if inner and len(names) == len(inner):
            yield from zip(names, inner, strict=True)
        else:
            yield (names[0] if names else "?"), tool


def _parts(request: ChatRequest) -> Iterator[Unit]:
    names: dict[str, str] = {}
    leading = True
    for number, message in enumerate(request.messages):
        leading = leading and message.role in _SYSTEM
        for part in message.parts:
            if part.kind == "tool_call" and part.id:
                names[part.id] = part.name
            yield Unit(
                section="system" if leading else "messages",
                role=message.role,
                kind=part.kind,
                text=part.text,
                tool=_tool_of(part, names),
                message=number,
            )


def _tool_of(part: Part, names: dict[str, str]) -> str:
    if part.kind == "tool_call":
        return part.name or "?"
    return names.get(part.id) or part.name or "?" if part.kind == "tool_result" else ""


def _first_words(text: str) -> str:
    words = " ".join(text[: 8 * _TITLE].split())
    return words if len(words) <= _TITLE else words[: _TITLE - 1] + "…"
