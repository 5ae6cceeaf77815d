"""The keys and columns of the Replay screen."""

from typing import Final

from textual.binding import Binding, BindingType

from llmgate_tui.widgets.grid import GridColumn


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=f"replay.{id}", tooltip=tooltip, show=show)


FORM_KEYS: Final[list[BindingType]] = [
    _key("enter", "open", "change", "open", "Change a setting, open a replay, type a filter", True),
    _key("ctrl+s", "start", "start", "start", "Start: says first what is sent and costs", True),
    _key("a", "add_target", "add target", "target.add", "Add a provider or model to send to", True),
    _key("d,delete", "remove", "remove", "target.remove", "Remove the target or field", True),
    _key("plus", "nudge(1)", "more", "more", "One more: times, or at once"),
    _key("minus", "nudge(-1)", "less", "less", "One less: times, or at once"),
    _key("slash", "find", "filter", "filter", "Type a filter to choose exchanges with", True),
    _key("s", "stop", "stop", "stop", "Stop the one under the cursor, or what runs", True),
    _key("S", "resume", "resume", "resume", "Resume the one under the cursor, or the last", True),
    _key("e", "reuse", "as form", "reuse", "Fill in the form as it was for this replay"),
    _key("D", "delete", "delete", "delete", "Delete the replay; its exchanges stay"),
    _key("tab", "other(1)", "pane", "pane.next", "To the next pane: sets, replays, form, cost"),
    _key("shift+tab", "other(-1)", "pane", "pane.previous", "To the pane before"),
    _key("escape", "back", "back", "back", "Back to the sets"),
]

MATRIX_KEYS: Final[list[BindingType]] = [
    _key("enter,d", "compare", "compare", "matrix.compare", "Compare with the original", True),
    _key("f", "figure(1)", "figure", "matrix.figure", "Show another figure, or all", True),
    _key("F", "figure(-1)", "figure", "matrix.figure.before", "Show the figure before"),
    _key(
        "o", "order", "worst first", "matrix.order", "Worst of the figure first, or as sent", True
    ),
    _key("n", "difference(1)", "next diff", "matrix.next", "Next result that differs", True),
    _key("N", "difference(-1)", "diff before", "matrix.previous", "Result before that differs"),
    _key("s", "stop", "stop", "matrix.stop", "Stop: nothing new is sent", True),
    _key("S", "resume", "resume", "matrix.resume", "Resume: send the rest", True),
    _key("t", "traffic", "in Traffic", "matrix.traffic", "Show the result in Traffic", True),
    _key("T", "original", "original", "matrix.original", "Show the original in Traffic"),
    _key(
        "x", "export", "export", "matrix.export", "Write the matrix to a file: .md or .json", True
    ),
    _key("escape", "leave", "back", "matrix.back", "Back to the sets and the form", True),
]

LIST_COLUMNS: Final = [
    GridColumn("SENT", 14, needs=58),
    GridColumn("TO", 0),
    GridColumn("STATE", 10),
    GridColumn("DONE", 7, right=True, needs=36),
    GridColumn("$", 8, right=True, needs=66),
    GridColumn("WHEN", 4, right=True, needs=44),
]
SET_COLUMNS: Final = [GridColumn("  SEND", 18), GridColumn("", 0)]
FORM_COLUMNS: Final = [GridColumn("SEND IT", 13), GridColumn("", 0)]
