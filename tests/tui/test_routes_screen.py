"""The Routes screen as a person meets it: keys in, drafts and requests out."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from llmgate.wire.editing import (
    Conflict,
    EditRequest,
    Insert,
    Move,
    Remove,
    RouteAnswer,
    RouteEffect,
    RouteQuestion,
    Set,
    Share,
    Verdict,
)
from llmgate.wire.gateway import ConfigView, Problem, RouteView, TargetView
from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.form import Form
from llmgate_tui.screens.review import Clash, Review, Told
from llmgate_tui.screens.routes import RoutesBody
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, shown, until
from tests.tui.fake_gateway import FakeGateway, Reply, gateway
from tests.tui.test_hostile import EVIL, RAW

DIFF = """--- config.yaml
+++ config.yaml
@@ -14,3 +14,3 @@
-      - {provider: openai, weight: 50}
+      - {provider: openai, weight: 70}
"""
FAST = RouteView(
    name="fast",
    match={"model": "gpt-*"},
    strategy="weighted",
    observed=200,
    targets=[
        TargetView(provider="openai", weight=50, share=0.5, observed_share=0.48, observed=96),
        TargetView(
            provider="groq",
            model="llama-3.3-70b",
            weight=50,
            share=0.5,
            observed_share=0.52,
            observed=104,
        ),
    ],
)
BIG = RouteView(
    name="big",
    match={"model": "claude-*", "key": "ide"},
    strategy="priority",
    targets=[TargetView(provider="anthropic", share=1.0), TargetView(provider="openai")],
)
GOOD = Verdict(
    ok=True,
    etag='"e2"',
    version=13,
    diff=DIFF,
    routes=[
        RouteEffect(
            route="fast",
            change="changed",
            shares=[
                Share(
                    provider="openai", weight_before=50, weight_after=70, before=0.5, after=0.5833
                )
            ],
        )
    ],
)


def config(**changes: object) -> ConfigView:
    view = ConfigView(version=12, file="/home/me/config.yaml", loaded_ms=1, etag='"e1"', undo=11)
    return msgspec.structs.replace(view, **changes)


@pytest.fixture
async def steered() -> AsyncIterator[FakeGateway]:
    """A gateway with two routes."""
    async with gateway(sample.exchanges(8)) as fake:
        fake.routes = [FAST, BIG]
        fake.answers["config"] = config()
        fake.answers["POST config/validate"] = GOOD
        fake.answers["PATCH config"] = msgspec.structs.replace(GOOD, applied=True)
        yield fake


async def on_routes(pilot: Pilot[None]) -> RoutesBody:
    """The screen, filled, with the cursor on the first target."""
    await shown(pilot, "connected")
    await pilot.press("3")
    await shown(pilot, "gpt-*")
    app = pilot.app
    assert isinstance(app, LlmgateApp)
    body = app.main.bodies.body
    assert isinstance(body, RoutesBody)
    await until(pilot, lambda: body.target() is not None and body.config is not None)
    return body


def sent(fake: FakeGateway, path: str) -> list[EditRequest]:
    return [
        msgspec.json.decode(asked.body, type=EditRequest)
        for asked in fake.asked
        if asked.path == path
    ]


async def test_a_weight_goes_from_50_to_70_and_the_share_with_it(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        body = await on_routes(pilot)
        await pilot.press("greater_than_sign", "shift+right")
        text = await shown(pilot, "50 → 70")
        assert "58 %" in text
        assert "42 %" in text
        assert "draft 1" in text

        await pilot.press("ctrl+s")
        text = await shown(pilot, "+      - {provider: openai, weight: 70}")
        assert "openai  50 % → 58 %" in text
        steered.answers["config"] = config(version=13, etag='"e2"')
        await pilot.press("y")
        await shown(pilot, "config v13 is running: u undoes it")

        request = sent(steered, "config")[0]
        assert request.edits == [Set(["routes", "fast", "targets", 0, "weight"], 70)]
        assert request.note == "fast: openai 50 to 70"
        assert steered.asked[-1].etag == '"e1"'
        assert len(app.desk.draft) == 0
        await until(pilot, lambda: body.config is not None and body.config.etag == '"e2"')


async def drafted(pilot: Pilot[None], *keys: str) -> list[object]:
    """The draft's edits after some keys."""
    await pilot.press(*keys)
    await pilot.pause()
    assert isinstance(pilot.app, LlmgateApp)
    return list(pilot.app.desk.draft.edits)


