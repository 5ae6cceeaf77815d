"""The command palette: every action by name, those of the screen first."""

from collections.abc import Iterable
from typing import Final

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit, Hit, Hits
from textual.content import Content
from textual.dom import DOMNode
from textual.system_commands import SystemCommandsProvider

from llmgate_tui.widgets.key_line import spelled

_MOVING: Final = ("list.", "palette")  # found by searching; nobody opens the palette for them


class Commands(SystemCommandsProvider):
    """Lists the commands in the order they are given, where Textual sorts them by name."""

    async def discover(self) -> Hits:
        """All but those that are for searching only."""
        for name, keys, run, listed in self.app.get_system_commands(self.screen):
            if listed:
                yield DiscoveryHit(_line(keys, Content(name)), run, text=name)

    async def search(self, query: str) -> Hits:
        """Those whose name matches."""
        matcher = self.matcher(query)
        for name, keys, run, _ in self.app.get_system_commands(self.screen):
            if (score := matcher.match(name)) > 0:
                yield Hit(score, _line(keys, matcher.highlight(name)), run, text=name)


def commands(where: DOMNode, bindings: Iterable[BindingType]) -> Iterable[SystemCommand]:
    """The actions of a widget's keys."""
    for binding in bindings:
        if isinstance(binding, Binding) and binding.action != "command_palette":
            yield _command(where, binding)


def _line(keys: str, name: Content) -> Content:
    return Content.assemble((f"{keys:<14} ", "$accent"), name)


def _command(where: DOMNode, binding: Binding) -> SystemCommand:
    async def run() -> None:
        await where.run_action(binding.action)  # type: ignore[attr-defined]  # app, screen or widget

    keys = " ".join(spelled(key) for key in binding.key.split(","))
    listed = not binding.id or not binding.id.startswith(_MOVING)
    return SystemCommand(binding.tooltip or binding.description, keys, run, listed)
