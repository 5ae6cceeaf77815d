"""Sparklines, meters and column charts as text: block signs, or their ASCII twins (no Textual)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_PLAIN: Final = "_.,-=+*#"
_NOTHING: Final = " "


def sparkline(values: Sequence[float | None], width: int, *, plain: bool = False) -> str:
    """Exactly ``width`` cells, the newest value at the right; what was not measured is blank.

    Each cell shows the largest of its stretch, so that no peak hides; heights start at zero.
    """
    if width <= 0:
        return ""
    peaks = _stretched(values, width)
    top = max((peak for peak in peaks if peak is not None), default=0)
    signs = (_PLAIN if plain else _BLOCKS)[:-1]  # lines of a table must not touch each other
    shown = [_NOTHING if peak is None else signs[_level(peak, top, 6)] for peak in peaks]
    return "".join(shown).rjust(width)


def meter(share: float, width: int, *, plain: bool = False) -> str:
    """A bar filled to ``share`` (0 to 1, cut there), ``width`` cells with its track.

    Above 0 it is never empty, below 1 never full.
    """
    full, track = ("#", ".") if plain else ("█", "░")
    cells = _filled(share, width)
    return full * cells + track * (width - cells)


def gauge(share: float, width: int, *, plain: bool = False) -> tuple[str, str]:
    """A thin ``meter`` in two pieces, to be toned on their own: what is filled, and its track."""
    full, track = ("#", ".") if plain else ("━", "─")
    cells = _filled(share, width)
    return full * cells, track * (width - cells)


def bar(share: float, width: int, *, plain: bool = False) -> str:
    """A bar without a track, padded to ``width`` cells; visible whenever ``share`` is above 0."""
    full, half = ("#", "|") if plain else ("━", "╸")
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    if share > 0:
        halves = max(1, halves)
    return (full * (halves // 2) + half * (halves % 2)).ljust(width)


def columns(
    values: Sequence[float], height: int, *, cell: int = 1, gap: int = 0, plain: bool = False
) -> list[str]:
    """A column for each value, ``cell`` wide and ``gap`` apart, as lines from the top down."""
    top = max(values, default=0)
    signs = _PLAIN if plain else _BLOCKS
    eighths = [_eighths(value, top, height * 8) for value in values]
    lines = []
    for row in range(height - 1, -1, -1):
        drawn = [_part(filled - row * 8, signs) * cell for filled in eighths]
        lines.append((" " * gap).join(drawn))
    return lines


def merged(values: Sequence[float], most: int) -> list[float]:
    """At most ``most`` sums of neighbours, in order."""
    if len(values) <= most or most <= 0:
        return list(values)
    edges = [at * len(values) // most for at in range(most + 1)]
    return [sum(values[start:end]) for start, end in pairwise(edges)]


def _filled(share: float, width: int) -> int:
    cells = round(max(0.0, min(1.0, share)) * width)
    if share > 0:
        cells = max(1, cells)
    return min(width - 1, cells) if share < 1 else cells


def _stretched(values: Sequence[float | None], width: int) -> list[float | None]:
    """One value for each cell, no more cells than values."""
    width = min(width, len(values))
    edges = [at * len(values) // width for at in range(width + 1)] if width else []
    return [_largest(values[start:end]) for start, end in pairwise(edges)]


def _largest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _level(value: float, top: float, most: int) -> int:
    return max(0, min(most, round(most * value / top))) if top > 0 else 0


def _eighths(value: float, top: float, most: int) -> int:
    """How much of a column is filled; what is above zero is never invisible."""
    return max(1, _level(value, top, most)) if value > 0 and top > 0 else 0


def _part(eighths: int, signs: str) -> str:
    if eighths <= 0:
        return _NOTHING
    return signs[min(eighths, 8) - 1]
