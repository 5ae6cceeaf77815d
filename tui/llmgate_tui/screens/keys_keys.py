"""The keys of the Keys screen: what each does, and how the help and the palette call it."""

from typing import Final

from textual.binding import Binding, BindingType


def _key(key: str, action: str, label: str, tooltip: str, *, show: bool = True) -> Binding:
    name = action.split("(", maxsplit=1)[0]
    return Binding(key, action, label, id=f"keys.{name}", tooltip=tooltip, show=show)


KEY_KEYS: Final[list[BindingType]] = [
    _key("enter,e", "edit", "edit limits", "Edit the limits of a key, provider or model"),
    _key("n", "new", "new key", "Make a key; it is shown once"),
    _key("a", "add", "add limits", "Add limits for a model or a provider"),
    _key("m", "models", "models", "Choose the models a key may use"),
    _key("space", "enable", "on/off", "Enable or disable a key"),
    _key("x", "remove", "revoke", "Revoke a key, or take a limit away"),
    _key("R", "reset", "reset", "Count the limits from nothing again", show=False),
    _key("r", "refused", "refused", "Show the requests it refused in Traffic", show=False),
]
NEEDS_HOLDER: Final = frozenset({"edit", "remove", "reset", "refused"})
NEEDS_KEY: Final = frozenset({"models", "enable"})
