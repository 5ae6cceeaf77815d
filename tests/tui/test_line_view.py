"""The viewer of long text on a screen: moving, growing, folding, searching, speed."""

import json

from textual.app import App, ComposeResult

from llmgate_tui.widgets.line_text import Fold, Line
from llmgate_tui.widgets.line_view import LineView
from tests.tui.detail.screens import screen


class ViewApp(App[None]):
    """The view alone."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """As the program has them."""
        return {"quiet": "#777777", "rule": "#444444"}

    def compose(self) -> ComposeResult:
        """Only the view."""
        yield LineView()

    @property
    def view(self) -> LineView:
        """The view, focused."""
        view = self.query_one(LineView)
        view.focus()
        return view


class Counting:
    """Colours nothing, and keeps what it was asked to colour."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, text: str) -> Line:
        self.seen.append(text)
        return [(text, "")]


def left(app: App[None]) -> list[str]:
    """The lines of the screen without the scrollbar."""
    return [line[:-1].rstrip() if len(line) == 20 else line for line in screen(app)]


async def test_keys_move_through_the_text() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 4)) as pilot:
        app.view.show([f"line {n}" for n in range(20)])
        await pilot.press("j", "j", "k")
        await pilot.pause()
        assert left(app)[0] == "line 1"
        await pilot.press("pagedown")
        await pilot.pause()
        assert left(app)[0] == "line 4"
        await pilot.press("G")
        await pilot.pause()
        assert left(app) == ["line 16", "line 17", "line 18", "line 19"]
        await pilot.press("g")
        await pilot.pause()

        assert left(app)[0] == "line 0"


async def test_growing_text_is_followed_only_by_a_reader_at_the_end() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 3)) as pilot:
        view = app.view
        view.show([f"line {n}" for n in range(5)])
        await pilot.press("end")
        await pilot.pause()
        view.append("\nnew")
        view.append(" words\nlast")
        view.flush()
        await pilot.pause()
        assert left(app) == ["line 4", "new words", "last"]
        await pilot.press("k")
        view.append("\nunseen")
        view.flush()
        await pilot.pause()

        assert left(app) == ["line 3", "line 4", "new words"]


async def test_a_thousand_appended_words_are_drawn_in_a_few_batches() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 3)) as pilot:
        view = app.view
        view.show([])
        for n in range(1000):
            view.append(f"{n} ")
        drawn_before = view.plain
        await pilot.pause(0.15)

        assert drawn_before == ""
        assert view.plain.endswith(" 999 ")
        assert left(app)[-1].endswith("999")


async def test_lines_run_on_sideways_when_they_do_not_wrap() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 4)) as pilot:
        view = app.view
        view.show(["0123456789" * 5, "漢字" * 20])
        await pilot.pause()
        assert left(app)[1] == "9012345678901234567"[:19]
        view.toggle_wrap()
        await pilot.press("right")
        await pilot.pause()

        assert left(app)[0] == "8901234567890123456"
        assert left(app)[1].startswith("漢字漢字")


async def test_one_endless_line_is_sliced_not_measured() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 4)) as pilot:
        view = app.view
        view.show_text("0123456789" * 100_000)
        view.toggle_wrap()
        view.scroll_to(x=500_000, animate=False)
        await pilot.pause()
        drawn = view._draw(0, is_cursor=False)

        assert left(app)[0] == "0123456789012345678"
        assert drawn.cell_length <= 20


async def test_enter_opens_a_fold_and_closes_it_again() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 5)) as pilot:
        app.view.show(["above", Fold([("head", "")], lambda: [[("body", "")]]), "below"])
        await pilot.press("enter")
        await pilot.pause()
        assert left(app)[:4] == ["above", "▾ head", "body", "below"]
        await pilot.press("enter")
        await pilot.pause()
        assert left(app)[:3] == ["above", "▸ head", "below"]
        await pilot.click(LineView, offset=(2, 1))
        await pilot.pause()

        assert left(app)[2] == "body"


async def test_search_goes_from_hit_to_hit_around_the_end() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 3)) as pilot:
        view = app.view
        view.show([f"line {n}" for n in range(30)])
        await pilot.pause()
        assert view.search("line 2") == 11
        await pilot.pause()
        assert view.hit == 0
        assert "line 2" in left(app)
        await pilot.press("n")
        await pilot.pause()
        assert "line 20" in left(app)
        await pilot.press("N", "N")
        await pilot.pause()

        assert "line 29" in left(app)


async def test_a_resize_keeps_the_reader_in_place() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 3)) as pilot:
        view = app.view
        view.show([f"{n} " + "word " * 10 for n in range(30)])
        await pilot.pause()
        view.scroll_to(y=view.text.row_of(12), animate=False)
        await pilot.pause()
        await pilot.resize_terminal(60, 8)
        await pilot.pause()

        assert screen(app)[0].startswith("12 word")


async def test_what_does_not_fit_the_limit_is_said() -> None:
    app = ViewApp()
    async with app.run_test(size=(20, 3)):
        view = app.view
        view.text.limit = 10
        view.show_text("x" * 3_200_010)
        view.refresh()
        await app.animator.wait_until_complete()

        assert view.render_line(1).text.startswith("… 3.2 MB more")


async def test_of_half_a_megabyte_only_what_is_seen_is_coloured() -> None:
    entry = {"role": "user", "content": "words in a row " * 30}
    body = json.dumps({"messages": [entry] * 1100}, indent=2)
    app = ViewApp()
    async with app.run_test(size=(120, 40)) as pilot:
        view, coloured = app.view, Counting()
        view.show_text(body, coloured)
        await pilot.pause()
        opened = len(coloured.seen)
        for _ in range(50):
            view.append("one more line\n")
            view.flush()
        await pilot.pause()

        assert len(body) > 500_000
        assert 0 < opened <= 40  # a screen
        assert len(coloured.seen) <= opened + 40  # what is below the screen costs nothing
