"""Every action there is: in the help, in the palette of every screen, and under the mouse."""

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial

import pytest
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.screen import ModalScreen

import llmgate_tui
from llmgate_tui.app import LlmgateApp
from llmgate_tui.screens.bodies import SCREENS
from llmgate_tui.screens.help import Help
from llmgate_tui.screens.main import MainScreen
from llmgate_tui.widgets.grid import Grid
from llmgate_tui.widgets.key_line import KeyLine, spelled
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, gateway
from tests.tui.furnished import furnish

NAMES = [name for _, name, _ in SCREENS]
TAKEN = {"ctrl+j", "ctrl+k", "ctrl+e", "ctrl+q", "f1", "f5", "f6", "ctrl+h", "ctrl+m", "ctrl+i"} | {
    "ctrl+left_square_bracket",
    "ctrl+c",
    "ctrl+p",
}
AWAY = {  # what leads to another screen
    "Traffic: Replay marked to... (or this one)",
    "Keys: Show the requests it refused in Traffic",
    "Providers: Its traffic; on an error, that exchange",
    "Providers: Go to the routes and their weights",
}
CLOSER = {  # what has the focus takes the key from the screen around it, on purpose
    ("text.fold", "open"),
    ("text.fold", "config.open"),
    ("text.right", "group.unfold"),
    ("text.left", "group.fold"),
    ("filter.keep", "open"),
    ("filter.clear", "back"),
    ("filter.complete", "focus.other"),
    ("search.drop", "back"),
    ("find.keep", "providers.open"),
    ("find.drop", "providers.back"),
    ("find.keep", "events.open"),
    ("find.drop", "events.back"),
}


@pytest.fixture
async def full() -> AsyncIterator[FakeGateway]:
    """A gateway with something on every screen."""
    async with gateway(sample.exchanges(30)) as fake:
        furnish(fake)
        yield fake


def owners() -> dict[type[DOMNode], list[Binding]]:
    """Every class of ours that binds keys itself, found by looking at all modules."""
    found: dict[type[DOMNode], list[Binding]] = {}
    for module in pkgutil.walk_packages(llmgate_tui.__path__, "llmgate_tui."):
        for _, owner in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if owner.__module__ == module.name and "BINDINGS" in vars(owner):
                assert issubclass(owner, DOMNode)
                found[owner] = keys(owner.BINDINGS)
    return found


def keys(bindings: Iterable[BindingType]) -> list[Binding]:
    plain = [binding for binding in bindings if isinstance(binding, Binding)]
    assert len(plain) == len(list(bindings))
    return plain


def in_place() -> list[Binding]:
    """The bindings of everything that is no question over the screen."""
    return [
        binding
        for owner, bindings in owners().items()
        if not issubclass(owner, ModalScreen)
        for binding in bindings
    ]


def test_every_binding_has_an_id_of_its_own_and_says_what_it_does() -> None:
    said: dict[str, tuple[str, str]] = {}
    for owner, bindings in owners().items():
        for binding in bindings:
            assert binding.id, (owner, binding)
            assert binding.tooltip, (owner, binding)
            assert said.setdefault(binding.id, (binding.key, binding.tooltip)) == (
                binding.key,
                binding.tooltip,
            )
    assert len(said) > 150


def test_no_key_is_one_that_a_terminal_an_editor_or_a_multiplexer_takes() -> None:
    pressed = {
        key
        for bindings in owners().values()
        for binding in bindings
        for key in binding.key.split(",")
    }

    assert not pressed & TAKEN
    assert not [key for key in pressed if key.startswith(("alt+", "super+", "meta+"))]


async def test_the_help_and_the_bindings_name_the_same_keys(full: FakeGateway) -> None:
    app = open_app(full)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "30/30")
        helped = {entry.id: entry for part in app.help_sections() for entry in part.entries}

    assert {binding.id for binding in in_place()} == set(helped)
    for binding in in_place():
        entry = helped[str(binding.id)]
        assert entry.text == binding.tooltip
        assert entry.keys.split() == " ".join(map(spelled, binding.key.split(","))).split()


async def test_no_key_means_two_things_in_one_place(full: FakeGateway) -> None:
    app = open_app(full)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "30/30")
        closer = set()
        for name in NAMES:
            screen = app.main.bodies.body_of(name)
            around = [*keys(type(screen).BINDINGS), *keys(MainScreen.BINDINGS), *keys(app.BINDINGS)]
            for _, where, bindings in screen.key_groups():
                mine = keys(bindings)
                assert len(list(pressed(mine))) == len(set(pressed(mine))), name
                closer |= taken(mine, around if where is not screen else around[len(mine) :])

    assert closer == CLOSER


def pressed(bindings: list[Binding]) -> Iterator[str]:
    for binding in bindings:
        yield from binding.key.split(",")


def taken(mine: list[Binding], around: list[Binding]) -> set[tuple[str, str]]:
    """Pairs of ids with the same key and different actions."""
    return {
        (str(one.id), str(other.id))
        for one in mine
        for other in around
        if one.action != other.action and set(pressed([one])) & set(pressed([other]))
    }


# -- by palette ----------------------------------------------------------------


def listed(app: LlmgateApp) -> list[SystemCommand]:
    return list(app.get_system_commands(app.screen))


