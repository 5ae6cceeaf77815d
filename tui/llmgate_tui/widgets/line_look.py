"""How a line view looks and which keys move it: the one place where tones become colours."""

from typing import Final

from textual.binding import Binding, BindingType

TONES: Final = (
    "quiet",
    "label",  # quiet too; a line that begins with one wraps behind it
    "good",
    "warn",
    "bad",
    "accent",
    "strong",
    "key",
    "string",
    "number",
    "literal",
    "removed",
    "added",
    "rule",
)
CSS: Final = """
LineView {
    width: 1fr; height: 1fr; background: $background; color: $foreground;
    scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; scrollbar-gutter: stable;
}
LineView > .line-view--quiet, LineView > .line-view--label { color: $quiet; }
LineView > .line-view--good { color: $success; }
LineView > .line-view--warn { color: $warning; }
LineView > .line-view--bad { color: $error; }
LineView > .line-view--accent { color: $accent; }
LineView > .line-view--strong { text-style: bold; }
LineView > .line-view--key { color: $accent; }
LineView > .line-view--string { color: $foreground; }
LineView > .line-view--number { color: $success; }
LineView > .line-view--literal { color: $warning; }
LineView > .line-view--removed { color: $error; text-style: underline; }
LineView > .line-view--added { color: $success; text-style: underline; }
LineView > .line-view--rule { color: $rule; }
LineView:focus > .line-view--cursor { background: $block-cursor-background; }
LineView > .line-view--match { background: $warning 30%; }
LineView > .line-view--match-current { background: $warning; color: $background; }
LineView:nocolor > .line-view--match { text-style: underline; }
LineView:nocolor > .line-view--match-current, LineView:nocolor:focus > .line-view--cursor {
    text-style: reverse;
}
"""
_TWINS: Final = {
    "▸": ">",
    "▾": "v",
    "◂": "<",
    "→": ">",
    "←": "<",
    "├": "+",
    "└": "+",
    "✗": "x",
    "✂": "%",
    "⊘": "/",
    "▲": "!",
    "…": "~",
    "·": "-",
    "─": "-",
    "│": "|",
    "▏": "|",
    "␛": "^",
    "⏎": "/",
    "Δ": "d",
    "±": "*",
    **dict(zip("▁▂▃▄▅▆▇█", "_..--==#", strict=True)),
}
ASCII_TWINS: Final = str.maketrans(_TWINS)  # of the signs that we write, one cell each


def _page(key: str, action: str, id: str, tooltip: str) -> Binding:  # noqa: A002
    return Binding(key, action, tooltip, id=f"text.{id}", tooltip=tooltip, show=False)


KEYS: Final[list[BindingType]] = [
    Binding("j,down", "step(1)", "Down", id="text.down", tooltip="A row down", show=False),
    Binding("k,up", "step(-1)", "Up", id="text.up", tooltip="A row up", show=False),
    Binding("g,home", "edge(-1)", "Top", id="text.top", tooltip="To the top", show=False),
    Binding("G,end", "edge(1)", "End", id="text.end", tooltip="To the end", show=False),
    _page("pageup,ctrl+u", "page(-1)", "pageup", "A page up"),
    _page("pagedown,ctrl+d", "page(1)", "pagedown", "A page down"),
    Binding("left", "aside(-1)", "Left", id="text.left", tooltip="Sideways", show=False),
    Binding("right", "aside(1)", "Right", id="text.right", tooltip="Sideways", show=False),
    Binding("n", "hit(1)", "Next hit", id="text.next", tooltip="Next search hit", show=False),
    Binding("N", "hit(-1)", "Last hit", id="text.previous", tooltip="Hit before", show=False),
    Binding("enter", "toggle_fold", "Unfold", id="text.fold", tooltip="Fold", show=False),
]
