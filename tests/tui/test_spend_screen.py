"""The Spend screen: honest money, a chart of the period, budgets, the way to the exchanges."""

import re
import stat
import time
from pathlib import Path

import msgspec
import pytest
from textual.message import Message
from textual.messages import Update

from llmgate.wire.limits import LimitsView, LimitView
from llmgate.wire.spend import Period, SpendReport, SpendRow, SpendSlot
from llmgate_tui.filter import compile_filter
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.body import OpenTraffic
from llmgate_tui.screens.spend import SpendBody
from llmgate_tui.screens.spend_chart import chart
from llmgate_tui.screens.spend_export import write_new
from llmgate_tui.screens.spend_rows import Total, cells, dollars, drill, hit_rate, name
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, settled, shown, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.test_hostile import EVIL, clean

NOON = sample.NOON_MS
HOUR = 3_600_000
MIDNIGHT = NOON - NOON % (24 * HOUR)
SONNET = SpendRow(
    name="claude-sonnet-4-5",
    cost_usd=1.5,
    estimated_usd=0.1,
    estimated=2,
    exchanges=120,
    errors=3,
    input_tokens=4_000_000,
    cache_read_tokens=3_000_000,
    output_tokens=88_000,
)
CODEX = SpendRow(
    name="gpt-5.1-codex",
    cost_usd=0.5,
    exchanges=61,
    input_tokens=910_000,
    output_tokens=41_000,
    reasoning_tokens=22_000,
)
QWEN = SpendRow(name="qwen3", exchanges=9, unpriced=9, input_tokens=31_000, output_tokens=4_000)
BUDGETS = [
    LimitsView(
        scope="key",
        name="ide",
        limits=[
            LimitView(
                name="budget_usd_per_day", unit="usd", limit=5, used=3.1, resets_ms=NOON + 12 * HOUR
            ),
            LimitView(name="requests_per_minute", unit="requests", limit=5),
        ],
    )
]


def report(period: Period = "today", **changes: object) -> SpendReport:
    hours = 13 if period == "today" else int(period[:-1])
    step = HOUR if period == "today" else 24 * HOUR
    start = MIDNIGHT if period == "today" else MIDNIGHT - (hours - 1) * step
    slots = [
        SpendSlot(start_ms=start + at * step, cost_usd=at / 10, exchanges=at) for at in range(hours)
    ]
    whole = SpendRow(
        cost_usd=2.0,
        estimated=2,
        exchanges=190,
        errors=3,
        unpriced=9,
        input_tokens=4_941_000,
        output_tokens=133_000,
    )
    base = SpendReport(
        period=period,
        by="model",
        since_ms=start,
        until_ms=NOON,
        total=whole,
        rows=[SONNET, CODEX, QWEN],
        slots=slots,
        slot_s=step // 1000,
        budgets=BUDGETS,
        unpriced_models=["qwen3"],
        projected_usd=4.1 if period == "today" else None,
        prices_as_of="2026-11-01",
    )
    return msgspec.structs.replace(base, **changes)


def texts(row: SpendRow, total: Total) -> list[str]:
    return [
        cell if isinstance(cell, str) else cell[0]
        for cell in cells(row, name(row, "model"), total, plain=False)
    ]


# -- rows ------------------------------------------------------------------------


def test_unknown_money_is_never_zero_and_an_estimate_says_so() -> None:
    assert dollars(QWEN).strip() == "-"
    assert dollars(SONNET) == "$1.50~"
    assert dollars(CODEX) == "$0.5000 "
    assert dollars(SpendRow(exchanges=4, errors=4)).strip() == "-"
    assert dollars(SpendRow(exchanges=1, input_tokens=10)).strip() == "$0"
    assert dollars(SpendRow(cost_usd=0.2, unpriced=3)).strip() == "$0.2000"


def test_a_row_tells_share_tokens_and_how_much_came_from_the_cache() -> None:
    text = texts(SONNET, Total(2.0, 0))

    assert text[2:] == [
        "━" * 9 + " " * 3,
        "75%",
        "120",
        "3",
        "4.00M",
        "3.00M",
        "75%",
        "88.0k",
        "-",
        "-",
    ]
    assert texts(QWEN, Total(2.0, 0))[-1] == "9"
    assert hit_rate(QWEN) == "-"


def test_while_no_price_is_known_shares_are_of_tokens() -> None:
    assert Total(0.0, 70_000).share(QWEN) == 0.5
    assert Total(0.0, 0).share(QWEN) == 0.0


def test_what_has_no_name_says_what_that_means() -> None:
    assert name(SpendRow(), "key") == "(without a key)"
    assert name(SpendRow(name="a\x1b[31m"), "key") == "a␛[31m"


def test_a_row_leads_to_its_exchanges_of_the_period() -> None:
    assert drill(report(by="key"), SpendRow(name="ide"), NOON) == "key:=ide since:725m"
    assert drill(report(), SpendRow(), NOON) == "-model:?* since:725m"
    assert drill(report("30d"), None, NOON) == "since:709h"


def test_a_models_exchanges_are_those_served_by_it_and_those_that_only_asked_for_it() -> None:
    accept = compile_filter(drill(report(), CODEX, NOON), now_ms=NOON)
    row = msgspec.structs.replace(sample.exchanges(1)[0], started_ms=NOON - 1000)
    other, codex = "other", CODEX.name

    assert accept is not None
    assert accept(msgspec.structs.replace(row, model=other, served=codex))
    assert accept(msgspec.structs.replace(row, model=codex, served=""))
    assert not accept(msgspec.structs.replace(row, model=codex, served=other))
    assert not accept(msgspec.structs.replace(row, served=codex, started_ms=MIDNIGHT - HOUR))


# -- chart -----------------------------------------------------------------------


def utc(ms: int) -> time.struct_time:
    return time.gmtime(ms / 1000)


@pytest.mark.parametrize("width", [20, 40, 76, 120, 190])
@pytest.mark.parametrize("period", ["today", "7d", "30d"])
def test_a_chart_fits_its_width_and_labels_stand_under_their_columns(
    width: int, period: Period
) -> None:
    lines = [
        "".join(text for text, _ in line)
        for line in chart(report(period), utc, width=width, height=4)
    ]
    labels = lines[-1]

    assert len(lines) == 6
    assert all(len(line) <= width for line in lines[1:-1])
    assert "█" in lines[-2]
    assert labels.split()[0] in {"00", "15", "23"}
    assert "  0 " in lines[-2]


def test_a_chart_names_the_highest_column() -> None:
    head = chart(report(), utc, width=100, height=4)[0]

    assert "".join(text for text, _ in head) == "$ per hour   most $1.20, 12:00"


def test_without_prices_the_chart_counts_tokens_and_without_use_there_is_none() -> None:
    unpriced = [SpendSlot(start_ms=MIDNIGHT, tokens=48_000)]

    assert chart(report(slots=unpriced), utc, width=60, height=3)[0][0] == (
        "tokens per hour",
        "strong",
    )
    assert chart(report(slots=[SpendSlot(start_ms=MIDNIGHT)]), utc, width=60, height=3) == []
    assert chart(report(slots=[]), utc, width=60, height=3) == []


# -- export ----------------------------------------------------------------------


def test_an_export_never_overwrites_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = write_new(tmp_path, "spend", b"a")
    second = write_new(tmp_path, "spend", b"b")

    assert (first.name, first.read_bytes()) == ("spend.csv", b"a")
    assert (second.name, second.read_bytes()) == ("spend-2.csv", b"b")
    assert stat.S_IMODE(second.stat().st_mode) == 0o600


# -- the screen ------------------------------------------------------------------


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
