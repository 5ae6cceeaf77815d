"""Older exchanges: paged in at the top of the list, without moving what is read."""

from llmgate_tui.api import Api
from llmgate_tui.older import Older
from llmgate_tui.state import Traffic
from tests.tui import sample
from tests.tui.conftest import body, open_app, settled, shown, until
from tests.tui.fake_gateway import TOKEN, gateway


async def test_the_top_of_the_list_brings_older_rows_until_there_are_no_more() -> None:
    async with gateway(sample.exchanges(1_300)) as fake:  # the feed begins with 500
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "500/500")
            await pilot.press("g")
            await shown(pilot, "500/999 of 10,431")  # the cursor stays with its exchange
            await pilot.press("g")
            await shown(pilot, "302/1,300 of 10,431")
            await pilot.press("g")
            await settled(pilot, "1/1,300")

            asked = [target for target in fake.requests if "until_ms" in target]
            assert len(asked) == 2
            assert len({row.id for row in app.traffic.rows}) == 1_300


async def test_what_is_read_stays_on_its_line_when_older_rows_come_in() -> None:
    async with gateway(sample.exchanges(700)) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "500/500")
            table = body(app).table
            await pilot.press("g")
            await until(pilot, lambda: len(app.traffic) == 700)
            await settled(pilot, "201/700")

            assert table.cursor == 200
            assert table.scroll_offset.y == 200


async def test_rows_dropped_for_newer_ones_can_be_read_again() -> None:
    rows = sample.exchanges(60)
    async with gateway(rows) as fake:
        traffic, api = Traffic(cap=50), Api(fake.url, TOKEN)
        older = Older(api, traffic)
        traffic.put(rows[30:])
        traffic.merge(await older.page())
        assert len(traffic) == 50
        assert not older.wanted()  # no room
        traffic.put(sample.exchanges(5, end_ms=sample.NOON_MS + 60_000, seed=3))

        assert traffic.trimmed
        assert older.wanted()
        await api.aclose()


async def test_a_cleared_view_asks_for_nothing_older() -> None:
    async with gateway(sample.exchanges(60)) as fake:
        traffic, api = Traffic(), Api(fake.url, TOKEN)
        traffic.put(fake.rows)
        assert Older(api, traffic).wanted()
        traffic.clear()
        traffic.put(fake.rows)

        assert not Older(api, traffic).wanted()
        await api.aclose()
