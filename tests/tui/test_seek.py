"""A filter reaches back into the store: older rows, bodies, headers."""

from pathlib import Path

import msgspec
import pytest

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.api import Api
from llmgate_tui.app import LlmgateApp
from llmgate_tui.filter import parse_filter
from llmgate_tui.memory import keep
from llmgate_tui.seek import Seek
from llmgate_tui.state import Traffic
from llmgate_tui.view import View
from tests.tui import sample
from tests.tui.conftest import (
    FrozenClock,
    body,
    fresh,
    open_app,
    screen_text,
    settled,
    shown,
    typed,
    until,
)
from tests.tui.fake_gateway import TOKEN, Reply, gateway

DAY_MS = 86_400_000


def yesterdays(count: int = 3) -> list[ExchangeSummary]:
    """Rows of yesterday, the first of them an error."""
    rows = sample.exchanges(count + 4, end_ms=sample.NOON_MS - DAY_MS, seed=2)[:count]
    named = [
        msgspec.structs.replace(row, id=f"old_{at}", model=f"old-model-{at}")
        for at, row in enumerate(rows)
    ]
    failed = msgspec.structs.replace(
        named[0], state="failed", status=None, error_type="upstream_timeout", error="too slow"
    )
    return [failed, *named[1:]]


async def test_the_error_of_yesterday_is_found_by_filter() -> None:
    rows = [*yesterdays(), *sample.exchanges(700)]
    async with gateway(rows) as fake:  # the feed begins with the newest 500
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "500/500")
            await pilot.press("slash")
            await typed(pilot, "err since:yesterday until:today")
            await pilot.press("enter")
            text = await settled(pilot, "old-model-0")
            assert "no more" in text
            assert "timeout" in text
            assert "old-model-1" not in text
            asked = [target for target in fake.requests if "error_type" in target]
            assert "since_ms" in asked[0]
            await pilot.press("escape")
            await shown(pilot, "/500")

            assert app.traffic.find("old_0") is None  # what is held is without gaps again


async def test_a_marked_row_from_the_store_stays_when_the_filter_goes() -> None:
    async with gateway([*yesterdays(), *sample.exchanges(700)]) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "500/500")
            await pilot.press("slash")
            await typed(pilot, "old-model-2")
            await pilot.press("enter")
            await settled(pilot, "no more")
            await pilot.press("m", "escape")
            await shown(pilot, "1 marked")

            assert app.traffic.find("old_2") is not None


async def test_the_oldest_row_of_a_filtered_list_brings_older_matches() -> None:
    async with gateway(sample.exchanges(1_300)) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 20)) as pilot:
            await shown(pilot, "500/500")
            await pilot.press("slash")
            await typed(pilot, "groq")
            await pilot.press("enter")
            held = sum(row.provider == "groq" for row in fake.rows[-500:])
            await shown(pilot, f"{held} of 500")
            await pilot.press("g")
            wanted = sum(row.provider == "groq" for row in fake.rows)
            await until(pilot, lambda: len(body(app).view) > held)
            await pilot.press("g")
            await until(pilot, lambda: len(body(app).view) == wanted)


async def test_bodies_and_headers_are_searched_in_the_store() -> None:
    rows = [*yesterdays(), *sample.exchanges(600)]
    async with gateway(rows) as fake:
        fake.holding["body hello there"] = {"old_1", rows[-10].id, rows[-9].id}
        fake.holding["header x-team=a"] = {"old_1", rows[-10].id}
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "500/500")
            await pilot.press("slash")
            await typed(pilot, 'body:"hello there"')
            await shown(pilot, "searching bodies")
            await settled(pilot, "no more  3 of")
            await typed(pilot, " h:x-team=a")
            await settled(pilot, "no more  2 of")

            assert {body(app).view.row(at).id for at in range(2)} == {"old_1", rows[-10].id}


