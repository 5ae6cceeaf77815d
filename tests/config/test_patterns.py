"""Names matched literally, as globs, as regular expressions; and models renamed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.config.patterns import LONGEST, Patterns, Renames, compile_pattern, is_literal


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("gpt-4", "gpt-4", True),
        ("gpt-4", "gpt-4o", False),
        ("gpt-*", "gpt-4o", True),
        ("gpt-*", "GPT-4o", False),
        ("gpt-?", "gpt-4o", False),
        ("o[134]", "o3", True),
        ("/gpt-\\d/", "gpt-4", True),
        ("/gpt-\\d/", "gpt-4o", False),
        ("org/name", "org/name", True),
        ("/", "/", True),
        ("*", "x" * 10_000, True),
        ("x*", "x" * (LONGEST + 1), False),
    ],
)
def test_a_pattern_takes_the_whole_name_or_nothing(pattern: str, name: str, matches: bool) -> None:
    assert Patterns([pattern]).match(name) is matches


def test_no_pattern_matches_nothing() -> None:
    assert not Patterns([]).match("")


def test_a_bad_regex_says_so() -> None:
    with pytest.raises(re.error):
        compile_pattern("/(/")


RENAMES = Renames(
    {
        "/gpt-(.*)/": "regex-\\1",
        "gpt-4*": "glob",
        "gpt-*": "wider glob",
        "gpt-4o": "exact",
        "/(.*)-(.*)/": "\\2-\\1",
    }
)


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("gpt-4o", "exact"),
        ("gpt-4x", "glob"),
        ("gpt-5", "wider glob"),
        ("a-b", "b-a"),
        ("plain", None),
    ],
)
def test_exact_wins_over_glob_wins_over_regex(asked: str, served: str | None) -> None:
    assert RENAMES.find(asked) == served


def test_groups_of_a_regex_are_put_into_the_new_name() -> None:
    assert Renames({"/gemini-(.*)/": "g-\\1"}).find("gemini-2.5-pro") == "g-2.5-pro"


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_a_literal_pattern_matches_itself_alone(name: str, pattern: str) -> None:
    if is_literal(pattern):
        assert Patterns([pattern]).match(pattern)
        assert Patterns([pattern]).match(name) == (name == pattern)
