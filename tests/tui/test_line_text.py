"""The text behind a line view: wrapping, growing, folding, searching."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from llmgate_tui.widgets.line_text import Fold, LineText
from llmgate_tui.widgets.line_wrap import cuts


def rows(text: LineText) -> list[str]:
    """What the screen would show."""
    shown = []
    for number in range(text.rows):
        row = text.row(number)
        pieces = text.pieces(row)
        assert "".join(part for part, _ in pieces) == text.texts[row.line][row.start : row.end]
        shown.append(" " * row.indent + "".join(part for part, _ in pieces))
    return shown


def made(*items: str, width: int = 10) -> LineText:
    """Plain lines."""
    text = LineText()
    text.layout(width, wrap=True)
    text.show(items)
    return text


def test_lines_wrap_at_spaces_and_keep_their_indent() -> None:
    text = made("one two three four", "  in set far away", "short")

    assert rows(text) == ["one two ", "three four", "  in set ", "  far away", "short"]


def test_a_line_that_begins_with_a_label_wraps_behind_it() -> None:
    text = LineText()
    text.layout(12, wrap=True)
    text.show([[("do  ", "label"), ("this and that", "")]])

    assert rows(text) == ["do  this and ", "    that"]


def test_wide_characters_never_overflow_a_row() -> None:
    text = made("漢字漢字漢字漢字")

    assert [cell_len(row) for row in rows(text)] == [10, 6]


@given(st.text(alphabet="ab 漢é", max_size=200), st.integers(1, 20), st.integers(0, 3))
def test_rows_are_the_whole_line_and_fit(text: str, width: int, indent: int) -> None:
    starts = cuts(text, width, indent if indent < width else 0)

    parts = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    assert "".join(parts) == text
    assert all(cell_len(part.rstrip(" ")) <= max(width, 2) for part in parts)


@given(st.lists(st.text(alphabet="ab \n漢", max_size=30), max_size=12), st.integers(3, 20))
def test_growing_text_wraps_like_the_same_text_at_once(parts: list[str], width: int) -> None:
    grown, whole = LineText(), LineText()
    for text in (grown, whole):
        text.layout(width, wrap=True)
    for part in parts:
        grown.grow(part)
    whole.show("".join(parts).split("\n"))

    assert not parts or rows(grown) == rows(whole)


def test_growing_text_keeps_the_tone_of_each_part() -> None:
    text = LineText()
    text.grow("so ", "quiet")
    text.grow("be ")
    text.grow("it\nnew", "quiet")

    assert text.pieces(text.row(0)) == [("so ", "quiet"), ("be ", ""), ("it", "quiet")]
    assert text.pieces(text.row(1)) == [("new", "quiet")]


def test_what_is_beyond_the_limit_is_counted_not_kept() -> None:
    text = LineText(limit=10)
    text.show(["12345", "1234567", "abc"])
    text.grow("more")

    assert text.texts == ["12345", "12345"]
    assert text.more == 2 + 3 + 4


def test_a_text_beyond_the_limit_is_cut_at_once() -> None:
    text = LineText(limit=10)
    text.show_text("x" * 25, above=[[("note", "quiet")]])

    assert text.texts == ["note", "x" * 10]
    assert text.more == 15


def test_folds_open_and_close_in_place_and_keep_their_tones() -> None:
    text = LineText()
    text.show(
        [
            Fold([("first", "key")], lambda: [[("inner", "number")]]),
            Fold([("second", "key")], list),
        ]
    )

    assert text.toggle(1)
    assert text.toggle(0)
    assert text.texts == ["▾ first", "  inner".strip(), "▾ second", "(empty)"]
    assert text.pieces(text.row(1)) == [("inner", "number")]
    assert text.toggle(2)
    assert text.toggle(0)
    assert text.texts == ["▸ first", "▸ second"]
    assert not text.toggle(5)


def test_search_finds_every_hit_also_in_text_that_grows() -> None:
    text = made("one Two", "two two")
    found = text.search("two")
    text.grow(" and two")

    assert found == 3
    assert [(m.line, m.start) for m in text.matches] == [(0, 4), (1, 0), (1, 4), (1, 12)]
    assert text.search("Two") == 1
    assert text.search("[a-z]") == 0
    assert text.search("") == 0


@pytest.mark.parametrize("bad", ["\x1b[31m", "\u202e", "\x00", "\u200b", "\x9b"])
def test_nothing_that_steers_a_terminal_gets_in(bad: str) -> None:
    text = LineText()
    text.show([f"a{bad}", [(f"b{bad}", "")], Fold([(bad, "")], lambda: [[(bad, "")]])])
    text.toggle(2)
    text.grow(bad)
    text.add([bad])

    assert not [line for line in text.texts if bad[0] in line]


def test_colours_come_from_the_lexer_only_for_lines_that_are_drawn() -> None:
    asked = []

    def colour(line: str) -> list[tuple[str, str]]:
        asked.append(line)
        return [(line, "string")]

    text = LineText()
    text.show([f"line {n}" for n in range(1000)], colour)

    assert text.pieces(text.row(7)) == [("line 7", "string")]
    assert asked == ["line 7"]
