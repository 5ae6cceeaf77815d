"""A config whose secrets are replaced is read as YAML all the same."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.config.credentials import Scrubber
from llmgate_tui.sealed import readable

STYLES = [
    "keys:\n  ide: {key: %s, limits: {burst: 3}}\n",
    "keys:\n  ide: {limits: {burst: 3}, key: %s}\n",
    'keys:\n  ide: {key: "%s", limits: {burst: 3}}\n',
    "keys:\n  ide:\n    key: %s\n    limits: {burst: 3}\n",
    "keys: {ide: {limits: {burst: 3}, key: %s}}\n",
    "keys:\n  ide: {limits: {burst: 3}, key: x}\n  b: {key: '%s'}\n",
]


@pytest.mark.parametrize("style", STYLES)
@given(st.text("abcdef0123456789-", min_size=12, max_size=40))
def test_the_rest_of_the_file_is_what_it_was(style: str, secret: str) -> None:
    told = Scrubber([("keys.ide", f"s{secret}k")]).scrub_text(style % f"s{secret}k")
    read = msgspec.yaml.decode(readable(told))

    assert read["keys"]["ide"]["limits"] == {"burst": 3}


def test_two_secrets_on_a_line_are_told_apart() -> None:
    text = "keys: {a: {key: {{secret:keys.a}}}, b: {key: {{secret:keys.b}}**}}\n"

    assert msgspec.yaml.decode(readable(text)) == {
        "keys": {"a": {"key": "sealed"}, "b": {"key": "sealed"}}
    }


def test_a_text_without_secrets_is_left_alone() -> None:
    assert readable("a: {b: {{}}}") == "a: {b: {{}}}"


@given(st.lists(st.sampled_from(["{{secret:", "a.b", "}", "{", "*", ",", "\n", '"'])).map("".join))
def test_any_text_keeps_its_lines(text: str) -> None:
    assert readable(text).count("\n") == text.count("\n")
