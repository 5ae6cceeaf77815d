"""The comparison on the screen: both layouts, every mode, differences, volatile fields, back."""

import msgspec
import pytest

from llmgate.wire.compare import Span
from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.body import OpenCompare
from llmgate_tui.screens.compare import CompareBody
from llmgate_tui.screens.preview import Preview
from tests.tui import compared
from tests.tui.conftest import body, open_app, screen_text, settled, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.test_hostile import EVIL, SIZES, clean


def opened(app: LlmgateApp) -> CompareBody:
    return app.main.bodies.compare


def both(fake: FakeGateway) -> OpenCompare:
    return OpenCompare(fake.rows[-3].id, fake.rows[-2].id)


async def test_two_marked_exchanges_are_compared_and_escape_leads_back(busy: FakeGateway) -> None:
    compared.serve(busy, 0, 1)
    app = open_app(busy)
    async with app.run_test(size=(130, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "m", "m", "d")
        text = await settled(pilot, "87 % alike")

        assert "3 differences" in text
        assert "- The weather in Paris is sunny today." in text
        assert "│+ The weather in Paris is rainy today." in text
        assert "left out: id, created" in text
        assert "1 Traffic" in text
        await pilot.press("escape")
        await until(pilot, lambda: app.main.bodies.active == "traffic")


async def test_a_replay_is_compared_with_its_original(busy: FakeGateway) -> None:
    busy.rows[-4] = msgspec.structs.replace(busy.rows[-4], parent=busy.rows[0].id, replay="rp_1")
    compared.serve(busy, 0, -4)
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        body(app).table.select(busy.rows[-4].id)
        await pilot.press("d")
        await shown(pilot, "87 % alike")

        assert opened(app).sides == (busy.rows[0].id, busy.rows[-4].id)


async def test_without_a_second_one_d_says_what_to_do(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "m", "d")
        await shown(pilot, "d compares two marked exchanges (1 are marked)")
        assert app.main.bodies.active == "traffic"


async def test_where_there_is_no_room_one_stands_below_the_other_and_u_changes_that(
    busy: FakeGateway,
) -> None:
    compared.serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(100, 24)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        text = await settled(pilot, "87 % alike")
        assert "│" not in text
        assert "- Take sunglasses with you." in text
        await pilot.press("u")
        await shown(pilot, "│+ Take an umbrella")
        await pilot.press("u")
        await until(pilot, lambda: "│" not in screen_text(app))
        await pilot.resize_terminal(140, 30)
        await pilot.pause()
        assert "│" not in screen_text(app)  # as was asked for, not as it fits


async def test_n_goes_from_difference_to_difference_and_around(busy: FakeGateway) -> None:
    spans = [Span("same", f"line {n}\n") for n in range(100)]
    spans[30:30] = [Span("removed", "once\n")]
    spans[80:80] = [Span("added", "upon\n")]
    compared.serve(busy, text=spans)
    app = open_app(busy)
    async with app.run_test(size=(130, 24)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "2 differences")
        await pilot.press("n")
        assert "- once" in await shown(pilot, "difference 1 of 2")
        await pilot.press("n")
        assert "+ upon" in await shown(pilot, "difference 2 of 2")
        await pilot.press("n")
        assert "- once" in await shown(pilot, "difference 1 of 2")
        await pilot.press("N")
        assert "+ upon" in await shown(pilot, "difference 2 of 2")
        await pilot.press("g", "u", "n")
        assert "- once" in await shown(pilot, "difference 1 of 2")


async def test_every_mode_is_a_key_away_or_a_click(busy: FakeGateway) -> None:
    compared.serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(130, 30)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "87 % alike")
        for wanted in ("Think.", "get_weather", "-2.7s (-86 %)", "12 pairs more", "sunglasses"):
            await pilot.press("right_square_bracket")
            await shown(pilot, wanted)
        await pilot.press("left_square_bracket")
        await shown(pilot, "12 pairs more")
        lines = screen_text(app).splitlines()
        y = next(at for at, line in enumerate(lines) if "Figures" in line)
        await pilot.click(offset=(lines[y].index("Figures"), y))
        await shown(pilot, "+59 (+33 %)")


async def test_volatile_fields_are_asked_for_again_and_the_line_says_so(busy: FakeGateway) -> None:
    compared.serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "left out: id, created")
        await pilot.press("v")
        await shown(pilot, "nothing is left out")
        assert "volatile=true" in busy.requests[-1]
        await pilot.press("v")
        await shown(pilot, "left out: id, created")
        assert "volatile=false" in busy.requests[-1]


