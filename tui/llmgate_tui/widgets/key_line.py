"""The footer: the keys that do something where the focus is."""

from textual.binding import Binding

from llmgate_tui.widgets.line import Line, Piece

_SPELLED = {
    "enter": "⏎",
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "exclamation_mark": "!",
    "pageup": "page up",
    "pagedown": "page down",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "colon": ":",
    "plus": "+",
    "underscore": "_",
    "equals_sign": "=",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "space": "space",
    "semicolon": ";",
    "number_sign": "#",
}


def spelled(key: str, *, plain: bool = False) -> str:
    """A key as a person reads it."""
    if plain and key == "enter":
        return "enter"
    return _SPELLED.get(key, key)


class KeyLine(Line):
    """Shown keys of the active bindings, as many as fit."""

    def __init__(self, *, plain: bool) -> None:
        super().__init__(id="keys")
        self._plain = plain

    def on_mount(self) -> None:
        """Follows the focus."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.redraw())

    def pieces(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Key and label, most important first."""
        pieces: list[Piece] = [(" ", "")]
        self._spots = []
        at = 1
        kept = {"help": 8, "command_palette": 12} if width >= 60 else {"help": 8}
        for binding in self._bindings_shown():
            key = spelled(binding.key, plain=self._plain)
            cells = len(key) + 1 + len(binding.description) + 2
            kept.pop(binding.action, 0)
            if at + cells + sum(kept.values()) > width:
                continue
            pieces += [(key, "accent"), (f" {binding.description}  ", "quiet")]
            self._spots.append((at, at + cells - 2, f"screen.press('{binding.key}')"))
            at += cells
        return pieces, []

    def _bindings_shown(self) -> list[Binding]:
        seen: set[str] = set()
        found = []
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in seen:
                seen.add(binding.action)
                found.append(binding)
        return found