WEIGHT: list[str | int] = ["routes", "fast", "targets", 0, "weight"]


KEYS: list[tuple[list[str], list[object]]] = [
    (["plus"], [Set(WEIGHT, 51)]),
    (["minus"], [Set(WEIGHT, 49)]),
    (["right", "right"], [Set(WEIGHT, 52)]),
    (["left"], [Set(WEIGHT, 49)]),
    (["shift+right"], [Set(WEIGHT, 60)]),
    (["shift+left"], [Set(WEIGHT, 40)]),
    (["greater_than_sign"], [Set(WEIGHT, 60)]),
    (["less_than_sign"], [Set(WEIGHT, 40)]),
    (["0"], [Set(WEIGHT, 0)]),
    (["plus", "minus"], []),
    (
        ["greater_than_sign", "equals_sign"],
        [Set(WEIGHT, 55), Set([*WEIGHT[:3], 1, "weight"], 55)],
    ),
    (["J"], [Move(WEIGHT[:4], 1)]),
    (["J", "K"], [Move(WEIGHT[:4], 1), Move([*WEIGHT[:3], 1], 0)]),
    (["k", "J"], [Move(["routes", "fast"], 1)]),
    (["space"], [Set(["routes", "fast", "enabled"], False)]),
    (["space", "space"], [Set(["routes", "fast", "enabled"], True)]),
    (["plus", "u"], []),
    (["plus", "u", "U"], [Set(WEIGHT, 51)]),
    (["K"], []),
]


