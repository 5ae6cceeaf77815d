"""Filtering by what is kept of exchanges: marks, tags, notes, replays, words that were said."""

import msgspec
import pytest

from llmgate_tui.filter import compile_filter, parse_filter
from tests.tui import sample

NOW = sample.NOON_MS
PLAIN = sample.exchanges(8)[0]
KEPT = msgspec.structs.replace(
    PLAIN, marked=True, tags="slow,Paris", note="Why so slow?", parent="ex_9", replay="rp_12"
)


@pytest.mark.parametrize(
    ("text", "accepts"),
    [
        ("marked", True),
        ("marked:no", False),
        ("~marked", True),
        ("tag:slow", True),
        ("tag:SLOW", True),
        ("tag:slo", False),
        ("tag:slo*", True),
        ("tag:*", True),
        ("tag:(x, paris)", True),
        ("tag:/^p/", True),
        ("-tag", False),
        ("note", True),
        ("note:slow", True),
        ("comment:slow", True),
        ("~comment why", True),
        ("note:fast", False),
        ("parent:ex_9", True),
        ("replay:rp_12", True),
        ("replay:*", True),
        ("~replay", True),
        ("replay:import", False),
    ],
)
def test_what_is_kept_of_exchanges_can_be_filtered_by(text: str, accepts: bool) -> None:
    accept = compile_filter(text, now_ms=NOW)
    assert accept is not None
    assert accept(KEPT) == accepts
    assert accept(PLAIN) == (text in {"-tag", "marked:no"})


def test_words_are_looked_up_by_the_store_and_quotes_mean_in_a_row() -> None:
    found = parse_filter('text:umbrella -text:sun text:"in a row"', now_ms=NOW)
    assert found is not None
    assert [(deep.kind, deep.text) for deep in found.deep] == [
        ("text", "umbrella"),
        ("text", "sun"),
        ("text", '"in a row"'),
    ]
    assert [deep.text for deep in found.needed] == ["umbrella", '"in a row"']


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("marked", {"marked": "true"}),
        ("-marked", {}),
        ("marked:no", {}),
        ("tag:slow note:why", {"tag": "slow", "note": "why"}),
        ("tag:(a, b)", {"tag": "*"}),
        ("note:/a|b/", {"note": "*"}),
        ("note:Größe", {"note": "*"}),
        ("comment:x", {"note": "x"}),
        ("~replay tag", {"replay": "*", "tag": "*"}),
        ("replay:rp_1", {"replay": "*[rR][pP]_1*"}),
        ("parent:ex_1", {}),
    ],
)
def test_the_store_is_asked_for_what_is_kept(text: str, query: dict[str, str]) -> None:
    found = parse_filter(text, now_ms=NOW)

    assert found is not None
    assert found.query == query
