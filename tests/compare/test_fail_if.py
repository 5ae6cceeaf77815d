"""The rule of --fail-if: what it understands, where it is wrong, what it says of a replay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.compare.fail_if import HELP, BadRule, parse
from llmgate.errors import LlmgateError
from llmgate.wire.replays import Cell, Matrix
from tests.compare.made import cell, matrix

ORIGINAL = cell(
    similarity=1.0, cost_usd=0.01, ttfb_us=500_000, total_us=2_000_000,
    tokens_per_s=50.0, input_tokens=4_000, output_tokens=1_000,
)  # fmt: skip
RESULT = cell(
    similarity=0.6, cost_usd=0.03, ttfb_us=1_200_000, total_us=2_000_000,
    tokens_per_s=20.0, input_tokens=4_000, output_tokens=1_500, status=201,
)  # fmt: skip
FAILED = Cell(ids=["x"], state="failed", status=500, error="over\nloaded")
REFUSED = Cell(state="refused", error="speaks another protocol")
PENDING = Cell()


@pytest.mark.parametrize(
    ("rule", "breaks"),
    [
        ("similarity<0.8", True),
        ("similarity < 80%", True),
        ("similarity<=.6", True),
        ("similarity<0.6", False),
        ("similarity<0.7x", True),
        ("cost>2x", True),
        ("cost>3x", False),
        ("cost>=3x", True),
        ("cost>$0.02", True),
        ("cost>0.04", False),
        ("COST>0.02usd", True),
        ("ttft>1s", True),
        ("ttfb>1300ms", False),
        ("ttft>2x", True),
        ("total!=2s", False),
        ("total=2s", True),
        ("total==2000ms", True),
        ("tps<25", True),
        ("tps<0.3x", False),
        ("in>4k", False),
        ("in>=4k", True),
        ("out>1.2x", True),
        ("tokens>5.4k", True),
        ("tokens>8k", False),
        ("status!=200", True),
        ("failed", False),
        ("not ok", False),
        ("ok", True),
        ("similarity<0.5 or cost>2x", True),
        ("similarity<0.5 and cost>2x", False),
        ("similarity<0.5 and cost>2x or ttft>1s", True),
        ("similarity<0.5 and (cost>2x or ttft>1s)", False),
        ("not (similarity>=0.7 and cost<1x)", True),
        ("not similarity<0.8", False),
        ("unknown", False),
        ("mean.similarity<0.9", True),
        ("sum.cost>$0.02", True),
        ("mean.cost>2.5x", True),
        ("mean.failed>5%", False),
    ],
)
def test_a_rule_holds_or_not(rule: str, breaks: bool) -> None:
    judged = parse(rule).judge(matrix([ORIGINAL, RESULT]))

    assert bool(judged.broken) == breaks
    assert judged.unjudged == []
    assert parse(rule).broken_by(matrix([ORIGINAL, RESULT])) == judged.broken


def test_what_breaks_a_rule_is_named_with_its_figures() -> None:
    broken = parse("similarity<0.8 or cost>2x or ttft>1m").broken_by(matrix([ORIGINAL, RESULT]))

    assert broken == [
        's0 "request 0" at p1/m: similarity is 0.6 (the rule: <0.8);'
        " cost is $0.03 (the rule: >2x of $0.01)"
    ]


def test_every_result_of_every_request_is_judged() -> None:
    good = cell(similarity=0.95)
    broken = parse("similarity<0.8").broken_by(
        matrix([ORIGINAL, good, RESULT], [ORIGINAL, RESULT, good])
    )

    assert [line.partition(":")[0] for line in broken] == [
        's1 "request 1" at p1/m',
        's0 "request 0" at p2/m',
    ]


def test_an_answer_that_failed_or_was_refused_is_not_like_the_original() -> None:
    found = matrix([ORIGINAL, FAILED], [ORIGINAL, REFUSED], [ORIGINAL, PENDING])
    judged = parse("similarity<0.8").judge(found)

    assert judged.broken == [
        's0 "request 0" at p1/m (500 over⏎loaded): similarity is 0 (the rule: <0.8)',
        's1 "request 1" at p1/m (speaks another protocol): similarity is 0 (the rule: <0.8)',
    ]
    assert judged.unjudged == [
        's2 "request 2" at p1/m: similarity is unknown, so `similarity<0.8` cannot be judged'
    ]
    assert len(parse("failed").broken_by(found)) == 2
    assert len(parse("not ok").broken_by(found)) == 2
    assert parse("mean.failed>50%").broken_by(found)


def test_one_failure_of_several_tries_is_a_failure() -> None:
    twice = cell(ids=["x", "y"], ok=1, similarity=0.9)

    assert parse("failed").broken_by(matrix([ORIGINAL, twice]))


def test_what_is_not_known_breaks_nothing_and_is_told() -> None:
    unpriced = cell(similarity=0.9)
    judged = parse("cost>2x").judge(matrix([ORIGINAL, unpriced]))

    assert judged.broken == []
    assert judged.unjudged == [
        's0 "request 0" at p1/m: cost is unknown, so `cost>2x` cannot be judged'
    ]
    judged = parse("cost>2x").judge(matrix([unpriced, RESULT]))
    assert "the original's cost is unknown" in judged.unjudged[0]
    assert parse("cost>$0.02").broken_by(matrix([unpriced, RESULT]))


def test_what_is_not_known_breaks_a_rule_that_says_so() -> None:
    unpriced = cell(similarity=0.9)
    rule = parse("cost>2x or unknown")

    assert rule.broken_by(matrix([ORIGINAL, unpriced])) == [
        's0 "request 0" at p1/m: cost is unknown'
    ]
    assert rule.broken_by(matrix([ORIGINAL, ORIGINAL])) == []


def test_what_is_not_known_matters_only_where_it_decides() -> None:
    unpriced = cell(similarity=0.6)
    found = matrix([ORIGINAL, unpriced])

    assert parse("cost>2x or similarity<0.8").broken_by(found)
    assert parse("cost>2x and similarity<0.5").judge(found).unjudged == []
    assert parse("cost>2x and similarity<0.8").judge(found).unjudged
    assert parse("not cost>2x").judge(found).unjudged


def test_a_mean_without_some_of_the_requests_says_so() -> None:
    found = matrix([ORIGINAL, RESULT], [ORIGINAL, cell(similarity=1.0)])
    judged = parse("mean.cost>$1").judge(found)

    assert judged.broken == []
    assert judged.unjudged == ["all requests at p1/m: mean.cost is that of 1 requests of 2"]
    assert parse("sum.cost>1x").judge(found).broken  # over those that are known


def test_means_and_results_can_be_asked_for_together() -> None:
    found = matrix([ORIGINAL, RESULT], [ORIGINAL, cell(similarity=0.9)])
    broken = parse("mean.similarity<0.8 and similarity<0.7").broken_by(found)

    assert len(broken) == 1
    assert "mean.similarity is 0.75 (the rule: <0.8); similarity is 0.6" in broken[0]


@pytest.mark.parametrize(
    ("rule", "column", "wanted"),
    [
        ("", 1, "expected a figure: similarity"),
        ("   ", 1, "expected a figure"),
        ("foo<1", 1, "expected a figure"),
        ("max.cost>1", 1, "expected a figure"),
        ("similarity", 11, "expected a comparison after `similarity`"),
        ("similarity<", 12, "expected a number, like 0.8 or 80%"),
        ("similarity<x", 12, "expected a number"),
        ("similarity<2s", 12, "`similarity` is written like 0.8"),
        ("ttft>2", 6, "`ttft` is written like 800ms or 2s"),
        ("cost>2kg", 6, "`cost` is written like 0.05"),
        ("cost>$2x", 6, "`cost` is written like"),
        ("status>2x", 8, "`status` is no multiple of the original's"),
        ("(similarity<1", 14, "expected `)`"),
        ("similarity<1)", 13, "expected `and`, `or` or the end"),
        ("similarity<1 cost>2", 14, "expected `and`, `or` or the end"),
        ("similarity<1 or", 16, "expected a figure"),
        ("not", 4, "expected a figure"),
        ("similarity<1 & cost>2", 14, "this is no part of a rule"),
        ("similarity<1e5", 12, "`similarity` is written like"),
        ("(" * 60 + "failed" + ")" * 60, 52, "too many brackets"),
        ("failed or " * 200 + "ok", 1_001, "at most 1,000 characters"),
    ],
)
def test_what_is_wrong_with_a_rule_is_shown_at_its_place(
    rule: str, column: int, wanted: str
) -> None:
    with pytest.raises(BadRule) as caught:
        parse(rule)

    assert wanted in caught.value.message
    assert caught.value.column == column
    *_, shown, caret = str(caught.value).split("\n")
    assert caret.endswith("^")
    assert isinstance(caught.value, LlmgateError)
    at = len(caret) - 3
    assert shown[2:][at : at + 3] == rule[column - 1 : column + 2][: len(shown) - 2 - at]


@given(rule=st.text(max_size=40) | st.text("simlarty<>=0.8x%$ ()ornd", max_size=40))
def test_any_text_is_a_rule_or_a_bad_rule(rule: str) -> None:
    try:
        found = parse(rule)
    except BadRule as error:
        lines = str(error).split("\n")
        assert len(lines) == 3
        assert all(" " <= character <= "~" for character in lines[1])
    else:
        found.judge(matrix([ORIGINAL, RESULT]))


def test_the_help_shows_rules_that_can_be_read() -> None:
    for rule in ("similarity<0.8", "cost>2x", "ttft>2s", "total>1.5x", "tps<20", "status!=200"):
        assert rule in HELP
        parse(rule)


def test_more_lines_than_anyone_reads_are_cut() -> None:
    many = matrix(*[[ORIGINAL, RESULT]] * 800)
    broken = parse("similarity<0.8").broken_by(many)

    assert len(broken) == 501
    assert broken[-1] == "and 300 more"


def test_a_replay_of_nothing_breaks_nothing() -> None:
    nothing: Matrix = matrix(columns=["original", "p/m"])

    assert parse("similarity<0.8").judge(nothing).broken == []
    assert parse("mean.similarity<0.8").judge(nothing).broken == []
