"""Hostile text through every widget of the shell: nothing of it reaches the terminal raw."""

import re

import msgspec
import pytest

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.gateway import Recording
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, shown, until
from tests.tui.fake_gateway import FakeGateway

EVIL = "[/]\x1b]0;PWNED\x07\x1b[31m[bold red]\x9b2J\u202e\u200b\x7f\r\n\t[link='x']["
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
SIZES = [(200, 60), (120, 40), (80, 24), (60, 15), (40, 10), (30, 8)]


def evil_row(number: int, **changes: object) -> ExchangeSummary:
    row = sample.exchanges(8)[0]
    names = ("client", "key", "route", "provider", "model", "served", "path", "error", "session")
    fields: dict[str, object] = {name: f"{name}{EVIL}" for name in names}
    return msgspec.structs.replace(
        row, **{**fields, "id": f"evil{number}", "started_ms": sample.NOON_MS + number, **changes}
    )


def evil_gateway(fake: FakeGateway) -> None:
    fake.rows = [
        evil_row(1),
        evil_row(2, state="failed", error_type="upstream_timeout"),
        evil_row(3, state="streaming", total_us=None),
        evil_row(4, repeat=4, model="日本語" + EVIL),
    ]
    fake.state = sample.status(
        config_problem=f"config.yaml, line 3: {EVIL}",
        address=EVIL,
        version=EVIL,
        recording=Recording(state="stopped", problem=EVIL),
    )


def clean(text: str) -> bool:
    return not RAW.search(text)


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_rows_and_status_are_drawn_harmlessly(
    empty: FakeGateway, size: tuple[int, int]
) -> None:
    evil_gateway(empty)
    app = open_app(empty)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: len(app.traffic) == 4)
        await pilot.press("k", "m", "t")
        await pilot.pause()

        text = screen_text(app)
        assert clean(text), RAW.findall(text)
        assert all(len(strip.text) > 0 for strip in app.screen._compositor.render_strips())


async def test_hostile_text_in_menus_previews_and_filters_is_harmless(empty: FakeGateway) -> None:
    evil_gateway(empty)
    app = open_app(empty)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: len(app.traffic) == 4)
        await pilot.press("y", "i")
        await shown(pilot, "copied")
        assert clean(screen_text(app))
        await pilot.press("escape")
        app.main.body._bar.enter()
        app.main.body._bar.input.value = f"ttft:{EVIL}"
        await until(pilot, lambda: "^" in screen_text(app))
        assert clean(screen_text(app))


async def test_a_hostile_preview_is_harmless(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.main._copied("Answer", EVIL * 3)
        text = await shown(pilot, "Answer copied")

        assert clean(text)
        assert "[bold red]" in text


async def test_a_hostile_refusal_is_harmless(empty: FakeGateway) -> None:
    empty.refusal = f"no {EVIL}"
    empty.refuse_token, empty.refusal_status = True, 503
    app = open_app(empty)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        text = await shown(pilot, "no ")
        app.notify(EVIL, markup=False)
        await pilot.pause()

        assert clean(text)


async def test_the_bytes_written_to_the_terminal_hold_no_escape_from_data(
    empty: FakeGateway,
) -> None:
    evil_gateway(empty)
    app = open_app(empty)
    async with app.run_test(size=(160, 40)) as pilot:
        await until(pilot, lambda: len(app.traffic) == 4)
        await pilot.pause()
        written = app.screen._compositor.render_full_update()
        text = written.render_segments(app.console)

    assert "PWNED" in text
    assert "\x1b]0;" not in text
    assert "\x1b[31m[bold" not in text
    assert "\x9b" not in text
    assert "\u202e" not in text
