"""The same pairs one below the other: what only the left has, then what only the right has."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from llmgate_tui.compare.pairs import Pair
from llmgate_tui.widgets.line_text import Line

_MINUS, _PLUS, _SAME = ("- ", "bad"), ("+ ", "good"), ("  ", "")


class Unified(msgspec.Struct, frozen=True):
    """Lines, and where differences begin: the line and the character in it."""

    lines: list[Line]
    spots: list[tuple[int, int]]


def unified(pairs: Sequence[Pair]) -> Unified:
    """Every line with its sign in front; lines in a row that differ stay together."""
    lines: list[Line] = []
    spots: list[tuple[int, int]] = []
    for same, run in groupby(pairs, key=lambda pair: pair.same):
        if same:
            lines += [[_SAME, *(pair.left or [])] for pair in run]
            continue
        changed = list(run)
        places = _signed(lines, changed)
        spots += [
            (line, 2 + (left if is_left else right))
            for (line, is_left), pair in zip(places, changed, strict=True)
            for left, right in pair.spots
        ]
    return Unified(lines, sorted(spots))


def _signed(lines: list[Line], changed: Sequence[Pair]) -> list[tuple[int, bool]]:
    """Adds them; says where each pair is to be found: by its left line if it has one."""
    at = len(lines)
    lines += [[_MINUS, *pair.left] for pair in changed if pair.left is not None]
    middle = len(lines)
    lines += [[_PLUS, *pair.right] for pair in changed if pair.right is not None]
    places: list[tuple[int, bool]] = []
    for pair in changed:
        places.append((at, True) if pair.left is not None else (middle, False))
        at += pair.left is not None
        middle += pair.right is not None
    return places


def plain(lines: Iterable[Line]) -> str:
    """Without tones, for the clipboard."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
