"""The Replay screen: earlier replays, room at every size, and what is remembered."""

import pytest
from textual.message import Message
from textual.messages import Update

from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII
from tests.tui.conftest import open_app, settled, shown, until
from tests.tui.fake_gateway import FakeGateway
from tests.tui.replayed import replay, serve
from tests.tui.test_replay_screen import able, body_of, chosen

__all__ = ["able"]


# -- earlier replays -------------------------------------------------------------


async def test_replays_are_listed_and_asked_for_again_only_while_one_runs(
    able: FakeGateway,
) -> None:
    serve(able, replay(), replay("rp_0", state="stopped", running=0))
    app = open_app(able)
    async with app.run_test(size=(140, 35)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6")
        await shown(pilot, "▸ running")
        await shown(pilot, "⊘ stopped")
        able.answers["replays"] = [replay(state="finished", running=0, done=8)]
        asked = able.requests.count("/admin/v1/replays")
        body_of(app).tick()
        body_of(app).tick()
        await shown(pilot, "✓ finished")
        for _ in range(6):
            body_of(app).tick()
        await pilot.pause()

        assert able.requests.count("/admin/v1/replays") == asked + 1


async def test_stop_resume_and_delete_work_on_the_one_under_the_cursor(able: FakeGateway) -> None:
    serve(able, replay())
    app = open_app(able)
    async with app.run_test(size=(140, 35)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6", "tab")
        await shown(pilot, "s stop")
        await pilot.press("s")
        await shown(pilot, "⊘ stopped")
        await pilot.press("S")
        await shown(pilot, "▸ running")
        await pilot.press("D")
        await shown(pilot, "Its exchanges stay in Traffic")
        await pilot.press("y")
        await shown(pilot, "No replay yet.")

        paths = [(one.method, one.path) for one in able.asked if "rp_1" in one.path]
        assert paths == [
            ("POST", "replays/rp_1/stop"),
            ("POST", "replays/rp_1/resume"),
            ("DELETE", "replays/rp_1"),
        ]


@pytest.mark.parametrize(("action", "id_"), [("stop", "rp_1"), ("resume", "rp_0")])
async def test_without_the_list_in_focus_the_newest_that_can_be_is_stopped_or_resumed(
    able: FakeGateway, action: str, id_: str
) -> None:
    over = replay("rp_2", state="finished", running=0)
    serve(able, over, replay(), replay("rp_0", state="stopped", running=0))
    app = open_app(able)
    async with app.run_test(size=(140, 35)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6")
        await shown(pilot, "⊘ stopped")
        await body_of(app).setup.run_action(action)
        await until(pilot, lambda: any(one.method == "POST" for one in able.asked))

        paths = [one.path for one in able.asked if one.method == "POST" and "rp_" in one.path]
        assert paths == [f"replays/{id_}/{action}"]


async def test_an_earlier_replay_fills_in_the_form(able: FakeGateway) -> None:
    serve(able, replay())
    app = open_app(able)
    async with app.run_test(size=(140, 35)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6", "tab")
        await pilot.press("e")
        await shown(pilot, "limit in $    $0.5")

        assert body_of(app).setup.spec() == replay().spec


async def test_nothing_is_painted_again_without_news(able: FakeGateway) -> None:
    serve(able, replay())
    app = open_app(able)
    painted: list[Update] = []

    def watch(message: Message) -> None:
        if isinstance(message, Update) and body_of(app) in message.widget.ancestors:
            painted.append(message)

    async with app.run_test(size=(120, 35), message_hook=watch) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6")
        await settled(pilot, "▸ running")
        painted.clear()
        asked = able.requests.count("/admin/v1/replays")
        for _ in range(4):
            body_of(app).tick()
        await until(pilot, lambda: able.requests.count("/admin/v1/replays") > asked)
        await pilot.pause()

        assert not painted


def in_sight(app: LlmgateApp) -> bool:
    """What has the keys is on the screen, with room for more than its title."""
    focused = app.main.focused
    assert focused is not None
    return focused.region.height >= 2 and app.main.region.contains_region(focused.region)


# -- room and memory ---------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24), (200, 60)])
async def test_every_pane_can_be_reached_at_every_size(
    able: FakeGateway, size: tuple[int, int]
) -> None:
    serve(able, replay())
    app = open_app(able)
    async with app.run_test(size=size) as pilot:
        await chosen(pilot, app)
        seen = []
        for _ in range(4):
            await until(pilot, lambda: in_sight(app))
            seen.append(app.main.focused)
            await pilot.press("tab")

        assert len(set(seen)) == 4


async def test_the_screen_is_ascii_on_an_ascii_terminal(able: FakeGateway) -> None:
    serve(able, replay())
    app = open_app(able, glyphs=ASCII)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        await shown(pilot, "> running")
        text = await shown(pilot, "- tools are never executed")
        assert text.isascii()
        await pilot.press("shift+tab", "enter")
        assert (await shown(pilot, "0.41")).isascii()


async def test_the_form_is_there_again_at_the_next_start(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        await chosen(pilot, app)
        kept = body_of(app).memory()
    app = open_app(able)
    async with app.run_test(size=(120, 35)) as pilot:
        app.main.bodies.remember({"replay": kept})
        await shown(pilot, "60/60")
        await pilot.press("6")

        await shown(pilot, "to            groq/llama-3.3-70b")
