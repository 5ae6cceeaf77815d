"""The detail pane on a screen: sizes, tabs, growth, trouble, hostile text."""

import unicodedata

import pytest
from textual.pilot import Pilot

from llmgate.wire.blocks import BlockDelta, BlockStarted, Finished
from llmgate.wire.chat import ChatView
from llmgate.wire.exchanges import Chunk, Growth
from llmgate_tui.api import ApiProblem
from llmgate_tui.detail.search import SearchInput
from llmgate_tui.detail.tabs import TABS, TabBar
from tests.tui.detail.samples import (
    CHAT,
    HOSTILE,
    LIVE,
    Gateway,
    chunks,
    detail,
    hostile,
    summary,
)
from tests.tui.detail.screens import PaneApp, screen, written


async def settle(app: PaneApp, pilot: Pilot[None]) -> None:
    """Until everything asked for is on the screen."""
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def until(pilot: Pilot[None], app: PaneApp, text: str) -> None:
    """Until a text is on the screen; fails by the test's own timeout."""
    while text not in "\n".join(screen(app)):
        await pilot.pause(0.02)


async def choose(app: PaneApp, pilot: Pilot[None], tab: str) -> None:
    """Goes to a tab with the keys."""
    while app.pane.tab != tab:
        await pilot.press("right_square_bracket")


async def test_a_wide_pane_shows_all_tabs_and_the_summary() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(120, 20)) as pilot:
        app.pane.show(summary())
        await settle(app, pilot)

        lines = screen(app)
        bar = "─ Summary · Chat · Request · Answer · Events · Headers · Timing · Attempts "
        assert lines[0] == bar.ljust(120, "─")
        assert lines[4] == "└ anthropic     2.9s  200"
        assert lines[10].startswith("chunks   ▂▂")


async def test_a_pane_of_80_by_15_shows_events_without_wrapping() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(80, 15)) as pilot:
        app.pane.show(summary())
        await choose(app, pilot, "Events")
        await settle(app, pilot)

        lines = screen(app)
        assert lines[1].split() == ["#", "t", "Δt", "bytes", "type", "data"]
        assert [line.split()[1] for line in lines[2:]] == [str(n) for n in range(13)]


async def test_a_pane_of_40_by_8_shows_one_tab_name() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(40, 8)) as pilot:
        app.pane.show(summary())
        await settle(app, pilot)
        await pilot.press("right_square_bracket", "right_square_bracket")
        await settle(app, pilot)

        lines = screen(app)
        assert lines[0] == "─ ◂ Request ▸ 3/8 ".ljust(40, "─")
        assert lines[1:4] == ["Sent on with model", '"claude-sonnet-4-5-20250929"', ""]


async def test_tabs_go_around_by_key_and_by_click() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(120, 20)) as pilot:
        app.pane.show(summary())
        await pilot.press("left_square_bracket")
        assert app.pane.tab == TABS[-1]
        await pilot.press("right_square_bracket")
        assert app.pane.tab == TABS[0]
        await pilot.click(TabBar, offset=(screen(app)[0].index("Timing") + 1, 0))
        await settle(app, pilot)

        assert app.pane.tab == "Timing"
        assert screen(app)[1].startswith("phase")


async def test_the_tab_stays_when_another_exchange_is_shown() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(120, 20)) as pilot:
        app.pane.show(summary(id="one"))
        await choose(app, pilot, "Attempts")
        await settle(app, pilot)
        app.pane.show(summary(id="two"))
        await settle(app, pilot)

        assert app.pane.tab == "Attempts"
        assert api.asked[-1] == "detail two"


async def test_only_the_open_tab_is_asked_for_and_asked_once() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(120, 20)) as pilot:
        app.pane.show(summary(id="one"))
        await settle(app, pilot)
        assert set(api.asked) == {"detail one", "chunks one"}
        await choose(app, pilot, "Timing")
        await settle(app, pilot)

        assert api.asked.count("detail one") == 1
        assert api.asked.count("chunks one") == 1


async def test_nothing_chosen_is_said() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        assert screen(app)[1] == "No exchange is chosen."
        app.pane.show(summary())
        await settle(app, pilot)
        app.pane.show(None)
        await settle(app, pilot)

        assert screen(app)[1] == "No exchange is chosen."