async def test_words_and_what_is_kept_are_looked_up_in_the_store() -> None:
    old = [msgspec.structs.replace(row, tags="slow", marked=True) for row in yesterdays()[:2]]
    async with gateway([*old, *sample.exchanges(600)]) as fake:
        fake.holding["text umbrella"] = {old[0].id}
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "500/500")
            await pilot.press("slash")
            await typed(pilot, "text:umbrella tag:slow")
            await settled(pilot, "no more  1 of")
            assert "text=umbrella&" in fake.requests[-1] or "tag=slow" in fake.requests[-1]
            app.main.body._bar.input.value = "marked"
            await settled(pilot, "no more  2 of")
            assert "marked=true" in fake.requests[-1]


async def test_what_ends_while_bodies_are_searched_is_looked_into_too() -> None:
    async with gateway(sample.exchanges(60)) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "60/60")
            await pilot.press("slash")
            await typed(pilot, "body:x")
            await settled(pilot, "no more  0 of")
            fake.holding["body x"] = {"new_1"}
            fake.change(fresh(1, model="new-model-1"))
            body(app)._sought_ms = 0  # the tests' clock stands still
            await shown(pilot, "new-model-1")


async def test_a_filter_kept_from_the_last_start_reaches_back_too(tmp_path: Path) -> None:
    file = tmp_path / "view.json"
    keep(file, {"traffic": {"filter": "old-model", "order": "time"}})
    async with gateway([*yesterdays(), *sample.exchanges(700)]) as fake:
        app = LlmgateApp(
            fake.url,
            TOKEN,
            address=sample.ADDRESS,
            clock=FrozenClock(),
            heartbeat_s=60,
            memory_file=file,
        )
        async with app.run_test(size=(120, 30)) as pilot:
            text = await settled(pilot, "no more  3 of")
            assert "/ old-model" in text
            await pilot.press("escape")
            await shown(pilot, "500/500")

            assert not app.traffic.extra


async def test_nothing_found_anywhere_is_said() -> None:
    async with gateway(sample.exchanges(60)) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "60/60")
            await pilot.press("slash")
            await typed(pilot, "body:nowhere")
            await shown(pilot, "store has nothing that matches either")


async def test_a_search_that_fails_says_so_and_can_be_tried_again() -> None:
    async with gateway(sample.exchanges(60)) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 30), notifications=True) as pilot:
            await shown(pilot, "60/60")
            fake.answers["exchanges"] = Reply(503, {"detail": "the store is busy"})
            await pilot.press("slash")
            await typed(pilot, "body:x")
            await shown(pilot, "not all searched: the store is busy")
            del fake.answers["exchanges"]
            fake.holding["body x"] = {fake.rows[3].id}
            await typed(pilot, "y")
            await pilot.press("backspace")
            await shown(pilot, "1 of 60")


async def test_a_filter_that_is_left_behind_stops_being_searched_for() -> None:
    async with gateway(sample.exchanges(60)) as fake:
        app = open_app(fake)
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, "60/60")
            await pilot.press("slash")
            await typed(pilot, "body:x")
            await pilot.press("escape")
            await shown(pilot, "60/60")
            await pilot.pause(0.5)

            assert "searching" not in screen_text(app)
            assert not [target for target in fake.requests if "body=" in target]


@pytest.mark.parametrize("cap", [50, 10_000])
async def test_what_a_filter_finds_has_room_beside_a_full_list(cap: int) -> None:
    rows = [*yesterdays(), *sample.exchanges(50)]
    async with gateway(rows) as fake:
        traffic, api = Traffic(cap=cap), Api(fake.url, TOKEN)
        traffic.put(rows[3:])
        wanted = parse_filter("old-model", now_ms=sample.NOON_MS)
        assert wanted is not None
        seek = Seek(api, traffic, wanted)
        async for found in seek.older(10):
            traffic.merge_extra(found)
        await api.aclose()
        view = View(traffic, lambda: sample.NOON_MS)
        view.accept = wanted.accept
        view.rebuild()

        assert [view.row(at).id for at in range(len(view))] == ["old_0", "old_1", "old_2"]
        assert traffic.oldest_ms() == rows[3].started_ms
        assert traffic.drop_extra()
        assert len(traffic) == 50
