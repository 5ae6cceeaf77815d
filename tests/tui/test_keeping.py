"""Marks, notes and tags that last: shown at once, kept by the gateway, undone when it refuses."""

import msgspec

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.keeping import Annotation
from llmgate_tui.app import LlmgateApp
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.form import Form
from llmgate_tui.screens.note_acts import common, split
from tests.tui import sample
from tests.tui.conftest import body, open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, Reply


def said(fake: FakeGateway) -> list[Annotation]:
    """What the gateway was told."""
    return [
        msgspec.json.decode(asked.body, type=Annotation)
        for asked in fake.asked
        if asked.path == "exchanges/annotate"
    ]


def form(app: LlmgateApp) -> Form:
    assert isinstance(app.screen, Form)
    return app.screen


def note(app: LlmgateApp, id_: str) -> str:
    row = app.traffic.find(id_)
    return "" if row is None else row.note


def marked(fake: FakeGateway) -> list[str]:
    return [row.id for row in fake.rows if row.marked]


def ended(fake: FakeGateway) -> list[ExchangeSummary]:
    return [row for row in fake.rows if row.state not in LIVE]


async def test_a_mark_is_shown_at_once_and_kept_by_the_gateway(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "m", "space")
        assert "2 marked" in screen_text(app)
        await until(pilot, lambda: len(marked(busy)) == 2)
        assert marked(busy) == [row.id for row in busy.rows[:2]]
        await pilot.press("g", "m")
        await until(pilot, lambda: marked(busy) == [busy.rows[1].id])
        await shown(pilot, "1 marked")
        assert not app.traffic.unsaved


async def test_what_was_marked_elsewhere_is_marked_here(busy: FakeGateway) -> None:
    busy.rows[3] = msgspec.structs.replace(busy.rows[3], marked=True)
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "1 marked")
        busy.change(msgspec.structs.replace(busy.rows[5], marked=True))
        await shown(pilot, "2 marked")
        busy.change(msgspec.structs.replace(busy.rows[3], marked=False))
        await shown(pilot, "1 marked")
        assert app.traffic.marks == {busy.rows[5].id}


async def test_a_mark_that_is_refused_is_taken_back_with_a_word(busy: FakeGateway) -> None:
    busy.answers["POST exchanges/annotate"] = Reply(503, {"detail": "the store is closed"})
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "m")
        text = await shown(pilot, "marks: the store is closed")
        assert "1 marked" not in text
        assert not app.traffic.marks
        assert not app.traffic.unsaved


async def test_a_mark_put_while_nobody_answers_is_told_when_the_gateway_is_back(
    busy: FakeGateway,
) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await busy.stop()
        await until(pilot, lambda: not app.link().up)
        await pilot.press("g", "m")
        assert "1 marked" in screen_text(app)
        await busy.start()
        app.action_reconnect()
        await until(pilot, lambda: marked(busy) == [busy.rows[0].id])
        assert app.traffic.marks == {busy.rows[0].id}


async def test_what_still_runs_is_marked_in_the_gateway_when_it_ends(busy: FakeGateway) -> None:
    live = next(row for row in busy.rows if row.state in LIVE)
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        body(app).table.select(live.id)
        await pilot.press("m")
        await shown(pilot, "1 marked")
        busy.change(msgspec.structs.replace(live, input_tokens=9))
        await pilot.pause(0.2)
        assert app.traffic.marks == {live.id}
        assert not said(busy)
        busy.change(msgspec.structs.replace(live, state="finished"))
        await until(pilot, lambda: marked(busy) == [live.id])


async def test_what_the_gateway_does_not_keep_stays_marked_here(busy: FakeGateway) -> None:
    busy.answers["POST exchanges/annotate"] = []
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "m")
        await shown(pilot, "the gateway does not keep this exchange")
        assert app.traffic.marks == {busy.rows[0].id}


async def test_a_note_is_asked_for_kept_and_shown(busy: FakeGateway) -> None:
    first = ended(busy)[0]
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "semicolon")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await typed(pilot, "why so slow")
        await pilot.press("enter")
        await until(pilot, lambda: note(app, first.id) == "why so slow")
        assert said(busy) == [Annotation(ids=[first.id], note="why so slow")]
        await pilot.press("enter")
        await shown(pilot, "note     why so slow")
        await pilot.press("escape", "semicolon")
        await until(pilot, lambda: isinstance(app.screen, Form))
        assert form(app).values() == {"note": "why so slow"}


async def test_a_changed_note_is_not_lost_by_escape(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "semicolon")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("semicolon")
        await typed(pilot, "half a thou")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Form))
        assert form(app).values() == {"note": "half a thou"}
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: app.screen is app.main)
        assert not said(busy)


async def test_tags_of_all_marked_are_changed_and_others_stay(busy: FakeGateway) -> None:
    for at, tags in ((0, "slow,paris"), (1, "slow,rome")):
        busy.rows[at] = msgspec.structs.replace(busy.rows[at], tags=tags, marked=True)
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "2 marked")
        await pilot.press("number_sign")
        await shown(pilot, "Tags of 2 exchanges")
        assert form(app).values() == {"tags": "slow"}
        await pilot.press(*["backspace"] * 4)
        await typed(pilot, "fast ro")
        await shown(pilot, "fast rome")  # offered: a tag that is known
        await pilot.press("right", "enter")
        await until(pilot, lambda: said(busy))
        assert said(busy)[-1] == Annotation(
            ids=[row.id for row in busy.rows[:2]], add_tags=["fast", "rome"], remove_tags=["slow"]
        )
        await until(pilot, lambda: busy.rows[0].tags == "paris,fast,rome")
        assert busy.rows[1].tags == "rome,fast"


def test_tags_are_words_each_once() -> None:
    assert split(" a, b  a,c ") == ["a", "b", "c"]
    one, other = sample.exchanges(8)[:2]
    rows = [msgspec.structs.replace(one, tags="a,b"), msgspec.structs.replace(other, tags="b,c")]
    assert common(rows) == ["b"]


async def test_a_refused_note_says_why(busy: FakeGateway) -> None:
    busy.answers["POST exchanges/annotate"] = Reply(409, {"detail": "the store is read only"})
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "semicolon")
        await typed(pilot, "x")
        await pilot.press("enter")
        await shown(pilot, "the note: not kept: the store is read only")
