"""How the traffic is looked at, as text that is kept until the next start."""

from typing import Final

from llmgate_tui.detail.pane import DetailPane
from llmgate_tui.screens.split import Layout, Split
from llmgate_tui.view import ARRIVAL, ORDERS, View
from llmgate_tui.widgets.traffic_table import TrafficTable

_YES: Final = "yes"
_LAYOUTS: Final[dict[str, Layout]] = {"list": "list", "below": "below", "right": "right"}


def kept(view: View, table: TrafficTable, split: Split, detail: DetailPane) -> dict[str, str]:
    """Order, grouping, times, layout, tab."""
    arrangement = split.last_split if split.arrangement == "full" else split.arrangement
    return {
        "order": view.order,
        "reverse": _word(view.flipped),
        "grouped": _word(view.grouped),
        "relative": _word(table.relative),
        "layout": arrangement,
        "share": str(split.share),
        "tab": detail.tab,
        "wrap": _word(detail.wrap),
    }


def restore(memory: dict[str, str], view: View, table: TrafficTable, detail: DetailPane) -> None:
    """What is not understood is left as it is."""
    order = memory.get("order", ARRIVAL)
    if order in ORDERS or order == ARRIVAL:
        view.order = order
    view.flipped = memory.get("reverse") == _YES
    view.grouped = memory.get("grouped") == _YES
    table.relative = memory.get("relative") == _YES
    if view.arranged:
        table.set_following(False)
    detail.choose(memory.get("tab", ""))
    if memory.get("wrap", _word(detail.wrap)) != _word(detail.wrap):
        detail.toggle_wrap()


def layout(memory: dict[str, str]) -> Layout | None:
    """How list and detail shared the room."""
    return _LAYOUTS.get(memory.get("layout", ""))


def share(memory: dict[str, str]) -> int:
    """The list's share of it, in hundredths."""
    text = memory.get("share", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 50


def _word(yes: bool) -> str:
    return _YES if yes else "no"
