"""The Providers screen: every state at a glance, what is known of one, what can be done to it."""

import re

import msgspec
import pytest
from textual.message import Message
from textual.messages import Update

from llmgate.wire.editing import EditRequest, Set, Verdict
from llmgate.wire.feed import Changes
from llmgate.wire.gateway import (
    ConfigView,
    LastError,
    Probe,
    ProviderView,
)
from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.body import OpenTraffic
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.form import Form
from llmgate_tui.screens.preview import Preview
from llmgate_tui.screens.providers import ProvidersBody
from llmgate_tui.screens.review import Review
from tests.tui.conftest import open_app, screen_text, settled, shown, typed, until
from tests.tui.fake_gateway import FakeGateway
from tests.tui.provided import FILE, NOON, error, provider
from tests.tui.test_hostile import EVIL, clean


def serve(fake: FakeGateway, *views: ProviderView) -> None:
    fake.providers = list(views)
    fake.answers["providers"] = list(views)


def body_of(app: LlmgateApp) -> ProvidersBody:
    found = app.main.bodies.body_of("providers")
    assert isinstance(found, ProvidersBody)
    return found


async def test_it_shows_the_list_and_what_is_known_of_one(empty: FakeGateway) -> None:
    serve(empty, provider("azure", state="degraded"), provider())
    app = open_app(empty)
    async with app.run_test(size=(120, 44)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "j")
        text = await shown(pilot, "https://api.groq.test/v1")

        assert re.search(r"azure +▲ degraded +3 +12 +25% +412ms +2.1s", text)
        assert "✓ answered in 212ms, 41 models" in text
        assert re.search(r"requests per minute +━+─+ +85% +17 of 20 +room in 7s", text)
        assert re.search(r"x-ratelimit-remaining-requests +988", text)
        assert "seen 12:04:19" in text
        assert "llama-3.3-70b  qwen3" in text
        assert "12:04:19 429 rate limited   slow down (0)" in text


async def test_news_of_the_feed_change_the_row_and_leave_the_cursor(empty: FakeGateway) -> None:
    serve(empty, provider("azure"), provider())
    app = open_app(empty)
    async with app.run_test(size=(120, 44)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "j")
        del empty.answers["providers"]
        down = [provider("aaa"), provider(state="down")]
        empty.push(Changes(seq=2, providers=down))
        await shown(pilot, "✗ down")

        assert body_of(app).grid.selected == "groq"
        assert "aaa" in screen_text(app)


async def test_one_that_is_gone_from_the_config_goes_from_the_list(empty: FakeGateway) -> None:
    serve(empty, provider("azure"), provider())
    app = open_app(empty)
    async with app.run_test(size=(120, 44)) as pilot:
        await shown(pilot, "connected")
        empty.answers["providers"] = [provider()]
        await pilot.press("2")

        await until(pilot, lambda: "azure" not in screen_text(app))


async def test_nothing_is_painted_again_without_news(empty: FakeGateway) -> None:
    serve(empty, provider("azure"), provider())
    app = open_app(empty)
    painted: list[Update] = []

    def watch(message: Message) -> None:
        if isinstance(message, Update) and body_of(app) in message.widget.ancestors:
            painted.append(message)

    async with app.run_test(size=(120, 44), message_hook=watch) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2")
        await settled(pilot, "slow down")
        painted.clear()
        asked = empty.requests.count("/admin/v1/providers")
        for _ in range(7):  # asks the gateway again, too
            body_of(app).tick()
        await until(pilot, lambda: empty.requests.count("/admin/v1/providers") > asked)
        await pilot.pause()
        assert not painted

        body_of(app).desk.traffic.providers["groq"] = provider(in_flight=4)
        body_of(app).tick()
        await until(pilot, lambda: painted)