@pytest.mark.parametrize("tab", TABS[1:])
async def test_a_refusal_of_the_gateway_is_shown_in_the_pane(tab: str) -> None:
    api = Gateway()
    api.problem = ApiProblem("no gateway answers at http://127.0.0.1:8484", 0)
    app = PaneApp(api)
    async with app.run_test(size=(80, 10)) as pilot:
        app.pane.show(summary())
        await choose(app, pilot, tab)
        await settle(app, pilot)

        assert "▲ no gateway answers at http://127.0.0.1:8484" in screen(app)


async def test_a_refusal_leaves_what_the_list_already_knows() -> None:
    api = Gateway()
    api.problem = ApiProblem("exchange not found", 404)
    app = PaneApp(api)
    async with app.run_test(size=(80, 20)) as pilot:
        app.pane.show(summary())
        await settle(app, pilot)
        await until(pilot, app, "▲ exchange not found")

        assert screen(app)[1].startswith("claude-code (key ide)")


async def test_a_mistake_in_a_tab_does_not_end_the_program() -> None:
    class Broken(Gateway):
        async def chat(self, id: str) -> ChatView:  # noqa: A002
            raise ValueError(f"boom {HOSTILE}")

    app = PaneApp(Broken())
    async with app.run_test(size=(80, 10)) as pilot:
        app.pane.show(summary())
        await choose(app, pilot, "Chat")
        await until(pilot, app, "▲ this tab cannot be shown: ValueError: boom")

        assert app.is_running


async def test_an_answer_grows_on_the_screen_until_it_is_done() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(60, 8)) as pilot:
        app.pane.show(LIVE)
        await choose(app, pilot, "Answer")
        await until(pilot, app, "Nothing has arrived yet.")
        api.grow(BlockStarted(0, "text"), BlockDelta(0, "text", "It is "))
        await until(pilot, app, "It is")
        api.grow(BlockDelta(0, "text", "cold."))
        await until(pilot, app, "It is cold.")
        app.pane.update_summary(summary())
        api.grow(Finished("stop"), done=True)
        await settle(app, pilot)

        assert screen(app)[1:4] == ["It is cold.", "", "finished: stop"]
        assert api.open_streams == 0


async def test_the_chat_of_a_running_exchange_grows_below_the_request() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(60, 40)) as pilot:
        app.pane.show(LIVE)
        await choose(app, pilot, "Chat")
        await until(pilot, app, "assistant  answer")
        api.grow(BlockStarted(0, "text"), BlockDelta(0, "text", "It is\ncold."))
        await until(pilot, app, "  cold.")

        at = screen(app).index("assistant  answer")
        assert screen(app)[at : at + 3] == ["assistant  answer", "  It is", "  cold."]


async def test_events_of_a_running_exchange_are_appended() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(100, 10)) as pilot:
        app.pane.show(LIVE)
        await choose(app, pilot, "Events")
        api.grow(parts=chunks()[:2])
        await until(pilot, app, "word 1")
        api.grow(parts=chunks()[2:4])
        await until(pilot, app, "word 3")

        assert [line.split()[1] for line in screen(app)[2:6]] == ["0", "1", "2", "3"]


async def test_the_summary_of_a_running_exchange_follows_it_to_its_end() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(100, 20)) as pilot:
        app.pane.show(LIVE)
        api.grow(parts=chunks()[:10])
        await until(pilot, app, "gaps p50")
        app.pane.update_summary(summary())
        await settle(app, pilot)

        assert "48,204 in" in "\n".join(screen(app))
        assert "200 finished" in "\n".join(screen(app))
        assert api.open_streams == 0


async def test_leaving_a_running_exchange_closes_its_stream() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(60, 8)) as pilot:
        app.pane.show(LIVE)
        await choose(app, pilot, "Answer")
        await until(pilot, app, "Nothing has arrived yet.")
        assert api.open_streams == 1
        app.pane.show(summary(id="other"))
        await settle(app, pilot)

        assert api.open_streams == 0
        assert "It is 7 °C and raining." in screen(app)


async def test_a_stream_that_breaks_off_is_said() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(60, 8)) as pilot:
        app.pane.show(LIVE)
        await choose(app, pilot, "Answer")
        api.growth.put_nowait(None)

        await until(pilot, app, "▲ The gateway stopped telling more.")


