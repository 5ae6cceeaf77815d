"""The application as a person meets it: keys in, screen out."""

import re

import pytest

from llmgate.wire.gateway import Recording, RouteView, Spend
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.help import Help
from llmgate_tui.screens.preview import Preview
from llmgate_tui.widgets.traffic_table import TrafficTable
from tests.tui import sample
from tests.tui.conftest import (
    body,
    fresh,
    later,
    open_app,
    screen_text,
    settled,
    shown,
    typed,
    until,
)
from tests.tui.fake_gateway import FakeGateway

SIZES = [(200, 60), (120, 40), (80, 24), (60, 15), (40, 10)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_exchange_is_on_the_screen_at_every_size(
    busy: FakeGateway, size: tuple[int, int]
) -> None:
    app = open_app(busy)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "fast → llama")
        text = await shown(pilot, "connected")

        head = text.splitlines()[2 if size[1] < 16 else 3]
        assert head.split()[-1] in {"$", "OUT", "TOTAL"}
        assert all(len(line) <= size[0] for line in text.splitlines())


async def test_a_wide_screen_shows_the_columns_aligned_under_their_titles(
    busy: FakeGateway,
) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await shown(pilot, "12:04:30")
        lines = text.splitlines()
        head = next(line for line in lines if "CLIENT" in line)
        rows = [line for line in lines if re.match(r"  12:0", line)]

        assert head.split() == [
            "TIME",
            "ST",
            "CLIENT",
            "MODEL",
            "PROVIDER",
            "TTFT",
            "TOTAL",
            "TOK/S",
            "IN",
            "OUT",
            "$",
        ]
        end = head.index("OUT") + 3
        assert all(row[end - 1].isalnum() or row[end - 1] == "-" for row in rows)
        assert all(row[end : end + 1] in {" ", "~", ""} for row in rows)


async def test_too_small_a_screen_says_so_goes_on_counting_and_recovers(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(30, 8)) as pilot:
        await shown(pilot, "needs 40x10, have 30x8")
        busy.change(state=sample.status(live=7))
        await shown(pilot, "7 live")

        await pilot.resize_terminal(80, 24)
        await shown(pilot, "following")
        await pilot.press("k")
        await shown(pilot, "59/60")


async def test_resizing_from_large_to_tiny_and_back_loses_nothing(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(200, 60)) as pilot:
        before = await settled(pilot, "60/60")
        for size in [(20, 5), (120, 40), (41, 11), (80, 24), (200, 60)]:
            await pilot.resize_terminal(*size)
            await pilot.pause()

        await until(pilot, lambda: screen_text(app) == before)


async def test_an_unused_gateway_shows_how_to_send_the_first_request(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await shown(pilot, "No traffic yet")

        assert "curl -N http://127.0.0.1:8484/v1/chat/completions" in text
        assert "ANTHROPIC_BASE_URL=http://127.0.0.1:8484" in text
        await shown(pilot, "idle")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert app.clipboard.startswith("curl -N")
        await pilot.press("escape")
        empty.change(fresh())
        await shown(pilot, later())
        await pilot.press("j")
        await until(pilot, lambda: isinstance(app.focused, TrafficTable))


async def test_a_gateway_with_keys_says_where_the_key_goes(empty: FakeGateway) -> None:
    empty.state = sample.status(keyless=False)
    app = open_app(empty)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "$LLMGATE_KEY")


async def test_the_first_request_names_a_model_of_the_running_config(empty: FakeGateway) -> None:
    empty.routes = [
        RouteView(name="r", match={"model": "fast-*, fast"}, strategy="weighted", targets=[])
    ]
    app = open_app(empty)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, '"model": "fast"')
        empty.routes = []
        empty.change(state=sample.status(config_version=13))
        await shown(pilot, '"model": "gpt-4o-mini"')
        await pilot.press("y")
        await until(pilot, lambda: '"model": "gpt-4o-mini"' in app.clipboard)
        await pilot.press("escape")
        empty.change(state=sample.status(config_version=13, demo=True))
        await shown(pilot, '"model": "demo"')


async def test_the_header_never_shows_unknown_money_as_zero(busy: FakeGateway) -> None:
    busy.state = sample.status(today=Spend(exchanges=3, unpriced=3))
    app = open_app(busy)
    async with app.run_test(size=(200, 40)) as pilot:
        text = await shown(pilot, "- today")
        assert "$0.00" not in text
        await pilot.resize_terminal(30, 8)
        text = await shown(pilot, "needs 40x10")
        assert text.rstrip().endswith("-")


async def test_help_lists_every_key_and_searches(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("question_mark")
        await shown(pilot, "Filter the list")
        await typed(pilot, "pause")
        text = await shown(pilot, "Hold the display still")
        assert "Filter the list" not in text
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Help))


