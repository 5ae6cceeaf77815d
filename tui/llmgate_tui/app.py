"""The application: keeps the feed and passes its news on, at most ten times a second."""

import asyncio
import gc
import os
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import urlsplit

import msgspec
from rich.console import RenderableType
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import FeedEvent, Snapshot
from llmgate.wire.safe_text import safe_text
from llmgate_tui import glyphs as signs
from llmgate_tui import themes
from llmgate_tui.api import Api
from llmgate_tui.clock import Clock
from llmgate_tui.commands import Commands, commands
from llmgate_tui.connection import HEARTBEAT_S, Connection, Link
from llmgate_tui.desk import Desk
from llmgate_tui.draft import Draft
from llmgate_tui.keeping import Keeping
from llmgate_tui.memory import keep, recall
from llmgate_tui.replaying import Replaying
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.help import Help, Section, section
from llmgate_tui.screens.main import MainScreen
from llmgate_tui.state import Traffic
from llmgate_tui.steering import Steering
from llmgate_tui.widgets.plain_scrollbar import draw_scrollbars

_PACE_S: Final = 0.1
_TICK_S: Final = 0.5


class LlmgateApp(App[None]):
    """Opens on a running gateway; ``owns_gateway`` says that leaving stops it."""

    TITLE = "llmgate"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMAND_PALETTE_DISPLAY = ":"
    COMMANDS = {Commands}  # noqa: RUF012 - Textual's own shape
    CSS = """
    CommandPalette { align-horizontal: center; }
    CommandPalette > Vertical { width: 90%; max-width: 84; margin-top: 2; background: $panel; }
    CommandPalette > Vertical:dark { background: $panel; }
    CommandPalette #--input, CommandPalette #--input.--list-visible {
        border: none; padding: 1 1 0 1; height: auto;
    }
    CommandPalette SearchIcon { display: none; }
    CommandPalette CommandInput, CommandPalette CommandInput:focus {
        border: none; height: 1; padding: 0 1; background: $panel;
    }
    CommandPalette CommandList, CommandPalette CommandList:focus {
        background: $panel; border: none; padding: 1; max-height: 70vh;
        scrollbar-size-vertical: 1;
    }
    CommandPalette > .command-palette--help-text { color: $quiet; text-style: none; }
    Toast { background: $panel; }
    .-ascii Toast { border-left: ascii $accent; }
    .-ascii ReplaySetup #replay-right { border-left: ascii $rule; }
    .-ascii ReplaySetup.-narrow #replay-right { border-left: none; }
    .-ascii Split.-right > .detail { border-left: ascii $rule; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", id="help", tooltip="All keys"),
        Binding("colon", "command_palette", "commands", id="palette", tooltip="All commands"),
        Binding("q", "leave", "quit", id="quit", tooltip="Quit"),
    ]

    def __init__(  # noqa: PLR0913 - what a test brings with it
        self,
        url: str,
        token: str,
        *,
        address: str = "",
        clock: Clock | None = None,
        glyphs: signs.Glyphs | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        owns_gateway: bool = False,
        ending: Callable[[], str] | None = None,
        memory_file: Path | None = None,
        usual_theme: str = themes.DARK.name,
        alone: bool = False,
    ) -> None:
        super().__init__()
        self._alone = alone  # in its process
        self._memory_file = memory_file
        self._memory = recall(memory_file)
        self.api = Api(url, token)
        self.traffic = Traffic()
        self.address = address or urlsplit(url).netloc
        self.clock = clock or Clock()
        self.glyphs = glyphs or signs.choose()
        draw_scrollbars(plain=self.glyphs is signs.ASCII)
        self.set_class(self.glyphs is signs.ASCII, "-ascii")
        self.connection = Connection(self.api, self, heartbeat_s=heartbeat_s)
        self._owns_gateway = owns_gateway
        self._ending = ending
        self._inbox: deque[FeedEvent] = deque()
        self._reread: list[ExchangeSummary] = []
        self._draining = False
        self._drained_at = 0.0
        self.desk = Desk(
            api=self.api,
            steering=Steering(self.api),
            replaying=Replaying(self.api),
            keeping=Keeping(self.api),
            traffic=self.traffic,
            clock=self.clock,
            glyphs=self.glyphs,
            address=self.address,
            draft=Draft(),
        )
        self.main = MainScreen(self.desk)
        for theme in (themes.DARK, themes.LIGHT):
            self.register_theme(theme)
        kept = self._memory.get("app", {}).get("theme", "")
        known = kept if kept in self.available_themes else usual_theme
        self.theme = os.environ.get("TEXTUAL_THEME", known)

    def get_css_variables(self) -> dict[str, str]:
        """Adds what our styles use and other themes do not define."""
        variables = super().get_css_variables()
        return {**themes.shades(variables), **variables}

    def get_default_screen(self) -> Screen[None]:
        """The main screen is the only one; others lie over it."""
        return self.main

    def on_ready(self) -> None:
        """Begins to listen, once there is a screen to show it on."""
        self.main.bodies.remember(self._memory)
        screen = self._memory.get("app", {}).get("screen", "")
        if screen in self.main.bodies.in_order():
            self.call_later(self.main.action_show, screen)
        self.run_worker(self._keep_connected(), group="feed", exit_on_error=True)
        self.set_interval(_TICK_S, self._tick)
        if self._alone:  # what start-up made stays: looking it through again holds up keys
            gc.freeze()
            gc.set_threshold(20_000, 20, 20)

    async def on_unmount(self) -> None:
        """Leaves nothing open."""
        await self.api.aclose()

    def _own_memory(self) -> dict[str, str]:
        return {"theme": self.theme, "screen": self.main.bodies.home}

    def exit(
        self,
        result: None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """Keeps the view for the next start, while there is one."""
        if self.main.is_attached:
            kept = {**self._memory, **self.main.bodies.memory(), "app": self._own_memory()}
            keep(self._memory_file, kept)
        super().exit(result, return_code, message)

    async def _keep_connected(self) -> None:
        await self.connection.run()

    # -- what the connection says (Listener) ---------------------------------

    def heard(self, event: FeedEvent) -> None:
        """Keeps the event for the next drain."""
        self._inbox.append(event)
        self._drain_soon()

    def reread(self, rows: list[ExchangeSummary]) -> None:
        """Keeps the rows for the next drain."""
        self._reread += rows
        self._drain_soon()

    def link_changed(self) -> None:
        """The connection stands otherwise."""
        if self.main.is_attached:
            self.main.link_changed(self.link())

    def link(self) -> Link:
        """How the connection stands; a gateway of our own that has ended is the better reason."""
        link = self.connection.link()
        if link.up or self._ending is None or not (ended := self._ending()):
            return link
        again = "q, then `llmgate up` starts it again"
        if len(self.desk.draft):  # which leaving would lose
            again = "`llmgate up --headless` in another shell starts it again, the draft stays"
        return msgspec.structs.replace(link, reason=f"{ended}: {again}")

    def oldest_open_ms(self) -> int | None:
        """From when on rows may be old."""
        return self.traffic.oldest_open_ms()

    def _drain_soon(self) -> None:
        """At once after a rest, else a tenth of a second after the last one; idle costs nothing."""
        if not self._draining:
            self._draining = True
            rest = self._drained_at + _PACE_S - asyncio.get_running_loop().time()
            self.set_timer(max(rest, 0.001), self._drain)

    def _drain(self) -> None:
        self._draining = False
        if not self.main.is_attached:
            return  # on the way out
        self._drained_at = asyncio.get_running_loop().time()
        rows, self._reread = self._reread, []
        merge = bool(rows)
        while self._inbox:
            event = self._inbox.popleft()
            merge = merge or isinstance(event, Snapshot)
            rows += self.traffic.apply(event)
        if rows or merge:
            self.main.take(rows, merge=merge)
        self.main.news()
        if merge:
            self.main.redraw_facts()
        self.main.link_changed(self.link())

    def _tick(self) -> None:
        if self.main.is_attached:
            self.main.tick(self.link())

    # -- actions -------------------------------------------------------------

    async def action_help(self) -> None:
        """All keys."""
        await self.push_screen(Help(self.help_sections(), self.glyphs))

    def help_sections(self) -> list[Section]:
        """Every binding there is, by place."""
        bodies, plain = self.main.bodies, self.glyphs is signs.ASCII
        sections = [
            section(title, bindings, plain=plain)
            for name in bodies.in_order()
            for title, _, bindings in bodies.body_of(name).key_groups()
        ]
        everywhere = [*MainScreen.BINDINGS, *LlmgateApp.BINDINGS]
        sections.append(section("Everywhere", everywhere, plain=plain))
        return [part for part in sections if part.entries]

    async def action_leave(self) -> None:
        """Quits; asks first when that would break running requests or lose a draft."""
        status = self.traffic.status
        live = status.live if status is not None else 0
        question = ""
        if self._owns_gateway and live and self.connection.link().up:
            running, them = (
                ("1 request is", "it") if live == 1 else (f"{live} requests are", "them")
            )
            question = f"{running} running. Leaving stops the gateway and breaks {them}."
        if edits := len(self.desk.draft):
            drafted = "1 edit is" if edits == 1 else f"{edits} edits are"
            question = f"{drafted} not applied and will be lost. {question}".strip()
        if not question or isinstance(self.screen, Confirm):
            self.exit()
            return
        await self.push_screen(Confirm(question, "leave"), lambda yes: self.exit() if yes else None)

    async def action_quit(self) -> None:
        """Ctrl+Q asks like ``q``; pressed at the question, it is the answer."""
        await self.action_leave()

    def action_help_quit(self) -> None:
        """Ctrl+C, where nothing is selected to copy, leaves like ``q``."""
        self.call_later(self.action_leave)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Says something in passing; whatever is in it is text and nothing else."""
        assert not markup, "toasts hold data: nothing in them is markup"
        super().notify(
            safe_text(message), title=title, severity=severity, timeout=timeout, markup=False
        )

    def action_reconnect(self) -> None:
        """Tries again now."""
        self.connection.hurry()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action by name, and the themes."""
        bodies = self.main.bodies
        plain = self.glyphs is signs.ASCII
        yield from commands(self.main, MainScreen.BINDINGS, plain=plain)
        for name in bodies.in_order():
            body, here = bodies.body_of(name), name == bodies.active
            for _, where, bindings in body.key_groups():
                yield from commands(
                    where,
                    bindings,
                    plain=plain,
                    title="" if here else body.TITLE,
                    before=None if here else partial(self.main.action_show, name),
                )
        yield SystemCommand("Try the gateway again now", "", self.action_reconnect)
        for command in super().get_system_commands(screen):
            if command.title == "Theme":
                yield SystemCommand("Choose a theme", "", command.callback)
        yield from commands(self, LlmgateApp.BINDINGS, plain=plain)