async def test_enter_leads_to_its_traffic_and_from_an_error_to_the_exchange(
    empty: FakeGateway,
) -> None:
    serve(empty, provider("my provider", last_errors=[error(0), error(1, exchange="")]))
    app = open_app(empty)
    posted: list[Message] = []
    async with app.run_test(size=(120, 44), message_hook=posted.append) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "tab", "tab", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert "slow down (1)" in screen_text(app)
        await pilot.press("escape", "k", "enter")
        await until(pilot, lambda: any(isinstance(m, OpenTraffic) for m in posted))
        await pilot.press("2", "enter")
        await until(pilot, lambda: len(opened(posted)) >= 2)

        assert opened(posted)[0].exchange == "ex_000007"
        assert opened(posted)[-1].filter == "provider:my?provider"


def opened(posted: list[Message]) -> list[OpenTraffic]:
    found = [message for message in posted if isinstance(message, OpenTraffic)]
    return list({id(message): message for message in found}.values())


async def test_a_test_asks_the_gateway_and_tells_the_result(empty: FakeGateway) -> None:
    serve(empty, provider())
    probe = Probe(at_ms=NOON, ok=False, status=401, error="the key is not valid")
    empty.answers["POST providers/groq/health"] = provider(probe=probe, state="down")
    app = open_app(empty)
    async with app.run_test(size=(120, 44), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2")
        await shown(pilot, "answered in")
        del empty.answers["providers"]
        await pilot.press("t")
        await shown(pilot, "groq: the key is not valid")

        await shown(pilot, "✗ the key is not valid")


async def test_a_test_that_cannot_be_made_says_why(empty: FakeGateway) -> None:
    serve(empty, provider())
    app = open_app(empty)
    async with app.run_test(size=(120, 44), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "t")

        await shown(pilot, "groq was not tested")


async def test_draining_the_last_usable_one_asks_first(empty: FakeGateway) -> None:
    serve(empty, provider(), provider("azure", state="down"))
    empty.answers["POST providers/groq/drain"] = provider(draining=True)
    empty.answers["POST providers/groq/resume"] = provider()
    app = open_app(empty)
    async with app.run_test(size=(120, 44), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "j", "D")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        assert not empty.asked
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        serve(empty, provider(draining=True), provider("azure", state="down"))
        await pilot.press("y")
        await shown(pilot, "↓ draining")
        serve(empty, provider(), provider("azure", state="down"))
        await pilot.press("D")
        await until(pilot, lambda: len(empty.asked) == 2)
        await shown(pilot, "takes requests again")

        assert [asked.path for asked in empty.asked] == [
            "providers/groq/drain",
            "providers/groq/resume",
        ]


async def test_space_shows_what_disabling_does_and_applies_it(empty: FakeGateway) -> None:
    serve(empty, provider())
    config(empty)
    app = open_app(empty)
    async with app.run_test(size=(120, 44), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "space")
        await until(pilot, lambda: isinstance(app.screen, Review))
        await pilot.press("y")
        await until(pilot, lambda: not len(app.desk.draft))

        sent = msgspec.json.decode(empty.asked[-1].body, type=EditRequest)
        assert (empty.asked[-1].method, empty.asked[-1].etag) == ("PATCH", '"e1"')
        assert sent.edits == [Set(["providers", "groq", "enabled"], False)]


async def test_a_draft_that_is_not_applied_is_seen_and_space_takes_it_back(
    empty: FakeGateway,
) -> None:
    serve(empty, provider())
    config(empty)
    app = open_app(empty)
    async with app.run_test(size=(120, 44), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "space")
        await until(pilot, lambda: isinstance(app.screen, Review))
        await pilot.press("escape")
        await shown(pilot, "→ disabled")
        await pilot.press("space")
        await shown(pilot, "groq stays as it is")

        assert not len(app.desk.draft)


async def test_the_form_drafts_what_was_changed(empty: FakeGateway) -> None:
    serve(empty, provider())
    config(empty)
    app = open_app(empty)
    async with app.run_test(size=(120, 44), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "e")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await typed(pilot, "http://p")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Review))

        wanted = Set(["providers", "groq", "base_url"], "http://p")
        assert app.desk.draft.edits == [wanted]


