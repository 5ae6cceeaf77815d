"""The Spend screen: honest money, a chart of the period, budgets, the way to the exchanges."""

import re
from pathlib import Path

import msgspec
import pytest
from textual.message import Message
from textual.messages import Update

from llmgate.wire.spend import SpendRow
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.body import OpenTraffic
from llmgate_tui.screens.spend import SpendBody
from llmgate_tui.screens.spend_rows import drill
from tests.tui.conftest import open_app, screen_text, settled, shown, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.spent import BUDGETS, CODEX, NOON, SONNET, report
from tests.tui.test_hostile import EVIL, clean


async def test_it_shows_rows_chart_budgets_and_what_has_no_price(empty: FakeGateway) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty)
    async with app.run_test(size=(120, 44)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        text = await shown(pilot, "$ per hour")

        assert re.search(r"total +\$2.00~ ━+ 100% +190 +3 ", text)
        assert re.search(r"claude-sonnet-4-5 +\$1.50~ ━+ +75% ", text)
        assert re.search(r"qwen3 +- ", text)
        assert re.search(r"today ends at \$4.10~ at this pace", text)
        assert re.search(r"key ide, day +━+─+ +62% +\$3.10 of \$5.00 +anew in 12h", text)
        assert "9 exchanges have no known price" in text
        assert 'prices: {"qwen3": {input_per_mtok' in text
        assert "prices as of 2026-11-01" in text
        assert "requests_per_minute" not in text


async def test_periods_and_names_are_chosen_by_key_and_by_click(empty: FakeGateway) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5", "p", "b")
        await until(pilot, lambda: "/admin/v1/spend?period=7d&by=key" in empty.requests)
        await pilot.press("left_square_bracket", "B", "B")
        await until(pilot, lambda: "/admin/v1/spend?period=today&by=provider" in empty.requests)
        line = screen_text(app).splitlines()[2]
        await pilot.click("#spend-head", offset=(line.index("30 days") + 1, 0))
        await until(pilot, lambda: "/admin/v1/spend?period=30d&by=provider" in empty.requests)
        await pilot.click("#spend-head", offset=(line.index("client") + 1, 0))

        await until(pilot, lambda: "/admin/v1/spend?period=30d&by=client" in empty.requests)


async def test_it_asks_again_every_five_seconds_while_it_is_shown(empty: FakeGateway) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        await shown(pilot, "$1.50~")
        empty.answers["spend"] = report(rows=[msgspec.structs.replace(SONNET, cost_usd=1.75)])
        for _ in range(10):
            app.main.bodies.body.tick()

        await shown(pilot, "$1.75~")


async def test_the_same_report_paints_nothing(empty: FakeGateway) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty)
    painted: list[Update] = []

    def watch(message: Message) -> None:
        if isinstance(message, Update) and app.main.bodies.body in message.widget.ancestors:
            painted.append(message)

    async with app.run_test(size=(120, 30), message_hook=watch) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        await settled(pilot, "$1.50~")
        painted.clear()
        asked = len(empty.requests)
        for _ in range(10):
            app.main.bodies.body.tick()
        await until(pilot, lambda: len(empty.requests) > asked)
        await pilot.pause()

        assert not painted


async def test_a_lost_connection_greys_the_figures_and_its_return_brings_new_ones(
    empty: FakeGateway,
) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        await shown(pilot, "$1.50~")
        await empty.stop()
        await shown(pilot, "lost")
        assert app.main.bodies.body.has_class("-lost")
        assert "$1.50~" in screen_text(app)
        empty.answers["spend"] = report(rows=[msgspec.structs.replace(SONNET, cost_usd=1.75)])
        await empty.start()
        app.action_reconnect()
        await shown(pilot, "$1.75~")

        assert not app.main.bodies.body.has_class("-lost")


async def test_enter_leads_to_the_exchanges_behind_a_row(empty: FakeGateway) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty)
    posted: list[OpenTraffic] = []

    def watch(message: Message) -> None:
        if isinstance(message, OpenTraffic):
            posted.append(message)

    async with app.run_test(size=(120, 30), message_hook=watch) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        await shown(pilot, "$1.50~")
        await pilot.press("j", "enter")
        await until(pilot, lambda: posted)

        assert posted[0].filter == drill(report(), SONNET, NOON)


async def test_an_export_says_where_the_file_is(
    empty: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    empty.answers["spend"] = report()
    empty.answers["spend/export"] = b"name,cost_usd\n"
    app = open_app(empty)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5", "e")
        await shown(pilot, "written to")
        await until(pilot, lambda: list(tmp_path.iterdir()))

        file = tmp_path / "llmgate-spend-today-by-model-2026-11-21.csv"
        assert file.read_bytes() == b"name,cost_usd\n"


async def test_an_export_that_fails_says_why(empty: FakeGateway) -> None:
    empty.answers["spend"] = report()
    empty.answers["spend/export"] = Reply(503, {"detail": "the store is busy"})
    app = open_app(empty)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5", "e")

        await shown(pilot, "not exported: the store is busy")


async def test_a_report_that_cannot_be_read_says_why_and_keeps_the_old_one(
    empty: FakeGateway,
) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        await shown(pilot, "$1.50~")
        empty.answers["spend"] = Reply(503, {"detail": "the store is busy"})
        await pilot.press("R")
        text = await shown(pilot, "not read: the store is busy")

        assert "$1.50~" in text


async def test_nothing_spent_shows_how_to_send_the_first_request(empty: FakeGateway) -> None:
    empty.answers["spend"] = report(total=SpendRow(), rows=[], slots=[], budgets=[])
    app = open_app(empty)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5", "enter")
        text = await shown(pilot, "Nothing spent today.")

        assert "curl -N http://127.0.0.1:8484/v1/chat/completions" in text


async def test_without_a_budget_it_says_where_one_is_set(empty: FakeGateway) -> None:
    empty.answers["spend"] = report(budgets=[], unpriced_models=[])
    app = open_app(empty)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")

        await shown(pilot, "none set: Keys (4) sets them")


async def test_what_was_chosen_is_kept_for_the_next_start(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5", "p", "b")
        body = app.main.bodies.body
        assert body.memory() == {"period": "7d", "by": "key"}

        other = SpendBody(app.desk)
        other.remember({"period": "30d", "by": "nonsense"})
        assert other.memory() == {"period": "30d", "by": "model"}


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 10)])
async def test_hostile_names_are_drawn_harmlessly(
    empty: FakeGateway, size: tuple[int, int]
) -> None:
    rows = [
        msgspec.structs.replace(SONNET, name=EVIL),
        msgspec.structs.replace(CODEX, name="日本" * 40),
    ]
    budget = msgspec.structs.replace(BUDGETS[0], name=EVIL)
    empty.answers["spend"] = report(
        rows=rows, unpriced_models=[EVIL], prices_as_of=EVIL, budgets=[budget]
    )
    app = open_app(empty)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        await shown(pilot, "$1.50~")
        await pilot.press("tab")
        await pilot.pause()

        assert clean(screen_text(app))


async def test_ascii_is_ascii(empty: FakeGateway) -> None:
    empty.answers["spend"] = report()
    app = open_app(empty, glyphs=ASCII)
    async with app.run_test(size=(160, 44)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("5")
        text = await shown(pilot, "$ per hour")

        assert text.isascii(), {char for char in text if not char.isascii()}
