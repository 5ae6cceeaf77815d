"""The grid: a cursor that stays with its row, headings, notes, widths, and no needless painting."""

import pytest
from textual.app import App, ComposeResult

from llmgate_tui import themes
from llmgate_tui.widgets.grid import Grid, GridColumn, GridRow
from tests.tui.conftest import screen_text, until
from tests.tui.test_hostile import EVIL, RAW

COLUMNS = [
    GridColumn("NAME", 0),
    GridColumn("KIND", 8, needs=60),
    GridColumn("COUNT", 7, right=True),
]


def row(name: str, count: int = 1, *, selectable: bool = True) -> GridRow:
    return GridRow(name, [name, "kind", str(count)], selectable=selectable)


class Page(App[None]):
    """A grid and nothing else."""

    CSS = "$quiet: gray; $rule: gray;"

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(themes.DARK)
        self.theme = themes.DARK.name
        self.grid = Grid(COLUMNS, id="grid")
        self.seen: list[str] = []
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        """The grid."""
        yield self.grid

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Keeps where the cursor went."""
        self.seen.append(event.id)

    def on_grid_chosen(self, event: Grid.Chosen) -> None:
        """Keeps what was chosen."""
        self.chosen.append(event.id)


async def test_the_cursor_stays_with_its_row_when_rows_come_and_go() -> None:
    app = Page()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows([row(name) for name in "abcd"])
        app.grid.select("c")
        app.grid.set_rows([row(name) for name in "xyabcd"])
        await pilot.pause()
        assert (app.grid.selected, app.grid.cursor) == ("c", 4)

        app.grid.set_rows([row(name) for name in "xyabd"])
        assert app.grid.selected == "d"
        app.grid.set_rows([])
        assert (app.grid.selected, app.grid.cursor) == ("", None)
        app.grid.set_rows([row("n")])
        assert app.grid.selected == "n"


async def test_keys_move_over_what_cannot_be_selected() -> None:
    app = Page()
    async with app.run_test(size=(80, 10)) as pilot:
        rows = [row("head", selectable=False), row("a"), row("note", selectable=False), row("b")]
        app.grid.set_rows([*rows, *(row(f"r{n}") for n in range(40))])
        app.grid.focus()
        assert app.grid.selected == "a"
        for key, selected in [
            ("j", "b"),
            ("k", "a"),
            ("k", "a"),
            ("down", "b"),
            ("G", "r39"),
            ("pageup", "r31"),
            ("ctrl+d", "r39"),
            ("g", "a"),
            ("end", "r39"),
            ("home", "a"),
        ]:
            await pilot.press(key)
            assert app.grid.selected == selected, key
        await until(pilot, lambda: app.grid.scroll_offset.y == 0)
        assert app.seen[:3] == ["a", "b", "a"]


async def test_the_cursor_stays_in_sight() -> None:
    app = Page()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows([row(f"r{n}") for n in range(40)])
        app.grid.focus()
        for _ in range(20):
            await pilot.press("j")
        await pilot.pause()

        assert "r20" in screen_text(app)
        assert "NAME" in screen_text(app)
        await pilot.resize_terminal(80, 5)
        await until(pilot, lambda: "r20" in screen_text(app))


async def test_a_click_selects_and_a_second_one_chooses() -> None:
    app = Page()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows([row("head", selectable=False), row("a"), row("b")])
        await pilot.click("#grid", offset=(4, 3))
        assert app.grid.selected == "b"
        await pilot.click("#grid", offset=(4, 1))
        await pilot.click("#grid", offset=(4, 0))
        await pilot.click("#grid", offset=(4, 8))
        assert app.grid.selected == "b"
        assert app.chosen == []
        await pilot.click("#grid", offset=(4, 3), times=2)
        await pilot.pause()
        assert app.chosen == ["b"]


@pytest.mark.parametrize(
    ("width", "titles"), [(80, ["NAME", "KIND", "COUNT"]), (40, ["NAME", "COUNT"])]
)
async def test_columns_come_with_the_room(width: int, titles: list[str]) -> None:
    app = Page()
    async with app.run_test(size=(width, 10)) as pilot:
        app.grid.set_rows([row("a" * 100, 1234)])
        await pilot.pause()
        lines = screen_text(app).splitlines()

        assert lines[0].split() == titles
        assert "…" in lines[1]
        assert lines[1].endswith("1234")
        assert len(lines[1]) == len(lines[0])


async def test_only_rows_that_differ_are_painted_again() -> None:
    app = Page()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows([row(name) for name in "abcd"])
        await pilot.pause()
        app.grid._dirty_regions.clear()
        app.grid.set_rows([row(name) for name in "abcd"])
        assert not app.grid._dirty_regions
        app.grid.set_rows([row("a"), row("b", 2), row("c"), row("d")])

        assert {region.y for region in app.grid._dirty_regions} == {2}


async def test_hostile_cells_are_drawn_harmlessly() -> None:
    app = Page()
    async with app.run_test(size=(80, 10)) as pilot:
        note = GridRow("n", [EVIL], selectable=False)
        across = GridRow("w", [EVIL, (EVIL, "bad")], whole=True)
        app.grid.set_rows([GridRow(EVIL, [EVIL, (EVIL, "good"), EVIL]), note, across])
        app.grid.set_columns([GridColumn(EVIL, 0), *COLUMNS])
        await pilot.pause()

        text = screen_text(app)
        assert "PWNED" in text
        assert not RAW.search(text)


async def test_without_colour_the_cursor_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Page()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows([row("a"), row("b")])
        app.grid.focus()
        await pilot.pause()
        strip, other = app.grid.render_line(1), app.grid.render_line(2)

        assert all(segment.style is not None and segment.style.reverse for segment in strip)
        assert not any(segment.style is not None and segment.style.reverse for segment in other)
