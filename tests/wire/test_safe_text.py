"""The sanitiser lets nothing through that a terminal would obey."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.wire.safe_text import TAB_SIZE, safe_text

STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("two\r\nlines", "two\nlines"),
        ("over\rwritten", "over␍written"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]0;title\x07", "␛]0;title·"),
        ("\x9b2J\x7f\x00", "·2J··"),
        ("a\tb", "a   b"),
        ("\u202eevil\u202c", "\\u202eevil\\u202c"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("line\u2028sep", "line\\u2028sep"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
        ("\ue0b0", "\\ue0b0"),
        ("grüße 漢字 🙂 é", "grüße 漢字 🙂 é"),
        ("nbsp\u00a0stays", "nbsp\u00a0stays"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_steering_characters_become_visible(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb"])
def test_newlines_become_a_mark_where_one_line_is_wanted(text: str) -> None:
    assert safe_text(text, newlines=False) == "a⏎b"


def test_no_character_of_a_steering_category_survives() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))

    shown = set(safe_text(everything, newlines=False))

    assert [hex(ord(c)) for c in shown if unicodedata.category(c) in STEERING] == []


@given(st.text(st.characters()), st.booleans())
def test_output_is_harmless_bounded_and_stable(text: str, newlines: bool) -> None:
    shown = safe_text(text, newlines=newlines)

    assert not [c for c in shown if unicodedata.category(c) in STEERING and c != "\n"]
    assert newlines or "\n" not in shown
    assert len(shown) <= 10 * len(text)
    assert safe_text(shown, newlines=newlines) == shown
    assert TAB_SIZE < 10


@pytest.mark.parametrize("line", ['{"content": "hello"}\n', '{"content": "grüße 漢字"}\n'])
def test_clean_text_comes_back_as_the_same_object_never_copied(line: str) -> None:
    text = line * 30_000

    assert safe_text(text) is text
