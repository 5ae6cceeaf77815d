"""What lies over the screen: whole, harmless, its keys printed and under the mouse."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from textual.screen import ModalScreen

from llmgate.wire.editing import Conflict
from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII, UNICODE
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.form import Field, Form
from llmgate_tui.screens.help import Help, signs
from llmgate_tui.screens.keys_secret import Secret
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.preview import Preview
from llmgate_tui.screens.resend import Resend
from llmgate_tui.screens.review import Clash, Review, Told
from llmgate_tui.widgets.key_line import spelled
from tests.tui import sample
from tests.tui.conftest import open_app, settled, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, gateway
from tests.tui.furnished import SHIFTED, furnish
from tests.tui.test_hostile import EVIL
from tests.tui.test_reachable import click_on, keys, listed, owners, pressed

ASKED = {
    "provider": "groq",
    "model": "qwen3",
    "temperature": "0.2",
    "max_tokens": "",
    "system": "Be brief.",
    "message": "Hi",
}


@pytest.fixture
async def full() -> AsyncIterator[FakeGateway]:
    """A gateway with something on every screen."""
    async with gateway(sample.exchanges(30)) as fake:
        furnish(fake)
        yield fake


def questions(app: LlmgateApp) -> list[ModalScreen[object]]:
    """One of each."""
    desk = app.desk
    made: list[object] = [
        Confirm("Really?", "do it"),
        Form("A form", [Field("name", "Name", "", "")], lambda _: ""),
        Help([], app.glyphs),
        Menu("A menu", [("a", "first", "a"), ("b", "second", "b")]),
        Preview("A text", "a text"),
        Review("A draft", SHIFTED, desk),
        Told("A tale", [[("once", "")]], desk),
        Clash(Conflict(message="moved", etag='"e"', version=13, base_known=False), desk),
        Resend(ASKED, known={}, fields=frozenset(ASKED)),
        Secret("ide", msgspec.structs.replace(SHIFTED, secret="sk-new"), desk, file="config.yaml"),
    ]
    return [screen for screen in made if isinstance(screen, ModalScreen)]


async def test_every_question_prints_the_keys_it_takes_and_a_click_leaves_it(
    full: FakeGateway,
) -> None:
    app = open_app(full)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "30/30")
        asked = questions(app)
        modal = {owner for owner in owners() if issubclass(owner, ModalScreen)}
        assert {type(screen) for screen in asked} == modal
        for screen in asked:
            await app.push_screen(screen)
            text = await settled(pilot, "")
            for binding in keys(type(screen).BINDINGS):
                if binding.show:
                    said = {spelled(key) for key in pressed([binding])}
                    assert said & set(text.split()), (type(screen), binding.key)
            await click_on(pilot, "n stay" if isinstance(screen, Confirm) else "esc ")
            await until(pilot, lambda: app.screen is app.main)


async def test_a_long_question_is_whole_at_every_size_and_harmless(full: FakeGateway) -> None:
    app = open_app(full)
    question = f"Drop {EVIL} and " + "all that was drafted since " * 4 + "the very end?"
    for size in [(40, 10), (80, 24), (120, 40)]:
        async with app.run_test(size=size) as pilot:
            await shown(pilot, "connected")
            await app.push_screen(Confirm(question, "drop"))
            text = await shown(pilot, "y drop")

            assert "very end?" in " ".join(text.split())
            assert "n stay" in text
            assert "\x1b" not in text
        app = open_app(full)


async def test_an_ascii_terminal_gets_ascii_in_help_and_palette(full: FakeGateway) -> None:
    app = open_app(full, glyphs=ASCII)
    async with app.run_test(size=(120, 60)) as pilot:
        await shown(pilot, "30/30")
        said = [entry for part in app.help_sections() for entry in part.entries]
        assert all((entry.keys + entry.text).isascii() for entry in said)
        assert all((line.title + line.help).isascii() for line in listed(app))
        await pilot.press("question_mark")
        await typed(pilot, "streaming; its")
        assert (await shown(pilot, "> 200")).isascii()


def test_the_signs_of_the_help_are_those_of_the_list() -> None:
    assert signs(UNICODE)[0] == ("▸ 200", "streaming; its figures still grow")
    assert all(sign.isascii() for sign, _ in signs(ASCII))