async def test_keys_draft_what_the_help_says(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_routes(pilot)
        for keys, edits in KEYS:
            body.grid.select("0:fast")
            assert await drafted(pilot, *keys) == edits, keys
            app.desk.draft.drop()
            body.follow_draft()


async def test_removing_asks_first_and_stays_a_draft(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "target openai of fast" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: len(app.desk.draft) == 1)
        assert app.desk.draft.edits == [Remove(WEIGHT[:4])]
        await shown(pilot, "100 %")
        assert not [asked for asked in steered.asked if asked.path == "config"]

        await pilot.press("k", "d", "y")
        await until(pilot, lambda: len(app.desk.draft) == 2)
        assert app.desk.draft.edits[1] == Remove(["routes", "fast"])


async def fill(pilot: Pilot[None], **values: str) -> None:
    """Puts values into the fields of a form and takes them."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Form))
    for name, value in values.items():
        field = pilot.app.screen.query_one(f"#form-{name}", Input)
        field.value = value
    await pilot.press("ctrl+s")
    await pilot.pause()


async def test_a_target_is_edited_in_a_form(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("e")
        await fill(pilot, model="gpt-5", weight="7")
        await until(pilot, lambda: len(app.desk.draft) == 2)
        assert app.desk.draft.edits == [
            Set([*WEIGHT[:4], "model"], "gpt-5"),
            Set(WEIGHT, 7),
        ]
        await shown(pilot, "50 → 7")


async def test_a_wrong_weight_keeps_the_form_open(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("enter")
        await fill(pilot, weight="many")
        await shown(pilot, "not a whole number")
        assert isinstance(app.screen, Form)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Form))
        assert len(app.desk.draft) == 0


async def test_a_route_is_edited_in_a_form(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("k", "e")
        await fill(pilot, name="quick", model="gpt-*, o4*", strategy="priority")
        text = await shown(pilot, "quick  was fast")
        assert "priority" in text
        assert app.desk.draft.notes[-1] == "fast is called quick"


async def test_a_target_is_added(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_routes(pilot)
        await pilot.press("a")
        await fill(pilot, provider="local", model="qwen3", weight="100")
        await until(pilot, lambda: len(app.desk.draft) == 1)
        value = {"provider": "local", "weight": 100, "model": "qwen3"}
        assert app.desk.draft.edits == [Insert(["routes", "fast", "targets"], 2, value)]
        await until(pilot, lambda: body.grid.selected == "2:fast")
        assert "qwen3" in screen_text(app)


async def test_the_first_route_is_made_where_there_was_none(steered: FakeGateway) -> None:
    steered.routes = []
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("3")
        text = await shown(pilot, "No routes yet")
        assert "n makes one" in text
        await pilot.press("n")
        await fill(pilot, name="fast", model="gpt-*", provider="openai")
        await shown(pilot, "fast  new  model gpt-*")
        assert app.desk.draft.notes == ["route fast added"]


async def test_without_a_file_the_screen_says_how_to_write_one(steered: FakeGateway) -> None:
    steered.routes = []
    steered.answers["config"] = config(editable=False, file="")
    verdict = msgspec.structs.replace(GOOD, effects=["wrote /home/me/config.yaml"])
    steered.answers["POST config/file"] = verdict
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("3")
        await shown(pilot, "i writes config.yaml")
        steered.answers["config"] = config()
        await pilot.press("i")
        text = await shown(pilot, "the config has a file now")
        assert "wrote /home/me/config.yaml" in text
        await until(pilot, lambda: "i writes" not in screen_text(app))
        assert steered.asked[-1].path == "config/file"


async def test_nothing_is_drafted_without_a_file(steered: FakeGateway) -> None:
    steered.answers["config"] = config(editable=False)
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press("plus")
        await shown(pilot, "there is no config file yet: i writes one")
        assert len(app.desk.draft) == 0


async def test_a_dry_run_asks_with_the_drafts_edits_and_says_why(steered: FakeGateway) -> None:
    steered.answers["POST routes/explain"] = RouteAnswer(
        route="fast",
        targets=[
            Share(provider="openai", weight_after=51, before=0.5, after=0.505),
            Share(provider="old", weight_before=1, before=0.5),
        ],
        why=["'gpt-5' matches 'gpt-*' of route fast"],
    )
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("plus", "T")
        await fill(pilot, model="gpt-5")
        text = await shown(pilot, "matches 'gpt-*'")
        assert isinstance(app.screen, Told)
        assert "with the draft applied" in text
        assert "1. openai  weight 51  50 % →" in text
        assert "gone with the draft" in text
        asked = next(asked for asked in steered.asked if asked.path == "routes/explain")
        question = msgspec.json.decode(asked.body, type=RouteQuestion)
        assert (question.model, question.edits) == ("gpt-5", [Set(WEIGHT, 51)])


async def test_problems_of_a_draft_are_shown_with_line_and_path_and_it_stays(
    steered: FakeGateway,
) -> None:
    problem = Problem(
        message="route 'fast': all weights are 0",
        file="/x/config.yaml",
        line=14,
        path="routes.fast.targets",
    )
    bad = Verdict(ok=False, etag='"e1"', version=12, problems=[problem], diff=DIFF)
    steered.answers["POST config/validate"] = bad
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("0")
        await shown(pilot, "✗ route 'fast': all weights are 0")
        await pilot.press("ctrl+s")
        await shown(pilot, "config.yaml, line 14, routes.fast.targets")
        await pilot.press("y", "ctrl+s", "enter")
        assert isinstance(app.screen, Review)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Review))
        assert app.desk.draft.edits == [Set(WEIGHT, 0)]
        assert not sent(steered, "config")


async def test_a_refusal_at_the_last_moment_shows_its_problems(steered: FakeGateway) -> None:
    problem = Problem(message="weight 70 is too heavy", line=14)
    refused = Verdict(ok=False, etag='"e1"', version=12, problems=[problem])
    steered.answers["PATCH config"] = Reply(422, refused)
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign", "ctrl+s")
        await shown(pilot, "y apply")
        await pilot.press("y")
        await shown(pilot, "weight 70 is too heavy")
        assert len(app.desk.draft) == 1


MOVED = Conflict(
    message="config.yaml has changed since the edits were made",
    etag='"e9"',
    version=14,
    base_known=True,
    yours="-yours before\n+yours after",
    theirs="+theirs",
    merged="+both",
)


async def test_every_screen_says_that_something_is_drafted(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign", "8")
        assert "? help" in await shown(pilot, "draft 1")
        await pilot.press("3", "u", "8")
        await until(pilot, lambda: "draft 1" not in screen_text(app))


async def test_a_draft_is_good_again_when_the_file_is_repaired(steered: FakeGateway) -> None:
    steered.answers["POST config/validate"] = Reply(412, MOVED)
    steered.change(state=sample.status(config_problem="unknown field `weihgt`"))
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign")
        await shown(pilot, "the file has changed meanwhile")
        steered.answers["POST config/validate"] = GOOD
        steered.change(state=sample.status())
        await until(pilot, lambda: "has changed meanwhile" not in screen_text(app))
        assert app.desk.draft.conflict is None


async def test_a_file_that_moved_shows_all_three_and_can_be_applied_on_top(
    steered: FakeGateway,
) -> None:
    steered.answers["POST config/validate"] = Reply(412, MOVED)
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign")
        await shown(pilot, "the file has changed meanwhile")
        await pilot.press("ctrl+s")
        text = await shown(pilot, "+yours after")
        assert text.index("+both") < text.index("+theirs") < text.index("+yours after")
        await pilot.press("a")
        await shown(pilot, "is running")
        assert steered.asked[-1].etag == '"e9"'
        assert sent(steered, "config")[0].edits == [Set(WEIGHT, 60)]


async def test_a_draft_on_a_moved_file_is_kept_or_dropped(steered: FakeGateway) -> None:
    steered.answers["POST config/validate"] = Reply(412, MOVED)
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign")
        for key, left in [("escape", 1), ("x", 0)]:
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(app.screen, Clash))
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, Clash))
            assert len(app.desk.draft) == left
        assert not sent(steered, "config")


async def test_what_cannot_be_merged_is_not_applied(steered: FakeGateway) -> None:
    broken = msgspec.structs.replace(MOVED, merged="", merge_problem="route fast is gone")
    steered.answers["POST config/validate"] = Reply(412, broken)
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign", "ctrl+s")
        await shown(pilot, "route fast is gone")
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(app.screen, Clash)
        assert not sent(steered, "config")


async def test_while_the_gateway_is_away_the_draft_is_kept(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign")
        await steered.stop()
        await shown(pilot, "lost")
        await pilot.press("ctrl+s")
        await shown(pilot, "the draft is kept")
        await shown(pilot, "50 → 60")
        await pilot.press("plus")
        await shown(pilot, "50 → 61")


async def test_dropping_a_draft_asks(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("plus", "ctrl+r")
        await shown(pilot, "Drop the draft of 1 edit?")
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        assert len(app.desk.draft) == 1
        await pilot.press("ctrl+r", "y")
        await until(pilot, lambda: len(app.desk.draft) == 0)
        await until(pilot, lambda: "draft 1" not in screen_text(app))


async def test_leaving_with_a_draft_asks(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("plus", "q")
        await shown(pilot, "1 edit is not applied and will be lost")


@pytest.mark.parametrize(("key", "word"), [("u", "undo"), ("U", "redo")])
async def test_undo_and_redo_say_what_changed(steered: FakeGateway, key: str, word: str) -> None:
    steered.answers[f"POST config/{word}"] = GOOD
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press(key)
        text = await shown(pilot, f"config v13 is running ({word})")
        assert "openai  50 % → 58 %" in text
        assert steered.asked[-1].etag == '"e1"'


async def test_an_undo_of_a_file_that_moved_asks_to_look_again(steered: FakeGateway) -> None:
    steered.answers["POST config/undo"] = Reply(412, MOVED)
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press("u")
        await shown(pilot, "the file has just changed")


async def test_nothing_to_undo_is_said(steered: FakeGateway) -> None:
    steered.answers["POST config/undo"] = Reply(409, {"detail": "there is nothing to undo"})
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press("u")
        await shown(pilot, "no undo: there is nothing to undo")


async def test_another_version_of_the_config_is_read_at_once(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        steered.routes = [msgspec.structs.replace(FAST, name="quick")]
        steered.answers["config"] = config(version=13)
        steered.change(state=sample.status(config_version=13))
        await shown(pilot, "quick  model gpt-*")


async def test_every_size_shows_weight_and_shares(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign")
        for size in [(200, 60), (120, 40), (80, 24), (60, 15), (40, 10)]:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            text = await shown(pilot, "50 → 60")

            assert "55 %" in text
            assert "48 %" in text
            assert "draft 1" in text
            assert all(len(line) <= size[0] for line in text.splitlines())


async def test_an_ascii_terminal_gets_ascii(steered: FakeGateway) -> None:
    app = open_app(steered, glyphs=ASCII)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_routes(pilot)
        await pilot.press("greater_than_sign")
        text = await shown(pilot, "50 > 60")
        assert text.isascii()
        await pilot.press("ctrl+s")
        assert (await shown(pilot, "y apply")).isascii()


async def test_without_colour_the_cursor_and_the_draft_can_still_be_seen(
    steered: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_routes(pilot)
        await pilot.press("greater_than_sign")
        await shown(pilot, "50 → 60")
        strip = body.grid.render_line(1 + (body.grid.cursor or 0))

        assert any(segment.style is not None and segment.style.reverse for segment in strip)


@pytest.mark.parametrize("size", [(200, 60), (40, 10)])
async def test_hostile_names_reach_the_screen_harmlessly(
    steered: FakeGateway, size: tuple[int, int]
) -> None:
    target = TargetView(provider=f"p{EVIL}", model=f"m{EVIL}", weight=50)
    steered.routes = [
        RouteView(name=f"r{EVIL}", match={"model": EVIL}, strategy=EVIL, targets=[target])
    ]
    effect = RouteEffect(
        route=EVIL,
        change="changed",
        shares=[Share(provider=EVIL, model=EVIL, before=0.1, after=0.2)],
    )
    bad = Verdict(
        ok=True,
        etag="e",
        version=13,
        diff=f"+{EVIL}",
        routes=[effect],
        effects=[EVIL],
        warnings=[EVIL],
    )
    steered.answers["POST config/validate"] = bad
    steered.answers["PATCH config"] = Reply(500, {"detail": EVIL})
    app = open_app(steered)
    async with app.run_test(size=size, notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("3")
        await until(pilot, lambda: "50" in screen_text(app) and "r[/]" in screen_text(app))
        await pilot.press("plus")
        await shown(pilot, "50 → 51")
        assert not RAW.search(screen_text(app))
        for keys in (["ctrl+s"], ["y"], ["e"], ["escape"], ["k", "e"], ["escape"], ["d"], ["n"]):
            await pilot.press(*keys)
            await pilot.pause(0.05)
            assert not RAW.search(screen_text(app)), keys
        await pilot.press("u")
        await pilot.pause(0.05)
        assert not RAW.search(screen_text(app))


async def test_every_key_of_the_screen_is_in_the_help(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_routes(pilot)
        helped = {entry.id for part in app.help_sections() for entry in part.entries}

        assert {binding.id for binding in body._bindings.key_to_bindings["plus"]} <= helped
        assert {"routes.dry_run", "draft.review", "draft.undo", "grid.down"} <= helped


async def test_nothing_is_repainted_while_nothing_changes(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_routes(pilot)
        before = list(body.grid.rows)
        body.tick()
        await pilot.pause()

        assert all(new == old for new, old in zip(body.grid.rows, before, strict=True))


async def test_a_draft_is_reviewed_and_applied_with_the_mouse_alone(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press("plus")
        text = await shown(pilot, "^s")
        line = next(line for line in text.splitlines() if "^s" in line)
        await pilot.click(".draft-line", offset=(line.index("^s"), 0))
        await until(pilot, lambda: isinstance(app.screen, Review))
        await pilot.click("#page-keys", offset=(1, 0))
        await shown(pilot, "config v13 is running")
        assert len(sent(steered, "config")) == 1


async def test_a_file_that_moves_under_a_draft_is_said_and_the_draft_stays_as_it_was_made(
    steered: FakeGateway,
) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_routes(pilot)
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: app.desk.draft.verdict is not None)
        steered.answers["POST config/validate"] = Reply(412, MOVED)
        steered.answers["config"] = config(version=13, etag='"e9"')
        steered.routes = [BIG]
        steered.change(state=sample.status(config_version=13))
        await shown(pilot, "the file has changed meanwhile")
        assert "50 → 60" in screen_text(app)

        app.desk.draft.drop()
        body.follow_draft()
        body.steered()
        await until(pilot, lambda: "gpt-*" not in screen_text(app))


async def test_a_redo_that_changes_nothing_says_so(steered: FakeGateway) -> None:
    steered.answers["POST config/redo"] = Verdict(ok=True, etag='"e1"', version=12)
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        await pilot.press("U")
        await shown(pilot, "the redo changed nothing")


async def test_the_cursor_is_where_it_was_last_time(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.bodies.remember({"routes": {"at": "1:big"}})
        await shown(pilot, "connected")
        await pilot.press("3")
        await shown(pilot, "gpt-*")
        routes = app.main.bodies.body
        assert isinstance(routes, RoutesBody)
        assert routes.grid.selected == "1:big"
        assert routes.memory() == {"at": "1:big"}


async def test_undo_pressed_twice_goes_back_twice(steered: FakeGateway) -> None:
    steered.answers["POST config/undo"] = GOOD
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_routes(pilot)
        steered.answers["config"] = config(version=13, etag='"e2"')
        await pilot.press("u", "u")
        await until(pilot, lambda: len(steered.asked) == 2)

        assert [asked.etag for asked in steered.asked] == ['"e1"', '"e2"']
