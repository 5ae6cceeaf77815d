"""The live feed's hub, on a clock that jumps: viewers in time, late, slow, and back again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from llmgate.exchange import Exchange
from llmgate.live import Hub, Viewer
from llmgate.wire import sse
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import Bye, Changes, FeedEvent, Gap, Heartbeat, Snapshot
from llmgate.wire.gateway import Status
from tests.upstream import virtual_time


def exchange(number: int) -> Exchange:
    one = Exchange(
        id=f"x{number:04d}",
        started_ms=number,
        started_ns=0,
        method="POST",
        path="/v1/messages",
        query="",
        protocol="anthropic.messages",
    )
    one.state = "streaming"
    return one


def status() -> Status:
    return Status(version="1", address="here", started_ms=0, now_ms=0, config_version=1)


def hub(first_seq: int = 0) -> Hub:
    return Hub(status, list, first_seq=first_seq)


async def nothing_kept() -> list[ExchangeSummary]:
    return []


def decoded(data: bytes) -> FeedEvent:
    (event,) = sse.Decoder().feed(data)
    found: FeedEvent = msgspec.json.decode(event.data, type=FeedEvent)
    assert event.name == found.__struct_config__.tag
    return found


class Feed:
    """One viewer's events, decoded."""

    def __init__(self, viewer: Viewer) -> None:
        self._events = viewer.events()

    async def next(self) -> FeedEvent:
        return decoded(await anext(self._events))

    async def rest(self) -> list[FeedEvent]:
        return [decoded(data) async for data in self._events]

    async def until(self, kind: type) -> Any:
        while not isinstance(event := await self.next(), kind):
            pass
        return event


class Stage:
    """A hub that ticks, and viewers of it."""

    def __init__(self, hub: Hub, stack: AsyncExitStack) -> None:
        self.hub = hub
        self._stack = stack

    async def look(
        self,
        last_seq: int | None = None,
        newest: Callable[[], Awaitable[list[ExchangeSummary]]] = nothing_kept,
    ) -> Feed:
        return Feed(await self._stack.enter_async_context(self.hub.viewer(last_seq, newest)))


def played(play: Callable[[Stage], Coroutine[Any, Any, None]], first_seq: int = 0) -> None:
    """Runs a play on a ticking hub, in no time."""

    async def main() -> None:
        made = hub(first_seq)
        async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
            ticking = group.create_task(made.run())
            await play(Stage(made, stack))
            ticking.cancel()

    virtual_time.run(main())


def test_a_viewer_begins_with_what_is_kept_and_what_is_under_way() -> None:
    async def kept() -> list[ExchangeSummary]:
        return [exchange(1).summary(), exchange(3).summary()]

    async def play(stage: Stage) -> None:
        stage.hub.begun(exchange(2))
        ended = exchange(3)
        stage.hub.begun(ended)
        ended.state = "finished"
        stage.hub.notice("info", "reload", "version 2", at_ms=1)
        first = await (await stage.look(newest=kept)).next()

        assert isinstance(first, Snapshot)
        assert [(row.id, row.state) for row in first.exchanges] == [
            ("x0001", "streaming"),
            ("x0002", "streaming"),
            ("x0003", "finished"),
        ]
        assert [notice.text for notice in first.notices] == ["version 2"]

    played(play)


def test_many_changes_of_an_exchange_in_one_tick_are_one_row() -> None:
    async def play(stage: Stage) -> None:
        feed = await stage.look()
        await feed.next()
        one = exchange(1)
        stage.hub.begun(one)
        for _ in range(50):
            stage.hub.progress(one)
        one.state = "finished"
        stage.hub.ended(one)
        changes = await feed.until(Changes)

        assert [(row.id, row.state) for row in changes.exchanges] == [("x0001", "finished")]
        assert stage.hub.live == {}

    played(play)


def test_what_ends_while_the_kept_rows_are_read_is_not_missed() -> None:
    async def play(stage: Stage) -> None:
        async def kept() -> list[ExchangeSummary]:
            one = exchange(7)
            stage.hub.begun(one)
            one.state = "finished"
            stage.hub.ended(one)
            return []

        first = await (await stage.look(newest=kept)).next()

        assert isinstance(first, Snapshot)
        assert [row.id for row in first.exchanges] == ["x0007"]

    played(play)


def test_an_idle_gateway_beats_every_two_seconds() -> None:
    async def play(stage: Stage) -> None:
        feed = await stage.look()
        await feed.next()
        began = virtual_time.now()
        beats = [await feed.next() for _ in range(3)]

        assert all(isinstance(beat, Heartbeat) for beat in beats)
        assert virtual_time.now() - began == pytest.approx(6, abs=0.5)

    played(play)


def test_ten_viewers_get_the_same_bytes() -> None:
    async def play(stage: Stage) -> None:
        feeds = [await stage.look() for _ in range(10)]
        for feed in feeds:
            assert isinstance(await feed.next(), Snapshot)
        for number in range(3):
            stage.hub.begun(exchange(number))
        seen = [await feed.next() for feed in feeds]

        assert len(seen[0].exchanges) == 3  # type: ignore[union-attr] # changes
        assert all(event == seen[0] for event in seen)

    played(play)


