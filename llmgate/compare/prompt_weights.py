"""What the parts of a prompt weigh: each tool with its definition, calls and results; the rest."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from llmgate.compare.prompt_units import Unit
from llmgate.wire.compare import Weight

MAX_WEIGHTS: Final = 200

Kind = Literal["system", "user", "assistant", "tool", "definitions", "other"]

_SYSTEM: Final = frozenset({"system", "developer"})
_MEDIA: Final = frozenset({"image", "audio", "file"})
_SPEAKERS: Final[Mapping[str, Kind]] = {"user": "user", "assistant": "assistant"}
_LONGEST_NAME: Final = 100


class _Sum(msgspec.Struct):
    kind: Kind
    calls: int = 0
    results: int = 0
    chars: int = 0
    weight: int = 0
    new: float = 0.0


def weigh(units: Iterable[tuple[Unit, float]], per_byte: float) -> list[Weight]:
    """Sums units by what they belong to, heaviest first; with each comes how much of it (in bytes)
    is new. A tool that is offered and was never called counts as a definition.
    """
    sums: dict[tuple[str, str], _Sum] = {}
    for unit, new in units:
        name, kind = _owner(unit)
        group = "tool" if unit.tool else kind
        total = sums.setdefault((group, name), _Sum(kind))
        if kind == "tool":
            total.kind = kind
        total.calls += unit.kind == "tool_call"
        total.results += unit.kind == "tool_result"
        total.chars += len(unit.text)
        total.weight += unit.weight
        total.new += new
    whole = sum(total.weight for total in sums.values()) or 1
    weights = [
        Weight(
            name=name,
            kind=total.kind,
            calls=total.calls,
            results=total.results,
            chars=total.chars,
            tokens=round(total.weight * per_byte),
            share=total.weight / whole,
            new_tokens=round(total.new * per_byte),
        )
        for (_, name), total in sums.items()
    ]
    weights.sort(key=lambda one: (-one.share, one.name))
    return [*weights[:MAX_WEIGHTS], *_rest(weights[MAX_WEIGHTS:])]


def _rest(weights: list[Weight]) -> list[Weight]:
    if not weights:
        return []
    return [
        Weight(
            name=f"{len(weights)} more",
            kind="other",
            calls=sum(one.calls for one in weights),
            results=sum(one.results for one in weights),
            chars=sum(one.chars for one in weights),
            tokens=sum(one.tokens for one in weights),
            share=sum(one.share for one in weights),
            new_tokens=sum(one.new_tokens for one in weights),
        )
    ]


def _owner(unit: Unit) -> tuple[str, Kind]:
    """Whose part of the prompt it is."""
    if unit.tool:
        return unit.tool, "definitions" if unit.kind == "definition" else "tool"
    if unit.section == "system" or unit.role in _SYSTEM:
        return "system prompt", "system"
    if unit.kind in _MEDIA:
        return f"{unit.kind}s", "other"
    if unit.reminder:
        return "system reminders", "other"
    return unit.role[:_LONGEST_NAME], _SPEAKERS.get(unit.role, "other")
