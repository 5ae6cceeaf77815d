"""Runs of agents: grouped, summed up, told on a line, folded on the screen."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from llmgate.wire.exchanges import LIVE, ExchangeDetail, ExchangeSummary
from llmgate_tui.columns import Look
from llmgate_tui.filter import compile_filter
from llmgate_tui.glyphs import ASCII, UNICODE, Glyphs
from llmgate_tui.run_text import heading
from llmgate_tui.runs import Run, runs
from llmgate_tui.state import Traffic
from llmgate_tui.view import View
from tests.tui import sample
from tests.tui.conftest import body, fresh, open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import FakeGateway
from tests.tui.test_hostile import EVIL, RAW

ROWS = sample.exchanges(60)


def grouped(rows: list[ExchangeSummary] = ROWS) -> list[Run]:
    return runs(enumerate(rows), sample.NOON_MS)


def told(run: Run, width: int = 120, glyphs: Glyphs = UNICODE, *, folded: bool = True) -> str:
    def moment(at_ms: int) -> str:
        return time.strftime("%H:%M", time.gmtime(at_ms / 1000))

    look = Look(sample.NOON_MS, moment, glyphs)
    return "".join(text for text, _ in heading(run, look, width, folded=folded))


def row(**changes: object) -> ExchangeSummary:
    base = sample.exchanges(8)[0]
    fields: dict[str, object] = {
        "client": "codex",
        "session": "5f2c81d0-77aa",
        "repeat": 0,
        "cost_basis": "reported",
    }
    return msgspec.structs.replace(base, **{**fields, **changes})


def test_every_exchange_is_in_one_run_in_the_order_it_came() -> None:
    found = grouped()

    assert sorted(index for run in found for index in run.rows) == list(range(60))
    assert all(run.rows == sorted(run.rows) for run in found)
    assert len({(ROWS[run.rows[0]].client, run.session) for run in found}) == len(found)


def test_a_run_adds_up_its_exchanges() -> None:
    [run] = grouped(
        [
            row(started_ms=1_000, total_us=2_000_000, model="a", cost_usd=0.5, repeat=0),
            row(started_ms=9_000, total_us=4_000_000, model="b", cost_usd=0.25, status=429),
            row(started_ms=5_000, total_us=1_000_000, model="a", cost_usd=0.25, state="cut"),
        ]
    )

    assert (run.turns, run.errors, run.live) == (3, 2, 0)
    assert run.models == ["a", "b"]
    assert run.cost_usd == 1.0
    assert not run.cost_estimated
    assert run.input_tokens == 3 * (row().input_tokens or 0)
    assert (run.started_ms, run.last_ms) == (1_000, 13_000)
    assert run.duration_us == 12_000_000


def test_unknown_money_is_never_zero_and_marks_the_sum_as_incomplete() -> None:
    unknown = {"cost_usd": None, "cost_basis": "unknown"}
    [free] = grouped([row(**unknown)])
    [some] = grouped([row(**unknown), row(cost_usd=0.5)])

    assert free.cost_usd is None
    assert "$" not in told(free)
    assert "$0.5000~" in told(some)


def test_runs_stand_in_the_order_of_their_latest_activity() -> None:
    found = grouped(
        [
            row(client="late", started_ms=1_000, total_us=99_000_000),
            row(client="early", started_ms=50_000, total_us=1_000_000),
            row(client="live", started_ms=2_000, state="streaming", total_us=None),
        ]
    )

    assert [run.client for run in found] == ["early", "late", "live"]


def test_the_same_request_again_and_again_is_warned_of() -> None:
    [run] = grouped([row(repeat=2), row(repeat=11)])
    [calm] = grouped([row(repeat=2)])

    assert "same request x12" in told(run)
    assert "same request" not in told(calm)


def test_a_run_is_told_on_one_line() -> None:
    [run] = grouped([row(), row(state="failed"), row(state="streaming", total_us=None)])

    said = told(run)
    assert said.startswith(" ▸ codex         5f2c81d0    3 turns")
    assert "▸ 1 live" in said
    assert "1 err" in said
    assert told(run, folded=False).startswith(" ▾ ")
    assert told(run, glyphs=ASCII).isascii()


@given(st.integers(16, 220), st.booleans())
def test_a_heading_never_takes_more_room_than_there_is(width: int, folded: bool) -> None:
    names = [EVIL, "日本語" * 20, "x" * 300, ""]
    for name in names:
        [run] = grouped([row(client=name, session=name, model=name, repeat=4, state="failed")])
        said = told(run, width, folded=folded)

        assert cell_len(said) <= width
        assert not RAW.search(said)


# -- the view ----------------------------------------------------------------


def view_of(rows: list[ExchangeSummary], *, cap: int = 10_000) -> View:
    traffic = Traffic(cap)
    traffic.put(rows)
    view = View(traffic, lambda: sample.NOON_MS)
    view.grouped = True
    view.rebuild()
    return view


def ids(view: View) -> list[str]:
    return [view.id_at(at) for at in range(len(view))]


def test_folded_runs_are_headings_alone() -> None:
    view = view_of(ROWS)

    assert ids(view) == [run.id for run in view.runs]
    assert view.position(3) is None
    assert view.arranged


def test_an_unfolded_run_shows_its_exchanges_below_its_heading() -> None:
    view = view_of(ROWS)
    run = view.runs[1]
    view.unfolded.add(run.id)
    view.rebuild()

    assert ids(view)[1 : 2 + run.turns] == [run.id, *(ROWS[index].id for index in run.rows)]
    assert all(view.position_of(id_) == at for at, id_ in enumerate(ids(view)))
    assert view.run_with(ROWS[run.rows[0]].id) == run
    view.flipped = True
    view.rebuild()
    assert ids(view)[-1] == view.runs[-1].id
    assert ids(view).index(run.id) + 1 == ids(view).index(ROWS[run.rows[0]].id)


def test_a_filter_holds_for_grouped_rows_too() -> None:
    view = view_of(ROWS)
    view.accept = compile_filter("client:codex", now_ms=0)
    view.rebuild()

    [run] = view.runs
    assert run.client == "codex"


@given(st.lists(st.lists(st.integers(0, 59), max_size=6), max_size=8), st.integers(10, 60))
def test_a_grouped_view_holds_together_whatever_comes(batches: list[list[int]], cap: int) -> None:
    view = view_of([], cap=cap)
    for batch in batches:
        delta = view.traffic.put([ROWS[at] for at in batch])
        view.take(delta)
        view.rebuild()
        view.unfolded.update(run.id for run in view.runs[::2])
    view.rebuild()

    assert sorted(index for run in view.runs for index in run.rows) == list(
        range(view.traffic.base, view.traffic.end)
    )
    assert [view.position_of(id_) for id_ in ids(view)] == list(range(len(view)))


# -- the screen --------------------------------------------------------------


async def test_the_list_is_grouped_unfolded_and_folded_again(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        newest = body(app).table.selected
        await pilot.press("s")
        text = await shown(pilot, "5 runs")
        assert " turns" in text
        assert newest not in {body(app).view.id_at(at) for at in range(5)}
        assert body(app).table.run is not None  # of the exchange the cursor stood on
        await pilot.press("enter")
        await until(pilot, lambda: len(body(app).view) > 5)
        await pilot.press("down", "left")
        await until(pilot, lambda: len(body(app).view) == 5)
        await pilot.press("right")
        await until(pilot, lambda: len(body(app).view) > 5)
        await pilot.press("s")
        await shown(pilot, "60/60")


async def test_live_rows_of_a_run_go_on_and_new_ones_come_in(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("s")
        await shown(pilot, "5 runs")
        body(app)._resorted = 0.0  # the tests' clock stands still
        busy.change(fresh(1, client="brand-new", session="s-1", state="streaming", total_us=None))
        await shown(pilot, "brand-new")
        await shown(pilot, "6 runs")
        body(app)._resorted = 0.0
        busy.change(fresh(2, client="brand-new", session="s-1"))
        await shown(pilot, "2 turns")


async def test_marking_a_heading_marks_its_run(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("s", "m")
        run = body(app).table.run
        assert run is not None
        await shown(pilot, f"{run.turns} marked")
        await pilot.press("m")
        await until(pilot, lambda: " marked" not in screen_text(app))


async def test_the_detail_of_a_heading_is_empty_and_following_ungroups(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("enter", "s")
        await shown(pilot, "No exchange is chosen.")
        await pilot.press("J", "K", "y")
        await pilot.press("escape", "F")
        await shown(pilot, "60/60  ↓ following")


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (40, 10)])
async def test_hostile_runs_are_drawn_harmlessly(empty: FakeGateway, size: tuple[int, int]) -> None:
    empty.rows = [fresh(1, client=EVIL, session=EVIL, model=EVIL), fresh(2, client=EVIL)]
    app = open_app(empty)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: len(app.traffic) == 2)
        await pilot.press("s", "right", "k", "right", "j")
        await pilot.pause()

        assert not RAW.search(screen_text(app))


async def test_a_live_request_is_ended_after_a_question(busy: FakeGateway) -> None:
    live = next(row for row in reversed(busy.rows) if row.state in LIVE)
    busy.answers[f"POST exchanges/{live.id}/cancel"] = {"cancelled": True}
    app = open_app(busy)
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await shown(pilot, "X cancel")
        await pilot.press("X")
        await shown(pilot, f"End the request of {live.client}")
        await pilot.press("n", "X", "y")
        await shown(pilot, "is ended")

        assert [asked.path for asked in busy.asked] == [f"exchanges/{live.id}/cancel"]
        busy.change(msgspec.structs.replace(live, state="cancelled", error_type="policy_cancelled"))
        await until(pilot, lambda: "X cancel" not in screen_text(app))
        await shown(pilot, "⊘ stopped")


async def test_what_is_over_cannot_be_ended(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(160, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g")
        await until(pilot, lambda: "X cancel" not in screen_text(app))
        await pilot.press("X")
        await pilot.pause()

        assert app.screen is app.main


async def test_an_end_that_fails_is_said(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("X", "y")
        await shown(pilot, "not ended: no such exchange")


# -- opened from elsewhere, and kept until the next start ---------------------


async def test_the_list_can_be_opened_on_a_filter(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await body(app).open(filter="provider:groq")
        wanted = sum(row.provider == "groq" for row in busy.rows)
        await shown(pilot, f"{wanted} of 60")
        await shown(pilot, "/ provider:groq")


async def test_the_list_can_be_opened_on_an_exchange_held_or_not(busy: FakeGateway) -> None:
    old = fresh(9, id="ex_old", started_ms=sample.NOON_MS - 86_400_000, model="old-model")
    busy.details["ex_old"] = ExchangeDetail(summary=old)
    app = open_app(busy)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("slash")
        await typed(pilot, "nothing-like-it")
        await pilot.press("enter")
        await shown(pilot, "60 hidden")
        await body(app).open(exchange="ex_000007")
        await until(pilot, lambda: body(app).table.selected == "ex_000007")
        await body(app).open(exchange="ex_old")
        await shown(pilot, "old-model")
        assert body(app).table.selected == "ex_old"
        assert body(app).arrangement == "below"
        await body(app).open(exchange="ex_gone")
        await shown(pilot, "ex_gone cannot be shown: no such exchange")


async def test_the_view_is_kept_until_the_next_start(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("o", "dollar_sign", "O", "minus", "minus", "plus", "w", "t")
        await pilot.press("right_square_bracket", "slash")
        await typed(pilot, "claude")
        await shown(pilot, "by cost")
        kept = body(app).memory()
    again = open_app(busy)
    async with again.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        body(again).remember(kept)
        await shown(pilot, "by cost")
        await shown(pilot, "/ claude")

        assert body(again).memory() == kept
        assert kept["layout"] == "right"
        assert kept["tab"] == "Chat"


async def test_a_memory_that_makes_no_sense_changes_nothing(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        before = body(app).memory()
        body(app).remember(
            {"order": "no", "layout": EVIL, "share": "9" * 40, "tab": EVIL, "filter": "(("}
        )
        await pilot.pause()

        assert {**body(app).memory(), "filter": ""} == before
        assert not RAW.search(screen_text(app))
