"""The keys and columns of the Providers screen."""

from typing import Final

from textual.binding import Binding, BindingType

from llmgate_tui.widgets.grid import GridColumn


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=f"providers.{id}", tooltip=tooltip, show=show)


PROVIDER_KEYS: Final[list[BindingType]] = [
    _key("enter", "open", "traffic", "open", "Its traffic; on an error, that exchange", True),
    _key("t", "test", "test", "test", "Test it now: asks for its list of models, free", True),
    _key("space", "enable", "on/off", "enable", "Enable or disable it in the config", True),
    _key("D", "drain", "drain", "drain", "Drain it (nothing new goes there), or resume it", True),
    _key("e", "edit", "edit", "edit", "Edit its address, key variable, timeouts, models", True),
    _key("w", "weights", "weights", "weights", "Go to the routes and their weights", True),
    _key("slash", "find", "find", "find", "Find providers by name", True),
    _key("tab", "other(1)", "pane", "next", "To the next pane: list, details, errors"),
    _key("shift+tab", "other(-1)", "pane", "previous", "To the pane before"),
    _key("escape", "back", "back", "back", "Back to the list, then no search"),
]


def columns(width: int) -> list[GridColumn]:
    """What fits; the last error shares what is left."""
    return [
        GridColumn("PROVIDER", 18 if width >= 100 else 14),
        GridColumn("STATE", 11),
        GridColumn("LIVE", 6, right=True, needs=60),
        GridColumn("REQ/M", 5, right=True, needs=50),
        GridColumn("ERR", 5, right=True),
        GridColumn("P50", 6, right=True, needs=50),
        GridColumn("P95", 6, right=True, needs=70),
        GridColumn("5 MIN", spark_width(width), needs=90),
        GridColumn("KEY", 24, needs=170),
        GridColumn("LAST ERROR", 0, needs=76),
    ]


def spark_width(width: int) -> int:
    """A cell for each slot where there is room, for two where there is less."""
    return 30 if width >= 140 else 15


ERROR_COLUMNS: Final = [
    GridColumn("TIME", 8),
    GridColumn("ERROR", 18),
    GridColumn("MESSAGE", 0),
]
