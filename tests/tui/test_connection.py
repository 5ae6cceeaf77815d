"""The connection to the feed: how it is lost, and how it comes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import FeedEvent
from llmgate_tui.api import Api, ApiProblem
from llmgate_tui.connection import Connection, Link
from llmgate_tui.state import Traffic
from tests.tui import sample
from tests.tui.fake_gateway import BODY, TOKEN, FakeGateway, gateway

ROWS = sample.exchanges(12)


class Ear:
    """A listener that keeps everything."""

    def __init__(self) -> None:
        self.traffic = Traffic()
        self.links: list[Link] = []
        self.connection: Connection | None = None
        self._news = asyncio.Condition()
        self._heard = asyncio.Event()

    def heard(self, event: FeedEvent) -> None:
        self.traffic.put(self.traffic.apply(event))
        self._heard.set()

    def reread(self, rows: list[ExchangeSummary]) -> None:
        self.traffic.merge(rows)
        self._heard.set()

    def link_changed(self) -> None:
        assert self.connection is not None
        self.links.append(self.connection.link())
        self._heard.set()

    def oldest_open_ms(self) -> int | None:
        return self.traffic.oldest_open_ms()

    def words(self) -> list[str]:
        return [link.word for link in self.links]

    async def until(self, *words: str) -> None:
        async with asyncio.timeout(5):
            while self.words()[-len(words) :] != list(words):
                await self._heard.wait()
                self._heard.clear()

    async def rows(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.traffic) < count:
                await self._heard.wait()
                self._heard.clear()


@contextlib.asynccontextmanager
async def listening(
    fake: FakeGateway, *, token: str = TOKEN, heartbeat_s: float = 2.0
) -> AsyncIterator[Ear]:
    ear, api = Ear(), Api(fake.url, token)
    ear.connection = Connection(api, ear, heartbeat_s=heartbeat_s, backoff_s=(0.01, 0.02))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(ear.connection.run())
        yield ear
        task.cancel()
    await api.aclose()


async def test_a_connection_begins_with_what_there_is() -> None:
    async with gateway(ROWS) as fake, listening(fake) as ear:
        await ear.until("connected")
        await ear.rows(12)

        assert ear.traffic.rows == ROWS
        assert fake.last_event_ids == [""]


async def test_a_killed_gateway_is_a_lost_connection_that_resumes_after_the_last_event() -> None:
    async with gateway(ROWS) as fake, listening(fake) as ear:
        await ear.until("connected")
        fake.drop()
        await ear.until("connected", "lost", "connected")

        assert fake.last_event_ids == ["", "1"]


async def test_a_proper_end_without_bye_is_a_lost_connection_too() -> None:
    async with gateway(ROWS) as fake, listening(fake) as ear:
        await ear.until("connected")
        fake.end()
        await ear.until("connected", "lost", "connected")

        assert "ended" in ear.links[-2].reason


async def test_a_gateway_that_says_bye_has_stopped() -> None:
    async with gateway(ROWS) as fake, listening(fake) as ear:
        await ear.until("connected")
        fake.leave("restarting")
        await ear.until("connected", "stopped", "connected")

        assert ear.links[1].reason == "restarting"


async def test_what_changed_while_away_is_read_again() -> None:
    async with gateway(ROWS) as fake, listening(fake) as ear:
        await ear.rows(12)
        done = msgspec.structs.replace(ROWS[-1], state="finished", status=200)
        fake.rows = [*ROWS[:-1], done, *_later(3)]
        fake.drop()
        await ear.rows(15)

        assert ear.traffic.find(done.id) == done


async def test_a_gap_is_filled_from_the_list() -> None:
    async with gateway(ROWS) as fake, listening(fake) as ear:
        await ear.rows(12)
        fake.lose(*_later(700))
        await ear.rows(712)

        assert any("since_ms" in target for target in fake.requests)
        assert any("cursor" in target for target in fake.requests)


async def test_a_wrong_token_is_said_and_tried_again() -> None:
    async with gateway(ROWS) as fake, listening(fake, token="wrong") as ear:
        await ear.until("unauthorised")

        assert "has another token than the one given" in ear.links[0].reason
        assert str(ear.links[0]) == "unauthorised"


async def test_a_stranger_on_the_port_is_a_version_mismatch_for_the_list() -> None:
    async with gateway(ROWS) as fake:
        fake.foreign = True
        api = Api(fake.url, TOKEN)
        with pytest.raises(ApiProblem) as caught:
            await api.status()
        await api.aclose()

    assert caught.value.foreign


async def test_no_gateway_at_all_says_where_it_was_looked_for() -> None:
    async with gateway() as fake:
        pass
    async with listening(fake) as ear:
        await ear.until("lost")

        assert fake.url in ear.links[0].reason


async def test_silence_for_three_heartbeats_is_a_lost_connection() -> None:
    async with gateway(ROWS) as fake, listening(fake, heartbeat_s=0.05) as ear:
        await ear.until("connected", "lost")

        assert "nothing was heard" in ear.links[-1].reason


async def test_a_quiet_feed_goes_stale_before_it_is_lost() -> None:
    async with gateway(ROWS) as fake, listening(fake, heartbeat_s=60) as ear:
        await ear.until("connected")
        assert ear.connection is not None
        ear.connection._heard_at -= 125  # two heartbeats have not come

        assert ear.connection.link().word == "stale"
        assert str(ear.connection.link()).startswith("stale 125")


async def test_unknown_events_and_comments_are_passed_over() -> None:
    async with gateway(ROWS) as fake, listening(fake) as ear:
        await ear.until("connected")
        fake.raw(b": hello\n\nevent: fireworks\ndata: {}\n\nevent: changes\ndata: nonsense\n\n")
        await ear.until("connected", "mismatch")

        assert "understands" in ear.links[-1].reason


async def test_a_crowd_of_events_in_any_cut_is_taken_whole() -> None:
    async with gateway() as fake, listening(fake) as ear:
        await ear.until("connected")
        for row in _later(200):
            fake.change(row)
        await ear.rows(200)


async def test_the_api_gives_bodies_details_chunks_and_chat() -> None:
    async with gateway(ROWS) as fake:
        api = Api(fake.url, TOKEN)
        id_ = ROWS[0].id

        assert (await api.status()).config_version == 12
        assert (await api.config()).file == "config.yaml"
        assert await api.body(id_, "request") == BODY
        assert (await api.detail(id_)).query == "beta=true"
        assert (await api.chunks(id_))[0].at_us == 412_000
        assert (await api.chat(id_)).answer[0].text == "Hello there."
        with pytest.raises(ApiProblem) as caught:
            await api.detail("no/such?thing")
        await api.aclose()

    assert (caught.value.status, caught.value.message) == (404, "no such exchange")
    assert any("no%2Fsuch%3Fthing" in target for target in fake.requests)


def _later(count: int) -> list[ExchangeSummary]:
    """More rows, after the others."""
    rows = sample.exchanges(count + 3, end_ms=sample.NOON_MS + 10_000_000, seed=3)[:count]
    return [msgspec.structs.replace(row, id=f"later_{row.id}") for row in rows]