@pytest.mark.parametrize("name", NAMES)
async def test_the_palette_of_every_screen_has_every_action(full: FakeGateway, name: str) -> None:
    app = open_app(full)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "30/30")
        await settled_on(pilot, name)
        titles = {command.title for command in listed(app)}
        wanted = {
            binding.tooltip if other == name else f"{screen.TITLE}: {binding.tooltip}"
            for other in NAMES
            for screen in [app.main.bodies.body_of(other)]
            for _, _, bindings in screen.key_groups()
            for binding in keys(bindings)
        }

        wanted |= {binding.tooltip for binding in keys(MainScreen.BINDINGS)}
        assert wanted <= titles
        assert {"All keys", "Quit", "Choose a theme", "Try the gateway again now"} <= titles


def showing(app: LlmgateApp, name: str) -> bool:
    return app.main.bodies.active == name


async def settled_on(pilot: Pilot[None], name: str) -> None:
    """The screen is shown, and what it asks for has been asked."""
    app = pilot.app
    assert isinstance(app, LlmgateApp)
    await app.main.action_show(name)
    await pilot.pause()


@pytest.mark.parametrize("target", NAMES)
async def test_every_action_runs_from_the_palette_of_another_screen(
    full: FakeGateway, target: str
) -> None:
    app = open_app(full)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "30/30")
        seen: dict[str, str] = {}
        start = "replay" if target != "replay" else "events"
        await settled_on(pilot, start)
        for command in listed(app):
            here = command.title.startswith(f"{app.main.bodies.body_of(target).TITLE}: ")
            if here and (command.discover or target == "config"):
                await run(pilot, command)
                await pilot.pause()
                seen[command.title] = app.main.bodies.active
                await app.main.action_show(start)

    moved = {title for title, at in seen.items() if at != title.split(":")[0].lower()}
    assert moved <= AWAY
    assert len(seen) > 5


async def run(pilot: Pilot[None], command: SystemCommand) -> None:
    """As the palette does; what it opens is left again."""
    app = pilot.app
    assert isinstance(app, LlmgateApp)
    finding = app.run_worker(command.callback(), exit_on_error=False)
    for _ in range(50):
        await asyncio.sleep(0)
        if finding.is_finished or app.screen is not app.main:
            break
    for _ in range(5):
        if app.screen is app.main:
            break
        await pilot.press("escape")
    assert app.screen is app.main, command.title
    assert finding.error is None, command.title


# -- by mouse ------------------------------------------------------------------


async def click_on(pilot: Pilot[None], word: str, *, after: str = "") -> None:
    """Clicks the first place where a word stands, on a line that has ``after`` if given."""
    text = await shown(pilot, word)
    lines = text.splitlines()
    y = next(at for at, line in enumerate(lines) if word in line and after in line)
    await pilot.click(offset=(lines[y].index(word), y))


@pytest.mark.parametrize(
    ("name", "size"), [*((name, (80, 24)) for name in NAMES), ("keys", (60, 16))]
)
async def test_the_palette_opens_by_a_click_on_the_foot_and_an_entry_by_another(
    full: FakeGateway, name: str, size: tuple[int, int]
) -> None:
    app = open_app(full)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "connected")
        await settled_on(pilot, name)
        await click_on(pilot, ": commands")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await typed(pilot, "all keys")
        await click_on(pilot, "All keys")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await click_on(pilot, "esc close")
        await until(pilot, lambda: app.screen is app.main)


async def test_where_the_foot_is_hidden_a_click_on_the_head_opens_the_palette(
    full: FakeGateway,
) -> None:
    app = open_app(full)
    async with app.run_test(size=(40, 10)) as pilot:
        await shown(pilot, "connected")
        for name in NAMES:
            await settled_on(pilot, name)
            await pilot.click("#header", offset=(3, 0))
            await until(pilot, lambda: isinstance(app.screen, CommandPalette))
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)


async def test_a_click_on_a_screens_name_shows_it(full: FakeGateway) -> None:
    app = open_app(full)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "30/30")
        for key, name, title in [*SCREENS[1:], SCREENS[0]]:
            await click_on(pilot, f"{key} {title}")
            await until(pilot, partial(showing, app, name))


async def test_every_key_of_the_foot_can_be_clicked(full: FakeGateway) -> None:
    app = open_app(full)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "30/30")
        for name in NAMES:
            await settled_on(pilot, name)
            line = app.main.query_one(KeyLine)
            left, _ = line.pieces(120)
            text = "".join(piece for piece, _ in left)

            spots = [text[start:end] for start, end, _ in line.spots()]
            assert " ".join(spots).split() == text.split()
            assert all("press(" in action for _, _, action in line.spots())


async def test_a_click_on_a_row_goes_there_on_every_screen_with_a_list(full: FakeGateway) -> None:
    app = open_app(full)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "30/30")
        for name, row in [
            ("providers", "local"),
            ("routes", "big"),
            ("keys", "ci"),
            ("spend", "qwen3"),
            ("events", "local is down"),
        ]:
            await settled_on(pilot, name)
            await shown(pilot, row)
            grid = app.main.bodies.body.query_one(Grid)
            before = grid.selected
            y = next(
                at
                for at, line in enumerate(screen_text(app).splitlines())
                if row in line and at >= grid.region.y
            )
            await pilot.click(offset=(grid.region.x + 4, y))
            await pilot.pause()

            assert grid.selected != before or row in before, name
