"""The eight screens: which key opens which, made when they are first opened."""

from collections.abc import Callable
from typing import Final

from textual.containers import Container

from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.memory import Memory
from llmgate_tui.screens.body import Body
from llmgate_tui.screens.compare import CompareBody
from llmgate_tui.screens.config import ConfigBody
from llmgate_tui.screens.events import EventsBody
from llmgate_tui.screens.keys import KeysBody
from llmgate_tui.screens.providers import ProvidersBody
from llmgate_tui.screens.replay import ReplayBody
from llmgate_tui.screens.routes import RoutesBody
from llmgate_tui.screens.spend import SpendBody

SCREENS: Final[tuple[tuple[str, str, str], ...]] = (
    ("1", "traffic", "Traffic"),
    ("2", "providers", "Providers"),
    ("3", "routes", "Routes"),
    ("4", "keys", "Keys"),
    ("5", "spend", "Spend"),
    ("6", "replay", "Replay"),
    ("7", "config", "Config"),
    ("8", "events", "Events"),
)
_MAKERS: Final[dict[str, Callable[[Desk], Body]]] = {
    "providers": ProvidersBody,
    "routes": RoutesBody,
    "keys": KeysBody,
    "spend": SpendBody,
    "replay": ReplayBody,
    "config": ConfigBody,
    "events": EventsBody,
    "compare": CompareBody,
}
ASIDE: Final = ("compare",)
"""Not among the eight: opened from one of them, with something to show."""


class Bodies(Container):
    """Shows one body at a time; the others keep their state."""

    DEFAULT_CSS = "Bodies { height: 1fr; } Bodies > .-away { display: none; }"

    def __init__(self, first: Body, desk: Desk) -> None:
        super().__init__(first, id="bodies")
        self._desk = desk
        self.made: dict[str, Body] = {"traffic": first}
        self.active = "traffic"
        self._memory: Memory = {}
        self._link: Link | None = None

    @property
    def body(self) -> Body:
        """The one that is shown."""
        return self.made[self.active]

    def in_order(self) -> list[str]:
        """The names of all screens, the shown one first."""
        names = [*(name for _, name, _ in SCREENS), *ASIDE]
        return [self.active, *(name for name in names if name != self.active)]

    def body_of(self, name: str) -> Body:
        """A body by name, made (but not mounted) if it is wanted for the first time."""
        if name not in self.made:
            self.made[name] = _MAKERS[name](self._desk)
        return self.made[name]

    @property
    def replay(self) -> ReplayBody:
        """The Replay screen, which others hand exchanges to."""
        body = self.body_of("replay")
        assert isinstance(body, ReplayBody)
        return body

    @property
    def compare(self) -> CompareBody:
        """The comparison, which others hand two exchanges to."""
        body = self.body_of("compare")
        assert isinstance(body, CompareBody)
        return body

    @property
    def home(self) -> str:
        """The one of the eight that is shown, or that what is shown was opened from."""
        return self.compare.origin if self.active in ASIDE else self.active

    def memory(self) -> Memory:
        """What the screens that were opened want to keep."""
        return {name: kept for name, body in self.made.items() if (kept := body.memory())}

    def remember(self, memory: Memory) -> None:
        """Gives the screens what they kept: now, or when they are made."""
        self._memory = memory
        for name, body in self.made.items():
            body.remember(memory.get(name, {}))

    def link_changed(self, link: Link) -> None:
        """Tells the screens there are, and Events, which keeps a list of losses."""
        self._link = link
        self.body_of("events").link_changed(link)
        for name, body in self.made.items():
            if body.is_attached and name != "events":
                body.link_changed(link)

    async def switch(self, name: str) -> None:
        """Shows another body and gives it the keys."""
        body = self.body_of(name)
        if name != self.active:
            self.body.hidden()
            self.body.add_class("-away")
        if not body.is_attached:
            await self.mount(body)
            body.remember(self._memory.get(name, {}))
            if self._link is not None and name != "events":
                body.link_changed(self._link)
        self.active = name
        body.remove_class("-away")
        body.shown()
        body.focus_first()
