"""The keys and columns of the Spend screen, and the line that shows what is chosen."""

from collections.abc import Callable
from typing import Final

import msgspec
from textual.binding import Binding, BindingType

from llmgate.wire.spend import By, Period
from llmgate_tui.screens.spend_rows import BYS, PERIODS
from llmgate_tui.widgets.grid import GridColumn
from llmgate_tui.widgets.line import Line, Piece

Choose = Callable[[Period | None, By | None], None]


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=f"spend.{id}", tooltip=tooltip, show=show)


SPEND_KEYS: Final[list[BindingType]] = [
    _key("enter", "open", "traffic", "open", "The exchanges behind a row", True),
    _key("p,right_square_bracket", "period(1)", "period", "period", "Next period", True),
    _key("left_square_bracket", "period(-1)", "period", "period.before", "Period before"),
    _key("b", "by(1)", "by", "by", "By provider, model, key, route, client", True),
    _key("B", "by(-1)", "by", "by.before", "By the kind of name before"),
    _key("e", "export", "export CSV", "export", "Write the table to a CSV file", True),
    _key("R", "refresh", "refresh", "refresh", "Ask the gateway again now", True),
    _key("tab,shift+tab", "other", "pane", "other", "Between the table and the chart"),
    _key("escape", "back", "back", "back", "Back to the table"),
]


def columns(width: int, by: By) -> list[GridColumn]:
    """What fits."""
    return [
        GridColumn(by.upper(), 36 if width >= 140 else 0),
        GridColumn("$ ", 10, right=True),
        GridColumn("SHARE", 12, needs=110),
        GridColumn("", 4, right=True, needs=60),
        GridColumn("REQ", 7, right=True, needs=50),
        GridColumn("ERR", 6, right=True, needs=70),
        GridColumn("IN", 7, right=True, needs=60),
        GridColumn("CACHED", 7, right=True, needs=90),
        GridColumn("WRITTEN", 7, right=True, needs=140),
        GridColumn("HIT", 5, right=True, needs=90),
        GridColumn("OUT", 7, right=True, needs=60),
        GridColumn("REASON", 7, right=True, needs=120),
        GridColumn("UNPRICED", 8, right=True, needs=100),
    ]


class Choices(msgspec.Struct, frozen=True):
    """What is chosen; ``note`` says what to know about it."""

    period: Period
    by: By
    note: str = ""
    trouble: bool = False


class SpendHead(Line):
    """Periods and names to choose from, the chosen ones set off."""

    def __init__(self, chosen: Callable[[], Choices], choose: Choose) -> None:
        super().__init__(id="spend-head")
        self._chosen = chosen
        self._choose = choose

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """All choices, or only the chosen ones where there is little room."""
        now, roomy = self._chosen(), width >= 76
        left: list[Piece] = [("  ", "")]
        self._spots = []
        for period, title in PERIODS:
            if roomy or period == now.period:
                self._choice(left, title, f"period('{period}')", period == now.period)
        left.append(("  by  " if roomy else "by ", "quiet"))
        for by in BYS:
            if roomy or by == now.by:
                self._choice(left, by, f"by('{by}')", by == now.by)
        return left, [(f"{now.note} ", "warn" if now.trouble else "quiet")]

    def _choice(self, left: list[Piece], title: str, action: str, chosen: bool) -> None:
        at = sum(len(text) for text, _ in left)
        self._spots.append((at, at + len(title), action))
        left += [(title, "strong" if chosen else "quiet"), ("  ", "")]

    def action_period(self, period: Period) -> None:
        """A click on a period."""
        self._choose(period, None)

    def action_by(self, by: By) -> None:
        """A click on a kind of name."""
        self._choose(None, by)