async def stale(viewer: Viewer, first: int, last: int) -> None:
    """Puts numbered changes into a viewer's queue."""
    for seq in range(first, last + 1):
        viewer.put(seq, sse.encode(msgspec.json.encode(Changes(seq=seq)), name="changes"))


def number(event: FeedEvent) -> object:
    return event.seq if isinstance(event, Changes) else event


async def test_a_slow_viewer_loses_its_oldest_events_and_is_told_which() -> None:
    viewer = Viewer()
    await stale(viewer, 1, 250)
    viewer.close(sse.encode(msgspec.json.encode(Bye(reason="over")), name="bye"))
    events = await Feed(viewer).rest()

    assert [number(event) for event in events] == [
        Gap(first=1, last=150),
        *range(151, 251),
        Bye(reason="over"),
    ]


async def test_a_gap_comes_where_the_events_are_missing_and_not_after_newer_ones() -> None:
    viewer = Viewer()
    await stale(viewer, 1, 3)
    feed = Feed(viewer)
    before = [number(await feed.next()) for _ in range(2)]
    await stale(viewer, 4, 120)
    after = [number(await feed.next()) for _ in range(3)]

    assert before == [1, 2]
    assert after == [Gap(first=3, last=20), 21, 22]


def test_a_viewer_that_comes_back_gets_the_ticks_it_missed() -> None:
    async def play(stage: Stage) -> None:
        held = await stage.look()
        await held.next()
        seqs = []
        for n in range(4):
            stage.hub.begun(exchange(n))
            seqs.append((await held.until(Changes)).seq)
        back = await stage.look(last_seq=seqs[1])
        missed = [await back.next(), await back.next()]
        current = await stage.look(last_seq=seqs[3])

        assert [number(event) for event in missed] == seqs[2:]
        assert isinstance(await current.next(), Heartbeat)  # it has everything already

    played(play)


@pytest.mark.parametrize("last_seq", [0, 400, 4_999, 6_000])
def test_a_viewer_from_before_a_restart_or_from_too_long_ago_starts_over(last_seq: int) -> None:
    async def play(stage: Stage) -> None:
        held = await stage.look()
        await held.next()
        for n in range(3):
            stage.hub.begun(exchange(n))
            await held.until(Changes)

        assert isinstance(await (await stage.look(last_seq=last_seq)).next(), Snapshot)

    played(play, first_seq=5_000)


def test_without_viewers_nothing_is_collected_after_half_a_minute() -> None:
    async def play(stage: Stage) -> None:
        async with stage.hub.viewer(None, nothing_kept) as viewer:
            first = await Feed(viewer).next()
        await asyncio.sleep(60)  # allow sleep: the clock jumps
        stage.hub.begun(exchange(1))
        stage.hub.notice("info", "reload", "unseen", at_ms=1)
        again = await (await stage.look(last_seq=0)).next()

        assert isinstance(first, Snapshot)
        assert isinstance(again, Heartbeat | Snapshot)
        assert stage.hub._held.maxlen == 300
        assert len(stage.hub._held) == 0

    played(play)


def test_a_goodbye_reaches_every_viewer_after_what_is_queued() -> None:
    async def play(stage: Stage) -> None:
        feeds = [await stage.look() for _ in range(3)]
        stage.hub.close("the gateway is stopping")
        for feed in feeds:
            events = await feed.rest()

            assert isinstance(events[0], Snapshot)
            assert events[-1] == Bye(reason="the gateway is stopping")

    played(play)


async def first(events: AsyncIterator[bytes]) -> bytes:
    return await anext(events)


async def test_a_viewer_waits_without_work_until_something_comes() -> None:
    viewer = Viewer()
    events: AsyncIterator[bytes] = viewer.events()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(first(events))
        viewer.put(1, b"one")

    assert waiting.result() == b"one"


def test_what_is_said_of_an_exchange_reaches_viewers_and_stands_above_its_end() -> None:
    async def play(stage: Stage) -> None:
        feed = await stage.look()
        await feed.next()
        one = exchange(1)
        stage.hub.begun(one)
        stage.hub.ended(one)
        said = msgspec.structs.replace(one.summary(), note="seen")
        stage.hub.changed([said, exchange(2).summary()])

        changes: Changes = await feed.until(Changes)

        assert {row.id: row.note for row in changes.exchanges} == {"x0001": "seen", "x0002": ""}

    played(play)


def test_a_live_exchange_is_told_as_it_is_at_the_tick() -> None:
    async def play(stage: Stage) -> None:
        feed = await stage.look()
        await feed.next()
        one = exchange(1)
        stage.hub.begun(one)
        stage.hub.changed([msgspec.structs.replace(one.summary(), note="of a moment ago")])
        one.note, one.state = "now", "finished"
        stage.hub.ended(one)

        changes: Changes = await feed.until(Changes)

        assert [(row.note, row.state) for row in changes.exchanges] == [("now", "finished")]

    played(play)