async def test_s_swaps_the_sides_and_stays_in_the_mode(busy: FakeGateway) -> None:
    compared.serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(130, 24)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "87 % alike")
        await pilot.press("right_square_bracket", "right_square_bracket", "s")
        await until(
            pilot,
            lambda: busy.requests[-1].endswith(
                f"{busy.rows[-2].id}/compare?to={busy.rows[-3].id}&volatile=false"
            ),
        )
        await until(pilot, lambda: opened(app).comparison is not None)
        assert opened(app).view.mode == "Tool calls"
        assert opened(app).sides == (busy.rows[-2].id, busy.rows[-3].id)


async def test_a_search_takes_n_until_it_is_dropped(busy: FakeGateway) -> None:
    compared.serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(130, 24)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "87 % alike")
        await pilot.press("slash")
        await typed(pilot, "with you")
        await pilot.press("enter")
        await shown(pilot, "1 of 2")
        await pilot.press("n")
        await shown(pilot, "2 of 2")
        await pilot.press("escape", "n")
        await shown(pilot, "difference 1 of 3")
        assert app.main.bodies.active == "compare"


async def test_what_is_shown_can_be_copied_with_its_signs(busy: FakeGateway) -> None:
    compared.serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(130, 30)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "87 % alike")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert "- Take sunglasses with you.\n+ Take an umbrella with you.\n" in app.clipboard


async def test_why_two_cannot_be_compared_is_said(busy: FakeGateway) -> None:
    path = f"exchanges/{busy.rows[-3].id}/compare"
    busy.answers[path] = Reply(404, {"detail": "the answer was not kept"})
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "cannot be compared: the answer was not kept")
        await pilot.press("n", "v", "s", "y", "escape")
        await until(pilot, lambda: app.main.bodies.active == "traffic")


async def test_it_is_compared_again_when_the_answer_has_ended(busy: FakeGateway) -> None:
    compared.serve(busy)
    live = busy.rows[-2]
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "87 % alike")
        done = msgspec.structs.replace(live, state="finished", total_us=9_000_000)
        compared.serve(busy, similarity=0.42, right_row=done)
        busy.change(done)
        await shown(pilot, "42 % alike")


async def test_the_screen_that_is_left_open_at_the_end_is_the_one_it_came_from(
    busy: FakeGateway,
) -> None:
    compared.serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("2")
        app.main.post_message(both(busy))
        await shown(pilot, "87 % alike")
        assert app._own_memory()["screen"] == "providers"
        await pilot.press("escape")
        await until(pilot, lambda: app.main.bodies.active == "providers")


@pytest.mark.parametrize("size", SIZES[:5])
async def test_a_hostile_comparison_is_harmless_at_every_size(
    busy: FakeGateway, size: tuple[int, int]
) -> None:
    made = compared.serve(busy)
    evil = [Span(kind, f"{kind} {EVIL}") for kind in ("same", "removed", "added")]
    compared.serve(
        busy,
        text=evil,
        reasoning=evil,
        tools=[msgspec.structs.replace(tool, left_name=EVIL, left=EVIL) for tool in made.tools],
        facts=[msgspec.structs.replace(fact, name=EVIL, left=EVIL) for fact in made.facts],
        events=[msgspec.structs.replace(made.events[0], left=EVIL, right=EVIL * 2)],
        ignored=[EVIL],
        problems=[EVIL],
    )
    app = open_app(busy)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "connected")
        app.main.post_message(both(busy))
        await shown(pilot, "alike")
        for _ in range(5):
            await pilot.press("u", "n", "right_square_bracket")
            await pilot.pause()
            assert clean(screen_text(app))


async def test_an_ascii_terminal_gets_ascii(busy: FakeGateway) -> None:
    compared.serve(busy)
    app = open_app(busy, glyphs=ASCII)
    async with app.run_test(size=(130, 30)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        for _ in range(5):
            text = await settled(pilot, "87 % alike")
            assert text.isascii(), [char for char in text if not char.isascii()]
            await pilot.press("right_square_bracket")


async def test_half_a_megabyte_on_each_side_is_drawn_row_by_row(busy: FakeGateway) -> None:
    words = "a word and another one " * 40
    spans = [
        Span(kind, f"{number} {words}\n")
        for number in range(500)
        for kind in ("same", "removed", "added")
    ]
    compared.serve(busy, text=spans)
    app = open_app(busy)
    async with app.run_test(size=(130, 30)) as pilot:
        await shown(pilot, "60/60")
        app.main.post_message(both(busy))
        await shown(pilot, "differences")
        await pilot.press("G")
        await shown(pilot, "499 a word")
        assert len(opened(app).view.pairs._strips) < 200
