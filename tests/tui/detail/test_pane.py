"""The detail pane on a screen: sizes, tabs, growth, trouble, hostile text."""

import gc
import unicodedata

import pytest

from llmgate.wire.chat import ChatView
from llmgate.wire.exchanges import Chunk
from llmgate_tui.api import ApiProblem
from llmgate_tui.detail.request import Part
from llmgate_tui.detail.search import SearchInput
from llmgate_tui.detail.tabs import TABS, TabBar
from llmgate_tui.glyphs import ASCII
from tests.tui.detail.samples import (
    CHAT,
    CUT,
    HOSTILE,
    PROMPT,
    Gateway,
    detail,
    hostile,
    summary,
)
from tests.tui.detail.screens import PaneApp, choose, screen, settle, until, written


async def test_a_wide_pane_shows_all_tabs_and_the_summary() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(120, 20)) as pilot:
        app.pane.show(summary())
        await settle(app, pilot)

        lines = screen(app)
        bar = (
            "── Summary · Chat · Prompt · Request · Answer · Events · Headers · Timing · Attempts "
        )
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
        await pilot.press(*["right_square_bracket"] * 3)
        await settle(app, pilot)

        lines = screen(app)
        assert lines[0] == "─ ◂ Request ▸ 4/9 ".ljust(40, "─")
        assert lines[1:4] == ["Sent on with model", '"claude-sonnet-4-5-20250929"', ""]


@pytest.mark.parametrize("tab", TABS)
async def test_a_terminal_without_unicode_gets_ascii_twins(tab: str) -> None:
    app = PaneApp(Gateway(), ASCII)
    async with app.run_test(size=(100, 50)) as pilot:
        app.pane.show(CUT)
        await choose(app, pilot, tab)
        await settle(app, pilot)

        said = "".join(line[:-1] for line in screen(app)).replace("ü", "").replace("°", "")
        assert [sign for sign in said if not sign.isascii()] == []


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


async def test_hurrying_through_exchanges_asks_for_the_last_only() -> None:
    api = Gateway()
    app = PaneApp(api)
    async with app.run_test(size=(120, 20)) as pilot:
        await choose(app, pilot, "Chat")
        for n in range(50):
            app.pane.show(summary(id=f"ex{n}"))
        await settle(app, pilot)
        gc.collect()

        assert api.asked == ["chat ex49"]


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


async def test_a_sent_body_that_is_gone_does_not_hide_the_request() -> None:
    class Forgetful(Gateway):
        async def body(self, id: str, part: Part) -> bytes:  # noqa: A002
            if part == "sent":
                raise ApiProblem("the sent of 'x' is not kept", 404)
            return await super().body(id, part)

    app = PaneApp(Forgetful())
    async with app.run_test(size=(80, 6)) as pilot:
        app.pane.show(summary())
        await choose(app, pilot, "Request")
        await settle(app, pilot)

        assert screen(app)[1:3] == ["{", '  "model": "claude-sonnet-4-5",']


async def test_an_error_body_is_the_answer_when_there_is_no_other() -> None:
    api = Gateway()
    api.view = ChatView()
    api.answer = b'{"error":{"message":"no credit"}}'
    app = PaneApp(api)
    async with app.run_test(size=(80, 8)) as pilot:
        app.pane.show(summary(state="failed", status=402, error_type="upstream_billing"))
        await choose(app, pilot, "Answer")
        await settle(app, pilot)

        assert screen(app)[3] == '    "message": "no credit"'


async def test_a_cut_answer_ends_with_what_went_wrong() -> None:
    app = PaneApp(Gateway())
    async with app.run_test(size=(80, 60)) as pilot:
        for tab in ("Chat", "Answer"):
            app.pane.show(CUT)
            await choose(app, pilot, tab)
            await settle(app, pilot)

            assert "✗ upstream cut  the connection ended inside an event" in screen(app)


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
    api.prompted = hostile(PROMPT)
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
