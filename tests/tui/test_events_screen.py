"""The Events screen: what happened, newest last, and how it is searched, opened and cleared."""

import msgspec
import pytest
from textual.message import Message
from textual.messages import Update

from llmgate.wire.feed import Changes, Level, Notice
from llmgate_tui.app import LlmgateApp
from llmgate_tui.connection import Link
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.body import OpenTraffic
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.events import EventsBody
from llmgate_tui.screens.events_log import EventLog, as_text
from llmgate_tui.screens.preview import Preview
from tests.tui import sample
from tests.tui.conftest import FrozenClock, open_app, screen_text, settled, shown, typed, until
from tests.tui.fake_gateway import FakeGateway
from tests.tui.test_hostile import EVIL, clean

NOON = sample.NOON_MS
UP = Link(word="connected")
LOST = Link(word="lost", reason="connection refused")


def notice(
    number: int, level: Level = "info", kind: str = "reload", text: str = "", exchange: str = ""
) -> Notice:
    said = text or f"event number {number}"
    return Notice(
        at_ms=NOON - 600_000 + number * 1000, level=level, kind=kind, text=said, exchange=exchange
    )


def three() -> list[Notice]:
    return [
        notice(1, text="config v12 is running"),
        notice(2, "warning", "limit", "key ide: requests_per_minute", exchange="ex_000004"),
        notice(3, "error", "health", "groq is down"),
    ]


def body_of(app: LlmgateApp) -> EventsBody:
    found = app.main.bodies.body_of("events")
    assert isinstance(found, EventsBody)
    return found


# -- the log ---------------------------------------------------------------------


def test_levels_and_texts_narrow_the_log() -> None:
    log = EventLog()

    assert len(log.entries(three(), "all", "")) == 3
    assert [e.notice.kind for e in log.entries(three(), "warning", "")] == ["limit", "health"]
    assert [e.notice.kind for e in log.entries(three(), "error", "")] == ["health"]
    assert [e.notice.kind for e in log.entries(three(), "all", "ide")] == ["limit"]


def test_every_entry_has_an_id_of_its_own_that_stays() -> None:
    same = [notice(1), notice(1), notice(1)]
    log = EventLog()
    ids = [entry.id for entry in log.entries(same, "all", "")]

    assert len(set(ids)) == 3
    assert ids == [entry.id for entry in log.entries([*same, notice(2)], "all", "")][:3]


def test_a_connection_that_is_lost_and_found_is_noted_once_each() -> None:
    log = EventLog()
    told = [log.link(link, NOON) for link in (Link(word="connecting"), UP, LOST, LOST, UP)]

    assert told == [False, False, True, False, True]
    assert [n.text for n in log.own] == [
        "connection lost: connection refused",
        "connection there again",
    ]
    assert [n.level for n in log.own] == ["error", "info"]


def test_own_news_stand_between_the_gateways_by_time() -> None:
    log = EventLog()
    log.link(LOST, notice(1).at_ms + 1)
    kinds = [entry.notice.kind for entry in log.entries(three(), "all", "")]

    assert kinds == ["reload", "feed", "limit", "health"]


def test_clearing_hides_what_has_been() -> None:
    log = EventLog()
    log.clear(notice(2).at_ms)

    assert [entry.notice.kind for entry in log.entries(three(), "all", "")] == ["health"]


def test_a_copied_line_says_day_level_kind_text_and_exchange() -> None:
    copied = as_text(three()[1], FrozenClock().local)

    assert copied == (
        "2026-11-21 11:54:33 warning limit: key ide: requests_per_minute (exchange ex_000004)"
    )


# -- the screen ------------------------------------------------------------------


async def test_it_lists_events_newest_last_and_follows(empty: FakeGateway) -> None:
    empty.notices = [notice(number) for number in range(60)]
    app = open_app(empty)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8")
        await shown(pilot, "event number 59")
        empty.push(Changes(seq=2, notices=[notice(60, "error", "store", "the disk is full")]))
        text = await shown(pilot, "the disk is full")

        assert "✗ error   store" in text
        assert "following" in text