async def test_the_palette_offers_every_action_and_runs_it(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Choose a theme", "Follow new exchanges", "Order by a column", "Quit"} <= titles

        await pilot.press("colon")
        await typed(pilot, "hold the display still")
        await shown(pilot, "Hold the display still")
        await pilot.press("down", "enter")
        await shown(pilot, "PAUSED")


async def test_the_palette_begins_with_the_screens_own_actions(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("colon")
        text = await shown(pilot, "Copy: curl")
        listed = [line for line in text.splitlines() if "Filter the list" in line]

        assert listed[0].split()[:2] != ["Filter", "the"]  # its key stands before it
        assert text.index("Filter the list") < text.index("Copy: curl") < text.index("Order by")
        assert "Half a page up" not in text  # moving is found by searching only


async def test_a_long_problem_is_cut_and_shown_whole_on_demand(busy: FakeGateway) -> None:
    problem = "config.yaml, line 14: " + "route 'fast' names an unknown provider, " * 5 + "the end"
    busy.state = sample.status(config_problem=problem, rejected_version=13)
    app = open_app(busy)
    async with app.run_test(size=(100, 30)) as pilot:
        text = await shown(pilot, "config not applied")
        assert "…  ! shows all" in text.splitlines()[1]
        assert "the end" not in text
        await pilot.press("exclamation_mark")
        await shown(pilot, "the end")
        await pilot.press("escape")
        busy.change(state=sample.status())
        await until(pilot, lambda: "config not applied" not in screen_text(app))
        assert "! problem" not in screen_text(app)


async def test_a_lost_gateway_leaves_the_list_and_says_so_until_it_is_back(
    busy: FakeGateway,
) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await busy.stop()
        text = await shown(pilot, "lost · retry")
        assert "60/60" in text
        assert body(app).table.has_class("-lost")

        await busy.start()
        app.action_reconnect()
        await shown(pilot, "● connected")
        await until(pilot, lambda: not body(app).table.has_class("-lost"))


async def test_a_wrong_token_is_said_in_the_header(busy: FakeGateway) -> None:
    app = open_app(busy, token="wrong")
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "unauthorised")
        text = await shown(pilot, "has another token than the one given")
        assert "! shows all" in text  # too long for its line
        await pilot.press("exclamation_mark")
        await shown(pilot, "data folder (--data-dir)")


async def test_a_refused_config_is_pinned_with_its_reason(busy: FakeGateway) -> None:
    app = open_app(busy)
    problem = "config.yaml, line 14: route 'fast': weight -1 is below 0"
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        busy.change(state=sample.status(config_problem=problem, rejected_version=13))
        text = await shown(pilot, problem)
        assert "v12 ✓ · v13 ✗ kept v12" in text

        busy.change(state=sample.status(config_version=14))
        await shown(pilot, "config v14 ✓")
        assert problem not in screen_text(app)


async def test_stopped_recording_is_said_at_every_width(busy: FakeGateway) -> None:
    busy.state = sample.status(recording=Recording(state="stopped", problem="disk full"))
    app = open_app(busy)
    async with app.run_test(size=(60, 15)) as pilot:
        await shown(pilot, "not recording")
        await shown(pilot, "recording has stopped: disk full")


async def test_leaving_asks_only_when_running_requests_would_break(busy: FakeGateway) -> None:
    app = open_app(busy, owns_gateway=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("q")
        await shown(pilot, "3 requests are running")
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        busy.change(state=sample.status(live=0, streaming=0))
        await shown(pilot, "idle")
        await pilot.press("q")

    assert app.return_code == 0


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_the_keys_that_end_programs_ask_like_q(busy: FakeGateway, key: str) -> None:
    app = open_app(busy, owns_gateway=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press(key)
        await shown(pilot, "3 requests are running")
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        await pilot.press(key)
        await shown(pilot, "3 requests are running")
        await pilot.press("ctrl+q")  # meant, then
        await until(pilot, lambda: app.return_code is not None)

    assert app.return_code == 0


async def test_a_gateway_of_ours_that_ended_is_the_reason_shown(busy: FakeGateway) -> None:
    app = open_app(busy, owns_gateway=True, ending=lambda: "the gateway ended (SIGKILL)")
    async with app.run_test(size=(120, 24)) as pilot:
        await shown(pilot, "60/60")
        await busy.stop()
        await shown(pilot, "the gateway ended (SIGKILL): q, then `llmgate up` starts it again")
        await pilot.press("q")  # nothing is left to break
        await until(pilot, lambda: app.return_code is not None)

    assert app.return_code == 0


async def test_an_ascii_terminal_gets_ascii_only(busy: FakeGateway) -> None:
    app = open_app(busy, glyphs=ASCII)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await shown(pilot, "60/60")
        table = body(app).table
        lines = [strip for y in range(table.size.height) for strip in [table.render_line(y).text]]

        assert all(line.isascii() for line in lines)
        assert all(line.isascii() for line in text.splitlines()[:3])


async def test_scrollbars_of_an_ascii_terminal_are_plain_at_every_place(busy: FakeGateway) -> None:
    app = open_app(busy, glyphs=ASCII)
    async with app.run_test(size=(120, 20)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("enter")
        await shown(pilot, "protocol")
        for _ in range(12):
            await pilot.press("k")
            drawn = [line for line in screen_text(app).splitlines() if not line.isascii()]
            assert drawn == []


async def test_without_colour_the_cursor_is_reversed(
    busy: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        table = body(app).table
        at = table.cursor
        assert at is not None
        strip = table.render_line(at - table.scroll_offset.y)

        assert all(segment.style is not None and segment.style.reverse for segment in strip)


@pytest.mark.parametrize("theme", ["llmgate-light", "ansi-dark", "nord", "dracula"])
async def test_every_theme_draws_the_list(busy: FakeGateway, theme: str) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        before = await settled(pilot, "60/60")
        app.theme = theme

        assert await settled(pilot, "60/60") == before
