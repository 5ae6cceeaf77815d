"""The application as a person meets it: keys in, screen out."""

import dataclasses
import re

import msgspec
import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.gateway import Recording
from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.help import Help
from llmgate_tui.screens.preview import Preview
from llmgate_tui.screens.traffic import TrafficBody
from llmgate_tui.widgets.traffic_table import TrafficTable
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, settled, shown, until
from tests.tui.fake_gateway import FakeGateway

SIZES = [(200, 60), (120, 40), (80, 24), (60, 15), (40, 10)]


async def typed(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*(dict.get({" ": "space"}, char, char) for char in text))


def later(number: int = 0) -> str:
    return f"new-model-{number}"


def fresh(number: int = 0, **changes: object) -> ExchangeSummary:
    row = sample.exchanges(8)[0]
    base = {"id": f"new_{number}", "started_ms": sample.NOON_MS + number, "model": later(number)}
    return msgspec.structs.replace(row, **{**base, "served": "", **changes})


def body(app: LlmgateApp) -> TrafficBody:
    return app.main.body


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


async def test_new_exchanges_are_followed_until_the_cursor_moves_up(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        busy.change(fresh(1))
        await shown(pilot, "61/61")
        await pilot.press("k", "k")
        selected = body(app).table.selected
        top = body(app).table.scroll_offset.y
        busy.change(fresh(2), fresh(3))
        text = await shown(pilot, "59/63")

        assert "following" not in text
        assert (body(app).table.selected, body(app).table.scroll_offset.y) == (selected, top)
        await pilot.press("G")
        await shown(pilot, "63/63  ↓ following")
        busy.change(fresh(4))
        await shown(pilot, later(4))


async def test_moving_keys_reach_both_ends_and_pages(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        for key, place in [
            ("g", "1/60"),
            ("j", "2/60"),
            ("down", "3/60"),
            ("up", "2/60"),
            ("end", "60/60"),
            ("home", "1/60"),
            ("G", "60/60"),
        ]:
            await pilot.press(key)
            await shown(pilot, place)
        await pilot.press("g", "pagedown", "ctrl+d", "ctrl+u", "pageup")
        await shown(pilot, "1/60")


async def test_the_list_keeps_its_place_when_old_rows_are_trimmed(busy: FakeGateway) -> None:
    app = open_app(busy)
    app.traffic.cap = 100
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("k")
        selected = body(app).table.selected
        at = body(app).table.cursor
        assert at is not None
        height = at - body(app).table.scroll_offset.y
        busy.change(*(fresh(number) for number in range(50)))
        await until(pilot, lambda: len(app.traffic) == 90)
        await pilot.pause()

        now = body(app).table.cursor
        assert body(app).table.selected == selected
        assert now is not None
        assert now - body(app).table.scroll_offset.y == height


async def test_a_paused_display_stands_still_and_counts(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("p")
        before = body(app).table.selected
        busy.change(fresh(1), fresh(2))
        await shown(pilot, "PAUSED +2")
        assert later(1) not in screen_text(app)
        assert body(app).table.selected == before

        await pilot.press("p")
        await shown(pilot, later(2))


async def test_a_filter_narrows_the_list_as_it_is_typed_and_esc_clears_it(
    busy: FakeGateway,
) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("slash")
        await typed(pilot, "provider:groq")
        wanted = sum(row.provider == "groq" for row in busy.rows)
        await shown(pilot, f"{wanted} of 60")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, TrafficTable))
        busy.change(fresh(1), fresh(2, provider="groq"))
        await shown(pilot, f"{wanted + 1} of 62")
        assert later(1) not in screen_text(app)

        await pilot.press("escape")
        await shown(pilot, "/62")


async def test_a_bad_filter_points_at_the_trouble_and_the_last_good_one_stays(
    busy: FakeGateway,
) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("slash")
        await typed(pilot, "groq")
        await until(pilot, lambda: " of 60" in screen_text(app))
        place = screen_text(app).splitlines()[2].split("  ")[-2].strip()
        await typed(pilot, " ttft:>5")
        text = await shown(pilot, "say the unit")

        filter_line, trouble = text.splitlines()[2:4]
        assert trouble.index("^") == filter_line.index("5")
        assert place in text


async def test_filters_used_before_come_back_with_up(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        for text in ("groq", "codex"):
            await pilot.press("slash")
            await typed(pilot, text)
            await pilot.press("enter", "escape")
        await pilot.press("slash", "up", "up")
        await shown(pilot, "/ groq")
        await pilot.press("down")
        await shown(pilot, "/ codex")
        await pilot.press("down", "escape")
        await shown(pilot, "60/60")


async def test_a_filter_that_hides_everything_says_so(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("slash")
        await typed(pilot, "nothing-like-it")
        await pilot.press("enter")
        await shown(pilot, "60 hidden. esc clears the filter.")
        await pilot.press("escape")
        await shown(pilot, "60/60")


async def test_ordering_by_a_column_and_back(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("o")
        await shown(pilot, "Order by")
        await pilot.press("dollar_sign")
        text = await shown(pilot, "by cost")
        assert "following" not in text
        costs = [body(app).view.row(at).cost_usd or 0.0 for at in range(60)]
        assert costs == sorted(costs, reverse=True)

        await pilot.press("O")
        known = [cost for at in range(60) if (cost := body(app).view.row(at).cost_usd)]
        assert known == sorted(known)
        await pilot.press("F")
        await shown(pilot, "60/60  ↓ following")


async def test_the_selected_exchange_survives_ordering_and_filtering(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("k", "k", "k", "k", "k")
        selected = body(app).table.selected
        await pilot.press("o", "c", "O", "slash")
        await typed(pilot, "v1")
        await pilot.press("enter")

        assert body(app).table.selected == selected


async def test_marks_can_be_set_shown_alone_and_cleared(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "m", "space")
        text = await shown(pilot, "2 marked")
        assert [line[0] for line in text.splitlines()].count("●") == 2
        await pilot.press("M")
        await shown(pilot, "2 of 60")
        await pilot.press("escape")
        await shown(pilot, "/60")
        await pilot.press("U")
        await until(pilot, lambda: "marked" not in screen_text(app).splitlines()[2])


async def test_the_detail_opens_below_beside_and_alone(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        steps = [
            ("enter", "below"),
            ("minus", "right"),
            ("minus", "list"),
            ("enter", "right"),
            ("enter", "full"),
            ("escape", "right"),
            ("escape", "list"),
            ("minus", "below"),
        ]
        for key, arrangement in steps:
            await pilot.press(key)
            assert body(app).arrangement == arrangement
        height = body(app).detail.size.height
        await pilot.press("plus")
        await until(pilot, lambda: body(app).detail.size.height > height)
        await pilot.press("underscore", "underscore")
        await until(pilot, lambda: body(app).detail.size.height < height)


async def test_tab_moves_the_focus_between_list_and_detail(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("tab")
        await until(pilot, body(app).split.in_detail)
        at = body(app).table.cursor
        await pilot.press("K")
        assert body(app).table.cursor == (at or 0) - 1
        await pilot.press("tab")
        await until(pilot, lambda: isinstance(app.focused, TrafficTable))


async def test_times_can_be_told_as_how_long_ago(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "12:04:21")
        await pilot.press("t")
        text = await shown(pilot, "  9s ")
        assert "12:04:21" not in text


async def test_clearing_the_view_leaves_the_gateway_alone(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("z")
        await shown(pilot, "60 cleared from the view")
        busy.change(fresh(1))
        await shown(pilot, "1/1")
        assert len(busy.rows) == 61


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("c", "curl -N -X POST 'http://127.0.0.1:8484/v1/"),
        ("p", "import httpx"),
        ("b", '{"model"'),
        ("a", "Hello there."),
        ("h", "# caller to gateway"),
        ("i", "ex_0000"),
    ],
)
async def test_the_copy_menu_copies_and_shows_what(busy: FakeGateway, key: str, start: str) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "y", key)
        await until(pilot, lambda: isinstance(app.screen, Preview))

        assert app.clipboard.startswith(start)
        await shown(pilot, "copied")


async def test_a_copy_that_fails_says_why(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        busy.rows.clear()
        await pilot.press("y", "c")
        await shown(pilot, "not copied: no such exchange")


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


async def test_every_key_is_in_the_help_with_an_id_of_its_own(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        parts = (app, app.main, body(app), body(app).table)
        own = [
            binding
            for part in parts
            for binding in part.__class__.__dict__["BINDINGS"]
            if isinstance(binding, Binding)
        ]
        helped = {entry.id: entry for part in app.help_sections() for entry in part.entries}

    assert len({binding.id for binding in own}) == len(own)
    for binding in own:
        assert binding.id in helped, binding
        assert helped[binding.id].text == binding.tooltip
        assert dataclasses.asdict(binding)["tooltip"]


async def test_no_key_clashes_with_what_terminals_and_editors_take() -> None:
    taken = {"ctrl+j", "ctrl+k", "ctrl+e", "ctrl+q", "f1", "f5", "f6", "ctrl+h", "ctrl+m", "ctrl+i"}
    bindings = [
        binding
        for part in (LlmgateApp, TrafficBody, TrafficTable)
        for binding in part.BINDINGS
        if isinstance(binding, Binding)
    ]
    keys = [key for binding in bindings for key in binding.key.split(",")]

    assert not taken & set(keys)
    assert not [key for key in keys if key.startswith(("alt+", "super+"))]
    assert len(keys) == len(set(keys))


async def test_the_palette_offers_every_action_and_runs_it(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Theme", "Follow new exchanges", "Order by a column", "Quit"} <= titles

        await pilot.press("colon")
        await typed(pilot, "hold the")
        await shown(pilot, "Hold the display still")
        await pilot.press("down", "enter")
        await shown(pilot, "PAUSED")


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
        await shown(pilot, "unauthorised: check the admin token")
        await shown(pilot, "wrong admin token")


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


async def test_a_click_selects_a_second_opens_and_the_wheel_looks_back(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        table = body(app).table
        top = table.scroll_offset.y
        await pilot.click(table, offset=(10, 3))
        await until(pilot, lambda: table.cursor == top + 3)
        await pilot.click(table, offset=(10, 3), times=2)
        await until(pilot, lambda: body(app).arrangement == "below")
        await pilot.click("#table-head", offset=(14, 0))
        await shown(pilot, "by status")
        await pilot.click("#keys", offset=(13, 0))
        await pilot.pause()


async def test_an_ascii_terminal_gets_ascii_only(busy: FakeGateway) -> None:
    app = open_app(busy, glyphs=ASCII)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await shown(pilot, "60/60")
        table = body(app).table
        lines = [strip for y in range(table.size.height) for strip in [table.render_line(y).text]]

        assert all(line.isascii() for line in lines)
        assert all(line.isascii() for line in text.splitlines()[:3])


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


async def test_a_thousand_events_at_once_are_a_few_frames(
    busy: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        drains: list[int] = []
        take = app.main.take

        def counted(rows: list[ExchangeSummary], *, merge: bool) -> None:
            drains.append(len(rows))
            take(rows, merge=merge)

        monkeypatch.setattr(app.main, "take", counted)
        for number in range(1000):
            busy.change(fresh(number))
        await until(pilot, lambda: len(app.traffic) == 1060)

        assert sum(drains) == 1000
        assert len(drains) <= 25
        assert body(app).table.virtual_size.height == 1060


async def test_appending_rows_costs_no_layout_of_the_screen(
    busy: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        busy.change(*(fresh(number) for number in range(40)))
        await shown(pilot, "100/100  ↓ following")
        await pilot.pause()
        layouts: list[object] = []
        refresh_layout = app.screen._refresh_layout

        def counted(*args: object, **options: object) -> None:
            layouts.append(args)
            refresh_layout(*args, **options)  # type: ignore[arg-type]  # passed on as they came

        monkeypatch.setattr(app.screen, "_refresh_layout", counted)
        busy.change(fresh(100))
        await shown(pilot, "101/101")

        assert layouts == []
        assert body(app).table.virtual_size.height == 101
