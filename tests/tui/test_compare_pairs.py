"""The lines of two texts beside each other: aligned where they meet, toned where they differ."""

from rich.cells import cell_len

from llmgate.wire.compare import Span
from llmgate_tui.compare import facts, modes
from llmgate_tui.compare.pairs import Pair, of_lines, of_spans, of_texts
from llmgate_tui.compare.unified import plain, unified
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.pair_text import PairText
from tests.tui import sample
from tests.tui.compared import FACTS, TEXT, comparison

LEFT, RIGHT = sample.exchanges(8)[:2]


def text(line: Line | None) -> str | None:
    return None if line is None else "".join(part for part, _ in line)


def drawn(view: PairText) -> list[str]:
    return ["".join(part for part, _ in view.pieces(view.row(at))) for at in range(view.rows)]


def test_both_sides_of_spans_are_the_texts_that_were_compared() -> None:
    pairs = of_spans(TEXT)
    left = "".join(span.text for span in TEXT if span.kind != "added")
    right = "".join(span.text for span in TEXT if span.kind != "removed")

    assert [text(pair.left) for pair in pairs if pair.left is not None] == left.split("\n")
    assert [text(pair.right) for pair in pairs if pair.right is not None] == right.split("\n")


def test_lines_that_only_one_side_has_stand_beside_nothing() -> None:
    pairs = of_spans(TEXT)

    assert [(text(pair.left), text(pair.right)) for pair in pairs[3:]] == [
        (None, "It clears up at six."),
        ("Bye.", "Bye."),
    ]
    assert [pair.same for pair in pairs] == [False, True, False, False, True]


def test_a_line_that_is_broken_in_two_stays_beside_its_beginning() -> None:
    spans = [Span("same", "One two "), Span("added", "\n"), Span("same", "three\nEnd")]
    pairs = of_spans(spans)

    assert [(text(pair.left), text(pair.right)) for pair in pairs] == [
        ("One two three", "One two "),
        (None, "three"),
        ("End", "End"),
    ]


def test_differences_far_apart_in_one_long_line_are_told_apart() -> None:
    far = Span("same", "word " * 200)
    pair = of_spans([Span("added", "a "), far, Span("removed", "b"), Span("added", "c")])[0]
    near = of_spans([Span("added", "a "), Span("same", "word "), Span("removed", "b")])[0]

    assert pair.spots == ((0, 0), (1000, 1002))
    assert len(near.spots) == 1


def test_only_the_middle_that_differs_is_toned() -> None:
    pair = of_texts('{"n": 12}', '{"n": 345}')

    assert pair.left == [('{"n": ', ""), ("12", "removed"), ("}", "")]
    assert pair.right == [('{"n": ', ""), ("345", "added"), ("}", "")]
    assert of_texts("aa", "aaa").right == [("aa", ""), ("a", "added")]


def test_lines_of_json_that_are_alike_meet_however_many_stand_between() -> None:
    pairs = of_lines(["{", '"a": 1', "}"], ["{", '"x": 0', '"a": 1', "}"])

    assert [(text(pair.left), text(pair.right)) for pair in pairs] == [
        ("{", "{"),
        (None, '"x": 0'),
        ('"a": 1', '"a": 1'),
        ("}", "}"),
    ]


def test_one_below_the_other_every_line_has_its_sign() -> None:
    made = unified(of_spans(TEXT))

    assert plain(made.lines).splitlines() == [
        "- The weather in Paris is sunny today.",
        "+ The weather in Paris is rainy today.",
        "",
        "- Take sunglasses with you.",
        "+ Take an umbrella with you.",
        "+ It clears up at six.",
        "  Bye.",
    ]
    assert [line for line, _ in made.spots] == [0, 3, 5]


def test_a_pair_is_as_high_as_its_higher_side_and_both_keep_to_their_half() -> None:
    view = PairText()
    view.put(
        of_spans([Span("removed", "word " * 30), Span("added", "short"), Span("same", "\nend")])
    )
    view.layout(61, wrap=True)
    rows = drawn(view)

    assert {len(row) for row in rows} == {2 + 28 + 1 + 2 + 28}
    assert rows[0].startswith("- word word")
    assert "│+ short" in rows[0]
    assert all(row[30] == "│" for row in rows)
    assert rows[1].startswith("  word")
    assert not rows[1][31:].strip()
    assert rows[-1].split() == ["end", "│", "end"]
    assert "".join(row[2:30] for row in rows[:-1]).split() == ["word"] * 30


def test_a_search_finds_both_sides_from_top_to_bottom() -> None:
    view = PairText()
    view.put(of_lines(["one", "two two"], ["one", "two"]))
    view.layout(60, wrap=True)

    assert view.search("o") == 5
    assert [hit.line for hit in view.matches] == [0, 0, 1, 1, 1]
    shown = view.marked(view.row(0), 1)
    assert [tone for part, tone in shown if part == "o"] == ["match", "match-current"]


def test_wide_letters_take_two_cells_and_never_break_the_rule() -> None:
    view = PairText()
    view.put(of_spans([Span("removed", "日本語" * 20), Span("added", "a" * 50)]))
    view.layout(41, wrap=True)
    for wrap in (True, False):
        view.layout(41, wrap)
        for row in drawn(view):
            assert cell_len(row.partition("│")[0]) == 20


def test_what_is_moved_aside_shows_the_rest_of_both_lines() -> None:
    view = PairText()
    view.put(of_texts_pair("0123456789" * 5, "abcdefghij" * 5))
    view.layout(41, wrap=False)
    view.aside = 8

    assert drawn(view)[0].startswith("- 890123")
    assert "│+ ijabcd" in drawn(view)[0]


def of_texts_pair(left: str, right: str) -> list[Pair]:
    return [of_texts(left, right)]


def test_tool_calls_name_the_places_then_show_all_arguments() -> None:
    made = plain(unified(modes.pairs(comparison(LEFT, RIGHT), "Tool calls")).lines)

    assert made.startswith("  → get_weather\n-   days  2\n+   days  3\n")
    assert '-     "days": 2\n+     "days": 3' in made
    assert "+ → get_time" in made
    assert "  → done" in made


def test_a_call_that_only_one_side_makes_is_one_difference() -> None:
    pairs = modes.pairs(comparison(LEFT, RIGHT), "Tool calls")

    assert sum(len(pair.spots) for pair in pairs) == 3


def test_figures_have_units_and_differences_with_a_sign() -> None:
    lines = ["".join(part for part, _ in line) for line in facts.render(FACTS, 100)]

    assert lines[3].split() == ["±", "total", "3.1s", "420ms", "-2.7s", "(-86", "%)"]
    assert lines[4].split() == ["±", "output", "tokens", "181", "~240", "+59", "(+33", "%)"]
    assert lines[1].split() == ["status", "200", "200"]
    narrow = ["".join(part for part, _ in line) for line in facts.render(FACTS, 40)]
    assert max(map(len, narrow)) <= 40


def test_events_say_how_many_are_not_shown() -> None:
    made = plain(unified(modes.pairs(comparison(LEFT, RIGHT), "Events")).lines)

    assert made.splitlines()[-1] == "  … 12 pairs more"
    assert '+ {"delta":" today"}' in made
