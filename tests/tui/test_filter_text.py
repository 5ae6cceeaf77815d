"""Terms of the filter language, written for any name."""

import msgspec
import pytest

from llmgate_tui.filter import compile_filter
from llmgate_tui.filter_text import exact, since
from tests.tui import sample

NAMES = [
    "openai",
    "meta-llama/llama-3.3-70b",
    "qwen3-coder:30b",
    "a model with spaces",
    'say "hi"',
    "(odd)|name&",
    "/slash/",
    "~m",
    "-minus",
    "=equals",
    ">4",
    "star*name",
    "b[rack]et",
    "日本語",
    "back\\slash",
    "x" * 700,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_term_finds_its_own_name_and_no_longer_one(name: str) -> None:
    accept = compile_filter(exact("model", name), now_ms=0)
    row = sample.exchanges(1)[0]

    assert accept is not None
    assert accept(msgspec.structs.replace(row, model=name))
    assert not accept(msgspec.structs.replace(row, model=f"not-{name}"))


def test_no_name_finds_those_without_one() -> None:
    accept = compile_filter(exact("key", ""), now_ms=0)
    row = sample.exchanges(1)[0]

    assert accept is not None
    assert accept(msgspec.structs.replace(row, key=""))
    assert not accept(msgspec.structs.replace(row, key="ide"))


@pytest.mark.parametrize(
    ("age_ms", "text"),
    [
        (0, "since:1m"),
        (90_000, "since:2m"),
        (86_400_000, "since:1440m"),
        (7 * 86_400_000, "since:168h"),
    ],
)
def test_an_age_reaches_back_to_the_moment(age_ms: int, text: str) -> None:
    assert since(1_000_000_000_000, 1_000_000_000_000 + age_ms) == text
    assert compile_filter(text, now_ms=0) is not None
