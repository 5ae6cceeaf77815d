"""An app with nothing but the pane, and its screen as text."""

import re

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from llmgate_tui.detail.pane import DetailPane
from llmgate_tui.glyphs import UNICODE, Glyphs
from llmgate_tui.themes import DARK
from llmgate_tui.widgets.line_view import LineView
from tests.tui.detail.samples import Gateway, StillClock


class PaneApp(App[None]):
    """The pane alone."""

    BINDINGS = [  # noqa: RUF012 - Textual's own shape
        ("right_square_bracket", "next"),
        ("left_square_bracket", "previous"),
        ("slash", "search"),
    ]

    def __init__(self, api: Gateway, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self.pane = DetailPane(api, StillClock(), glyphs, api)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """As the program has them."""
        return {"quiet": "#777777", "rule": "#444444"}

    def compose(self) -> ComposeResult:
        """Only the pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Our own theme."""
        self.register_theme(DARK)
        self.theme = DARK.name

    def action_next(self) -> None:
        """One to the right."""
        self.pane.next_tab()

    def action_previous(self) -> None:
        """One to the left."""
        self.pane.previous_tab()

    def action_search(self) -> None:
        """Opens the search line."""
        self.pane.search()

    @property
    def view(self) -> LineView:
        """The text in it."""
        return self.pane.query_one(LineView)


def screen(app: App[None]) -> list[str]:
    """The lines of the screen, without trailing blanks."""
    strips = app.screen._compositor.render_strips()
    return [strip.text.rstrip() for strip in strips]


def written(app: App[None]) -> str:
    """What a terminal would be sent for this screen, without its colour sequences."""
    strips = app.screen._compositor.render_strips()
    sent = "\n".join(strip.render(app.console) for strip in strips)
    return re.sub(r"\x1b\[[0-9;]*m", "", sent)


async def settle(app: PaneApp, pilot: Pilot[None]) -> None:
    """Until everything asked for is on the screen."""
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def until(pilot: Pilot[None], app: PaneApp, text: str) -> None:
    """Until a text is on the screen; fails by the test's own timeout."""
    while text not in "\n".join(screen(app)):
        await pilot.pause(0.02)


async def choose(app: PaneApp, pilot: Pilot[None], tab: str) -> None:
    """Goes to a tab with the keys."""
    while app.pane.tab != tab:
        await pilot.press("right_square_bracket")
