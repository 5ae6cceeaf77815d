"""The figures of both sides as a table: left, right, and by how much they differ (pure)."""

from collections.abc import Callable, Sequence
from typing import Final

from llmgate.wire.compare import Fact
from llmgate_tui import figures, units
from llmgate_tui.detail.facts import padded
from llmgate_tui.text import clean, fit, fit_right
from llmgate_tui.widgets.line_text import Line, Piece

_LEAST: Final = 8  # cells of a value
_MOST: Final = 34
_DELTA: Final = 18
_NARROW: Final = 64  # below, a figure takes three lines
_BETTER_LOW: Final = frozenset({"us", "usd"})  # less of them is good


def render(facts: Sequence[Fact], width: int) -> list[Line]:
    """Name, left, right, difference; what is the same is quiet."""
    if not facts:
        return [[("No figures are known of either side.", "quiet")]]
    rows = [(fact, *_values(fact), _delta(fact)) for fact in facts]
    if width < _NARROW:
        return [line for row in rows for line in _tall(*row)]
    names = min(20, max(len(clean(fact.name)) for fact in facts)) + 2
    room = max(_LEAST, min(_MOST, (width - names - _DELTA - 8) // 2))
    widest = max(len(clean(value)) for _, left, right, _ in rows for value in (left, right))
    cells = max(_LEAST, min(room, widest))
    head = f"    {'':<{names}}{'- left':>{cells}}  {'+ right':>{cells}}"
    return [[(head, "quiet")], *[_wide(*row, names, cells) for row in rows]]


def _wide(fact: Fact, left: str, right: str, delta: Piece, names: int, cells: int) -> Line:
    sign, tone = ("  ", "quiet") if fact.same else ("± ", "warn")
    put = fit_right if fact.unit else _fit_left
    return [
        ("  ", ""),
        (sign, tone),
        (padded(fact.name, names), "quiet"),
        (put(clean(left), cells), "quiet" if fact.same else ""),
        ("  ", ""),
        (put(clean(right), cells), "quiet" if fact.same else "strong"),
        ("  " + delta[0], delta[1]),
    ]


def _fit_left(text: str, cells: int) -> str:
    return fit(text, cells) if len(text) > cells else text.rjust(cells)


def _tall(fact: Fact, left: str, right: str, delta: Piece) -> list[Line]:
    """For narrow screens: one line when both say the same, else one for each side."""
    if fact.same:
        return [[("  ", ""), (f"{fact.name}  ", "quiet"), (left, "quiet")]]
    return [
        [("± ", "warn"), (fact.name, "label"), (f"  {delta[0]}" if delta[0] else "", delta[1])],
        [("- ", "bad"), (left, "")],
        [("+ ", "good"), (right, "strong")],
    ]


# -- values ------------------------------------------------------------------


def _count(value: float) -> str:
    return figures.grouped(round(value))


def _rate(value: float) -> str:
    return figures.rate(value)


_SPELLED: Final[dict[str, Callable[[float], str]]] = {
    "us": lambda value: units.duration_us(round(value)),
    "usd": units.money,
    "tokens": _count,
    "chunks": _count,
    "tokens/s": _rate,
    "bytes": lambda value: units.size(round(value)),
}


def _values(fact: Fact) -> tuple[str, str]:
    return (
        _value(fact, fact.left, fact.left_value, "~" if fact.left_estimated else ""),
        _value(fact, fact.right, fact.right_value, "~" if fact.right_estimated else ""),
    )


def _value(fact: Fact, text: str, value: float | None, sign: str) -> str:
    if value is None:
        return text or units.UNKNOWN
    return text if text and fact.unit not in _SPELLED else sign + _spelled(fact.unit, value)


def _delta(fact: Fact) -> Piece:
    """With a sign, and in hundredths of the left one when that says something."""
    left, right = fact.left_value, fact.right_value
    if fact.same or left is None or right is None or left == right:
        return "", ""
    by = right - left
    sign = "+" if by > 0 else "-"
    tone = "" if fact.unit not in _BETTER_LOW else "good" if by < 0 else "warn"
    return f"{sign}{_spelled(fact.unit, abs(by))}{_share(left, right)}", tone


def _spelled(unit: str, value: float) -> str:
    spell = _SPELLED.get(unit)
    return f"{value:g}" if spell is None else spell(value)


def _share(left: float, right: float) -> str:
    """How much that is of the left one."""
    if left <= 0:
        return ""
    if right >= left * 10:
        return f" ({right / left:.0f}x)"
    hundredths = round((right - left) * 100 / left)
    return f" ({hundredths:+d} %)" if hundredths else ""
