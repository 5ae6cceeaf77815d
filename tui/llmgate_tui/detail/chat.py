"""The Chat tab: the conversation as people read it, the answer last, whatever the protocol."""

from typing import Final

from llmgate.wire.chat import ChatRequest, ChatView, Message, Part
from llmgate_tui.detail import json_text
from llmgate_tui.detail.facts import fact, joined
from llmgate_tui.widgets.line_text import Fold, Item, Line

_SETTLED_LINES: Final = 3  # of a system prompt, before it folds
_LONG_LINES: Final = 40  # of anything else
_SMALL_JSON: Final = 4_000
_INDENT: Final = "  "
_SYSTEM: Final = frozenset({"system", "developer"})


def render(view: ChatView, *, with_answer: bool = True) -> list[Item]:
    """Everything that was said; while an answer is growing it is left to the growth."""
    items: list[Item] = []
    if view.problem:
        items += [[("▲ ", "warn"), (view.problem, "warn")], []]
    items += _about(view.request)
    for message in view.request.messages:
        items += [*_message(message), []]
    if not view.request.messages and not view.answer and not view.problem:
        items.append([("There is no conversation in this exchange.", "quiet")])
    if with_answer and (view.answer or view.finish):
        items += answer(view)
    return items


def answer(view: ChatView) -> list[Item]:
    """What the model said."""
    items: list[Item] = [head("assistant", "answer")]
    for part in view.answer:
        items += _part(part, _LONG_LINES)
    if not view.answer:
        items.append([(_INDENT + "(empty)", "quiet")])
    if view.finish:
        items += [[], finish(view.finish)]
    return items


def head(role: str, note: str = "") -> Line:
    """The line above a message."""
    return [
        (role, "strong" if role != "user" else "accent"),
        (f"  {note}" if note else "", "quiet"),
    ]


def finish(reason: str) -> Line:
    """Why it ended."""
    return [("finished: ", "quiet"), (reason.replace("_", " "), "")]


def _about(request: ChatRequest) -> list[Item]:
    items: list[Item] = []
    if request.tools:
        items.append(fact("tools", f"{len(request.tools)}: {', '.join(request.tools)}"))
    if request.settings:
        items.append(
            fact(
                "settings", joined([f"{name} {value}" for name, value in request.settings.items()])
            )
        )
    return [*items, []] if items else []


def _message(message: Message) -> list[Item]:
    most = _SETTLED_LINES if message.role in _SYSTEM else _LONG_LINES
    items: list[Item] = [head(message.role)]
    for part in message.parts:
        items += _part(part, most)
    return items


def _part(part: Part, most: int) -> list[Item]:
    match part.kind:
        case "text":
            return _folded(_text(part.text, ""), most)
        case "reasoning":
            return _folded([[(_INDENT + "thinking", "quiet")], *_text(part.text, "quiet")], most)
        case "refusal":
            return [[(_INDENT + "refused", "warn")], *_text(part.text, "warn")]
        case "tool_call":
            return [call(part.name, part.id), *_folded(_json(part.text), most)]
        case "tool_result":
            return _result(part, most)
        case "image" | "audio" | "file" | "other":
            return [[(f"{_INDENT}[{part.text or part.kind}]", "accent")]]


def call(name: str, id: str) -> Line:  # noqa: A002
    """The line above the arguments of a tool call."""
    return [(_INDENT + "→ ", "accent"), (name or "a tool", "accent"), (f"  {id}", "quiet")]


def _result(part: Part, most: int) -> list[Item]:
    sign, tone = ("✗ ", "bad") if part.is_error else ("← ", "good")
    about = "result failed" if part.is_error else "result"
    named = joined([part.name, part.id], "  ")
    line: Line = [(_INDENT + sign, tone), (about, tone), (f"  {named}", "quiet")]
    return [line, *_folded(_json(part.text), most)]


def _text(text: str, tone: str) -> list[Line]:
    return [[(_INDENT + line, tone)] for line in text.split("\n")] if text else []


def _json(text: str) -> list[Line]:
    if len(text) <= _SMALL_JSON and text.lstrip()[:1] in {"{", "["}:
        return json_text.lines(text, _INDENT * 2)
    return [[(_INDENT * 2 + line, "")] for line in text.split("\n")] if text else []


def _folded(lines: list[Line], most: int) -> list[Item]:
    """All of it when it is short; else its first lines and a fold with the rest."""
    if len(lines) <= most + 2:
        return list(lines)
    rest = lines[most:]
    return [*lines[:most], Fold([(f"{len(rest)} more lines", "quiet")], lambda: rest)]