async def test_without_a_file_it_says_where_one_is_written(empty: FakeGateway) -> None:
    serve(empty, provider())
    empty.answers["config"] = ConfigView(version=1, file="", loaded_ms=NOON, editable=False)
    app = open_app(empty)
    async with app.run_test(size=(120, 44), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "space")

        await shown(pilot, "there is no config file yet")


def config(fake: FakeGateway) -> None:
    fake.answers["config"] = ConfigView(
        version=12, file="config.yaml", loaded_ms=NOON, etag='"e1"', text=FILE
    )
    verdict = Verdict(ok=True, etag='"e1"', version=12, diff="+    enabled: false")
    fake.answers["POST config/validate"] = verdict
    fake.answers["PATCH config"] = msgspec.structs.replace(
        verdict, etag='"e2"', version=13, applied=True, revision=13
    )


async def test_a_search_narrows_the_list_and_escape_widens_it(empty: FakeGateway) -> None:
    serve(empty, provider("azure"), provider())
    app = open_app(empty)
    async with app.run_test(size=(120, 44)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "slash")
        await typed(pilot, "zur")
        await pilot.press("enter")
        await until(pilot, lambda: [row.id for row in body_of(app).grid.rows] == ["azure"])
        await pilot.press("slash")
        await typed(pilot, "xx")
        await shown(pilot, "Nothing matches")
        await pilot.press("escape")

        await until(pilot, lambda: len(body_of(app).grid.rows) == 2)


async def test_without_providers_it_says_where_they_are_written(empty: FakeGateway) -> None:
    serve(empty)
    app = open_app(empty)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2", "t", "space", "D", "e", "enter")

        await shown(pilot, "No providers yet")
        assert not empty.asked


async def test_a_small_screen_shows_one_pane_and_tab_the_other(empty: FakeGateway) -> None:
    serve(empty, provider())
    app = open_app(empty)
    async with app.run_test(size=(40, 10)) as pilot:
        await shown(pilot, "● connected")
        await pilot.press("2")
        assert "base URL" not in await shown(pilot, "PROVIDER")
        await pilot.press("tab")
        assert "PROVIDER" not in await shown(pilot, "base URL")
        await pilot.press("escape")

        await shown(pilot, "PROVIDER")


async def test_a_lost_connection_greys_the_rows(empty: FakeGateway) -> None:
    serve(empty, provider())
    app = open_app(empty)
    async with app.run_test(size=(120, 44)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2")
        await shown(pilot, "slow down")
        before = body_of(app).grid._style("good", cursor=False)
        await empty.stop()
        await shown(pilot, "lost")
        after = body_of(app).grid._style("good", cursor=False)
        await empty.start()
        app.action_reconnect()
        await shown(pilot, "connected")

        assert after.color != before.color
        assert body_of(app).grid._style("good", cursor=False).color == before.color


def evil() -> ProviderView:
    return provider(
        f"groq{EVIL}",
        kind=EVIL,
        base_url=EVIL,
        protocols=[EVIL],
        key_hint=EVIL,
        errors_by_type={EVIL: 3},
        last_errors=[LastError(at_ms=NOON, error_type=EVIL, message=EVIL, exchange=EVIL)],
        probe=Probe(at_ms=NOON, ok=False, error=EVIL),
        models=[EVIL, "日本語" * 40],
        rate_limits={EVIL: EVIL},
    )


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 10)])
async def test_hostile_names_and_messages_are_drawn_harmlessly(
    empty: FakeGateway, size: tuple[int, int]
) -> None:
    serve(empty, evil())
    app = open_app(empty)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.traffic.providers)
        await pilot.press("2", "tab")
        await pilot.pause()

        assert clean(screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: len(empty.asked) == 1)
        await pilot.pause()
        assert clean(screen_text(app))


async def test_ascii_is_ascii(empty: FakeGateway) -> None:
    long = LastError(at_ms=NOON, error_type="upstream_timeout", message="very slow " * 30)
    serve(empty, provider(), provider("azure", state="down", last_errors=[long]))
    app = open_app(empty, glyphs=ASCII)
    async with app.run_test(size=(180, 44)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("2")
        text = await shown(pilot, "slow down")

        assert text.isascii(), {char for char in text if not char.isascii()}
