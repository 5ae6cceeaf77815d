"""The five sides of a comparison, each as pairs of lines (pure)."""

from collections.abc import Callable, Sequence
from typing import Final

from llmgate.wire.compare import Change, Comparison, EventPair, Span, ToolDiff
from llmgate_tui.compare import facts
from llmgate_tui.compare.pairs import Pair, both, joined, of_lines, of_spans, of_texts
from llmgate_tui.detail import json_text
from llmgate_tui.widgets.line_text import Line

MODES: Final = ("Text", "Reasoning", "Tool calls", "Figures", "Events")


def pairs(comparison: Comparison, mode: str) -> list[Pair]:
    """What a mode shows side by side; Figures has a table of its own."""
    return joined(_MAKERS[mode](comparison))


def table(comparison: Comparison, width: int) -> list[Line]:
    """The figures."""
    return facts.render(comparison.facts, width)


def differences(comparison: Comparison, mode: str) -> bool:
    """Whether the sides differ there at all."""
    match mode:
        case "Text":
            return _changed(comparison.text)
        case "Reasoning":
            return _changed(comparison.reasoning)
        case "Tool calls":
            return any(not tool.same for tool in comparison.tools)
        case "Figures":
            return any(not fact.same for fact in comparison.facts)
        case _:
            return any(not event.same for event in comparison.events)


def _changed(spans: Sequence[Span]) -> bool:
    return any(span.kind != "same" for span in spans)


def _said(text: str) -> list[Pair]:
    return [both([(text, "quiet")])]


def _text(comparison: Comparison) -> list[Pair]:
    return of_spans(comparison.text) or _said("Neither answer has any text.")


def _reasoning(comparison: Comparison) -> list[Pair]:
    return of_spans(comparison.reasoning) or _said("Neither answer shows any reasoning.")


# -- tool calls ----------------------------------------------------------------


def _tools(comparison: Comparison) -> list[Pair]:
    found: list[Pair] = []
    for tool in comparison.tools:
        found += [*_tool(tool), both([])]
    return found or _said("Neither answer calls a tool.")


def _tool(tool: ToolDiff) -> list[Pair]:
    """Its name, the places that differ with both values, then the arguments in full."""
    left, right = tool.left.split("\n"), tool.right.split("\n")
    if not tool.left_name:
        return [Pair(None, _call(tool.right_name, "added"), ((0, 0),)), *_one(None, right)]
    if not tool.right_name:
        return [Pair(_call(tool.left_name, "removed"), None, ((0, 0),)), *_one(left, None)]
    if tool.same:
        return [both(_call(tool.left_name, "")), *[both(_json(line)) for line in left]]
    return [
        _names(tool),
        *[_change(change) for change in tool.changes],
        *([both([("  … and more places", "quiet")])] if tool.changes_cut else []),
        both([]),
        *[_indented(pair) for pair in of_lines(left, right)],
    ]


def _names(tool: ToolDiff) -> Pair:
    if tool.left_name == tool.right_name:
        return both(_call(tool.left_name, ""))
    spots = ((0, 0),)
    return Pair(_call(tool.left_name, "removed"), _call(tool.right_name, "added"), spots)


def _call(name: str, tone: str) -> Line:
    return [("→ ", "accent"), (name, tone or "strong")]


def _one(left: list[str] | None, right: list[str] | None) -> list[Pair]:
    gone = [Pair([("  " + line, "removed")], None, ((0, 0),)) for line in left or []]
    return gone + [Pair(None, [("  " + line, "added")], ((0, 0),)) for line in right or []]


def _change(change: Change) -> Pair:
    """``days[2]  3`` on one side, ``days[2]  4`` on the other, ``none`` where there is nothing."""
    path: Line = [(f"  {change.path or 'all of it'}  ", "key")]
    return Pair(
        [*path, _value(change.left, "removed")], [*path, _value(change.right, "added")], ((0, 0),)
    )


def _value(text: str | None, tone: str) -> tuple[str, str]:
    return ("none", "quiet") if text is None else (" ".join(text.split("\n")), tone)


def _json(line: str) -> Line:
    return [("  ", ""), *json_text.colour(line)]


def _indented(pair: Pair) -> Pair:
    """Lines that are the same are coloured as JSON; the others only where they differ."""
    if pair.same and pair.left is not None:
        return both(_json("".join(text for text, _ in pair.left)))
    left = None if pair.left is None else [("  ", ""), *pair.left]
    right = None if pair.right is None else [("  ", ""), *pair.right]
    return Pair(left, right, tuple((a + 2, b + 2) for a, b in pair.spots))


# -- events --------------------------------------------------------------------


def _events(comparison: Comparison) -> list[Pair]:
    found = [_event(event) for event in comparison.events]
    if comparison.events_cut:
        found.append(both([(f"… {comparison.events_cut:,} pairs more", "quiet")]))
    return found or _said("No events were kept of either answer.")


def _event(event: EventPair) -> Pair:
    if event.same and event.left is not None:
        return both([(_line(event.left), "quiet")])
    left = None if event.left is None else _line(event.left)
    right = None if event.right is None else _line(event.right)
    if left == right:  # what differs is left out as volatile
        return both([(left or "", "quiet")])
    return of_texts(left, right)


def _line(text: str) -> str:
    return text if "\n" not in text else " ".join(text.split("\n"))


_MAKERS: Final[dict[str, Callable[[Comparison], list[Pair]]]] = {
    "Text": _text,
    "Reasoning": _reasoning,
    "Tool calls": _tools,
    "Figures": lambda comparison: [],
    "Events": _events,
}
