"""The Replay screen: what to send where, what it costs first, how far it is, what came of it."""

import asyncio

import msgspec
import pytest
from textual.pilot import Pilot

from llmgate.wire.replays import ReplayEstimate, ReplaySpec, ReplayTarget
from llmgate_tui.app import LlmgateApp
from llmgate_tui.replay_plan import Plan
from llmgate_tui.screens.replay import ReplayBody
from tests.tui import sample
from tests.tui.conftest import open_app, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.furnished import furnish
from tests.tui.replayed import REFUSED, estimate, serve


@pytest.fixture
def able(busy: FakeGateway) -> FakeGateway:
    """Sixty exchanges, three providers, no replay yet."""
    furnish(busy)
    serve(busy)
    return busy


def body_of(app: LlmgateApp) -> ReplayBody:
    return app.main.bodies.replay


def sent(fake: FakeGateway, path: str) -> list[ReplaySpec]:
    """What was posted there."""
    return [
        msgspec.json.decode(asked.body, type=ReplaySpec)
        for asked in fake.asked
        if asked.path == path and asked.method == "POST"
    ]


async def chosen(pilot: Pilot[None], app: LlmgateApp) -> None:
    """One exchange, one target."""
    await shown(pilot, "60/60")
    await app.main.action_show("replay")
    body_of(app).setup.form.take(Plan(targets=("groq/llama-3.3-70b",)))
    body_of(app).give([app.desk.traffic.rows[30].id])


def joined(text: str) -> str:
    """The right half as one line."""
    return " ".join(" ".join(line.partition("│")[2].split()) for line in text.splitlines())


GROQ = ReplayTarget(provider="groq", model="llama-3.3-70b")


# -- before it starts ------------------------------------------------------------


async def test_marked_exchanges_go_by_the_form_and_a_question_to_the_matrix(
    able: FakeGateway,
) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("m", "k", "k", "m", "R")
        await shown(pilot, "● marked           2 exchanges")
        await shown(pilot, "Choose where to send it")
        await pilot.press("enter")
        await shown(pilot, "groq    2 models")
        await pilot.press("1", "1")
        await shown(pilot, "tools are never executed")
        await pilot.press("ctrl+s")
        await shown(pilot, "Send 4 requests to groq/llama-3.3-70b? It costs about $0.0310.")
        assert not sent(able, "replays")
        await pilot.press("y")
        await shown(pilot, "▸ running  1/8 12%")

        (spec,) = sent(able, "replays")
        assert set(spec.ids) == app.desk.traffic.marks
        assert len(spec.ids) == 2
        assert spec.targets == [GROQ]


