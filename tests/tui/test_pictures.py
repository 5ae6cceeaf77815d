"""Three pictures of the whole screen; everything else is tested as text."""

from llmgate_tui.connection import Connection, Link
from tests.tui import sample
from tests.tui.conftest import Picture, open_app, settled, shown
from tests.tui.fake_gateway import FakeGateway


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
        await settled(pilot, "price table")

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
