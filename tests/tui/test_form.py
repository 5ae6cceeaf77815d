"""Forms: checked as they are typed, completed from what is known, never lost by a refusal."""

import pytest
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widgets import Input

from llmgate_tui.app import LlmgateApp
from llmgate_tui.screens.form import Field, Form, Values
from tests.tui.conftest import open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import FakeGateway
from tests.tui.test_hostile import EVIL, RAW

Taken = list[Values | None]


def check(values: Values) -> str:
    return "" if values["weight"].isdecimal() else f"weight: {values['weight']!r} is no number"


FIELDS = [
    Field("provider", "provider", "", "openai", ("anthropic", "openai")),
    Field("weight", "weight", ""),
]


async def opened(pilot: Pilot[None], form: Form) -> Taken:
    taken: Taken = []
    app = pilot.app
    assert isinstance(app, LlmgateApp)
    await shown(pilot, "idle")
    await app.push_screen(form, taken.append)
    await pilot.pause()
    return taken


async def test_nothing_is_wrong_before_anything_is_typed(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        taken = await opened(pilot, Form("Target", FIELDS, check))
        assert "no number" not in screen_text(app)
        await typed(pilot, "x")
        await shown(pilot, "weight: '' is no number")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert taken == []
        await pilot.press("tab")
        await typed(pilot, " 7 ")
        await until(pilot, lambda: "no number" not in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: taken == [{"provider": "x", "weight": "7"}])


async def test_an_empty_form_that_is_submitted_says_what_is_wrong(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        taken = await opened(pilot, Form("Target", FIELDS, check))
        await pilot.press("ctrl+s")
        await shown(pilot, "weight: '' is no number")
        await pilot.press("escape")
        await until(pilot, lambda: taken == [None])


async def test_known_values_are_offered_while_typing_and_right_takes_them(
    empty: FakeGateway,
) -> None:
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, Form("Target", FIELDS, check))
        await typed(pilot, "an")
        await shown(pilot, "anthropic")
        await pilot.press("right")
        field = app.screen.query_one("#form-provider", Input)
        await until(pilot, lambda: field.value == "anthropic")


async def test_enter_goes_on_and_submits_from_the_last_field(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        taken = await opened(pilot, Form("Target", FIELDS, check))
        await typed(pilot, "p")
        await pilot.press("enter")
        await typed(pilot, "3")
        await pilot.press("up", "down", "enter")
        await until(pilot, lambda: taken == [{"provider": "p", "weight": "3"}])


@pytest.mark.parametrize("size", [(200, 60), (40, 10)])
async def test_a_form_keeps_its_problem_and_its_keys_in_sight(
    empty: FakeGateway, size: tuple[int, int]
) -> None:
    app = open_app(empty)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, Form("Target", [*FIELDS, Field("a", "a"), Field("b", "b")], check))
        await typed(pilot, "x")
        await shown(pilot, "is no number")
        assert "ctrl+s" in screen_text(app)


async def test_hostile_values_labels_and_problems_are_harmless(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        fields = [Field("a", EVIL, EVIL, EVIL, (f"x{EVIL}",)), Field("b", "b", "", EVIL)]
        await opened(pilot, Form(EVIL, fields, lambda values: f"wrong {EVIL}"))
        await pilot.press("ctrl+s")
        await shown(pilot, "wrong [/]")
        await pilot.press("tab", "x")
        await pilot.pause()

        assert not RAW.search(screen_text(app))


async def test_the_keys_of_a_form_can_be_clicked(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        taken = await opened(pilot, Form("Target", FIELDS, check))
        await typed(pilot, "p")
        await pilot.click("#form-keys", offset=(2, 0))
        await typed(pilot, "3")
        await pilot.click("#form-keys", offset=(16, 0))
        await until(pilot, lambda: taken == [{"provider": "p", "weight": "3"}])


async def test_a_form_that_is_not_composed_yet_may_be_resized(empty: FakeGateway) -> None:
    form = Form("Target", FIELDS, check)
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "idle")
        form.on_resize(Resize(Size(80, 24), Size(80, 24)))
        taken = await opened(pilot, form)
        await pilot.press("escape")
        await until(pilot, lambda: taken == [None])