async def test_no_answers_the_question_and_nothing_is_sent(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        await pilot.press("ctrl+s")
        await shown(pilot, "y send")
        await pilot.press("n")
        await until(pilot, lambda: app.screen is app.main)

        assert not sent(able, "replays")


async def test_what_is_known_to_be_free_is_not_asked_about(able: FakeGateway) -> None:
    able.answers["POST replays/estimate"] = estimate("local", usd=0.0)
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        await pilot.press("ctrl+s")

        await until(pilot, lambda: sent(able, "replays"))


async def test_a_price_nobody_knows_is_asked_about(able: FakeGateway) -> None:
    able.answers["POST replays/estimate"] = estimate("local", usd=None)
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        await pilot.press("ctrl+s")

        await shown(pilot, "It costs an unknown price.")


async def test_a_target_that_cannot_take_it_is_named_with_both_protocols(able: FakeGateway) -> None:
    able.answers["POST replays/estimate"] = ReplayEstimate(sources=1, refused=[REFUSED] * 3)
    app = open_app(able)
    async with app.run_test(size=(150, 35)) as pilot:
        await chosen(pilot, app)
        text = await shown(pilot, "✗ 3 exchanges not to anthropic/claude-sonnet-4-5:")
        assert "openai.chat was recorded, anthropic speaks anthropic.messages" in joined(text)
        assert "ctrl+s starts it" not in text
        await pilot.press("ctrl+s")
        await until(pilot, lambda: len(app._notifications))

        assert [note.message for note in app._notifications] == [
            "not started: openai.chat was recorded, anthropic speaks anthropic.messages"
        ]
        assert not sent(able, "replays")


async def test_a_refusal_of_the_gateway_is_shown_and_nothing_is_lost(able: FakeGateway) -> None:
    able.answers["POST replays/estimate"] = Reply(
        422, {"error": {"message": "set: 'seed' is no field of anthropic.messages"}}
    )
    app = open_app(able)
    async with app.run_test(size=(150, 35)) as pilot:
        await chosen(pilot, app)
        await shown(pilot, "✗ set: 'seed' is no field of anthropic.messages")

        assert body_of(app).setup.form.plan.targets == ("groq/llama-3.3-70b",)


async def test_the_key_pressed_again_while_the_screen_is_being_made_does_no_harm(
    able: FakeGateway,
) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await shown(pilot, "60/60")
        await asyncio.gather(app.main.action_show("replay"), app.main.action_show("replay"))

        await shown(pilot, "Choose where to send it")


# -- the form --------------------------------------------------------------------


async def test_the_estimate_is_asked_once_the_form_has_stood_still(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        form = body_of(app).setup.form
        form.grid.select("times")
        await pilot.press("plus", "plus", "plus", "plus", "minus")
        await until(pilot, lambda: sent(able, "replays/estimate"))

        assert [spec.times for spec in sent(able, "replays/estimate")] == [4]


async def test_settings_are_typed_and_what_is_wrong_is_said(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        body_of(app).setup.form.grid.select("timing")
        await pilot.press("enter")
        await shown(pilot, "recorded at twice the speed")
        await pilot.press("end", *["backspace"] * 4)
        await typed(pilot, "x2x")
        await shown(pilot, "timing: fast, recorded or x2")
        await pilot.press("backspace", "enter")
        await shown(pilot, "as recorded, 2 times the speed")
        await until(pilot, lambda: len(sent(able, "replays/estimate")) > 1)

        spec = sent(able, "replays/estimate")[-1]
        assert (spec.timing, spec.speed) == ("recorded", 2.0)


async def test_other_fields_and_targets_come_and_go(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        form = body_of(app).setup.form
        form.grid.select("set:")
        await pilot.press("enter")
        await shown(pilot, "field=value of the request")
        await typed(pilot, "reasoning.effort=low")
        await pilot.press("enter")
        await shown(pilot, "with          reasoning.effort=low")
        form.grid.select("to:groq/llama-3.3-70b")
        await pilot.press("d")

        assert form.plan.targets == ()
        assert form.plan.others == ("reasoning.effort=low",)


async def test_a_target_is_typed_with_completion_and_an_unknown_provider_named(
    able: FakeGateway,
) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        await pilot.press("a", "slash")
        await typed(pilot, "groc/x")
        await shown(pilot, "there is no provider 'groc': groq, local, openai, routes")
        await pilot.press("ctrl+u")
        await typed(pilot, "openai/q")
        await pilot.press("right", "enter")
        await shown(pilot, "openai/qwen3")

        assert body_of(app).setup.form.plan.targets == ("groq/llama-3.3-70b", "openai/qwen3")


async def test_only_providers_that_speak_the_protocol_are_offered(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await shown(pilot, "60/60")
        asked = next(r for r in app.desk.traffic.rows if r.protocol == "anthropic.messages")
        await app.main.action_show("replay")
        body_of(app).give([asked.id])
        await pilot.pause()
        await pilot.press("a")
        text = await shown(pilot, "No provider is known to speak it (anthropic.messages)")

        assert "1  groq" not in text
        assert "through the routes" in text


async def test_a_filter_typed_here_chooses_exchanges_of_the_store_too(able: FakeGateway) -> None:
    able.rows = sample.exchanges(600)  # 500 come with the feed
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await shown(pilot, "500/")
        await pilot.press("6", "slash")
        await typed(pilot, "model:haiku")
        await shown(pilot, "● a filter         newest 100 of 116  model:haiku")
        await pilot.press("ctrl+u")
        await typed(pilot, "ttft:>x")
        await shown(pilot, "● a filter         'x' is not a time such as 500ms or 2s")
        assert not body_of(app).setup.spec().ids
        await pilot.press("escape")

        await until(pilot, lambda: app.main.focused is body_of(app).setup.sets.grid)


async def test_enter_leads_from_what_to_send_to_where(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6", "G", "enter")
        await until(pilot, lambda: app.main.focused is body_of(app).setup.sets.find)
        await typed(pilot, "model:haiku")
        await pilot.press("enter")
        await shown(pilot, "● a filter         ")
        await until(pilot, lambda: body_of(app).setup.spec().ids)
        await pilot.press("enter")

        await until(pilot, lambda: app.main.focused is body_of(app).setup.form.grid)
        assert body_of(app).setup.form.grid.selected == "to:"


async def test_marks_that_come_while_the_screen_is_shown_are_counted(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6")
        await shown(pilot, "none: m in Traffic marks")
        app.traffic.marks |= {app.traffic.rows[3].id, app.traffic.rows[5].id}
        body_of(app).tick()

        await shown(pilot, "marked           2 exchanges")


async def test_results_of_replays_are_not_taken_for_traffic(able: FakeGateway) -> None:
    able.rows = [
        msgspec.structs.replace(row, replay="rp_1" if at % 2 else "")
        for at, row in enumerate(sample.exchanges(20))
    ]
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await shown(pilot, "20/20")
        await pilot.press("6")
        await shown(pilot, "shown in Traffic")
        body_of(app).setup.sets.grid.select("filter")
        await pilot.pause()

        held = {row.id: row for row in able.rows}
        ids = body_of(app).setup.spec().ids
        assert ids
        assert not any(held[id_].replay for id_ in ids)