async def test_news_of_other_exchanges_are_left_aside() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(100, 20)) as pilot:
        app.pane.show(summary(id="one"))
        await settle(app, pilot)
        before = screen(app)
        app.pane.update_summary(summary(id="two", client="somebody-else"))
        await settle(app, pilot)

        assert screen(app) == before


async def test_raw_and_unwrapped_stay_and_are_said() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(120, 10)) as pilot:
        app.pane.show(summary())
        await choose(app, pilot, "Request")
        app.pane.toggle_raw()
        app.pane.toggle_wrap()
        await settle(app, pilot)
        assert screen(app)[0].endswith("─ raw  unwrapped")
        assert screen(app)[3].startswith('{"model":"claude-sonnet-4-5","max_tokens"')
        await pilot.press("right_square_bracket")
        await settle(app, pilot)

        assert screen(app)[1] == '{"content":"hi"}'


async def test_search_counts_its_hits_and_escape_drops_them() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(120, 30)) as pilot:
        app.pane.show(summary())
        await choose(app, pilot, "Request")
        await settle(app, pilot)
        await pilot.press("slash", *"model")
        await pilot.pause()
        assert screen(app)[0].endswith(" 1 of 2")
        await pilot.press("enter")
        await pilot.press("n")
        await pilot.pause()
        assert screen(app)[0].endswith(" 2 of 2")
        assert not app.pane.query_one(SearchInput).display
        await pilot.press("slash", "escape")
        await pilot.pause()

        assert screen(app)[0].endswith("───")
        assert app.focused is app.view


async def test_a_body_that_was_not_kept_is_explained() -> None:
    row = summary()
    app = PaneApp(Gateway(**{row.id: detail(row, request_kept=False)}))
    async with app.run_test(size=(80, 6)) as pilot:
        app.pane.show(row)
        await choose(app, pilot, "Request")
        await settle(app, pilot)

        assert screen(app)[1].startswith("The body was not kept")


async def test_a_large_body_is_laid_out_without_blocking() -> None:
    api = Gateway()
    api.request = b'{"messages":[' + b'{"role":"user","content":"hello"},' * 20_000 + b"{}]}"
    api.sent = api.request
    app = PaneApp(api)
    async with app.run_test(size=(80, 6)) as pilot:
        app.pane.show(summary())
        await choose(app, pilot, "Request")
        await settle(app, pilot)

        assert screen(app)[1:3] == ["{", '  "messages": [']


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("size", [(120, 60), (40, 60)])
async def test_hostile_text_reaches_no_terminal(tab: str, size: tuple[int, int]) -> None:
    row = hostile(summary(state="failed", error="x", error_type="upstream_cut"))
    api = Gateway(**{row.id: hostile(detail(row))})
    api.view = hostile(CHAT)
    text = f"event: {HOSTILE}\ndata: {HOSTILE}\n\n"
    api.parts = [Chunk(n, n, len(text), text) for n in range(4)]
    api.request = api.answer = f'{{"a":"{HOSTILE}"}} {HOSTILE}'.encode()
    api.sent = f'{{"a":"{HOSTILE}"}}'.encode()
    app = PaneApp(api)
    async with app.run_test(size=size) as pilot:
        app.pane.show(row)
        await choose(app, pilot, tab)
        await settle(app, pilot)
        app.view.focus()
        await pilot.press("enter")
        await pilot.pause()

        sent = written(app)
        bad = {c for c in sent if unicodedata.category(c) in {"Cc", "Cf"} and c != "\n"}
        assert bad == set()
        assert tab == "Timing" or "[boldred]x[/]" in "".join(sent.split())


async def test_hostile_text_that_grows_reaches_no_terminal() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(100, 8)) as pilot:
        app.pane.show(LIVE)
        await choose(app, pilot, "Answer")
        api.growth.put_nowait(
            Growth(
                summary=LIVE,
                blocks=[
                    BlockStarted(0, "tool_call", HOSTILE, HOSTILE),
                    BlockDelta(0, "json", HOSTILE),
                ],
            )
        )
        await until(pilot, app, "␛]0;PWNED·")

        assert not {c for c in written(app) if unicodedata.category(c) == "Cc" and c != "\n"}
