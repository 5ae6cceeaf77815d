"""Our own two themes: calm greys, one accent; colour otherwise only where it means something."""

from collections.abc import Mapping
from typing import Final

from textual.color import Color
from textual.theme import Theme

DARK: Final = Theme(
    name="llmgate-dark",
    primary="#7aa2c9",
    secondary="#7aa2c9",
    accent="#7aa2c9",
    warning="#d3a960",
    error="#dd7a6f",
    success="#8fb573",
    foreground="#c9ced6",
    background="#15181d",
    surface="#15181d",
    panel="#1d2127",
    boost="#232830",
    dark=True,
    variables={
        "block-cursor-background": "#2b3a4a",
        "block-cursor-foreground": "#f0f3f7",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#232a33",
        "quiet": "#7d8590",
        "rule": "#2c323a",
        "border": "#7aa2c9",
        "border-blurred": "#2c323a",
        "footer-key-foreground": "#7aa2c9",
        "input-selection-background": "#7aa2c9 35%",
        "scrollbar": "#343b45",
        "scrollbar-hover": "#4a5462",
        "scrollbar-active": "#7aa2c9",
        "scrollbar-background": "#15181d",
        "scrollbar-background-hover": "#15181d",
        "scrollbar-background-active": "#15181d",
        "scrollbar-corner-color": "#15181d",
    },
)
LIGHT: Final = Theme(
    name="llmgate-light",
    primary="#2f6690",
    secondary="#2f6690",
    accent="#2f6690",
    warning="#8a5a00",
    error="#b03a2e",
    success="#3f7a2f",
    foreground="#24292f",
    background="#fafaf8",
    surface="#fafaf8",
    panel="#f0f0ec",
    boost="#e9e9e4",
    dark=False,
    variables={
        "block-cursor-background": "#d7e4ef",
        "block-cursor-foreground": "#10151a",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e8ecef",
        "quiet": "#6b727b",
        "rule": "#d5d6d2",
        "border": "#2f6690",
        "border-blurred": "#d5d6d2",
        "footer-key-foreground": "#2f6690",
        "input-selection-background": "#2f6690 25%",
        "scrollbar": "#cbccc7",
        "scrollbar-hover": "#aeb0aa",
        "scrollbar-active": "#2f6690",
        "scrollbar-background": "#fafaf8",
        "scrollbar-background-hover": "#fafaf8",
        "scrollbar-background-active": "#fafaf8",
        "scrollbar-corner-color": "#fafaf8",
    },
)


def usual(environ: Mapping[str, str]) -> str:
    """The theme to begin with: on a console of 16 colours ours would be nothing but greys."""
    term = environ.get("TERM", "")
    few = term == "linux" or term.endswith("-16color")
    return "ansi-dark" if few and not environ.get("COLORTERM") else DARK.name


def shades(variables: Mapping[str, str]) -> dict[str, str]:
    """The two greys our styles use, for a theme that does not define them."""
    front = Color.parse(variables["foreground"])
    back = Color.parse(variables["background"])
    if front.ansi is not None or back.ansi is not None:
        return {"quiet": "ansi_bright_black", "rule": "ansi_bright_black"}
    return {"quiet": back.blend(front, 0.6).hex, "rule": back.blend(front, 0.18).hex}
