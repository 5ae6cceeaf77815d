"""The Traffic screen: following, filters, order, marks, detail, copies."""

import pytest

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.screens.preview import Preview
from llmgate_tui.widgets.traffic_table import TrafficTable
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
from tests.tui.fake_gateway import FakeGateway, gateway


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
        assert [line[:3] for line in text.splitlines()].count(" ● ") == 2
        await pilot.press("M")
        await shown(pilot, "2 of 60")
        await pilot.press("escape")
        await shown(pilot, "/60")
        await pilot.press("U")
        await shown(pilot, "Unmark 2 exchanges?")
        await pilot.press("n")
        await shown(pilot, "2 marked")
        await pilot.press("U", "y")
        await until(pilot, lambda: "marked" not in screen_text(app).splitlines()[2])


async def test_the_selected_row_stays_in_sight_when_the_detail_opens(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("k", "m", "k", "enter")  # the mark is on the row above the last
        text = await settled(pilot, "Summary")
        table = body(app).table

        assert table.cursor == 58
        assert any(line.startswith(" ● ") for line in text.splitlines())


async def test_tab_completes_the_filter_and_tells_what_is_open(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("slash", *"prov", "tab")
        await shown(pilot, "/ provider:")
        await pilot.press(*"an", "tab")
        await shown(pilot, "/ provider:anthropic")
        await pilot.press(*"-m", "tab")
        await shown(pilot, "marked  method:  model:")


async def test_a_row_without_a_model_says_what_was_asked() -> None:
    asked = fresh(model="", path="/v1/models", method="GET", provider="")
    async with gateway([asked]) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "GET /v1/models")


async def test_the_shown_text_of_the_detail_can_be_copied(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("k", "k", "k", "enter")
        await settled(pilot, "priced by table")
        await pilot.press("y")
        await shown(pilot, "shown text (Summary)")
        await pilot.press("t")
        await shown(pilot, "Summary copied")

        assert "priced by table" in app.clipboard


async def test_moving_off_the_edge_scrolls_what_is_seen(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 20)) as pilot:
        await settled(pilot, "60/60")
        top = screen_text(app).splitlines()[4]
        await pilot.press(*["k"] * 15)
        text = await shown(pilot, "45/60")

        assert text.splitlines()[5] == top


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