async def test_a_reader_further_up_stays_there(empty: FakeGateway) -> None:
    empty.notices = [notice(number) for number in range(60)]
    app = open_app(empty)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8", "k", "k")
        before = body_of(app).grid.selected
        empty.push(Changes(seq=2, notices=[notice(60)]))
        await until(pilot, lambda: body_of(app).count == 61)
        assert body_of(app).grid.selected == before
        assert "following" not in screen_text(app)
        await pilot.press("F")

        await shown(pilot, "event number 60")
        await shown(pilot, "following")


async def test_levels_and_search_say_what_they_hide(empty: FakeGateway) -> None:
    empty.notices = three()
    app = open_app(empty)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8", "l", "l")
        text = await shown(pilot, "errors only")
        assert "1 of 3" in text
        assert "config v12 is running" not in text
        await pilot.press("slash")
        await typed(pilot, "nowhere")
        await shown(pilot, "Nothing matches: 3 hidden")
        await pilot.press("escape", "escape")

        await shown(pilot, "config v12 is running")


async def test_enter_opens_the_exchange_or_the_whole_text(empty: FakeGateway) -> None:
    empty.notices = three()
    app = open_app(empty)
    posted: list[OpenTraffic] = []

    def watch(message: Message) -> None:
        if isinstance(message, OpenTraffic):
            posted.append(message)

    async with app.run_test(size=(100, 24), message_hook=watch) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8", "enter")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert "groq is down" in screen_text(app)
        await pilot.press("escape", "k", "enter")
        await until(pilot, lambda: posted)

        assert posted[0].exchange == "ex_000004"


async def test_a_line_is_copied(empty: FakeGateway) -> None:
    empty.notices = three()
    app = open_app(empty)
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8", "y")
        await shown(pilot, "line copied")

        assert app.clipboard.endswith("error health: groq is down")


async def test_clearing_asks_first(empty: FakeGateway) -> None:
    empty.notices = three()
    app = open_app(empty)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8", "z")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await shown(pilot, "groq is down")
        await pilot.press("z")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await shown(pilot, "Nothing has happened yet")
        empty.push(Changes(seq=2, notices=[notice(700)]))

        await shown(pilot, "event number 700")


async def test_a_lost_connection_is_part_of_the_log(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8")
        await shown(pilot, "Nothing has happened yet")
        await empty.stop()
        await shown(pilot, "connection lost: ")
        await empty.start()
        app.action_reconnect()

        await shown(pilot, "connection there again")


async def test_nothing_is_painted_again_without_news(empty: FakeGateway) -> None:
    empty.notices = three()
    app = open_app(empty)
    painted: list[Update] = []

    def watch(message: Message) -> None:
        if isinstance(message, Update) and body_of(app) in message.widget.ancestors:
            painted.append(message)

    async with app.run_test(size=(100, 24), message_hook=watch) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8")
        await settled(pilot, "groq is down")
        painted.clear()
        for _ in range(5):
            body_of(app).news()
            body_of(app).tick()
        await pilot.pause()

        assert not painted


async def test_the_level_is_kept_for_the_next_start(empty: FakeGateway) -> None:
    app = open_app(empty)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8", "l")
        assert body_of(app).memory() == {"level": "warning"}

        other = EventsBody(app.desk)
        other.remember({"level": "nonsense"})
        assert other.memory() == {"level": "all"}


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 10)])
async def test_hostile_texts_are_drawn_harmlessly(
    empty: FakeGateway, size: tuple[int, int]
) -> None:
    empty.notices = [
        notice(1, "error", EVIL, EVIL),
        msgspec.structs.replace(notice(2, text=EVIL), exchange=EVIL),
    ]
    app = open_app(empty)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.traffic.notices)
        await pilot.press("8")
        await pilot.pause()
        assert clean(screen_text(app))
        await pilot.press("y")
        assert clean(app.clipboard)
        await pilot.press("k", "enter")
        await until(pilot, lambda: isinstance(app.screen, Preview))

        assert clean(screen_text(app))


async def test_ascii_is_ascii(empty: FakeGateway) -> None:
    empty.notices = three()
    app = open_app(empty, glyphs=ASCII)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "connected")
        await pilot.press("8")
        text = await shown(pilot, "groq is down")

        assert text.isascii(), {char for char in text if not char.isascii()}
