"""The keys of the Traffic screen: what each does, and how the help and the palette call it."""

from typing import Final

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from llmgate_tui.detail.pane import DetailPane
from llmgate_tui.list_keys import LIST_KEYS
from llmgate_tui.screens.body import KeyGroup

ORDER_KEYS: Final = {
    "status": "s",
    "client": "c",
    "model": "m",
    "provider": "p",
    "ttft": "f",
    "total": "l",
    "tps": "r",
    "in": "i",
    "out": "o",
    "cost": "$",
    "key": "y",
    "route": "u",
}

NEEDS_ROWS: Final = frozenset(
    {
        "open",
        "mark",
        "edit",
        "replay",
        "replay_to",
        "compare",
        "export",
        "note",
        "tags",
        "order",
        "reverse",
        "layout",
        "follow",
        "step",
        "tab",
        "group",
    }
)
"""Actions that do nothing in an empty list."""


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=id, tooltip=tooltip, show=show)


TRAFFIC_KEYS: Final[list[BindingType]] = [
    _key("slash", "filter", "filter", "filter", "Filter the list, or search in the detail", True),
    _key("enter", "open", "open", "open", "Open the detail, then fill the screen with it", True),
    _key("y", "copy", "copy", "copy", "Copy: curl, Python, body, answer, headers, id", True),
    _key("r", "replay", "replay", "replay.again", "Send it again to where it went", True),
    _key("R", "replay_to", "replay to", "replay.to", "Replay marked to... (or this one)", True),
    _key("e", "edit", "edit", "edit", "Edit the request and send it again", True),
    _key("d", "compare", "compare", "compare", "Compare two marked, or a replay with it", True),
    _key("m,space", "mark", "mark", "mark", "Mark or unmark, and move down; marked are kept", True),
    _key("x", "export", "export", "export", "Export: recording, HAR, curl, Python, JSONL", True),
    _key("semicolon", "note", "note", "note", "A note on the exchange"),
    _key("number_sign", "tags", "tags", "tags", "Tags of the marked, or of this one"),
    _key("F", "follow", "follow", "follow", "Follow new exchanges", True),
    _key("p", "pause", "pause", "pause", "Hold the display still while traffic goes on", True),
    _key("o", "order", "order", "order", "Order by a column", True),
    _key("O", "reverse", "reverse", "order.reverse", "Reverse the order"),
    _key("s", "group", "runs", "group", "Group by agent run, or not", True),
    _key("right", "fold(True)", "unfold", "group.unfold", "Show the exchanges of a run"),
    _key("left", "fold(False)", "fold", "group.fold", "Hide the exchanges of a run"),
    _key("X", "cancel", "cancel", "cancel", "End the request under the cursor while it runs", True),
    _key("M", "only_marked", "marked", "mark.only", "Show marked exchanges only"),
    _key("U", "unmark", "unmark", "mark.clear", "Clear all marks"),
    _key("escape", "back", "back", "back", "Back: smaller detail, list, then no filter"),
    _key("tab,shift+tab", "other", "list/detail", "focus.other", "Between list and detail"),
    _key("minus", "layout", "layout", "layout", "List only, detail below, detail right", True),
    _key("plus", "resize(-8)", "larger", "layout.larger", "Give the detail more room"),
    _key("underscore", "resize(8)", "smaller", "layout.smaller", "Give the detail less room"),
    _key("right_square_bracket", "tab(1)", "tab", "tab.next", "Next tab of the detail"),
    _key("left_square_bracket", "tab(-1)", "tab", "tab.previous", "Previous tab of the detail"),
    _key("J", "step(1)", "next", "detail.next", "Next exchange with the detail open"),
    _key("K", "step(-1)", "previous", "detail.previous", "Previous exchange with the detail open"),
    _key("w", "wrap", "wrap", "detail.wrap", "Wrap long lines in the detail"),
    _key("f", "raw", "raw", "detail.raw", "Pretty or raw in the detail"),
    _key("t", "time", "time", "list.time", "Time of day, or how long ago"),
    _key("z", "clear", "clear", "list.clear", "Clear the view; the store keeps everything"),
]


def traffic_groups(
    body: DOMNode, table: DOMNode, detail: DetailPane, line: DOMNode
) -> list[KeyGroup]:
    """Every binding of the Traffic screen by the widget it belongs to."""
    return [
        ("Traffic", body, TRAFFIC_KEYS),
        ("Moving in the list", table, LIST_KEYS),
        ("In the detail", detail.view, _own(detail.view)),
        ("While searching the detail", detail.search_line, _own(detail.search_line)),
        ("While typing a filter", line, _own(line)),
    ]


def _own(widget: DOMNode) -> list[BindingType]:
    return list(type(widget).__dict__.get("BINDINGS", []))
