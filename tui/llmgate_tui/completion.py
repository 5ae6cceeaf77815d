"""Completes what is being typed in the filter: names of fields, and their values (pure)."""

import itertools
from collections.abc import Callable, Iterable
from typing import Final

from llmgate_tui.filter_terms import FIELDS, STATES
from llmgate_tui.filter_time import DAYS

_LEAD: Final = "-!("
_ENDS: Final = " ()|,"
_FLAGS: Final = frozenset({"marked"})  # complete without a value
_FIXED: Final = {"state": STATES, "since": list(DAYS), "until": list(DAYS)}
_MOST: Final = 12  # choices worth showing

Values = Callable[[str], Iterable[str]]  # what is known of a field


def complete(text: str, at: int, values: Values) -> tuple[str, int, list[str]]:
    """The text with the word before ``at`` completed, where the cursor goes, and what was open.

    Choices are returned only when there is more than one and nothing could be added.
    """
    start = max((text.rfind(end, 0, at) for end in _ENDS), default=-1) + 1
    while start < at and text[start] in _LEAD:
        start += 1
    field, colon, begun = text[start:at].partition(":")
    if colon:
        known = _FIXED.get(field) or sorted(set(values(field)) - {""})
        return _put(text, at, begun, [f"{_quoted(value)} " for value in known])
    return _put(text, at, field, [name if name in _FLAGS else f"{name}:" for name in FIELDS])


def _put(text: str, at: int, begun: str, words: Iterable[str]) -> tuple[str, int, list[str]]:
    typed = begun.lstrip('"').lower()
    found = [word for word in words if word.lstrip('"').lower().startswith(typed)]
    if not found:
        return text, at, []
    common = _common(found)
    if len(common.lstrip('"')) > len(typed):
        start = at - len(begun)
        return text[:start] + common + text[at:], start + len(common), []
    return text, at, [word.strip() for word in found[:_MOST]] if len(found) > 1 else []


def _common(words: Iterable[str]) -> str:
    """What all begin with."""
    columns = itertools.takewhile(lambda chars: len(set(chars)) == 1, zip(*words, strict=False))
    return "".join(chars[0] for chars in columns)


def _quoted(value: str) -> str:
    return f'"{value}"' if any(end in value for end in _ENDS) else value
