"""New lists and mappings as lines, written as the file's others are."""

from typing import Any, Final, NamedTuple

from llmgate.config.edit.habits import Habits
from llmgate.config.edit.scalars import block_lines, written

_WIDEST: Final = 100


class Place(NamedTuple):
    """Where a value is written: its name, its parent's, how deep, the column of its entry."""

    name: str
    parent: str
    depth: int
    column: int


def in_flow(value: Any, habits: Habits, quote: str = "") -> str:
    """A value on one line that may stand between brackets."""
    if isinstance(value, dict):
        fields = (f"{key(k, habits, flow=True)}: {in_flow(v, habits)}" for k, v in value.items())
        return _bracketed("{", fields, "}", habits)
    if isinstance(value, list):
        return _bracketed("[", (in_flow(item, habits) for item in value), "]", habits)
    return written(value, flow=True, quote=quote, habit=habits.quote)


def _bracketed(opening: str, parts: Any, closing: str, habits: Habits) -> str:
    inside = ", ".join(parts)
    pad = habits.pad(opening) if inside else ""
    return f"{opening}{pad}{inside}{pad}{closing}"


def key(name: str, habits: Habits, *, flow: bool, quote: str = "") -> str:
    """A field's name."""
    return written(name, flow=flow, quote=quote, habit=habits.quote)


def as_lines(value: Any, place: Place, habits: Habits) -> list[str] | None:
    """The lines under a name or after a dash, indented; None for what fits behind it."""
    if not isinstance(value, dict | list) or not value or _goes_in_flow(value, place, habits):
        return None
    if isinstance(value, dict):
        column = place.column + (habits.item if place.name.endswith("[]") else habits.step)
        return [
            line
            for name, item in value.items()
            for line in field_lines(
                name, item, Place(name, place.name, place.depth + 1, column), habits
            )
        ]
    column = place.column + (habits.item if place.name.endswith("[]") else habits.dash)
    below = Place(f"{place.name}[]", "", place.depth + 1, column)
    return [line for item in value for line in item_lines(item, below, habits)]


def field_lines(name: str, value: Any, place: Place, habits: Habits) -> list[str]:
    """A whole field, its name at the column of its place."""
    lead = " " * place.column + key(name, habits, flow=False) + ":"
    if (below := as_lines(value, place, habits)) is not None:
        return [lead, *below]
    first, *rest = behind(value, place, habits)
    return [f"{lead} {first}", *rest]


def item_lines(value: Any, place: Place, habits: Habits) -> list[str]:
    """A whole item, its dash at the column of its place."""
    lead = " " * place.column + "-"
    if (below := as_lines(value, place, habits)) is not None:
        inner = below[0].lstrip(" ")
        gap = len(below[0]) - len(inner) - place.column - 1
        return [lead + " " * gap + inner, *below[1:]]
    first, *rest = behind(value, place, habits)
    return [f"{lead} {first}", *rest]


def behind(value: Any, place: Place, habits: Habits) -> list[str]:
    """What follows a name or a dash on its line, and the lines of a block of text below."""
    if isinstance(value, dict | list):
        return [in_flow(value, habits)]
    if isinstance(value, str) and "\n" in value:
        indent = place.column + habits.step
        if (lines := block_lines(value, "|", indent)) is not None:
            return lines
    return [written(value, flow=False, habit=habits.quote)]


def _goes_in_flow(value: Any, place: Place, habits: Habits) -> bool:
    """Small things go on one line, if the others of their kind do or there are no others."""
    if not _is_small(value, 2):
        return False
    if place.column + len(place.name) + 2 + len(in_flow(value, habits)) > _WIDEST:
        return False
    kind = "mapping" if isinstance(value, dict) else "list"
    if place.depth == 1 and any(isinstance(item, dict) for item in _values(value)):
        return False  # a section of the file
    known = habits.prefers_flow(place.name, place.parent, kind)
    if known is not None:
        return known
    if kind == "mapping":
        return place.depth > 2 and _is_small(value, 1) and "${" not in str(value)
    return _is_small(value, 1)


def _is_small(value: Any, levels: int) -> bool:
    """Nothing but single values on one line, in at most so many levels of brackets."""
    if isinstance(value, dict):
        return levels > 0 and all(_is_small(item, levels - 1) for item in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_is_small(item, levels - 1) for item in value)
    return not isinstance(value, str) or "\n" not in value


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
