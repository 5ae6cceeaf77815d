"""The word diff: both texts come back from it, and people can read it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.compare.spans import word_spans
from llmgate.wire.compare import Span
from tests.compare.made import left_of, right_of

WORDS = st.lists(
    st.sampled_from(["a", "the", "fox", " ", "  ", "\n", "\r\n", "\t", ".", ", ", "好", "👍", "_"]),
    max_size=40,
).map("".join)
TEXTS = st.text(max_size=60) | WORDS


def shown(left: str, right: str) -> str:
    """A word diff as one line: [-removed-]{+added+}."""
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[span.kind].format(span.text) for span in word_spans(left, right))


@given(left=TEXTS, right=TEXTS, budget=st.sampled_from([0, 3, 50, 10**6]))
def test_both_texts_come_back_whatever_the_budget(left: str, right: str, budget: int) -> None:
    spans = word_spans(left, right, budget)

    assert left_of(spans) == left
    assert right_of(spans) == right


@given(left=TEXTS, right=TEXTS)
def test_spans_are_never_empty_and_neighbours_differ_in_kind(left: str, right: str) -> None:
    spans = word_spans(left, right)
    kinds = [span.kind for span in spans]

    assert all(span.text for span in spans)
    assert all(one != other for one, other in pairwise(kinds))
    assert ["added", "removed"] not in [kinds[n : n + 2] for n in range(len(kinds))]


@given(text=TEXTS)
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert word_spans(text, text) == ([Span("same", text)] if text else [])


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("The quick fox", "The slow fox", "The [-quick-]{+slow+} fox"),
        ("It is Paris.", "It is Paris, of course.", "It is Paris{+, of course+}."),
        ("hello world", "hello", "hello[- world-]"),
        ("It's 3.14 now", "It's 3.15 now", "It's [-3.14-]{+3.15+} now"),
        ("don\u2019t go", "do go", "[-don\u2019t-]{+do+} go"),
        ("get_name(a)", "get_names(a)", "[-get_name-]{+get_names+}(a)"),
        ("a  b", "a b", "a [- -]b"),
        ("f(a, b)", "f(a, b, c)", "f(a, b{+, c+})"),
        ("- a\n- pear\n- b", "- a\n- kiwi\n- fig\n- b", "- a\n- [-pear-]{+kiwi\n- fig+}\n- b"),
    ],
)
def test_words_are_whole_and_blanks_are_kept(left: str, right: str, wanted: str) -> None:
    assert shown(left, right) == wanted


def test_chinese_is_compared_by_character() -> None:
    assert shown("我们去公园吧", "我们回家吧") == "我们[-去公园-]{+回家+}吧"


def test_an_emoji_of_several_characters_stays_whole() -> None:
    assert shown("ok 👨‍👩‍👧 !", "ok 👨‍👩‍👦 !") == "ok [-👨‍👩‍👧-]{+👨‍👩‍👦+} !"


def test_a_letter_keeps_its_combining_marks() -> None:
    assert shown("नमस्ते दुनिया", "नमस्ते भारत") == "नमस्ते [-दुनिया-]{+भारत+}"


def test_words_that_two_other_sentences_share_by_chance_are_no_islands() -> None:
    left = "apple is a fruit of the trees"
    right = "pizza is the dish from Italy"

    assert shown(left, right) == f"[-{left}-]{{+{right}+}}"


def test_a_phrase_that_stayed_is_kept_between_two_that_changed() -> None:
    found = shown(
        "First look at the log because it tells what happened to you.",
        "Always look at the log because it shows what happened to me.",
    )

    assert " look at the log because it " in found
    assert " what happened to " in found


def test_a_long_phrase_stays_however_much_was_rewritten_around_it() -> None:
    phrase = " the gateway keeps every exchange "
    left, right = "alpha " * 12 + "one", "beta " * 12 + "two"

    assert phrase in [
        span.text for span in word_spans(left + phrase + left, right + phrase + right)
    ]


def test_lines_that_changed_stay_lines() -> None:
    found = shown("one apple\ntwo pears\n", "six lemons\nten melons\n")

    assert found == "[-one apple-]{+six lemons+}\n[-two pears-]{+ten melons+}\n"


def test_an_insertion_into_one_endless_word_shifts_nothing() -> None:
    endless = "".join(chr(97 + n * n % 26) for n in range(50_000))
    spans = word_spans(endless, f"{endless[:20_000]}XYZ{endless[20_000:]}")

    assert [span.text for span in spans if span.kind == "added"] == ["XYZ"]
    assert [span.kind for span in spans] == ["same", "added", "same"]


HUGE = {
    "unrelated": ("alpha beta " * 20_000, "gamma delta, " * 17_000),
    "blanks": (" " * 200_000, " " * 199_999 + "\t"),
    "marks": ("!?" * 100_000, "?.!" * 70_000),
    "combining": ("e" + "\u0301" * 200_000, "e" + "\u0301" * 150_000),
    "controls": ("\x1b[31m\x00" * 40_000, "\x1b[32m\x07" * 40_000),
    "megabytes of lines": ("x y\n" * 600_000, "x z\n" * 600_000),
    "megabytes in one line": ("x y " * 600_000, "x z " * 600_000),
}


@pytest.mark.parametrize("shape", HUGE)
def test_the_worst_long_texts_come_back_whole(shape: str) -> None:
    left, right = HUGE[shape]
    spans = word_spans(left, right)

    assert left_of(spans) == left
    assert right_of(spans) == right
