"""Shared reading of requests: content of any shape as parts, settings and tool names as words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from llmgate.formats.media import describe, json_text, texts
from llmgate.wire.chat import Part, PartKind

_MAX_SETTING: Final = 300
_MAX_OTHER: Final = 2000
_TEXT: Final = frozenset({"text", "input_text", "output_text", "summary_text", "reasoning_text"})
_MEDIA: Final[Mapping[str, PartKind]] = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "computer_screenshot": "image",
    "input_audio": "audio",
    "audio": "audio",
    "file": "file",
    "input_file": "file",
    "document": "file",
    "video_url": "file",
}


def content_parts(content: Any) -> list[Part]:
    """Reads the content of a message: text, one part, or a list of parts."""
    if isinstance(content, str):
        return [Part(kind="text", text=content)] if content else []
    if isinstance(content, dict):
        return [part(content)]
    if isinstance(content, list):
        return [part(piece) for piece in content]
    return []


def part(piece: Any) -> Part:
    """Reads one part that is neither a tool call nor its result."""
    if isinstance(piece, str):
        return Part(kind="text", text=piece)
    if not isinstance(piece, dict):
        return Part(kind="other", text=json_text(piece)[:_MAX_OTHER])
    kind = str(piece.get("type") or "")
    if kind in _TEXT or (not kind and "text" in piece):
        return Part(kind="text", text=str(piece.get("text") or ""))
    return _rarer_part(kind, piece)


def _rarer_part(kind: str, piece: dict[str, Any]) -> Part:
    if kind in _MEDIA:
        return Part(kind=_MEDIA[kind], text=describe(piece))
    if kind == "refusal":
        return Part(kind="refusal", text=str(piece.get("refusal") or ""))
    if kind in {"thinking", "redacted_thinking"}:
        return Part(kind="reasoning", text=_thinking(piece.get("thinking")))
    return other(piece)


def other(piece: Mapping[str, Any]) -> Part:
    """Keeps what is not known, by its own type's name."""
    kind = str(piece.get("type") or "")[:100]
    return Part(kind="other", name=kind, text=json_text(dict(piece))[:_MAX_OTHER])


def plain_text(content: Any) -> str:
    """Joins the text of a tool's result; media are named."""
    pieces = content_parts(content)
    return "\n".join(p.text for p in pieces) if pieces else _rest(content)


def settings_of(body: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Finds the settings that are given, as words."""
    return {name: _word(body[name]) for name in names if body.get(name) not in (None, "", [], {})}


def tool_names(tools: Any) -> list[str]:
    """Names what may be called: functions by name, hosted tools by type, namespaces in full."""
    found: list[str] = []
    for tool in tools if isinstance(tools, list) else ():
        found += _names_of(tool)
    return found


def as_list(value: Any) -> list[Any]:
    """A list stays, anything else is an empty one."""
    return value if isinstance(value, list) else []


def as_dict(value: Any) -> dict[str, Any]:
    """A dict stays, anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def _names_of(tool: Any) -> list[str]:
    match tool:
        case {"type": "namespace", "name": str(name), "tools": list(inner)}:
            names = [f"{name}.{each}" for each in tool_names(inner)]
        case {"tools": list(inner)}:
            names = tool_names(inner)
        case {"function": {"name": str(name)}} | {"custom": {"name": str(name)}}:
            names = [name]
        case {"type": "mcp", "server_label": str(name)}:
            names = [f"mcp {name}"]
        case {"name": str(name)} | {"type": str(name)}:
            names = [name]
        case _:
            names = []
    return names


def _thinking(value: Any) -> str:
    return "".join(texts(value)) if isinstance(value, list) else str(value or "")


def _rest(content: Any) -> str:
    return "" if content in (None, "", []) else json_text(content)


def _word(value: Any) -> str:
    return json_text(value)[:_MAX_SETTING]
