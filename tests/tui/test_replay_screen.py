"""The Replay screen: no dead key, and what can be done instead."""

import pytest

from tests.tui.conftest import open_app, shown, until
from tests.tui.fake_gateway import FakeGateway


async def test_it_says_what_will_be_here_and_counts_the_marks(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("6")
        text = await shown(pilot, "Replay is not in this version yet")
        assert "No exchange is marked yet" in text
        await pilot.press("1", "k", "m", "6")

        await shown(pilot, "1 exchange is marked")


@pytest.mark.parametrize("key", ["escape", "enter", "1"])
async def test_every_key_it_offers_leads_back(busy: FakeGateway, key: str) -> None:
    app = open_app(busy)
    async with app.run_test(size=(40, 10)) as pilot:
        await shown(pilot, "following")
        await pilot.press("6")
        await shown(pilot, "Replay is not")
        await pilot.press(key)

        await until(pilot, lambda: app.main.bodies.active == "traffic")
