"""The keys of the Config screen, as the help and the palette show them."""

from typing import Final

from textual.binding import Binding, BindingType

from llmgate_tui.screens.drafting import DRAFT_KEYS


def _key(key: str, action: str, label: str, id: str, tooltip: str, show: bool = True) -> Binding:  # noqa: A002
    return Binding(key, action, label, id=f"config.{id}", tooltip=tooltip, show=show)


CONFIG_KEYS: Final[list[BindingType]] = [
    _key("right_square_bracket", "mode(1)", "next", "next", "Next: file, draft, history"),
    _key("left_square_bracket", "mode(-1)", "before", "before", "The one before", show=False),
    _key("enter", "open", "diff", "open", "What a revision changed"),
    _key("R", "roll_back", "roll back", "roll_back", "Roll back to a revision, with its diff"),
    _key("o", "editor", "editor", "editor", "Open the file in $EDITOR, at the line"),
    _key("v", "validate", "check", "validate", "Read the file again now and say what is wrong"),
    *DRAFT_KEYS,
    _key("slash", "find", "find", "find", "Find in the text; n and N go on"),
    _key("c", "copy_path", "copy path", "copy_path", "Copy the path of the file", show=False),
    _key("w", "wrap", "wrap", "wrap", "Wrap long lines, or not", show=False),
    _key("escape", "back", "back", "back", "No search, then the file", show=False),
]
