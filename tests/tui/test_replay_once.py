"""One exchange sent again with a key of the Traffic screen."""

import msgspec
import pytest
from textual.pilot import Pilot

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplaySpec, ReplayTarget, ReplayView
from llmgate_tui.app import LlmgateApp
from llmgate_tui.screens.replay_once import spec_of
from tests.tui import sample
from tests.tui.conftest import open_app, shown, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.replayed import FAILED, REFUSED, cell, estimate, matrix, replay, serve


def once(state: str = "finished", **changes: object) -> ReplayView:
    return replay("rp_new", **{"state": state, "running": 0, "total": 1, "done": 1, **changes})


@pytest.fixture
def able(busy: FakeGateway) -> FakeGateway:
    """A gateway that sends one exchange again: similarity 0.93, at half the cost."""
    serve(busy)
    found = matrix()
    row = msgspec.structs.replace(
        found.rows[0], cells=[cell(cost_usd=0.004), cell(0.93, cost_usd=0.002)]
    )
    busy.answers |= {
        "POST replays/estimate": estimate("groq", requests=1, usd=0.0021),
        "POST replays": once("running"),
        "replays/rp_new": once(),
        "replays/rp_new/matrix": msgspec.structs.replace(found, replay=once(), rows=[row]),
    }
    return busy


def said(app: LlmgateApp) -> list[str]:
    return [note.message for note in app._notifications]


async def asked(pilot: Pilot[None], app: LlmgateApp) -> ExchangeSummary:
    """The key, on the newest exchange."""
    await shown(pilot, "60/60")
    await pilot.press("r")
    row = app.main.body.table.row
    assert row is not None
    return row


async def test_a_question_says_what_it_costs_and_a_word_what_came_of_it(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 30)) as pilot:
        row = await asked(pilot, app)
        await shown(pilot, "Send llama-3.3-70b again to groq? It costs about $0.0021.")
        await pilot.press("y")
        await until(pilot, lambda: said(app))

        assert said(app) == ["similarity 0.93 · $0.0020 vs $0.0040; d on it compares"]
        specs = [one for one in able.asked if one.path == "replays"]
        assert [msgspec.json.decode(one.body, type=ReplaySpec) for one in specs] == [spec_of(row)]
        assert app.main.bodies.active == "traffic"


async def test_nothing_is_sent_without_a_yes(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 30)) as pilot:
        await asked(pilot, app)
        await shown(pilot, "y send")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)

    assert [one.path for one in able.asked] == ["replays/estimate"]


async def test_what_went_wrong_is_said(able: FakeGateway) -> None:
    found = matrix()
    row = msgspec.structs.replace(found.rows[0], cells=[cell(), FAILED])
    able.answers["replays/rp_new/matrix"] = msgspec.structs.replace(found, rows=[row])
    app = open_app(able)
    async with app.run_test(size=(120, 30)) as pilot:
        await asked(pilot, app)
        await shown(pilot, "y send")
        await pilot.press("y")
        await until(pilot, lambda: said(app))

    assert said(app) == ["sent again, it went wrong: Rate limit reached"]


async def test_a_refusal_is_said_before_anything_is_asked(able: FakeGateway) -> None:
    none = estimate(requests=0, refused=[REFUSED])
    able.answers["POST replays/estimate"] = none
    app = open_app(able)
    async with app.run_test(size=(120, 30)) as pilot:
        await asked(pilot, app)
        await until(pilot, lambda: said(app))
        assert "openai.chat was recorded" in said(app)[0]
        assert app.screen is app.main


async def test_a_gateway_that_cannot_says_why(able: FakeGateway) -> None:
    able.answers["POST replays"] = Reply(409, {"error": {"message": "8 replays run already"}})
    app = open_app(able)
    async with app.run_test(size=(120, 30)) as pilot:
        await asked(pilot, app)
        await shown(pilot, "y send")
        await pilot.press("y")
        await until(pilot, lambda: said(app))

    assert said(app) == ["not sent again: 8 replays run already"]


async def test_what_is_sent_and_lost_sight_of_is_not_called_unsent(able: FakeGateway) -> None:
    able.answers["replays/rp_new"] = Reply(503, {"error": {"message": "the store is busy"}})
    app = open_app(able)
    async with app.run_test(size=(120, 30)) as pilot:
        await asked(pilot, app)
        await shown(pilot, "y send")
        await pilot.press("y")
        await until(pilot, lambda: said(app))

    assert said(app) == ["sent again, what came of it is not known: the store is busy"]


def test_the_target_is_where_it_went() -> None:
    row = sample.exchanges(8)[0]
    plain = msgspec.structs.replace(row, provider="groq", model="a", served="a")
    renamed = msgspec.structs.replace(plain, served="b")
    nowhere = msgspec.structs.replace(renamed, provider="")

    assert spec_of(plain).targets == [ReplayTarget(provider="groq")]
    assert spec_of(renamed).targets == [ReplayTarget(provider="groq", model="b")]
    assert spec_of(nowhere).targets == [ReplayTarget()]
