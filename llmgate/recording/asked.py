"""What a request asks for, as far as a recording could answer it: read from any protocol's body.

Bodies come from anywhere, so nothing here trusts a shape: what is not there, or is of another type,
counts as absent.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from llmgate.recording.canonical import parse

MAX_TEXT: Final = 4000
_WORD: Final = re.compile(r"[^\W_]+")
_WISH: Final = re.compile(r"\bllmgate:([a-z0-9-]{1,40})")
_COMMON: Final = frozenset(
    re.split(
        " ",
        "a an and are as at be by can do for from get how i in is it me my of on or please set so"
        " tell that the this to use was what which with you your",
    )
)
_REMINDER: Final = ("<system-reminder>", "</system-reminder>")


class Offer(msgspec.Struct, frozen=True):
    """A tool the caller offers: the argument names it has and those it demands; None: any."""

    properties: frozenset[str] | None
    required: frozenset[str]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request, reduced to what a recording is chosen by."""

    words: frozenset[str] = frozenset()  # of the last user text, and of the tools just used
    wishes: frozenset[str] = frozenset()  # `llmgate:cut` in the last user text asks for that tag
    tools: dict[str, Offer] = {}
    choice: Literal["auto", "none", "must"] = "auto"
    parallel: bool = True
    tool_result: bool = False  # the last turn gives back a tool's result
    image: bool = False
    reasoning: bool = False
    json: bool = False
    encoding: str = ""
    model: str = ""


class _Turn(msgspec.Struct, frozen=True):
    role: str
    text: str = ""
    tool_result: bool = False
    image: bool = False
    called: tuple[str, ...] = ()


def words(text: str) -> frozenset[str]:
    """Gives the words that say something, in lower case and without a plural's `s`."""
    found = (match.lower() for match in _WORD.findall(text))
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") else word
        for word in found
        if word not in _COMMON
    )


def read_asked(body: bytes) -> Asked:
    """Reads a request body; one that is no JSON object asks for nothing in particular."""
    value = parse(body)
    if not isinstance(value, dict):
        return Asked()
    turns = list(_turns(value))
    text = _last_user(turns).text[-MAX_TEXT:]
    last = next((turn for turn in reversed(turns) if turn.role != "system"), _Turn(""))
    called = " ".join(_last_called(turns)) if last.tool_result else ""
    choice, named = _choice(value.get("tool_choice"))
    tools = _tools(value.get("tools"))
    return Asked(
        words=words(f"{text} {called}"),
        wishes=frozenset(_WISH.findall(text)),
        tools={named: tools[named]} if named in tools else tools,
        choice=choice,
        parallel=value.get("parallel_tool_calls") is not False,
        tool_result=last.tool_result,
        image=_last_user(turns).image,
        reasoning=_reasoning(value),
        json=_json(value),
        encoding=_text(value.get("encoding_format")),
        model=_text(value.get("model")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _fields(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _turns(body: dict[str, object]) -> Iterator[_Turn]:
    """Gives the turns of any protocol: ``messages``, ``input`` or ``prompt``."""
    for key in ("messages", "input", "prompt"):
        value = body.get(key)
        if isinstance(value, str):
            yield _Turn("user", value)
        for item in _items(value):
            yield _Turn("user", item) if isinstance(item, str) else _turn(_fields(item))


def _turn(item: dict[str, object]) -> _Turn:
    """Reads one message, or one item of Responses."""
    content = item.get("content")
    parts = [_fields(part) for part in _items(content)]
    kinds = {_text(part.get("type")) for part in parts}
    kind = _text(item.get("type"))
    said = [_text(part.get("text")) for part in parts]
    names = [
        _fields(_fields(call).get("function")).get("name")
        for call in _items(item.get("tool_calls"))
    ]
    names += [part.get("name") for part in parts if part.get("type") == "tool_use"]
    names += [item.get("name")] if kind.endswith("_call") else []
    return _Turn(
        role=_text(item.get("role")),
        text="\n".join(map(_without_reminders, [_text(content), *said])).strip(),
        tool_result=item.get("role") == "tool"
        or kind.endswith("_output")
        or "tool_result" in kinds,
        image=bool(kinds & {"image_url", "input_image", "image"}),
        called=tuple(filter(None, map(_text, names))),
    )


def _last_user(turns: list[_Turn]) -> _Turn:
    """Gives the last turn in which the user said or showed something."""
    spoken = (turn for turn in reversed(turns) if turn.role == "user" and (turn.text or turn.image))
    return next(spoken, _Turn("user"))


def _last_called(turns: list[_Turn]) -> tuple[str, ...]:
    return next((turn.called for turn in reversed(turns) if turn.called), ())


def _without_reminders(text: str) -> str:
    """Leaves out what agents put into the user's turn on their own."""
    opening, closing = _REMINDER
    kept = []
    while text:
        before, found, rest = text.partition(opening)
        kept.append(before)
        text = rest.partition(closing)[2] if found else ""
    return "".join(kept)


def _tools(value: object) -> dict[str, Offer]:
    """Reads the offered functions; a provider's own tools have no schema and are left out."""
    offers = {}
    for item in map(_fields, _items(value)):
        function = _fields(item.get("function")) or item
        name = _text(function.get("name"))
        schema = _fields(function.get("parameters")) or _fields(function.get("input_schema"))
        if name:
            offers[name] = Offer(
                frozenset(_fields(schema["properties"])) if "properties" in schema else None,
                frozenset(map(_text, _items(schema.get("required")))),
            )
    return offers


def _choice(value: object) -> tuple[Literal["auto", "none", "must"], str]:
    """Reads ``tool_choice``; a named tool is given too."""
    fields = _fields(value)
    word = _text(value) or _text(fields.get("type"))
    if word == "none":
        return "none", ""
    if word in {"required", "any"}:
        return "must", ""
    named = _text(fields.get("name")) or _text(_fields(fields.get("function")).get("name"))
    return ("must", named) if named else ("auto", "")


def _reasoning(body: dict[str, object]) -> bool:
    """Whether the answer may show its reasoning."""
    thinking = _text(_fields(body.get("thinking")).get("type"))
    effort = body.get("reasoning_effort") or _fields(body.get("reasoning")).get("effort")
    model = _text(body.get("model")).lower()
    return (
        thinking in {"enabled", "adaptive"}
        or (effort is not None and effort != "none")
        or bool(_fields(body.get("reasoning")).get("summary"))
        or "reason" in model
    )


def _json(body: dict[str, object]) -> bool:
    """Whether the answer must be JSON."""
    formats = (
        body.get("response_format"),
        _fields(body.get("text")).get("format"),
        _fields(body.get("output_config")).get("format"),
    )
    return any(_text(_fields(it).get("type")) in {"json_schema", "json_object"} for it in formats)
