"""The keys that move through the traffic list."""

from typing import Final

from textual.binding import Binding, BindingType


def _key(key: str, action: str, id: str, tooltip: str) -> Binding:  # noqa: A002
    return Binding(key, action, tooltip, id=f"list.{id}", tooltip=tooltip, show=False)


LIST_KEYS: Final[list[BindingType]] = [
    _key("j,down", "move(1)", "down", "Next exchange"),
    _key("k,up", "move(-1)", "up", "Previous exchange"),
    _key("g,home", "first", "first", "First exchange; again: older ones from the store"),
    _key("G,end", "last", "last", "Last exchange"),
    _key("pageup", "page(-2)", "pageup", "A page up"),
    _key("pagedown", "page(2)", "pagedown", "A page down"),
    _key("ctrl+u", "page(-1)", "halfup", "Half a page up"),
    _key("ctrl+d", "page(1)", "halfdown", "Half a page down"),
]
