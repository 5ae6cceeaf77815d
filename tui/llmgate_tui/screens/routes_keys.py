"""The keys of the Routes screen, as the help and the palette show them."""

from typing import Final

from textual.binding import Binding, BindingType

from llmgate_tui.screens.drafting import DRAFT_KEYS


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=f"routes.{id}", tooltip=tooltip, show=show)


ROUTE_KEYS: Final[list[BindingType]] = [
    _key("plus,right", "nudge(1)", "more", "more", "Weight up by 1", show=True),
    _key("minus,left", "nudge(-1)", "less", "less", "Weight down by 1", show=True),
    _key("greater_than_sign,shift+right", "nudge(10)", "+10", "much_more", "Weight up by 10"),
    _key("less_than_sign,shift+left", "nudge(-10)", "-10", "much_less", "Weight down by 10"),
    _key("0", "zero", "zero", "zero", "Weight 0: the target gets nothing new"),
    _key("equals_sign", "equalise", "equal", "equalise", "The same weight for all its targets"),
    _key("e,enter", "edit", "edit", "edit", "Edit the target or the route", show=True),
    *DRAFT_KEYS,
    _key("a", "add", "add", "add", "Add a target to the route", show=True),
    _key("n", "new", "new route", "new", "New route", show=True),
    _key("d", "remove", "remove", "remove", "Remove the target or the route"),
    _key("K", "shift(-1)", "up", "up", "Move the target or the route up"),
    _key("J", "shift(1)", "down", "down", "Move the target or the route down"),
    _key("space", "switch", "on/off", "switch", "Route on or off", show=True),
    _key("T", "dry_run", "dry run", "dry_run", "Where would a model go, and why?", show=True),
]

NEEDS_ROUTE: Final = frozenset({"add", "remove", "shift", "switch", "edit", "equalise"})
NEEDS_TARGET: Final = frozenset({"nudge", "zero"})
