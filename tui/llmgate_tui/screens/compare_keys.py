"""The keys of the comparison: what each does, and how the help and the palette call it."""

from typing import Final

from textual.binding import Binding, BindingType


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = False) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=f"compare.{id}", tooltip=tooltip, show=show)


COMPARE_KEYS: Final[list[BindingType]] = [
    _key("n", "difference(1)", "next", "next", "Next difference; while searching, next hit", True),
    _key("N", "difference(-1)", "previous", "previous", "Difference before, or hit before"),
    _key(
        "right_square_bracket", "mode(1)", "side", "mode", "Text, reasoning, tools, figures", True
    ),
    _key("left_square_bracket", "mode(-1)", "side", "mode.back", "The side of it before"),
    _key("v", "volatile", "volatile", "volatile", "Leave volatile fields out, or show all", True),
    _key("u", "unified", "unified", "unified", "Side by side, or one below the other", True),
    _key("s", "swap", "swap", "swap", "Swap left and right", True),
    _key("slash", "search", "search", "search", "Search in what is shown", True),
    _key("y", "copy", "copy", "copy", "Copy what is shown, with signs in front", True),
    _key("w", "wrap", "wrap", "wrap", "Wrap long lines or not"),
    _key("enter", "open", "open", "open", "Show the right one in Traffic"),
    _key("escape", "back", "back", "back", "Back to where it was opened", True),
]
