"""What several tabs share: labelled facts, gaps between chunks, who said what, bars."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import Final

from rich.cells import cell_len

from llmgate_tui import units
from llmgate_tui.text import clean
from llmgate_tui.widgets.line_text import Line, Piece

LABEL: Final = 9
_SPARKS: Final = "▁▂▃▄▅▆▇█"


def fact(label: str, *pieces: Piece | str) -> Line:
    """A label, then what it says, set in when it wraps; empty pieces are left out."""
    line: Line = [(label.ljust(LABEL), "label")]
    line += [(piece, "") if isinstance(piece, str) else piece for piece in pieces]
    return [piece for piece in line if piece[0]]


def title(text: str) -> Line:
    """The head of a group."""
    return [(text, "strong")]


def joined(parts: Sequence[str], between: str = " · ") -> str:
    """The parts that say something."""
    return between.join(part for part in parts if part)


def width_of(line: Line) -> int:
    """Cells of a line."""
    return sum(cell_len(text) for text, _ in line)


def padded(text: str, width: int) -> str:
    """One line of data, at least ``width`` cells wide."""
    shown = clean(text)
    return shown + " " * (width - cell_len(shown))


def gaps(at_us: Sequence[int]) -> list[int]:
    """The times between chunks."""
    return [max(0, b - a) for a, b in pairwise(at_us)]


def quantile(ordered: Sequence[int], share: float) -> int:
    """The value below which ``share`` of a sorted sequence lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def sparkline(values: Sequence[int], width: int) -> str:
    """The values as a row of bars: each the largest of its stretch, so that no pause hides.

    Heights go with the square root, or one long pause would flatten everything else.
    """
    if not values:
        return ""
    width = min(width, len(values))
    edges = [i * len(values) // width for i in range(width + 1)]
    peaks = [max(values[a:b]) for a, b in pairwise(edges)]
    top = max(peaks) or 1
    return "".join(_SPARKS[round(7 * sqrt(peak / top))] for peak in peaks)


def chunk_gaps(at_us: Sequence[int], width: int) -> Line:
    """The gaps between chunks at a glance; nothing for fewer than three chunks."""
    between = gaps(at_us)
    if len(between) < 2:
        return []
    ordered = sorted(between)
    p50, p99 = (units.duration_us(quantile(ordered, share)) for share in (0.5, 0.99))
    return [
        (sparkline(between, width), "accent"),
        (f"  gaps p50 {p50} p99 {p99} max {units.duration_us(ordered[-1])}", "quiet"),
    ]


def bar(start: float, length: float, width: int) -> str:
    """A bar in ``width`` cells; ``start`` and ``length`` go from 0 to 1; it is never invisible."""
    left = min(width - 1, int(start * width))
    cells = length * width
    if cells < 0.5:
        return " " * left + "▏"
    return " " * left + "█" * max(1, min(width - left, round(cells)))
