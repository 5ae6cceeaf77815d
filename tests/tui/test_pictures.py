"""Pictures of the whole screen, the README's among them; everything else is tested as text."""

import itertools
import random

import msgspec

from llmgate.wire.exchanges import Attempt, Chunk, ExchangeDetail, ExchangeSummary
from llmgate_tui.connection import Connection, Link
from tests.tui import sample
from tests.tui.conftest import Picture, open_app, settled, shown
from tests.tui.fake_gateway import FakeGateway, gateway
from tests.tui.furnished import furnish

SHOWN = 52  # the row whose detail the README shows


async def test_the_picture_of_the_readme(picture: Picture) -> None:
    rows = afternoon()
    row = rows[SHOWN]
    async with gateway(rows) as fake:
        fake.details[row.id] = answered(row)
        fake.chunks[row.id] = paced(row)
        app = open_app(fake)
        async with app.run_test(size=(120, 34)) as pilot:
            await shown(pilot, "60/60")
            await shown(pilot, "connected")
            app.main.body.table.go_to(SHOWN)
            await pilot.press("enter")
            await shown(pilot, "gaps p50")
            await settled(pilot, "priced by table")

            picture(app)


def afternoon() -> list[ExchangeSummary]:
    """Agents at work: one attempt each, since nothing is tried again yet."""
    rows = [
        msgspec.structs.replace(row, attempts=min(row.attempts, 1), repeat=0)
        for row in sample.exchanges(60)
    ]
    agent = sample.AGENTS[0]
    row = sample.finished(SHOWN, agent, random.Random(4), rows[SHOWN].started_ms)
    rows[SHOWN] = msgspec.structs.replace(
        row,
        session="5f2c81aa-4a0e-4d1b-9c35",
        tool_calls=1,
        finish="tool_use",
        cache_write_tokens=1_204,
    )
    return rows


def answered(row: ExchangeSummary) -> ExchangeDetail:
    """By the only target of its route."""
    attempt = Attempt(
        provider=row.provider,
        model=row.served,
        url="https://api.anthropic.com/v1/messages",
        started_us=410,
        ended_us=row.total_us,
        status=200,
        weight=70,
        share=0.7,
    )
    return ExchangeDetail(summary=row, query="beta=true", attempts=[attempt], config_version=12)


def paced(row: ExchangeSummary) -> list[Chunk]:
    """Chunks as a provider sends them: evenly, with a few waits."""
    dice = random.Random(11)
    waits = [dice.choice((9, 12, 14, 16, 17, 18) * 9 + (44, 81)) * 1000 for _ in range(280)]
    times = itertools.accumulate(waits, initial=row.ttfb_us or 0)
    return [Chunk(n=n, at_us=at_us, size=120, text="data: {}") for n, at_us in enumerate(times)]


async def test_an_empty_gateway(empty: FakeGateway, picture: Picture) -> None:
    app = open_app(empty)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "No traffic yet")
        await settled(pilot, "connected")

        picture(app)


async def test_busy_traffic_with_the_detail(busy: FakeGateway, picture: Picture) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await shown(pilot, "connected")
        await pilot.press("k", "k", "k", "m", "k", "k", "enter")
        await settled(pilot, "priced by table")

        picture(app)


async def test_a_lost_connection(busy: FakeGateway, picture: Picture) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await shown(pilot, "connected")
        app.connection = FixedLink()  # a countdown would not stand still
        app.main.link_changed(app.connection.link())
        await settled(pilot, "retry 4s (3)")

        picture(app)


class FixedLink(Connection):
    """A connection that was lost and stays so."""

    def __init__(self) -> None:
        pass

    def link(self) -> Link:
        reason = f"no gateway answers at http://{sample.ADDRESS} (connection refused)"
        return Link(word="lost", reason=reason, retry_s=4, attempt=3)


async def taken(picture: Picture, text: str, *keys: str) -> None:
    """The picture of a screen once the keys are pressed and a text is shown."""
    async with gateway(sample.exchanges(60)) as fake:
        furnish(fake)
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "connected")
            await pilot.press(keys[0])
            await settled(pilot, "v12")
            await pilot.press(*keys[1:])
            await settled(pilot, text)

            picture(app)


async def test_routes_with_a_weight_drafted(picture: Picture) -> None:
    await taken(picture, "openai 50 to 70", "3", *["plus"] * 20)


async def test_keys(picture: Picture) -> None:
    await taken(picture, "requests per minute", "4")


async def test_spend(picture: Picture) -> None:
    await taken(picture, "$ per hour", "5")


async def test_providers(picture: Picture) -> None:
    await taken(picture, "https://api.groq", "2")


async def test_config(picture: Picture) -> None:
    await taken(picture, "# what", "7")


async def test_replay(picture: Picture) -> None:
    async with gateway(sample.exchanges(60)) as fake:
        furnish(fake)
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "connected")
            await app.main.action_show("replay")
            app.main.bodies.replay.open("rp_1")
            await settled(pilot, "0.41")

            picture(app)
