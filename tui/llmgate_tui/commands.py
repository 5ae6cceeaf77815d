"""The command palette: every action by name, those of the screen first."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit, Hit, Hits
from textual.content import Content
from textual.dom import DOMNode
from textual.system_commands import SystemCommandsProvider

from llmgate_tui.widgets.key_line import spelled

_MOVING: Final = ("list.", "grid.", "text.", "find.", "filter.", "search.", "palette")
"""Found by searching; nobody opens the palette for them."""


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


def commands(
    where: DOMNode,
    bindings: Iterable[BindingType],
    *,
    title: str = "",
    before: Callable[[], Awaitable[None]] | None = None,
    plain: bool = False,
) -> Iterable[SystemCommand]:
    """The actions of a widget's keys; ``before`` brings its screen up, ``title`` names it."""
    for binding in bindings:
        if isinstance(binding, Binding) and binding.action != "command_palette":
            keys = " ".join(spelled(key, plain=plain) for key in binding.key.split(","))
            listed = not binding.id or not binding.id.startswith(_MOVING)
            name = binding.tooltip or binding.description
            run = _runner(where, binding.action, before)
            yield SystemCommand(f"{title}: {name}" if title else name, keys, run, listed)


def _line(keys: str, name: Content) -> Content:
    return Content.assemble((f"{keys:<14} ", "$accent"), name)


def _runner(
    where: DOMNode, action: str, before: Callable[[], Awaitable[None]] | None
) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        if before is not None:
            await before()
        await where.run_action(action)  # type: ignore[attr-defined]  # app, screen or widget

    return run
