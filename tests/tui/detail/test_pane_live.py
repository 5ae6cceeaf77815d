"""The detail pane on an exchange that is still running."""

import unicodedata

from llmgate.wire.blocks import BlockDelta, BlockStarted, Finished
from llmgate.wire.exchanges import Growth
from tests.tui.detail.samples import HOSTILE, LIVE, Gateway, chunks, summary
from tests.tui.detail.screens import PaneApp, choose, screen, settle, until, written


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
