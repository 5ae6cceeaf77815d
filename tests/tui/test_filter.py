"""The filter language of the traffic list."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.filter import compile_filter
from llmgate_tui.filter_terms import FIELDS, FilterProblem
from tests.tui import sample

NOW = sample.NOON_MS


def row(**changes: object) -> ExchangeSummary:
    fields: dict[str, object] = {
        "id": "ex_1",
        "started_ms": NOW - 60_000,
        "state": "finished",
        "method": "POST",
        "path": "/v1/messages",
        "protocol": "anthropic.messages",
        "status": 200,
        "client": "claude-code",
        "key": "ide",
        "route": "claude",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "served": "claude-sonnet-4-5-20250929",
        "attempts": 1,
        "ttfb_us": 412_000,
        "total_us": 3_100_000,
        "input_tokens": 48_204,
        "output_tokens": 181,
        "cost_usd": 0.0151,
        "finish": "tool_use",
        "tool_calls": 1,
    }
    return ExchangeSummary(**{**fields, **changes})  # type: ignore[arg-type]  # a test's row


def holds(text: str, **changes: object) -> bool:
    predicate = compile_filter(text, now_ms=NOW, marked={"ex_marked"})
    return predicate is None or predicate(row(**changes))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "claude",
        "CLAUDE",
        "sonnet anthropic",
        "model:claude*",
        "model:=claude-sonnet-4-5",
        "model:~^claude",
        "model:/sonnet-4/",
        'model:"sonnet"',
        "model:(gpt, sonnet)",
        "served:2025",
        "status:200",
        "status:2xx",
        "status:(4xx, 200)",
        "status:<400",
        "state:ok",
        "ttft:>400ms",
        "ttft:<=412ms",
        "total:>3s",
        "total:<0.1m",
        "in:>48k",
        "out:=181",
        "cost:>0.01",
        "cost:<$1",
        "tps:>10",
        "tool",
        "tool:1",
        "finish:tool",
        "since:5m",
        "-gpt",
        "!gpt",
        "not gpt",
        "- -claude",
        "gpt or claude",
        "gpt | claude",
        "(gpt or claude) anthropic",
        "claude & anthropic",
        "/son.et/",
        "/v1/messages",
        "path:/v1/messages",
        "path:/v1/",
        "~m POST",
        "~c 200",
        "~u messages",
        "~d anthropic",
        "~s",
        "!~e",
        "key:ide route:claude client:code method:post id:ex_1 protocol:anthropic",
    ],
)
def test_a_filter_lets_the_row_through(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "gpt",
        "-claude",
        "model:gpt*",
        "model:=claude",
        "status:4xx",
        "status:>=400",
        "ttft:>2s",
        "cost:>0.05",
        "in:<1k",
        "cached:>0",
        "retry",
        "err",
        "marked",
        "since:30s",
        "state:(live, error)",
        "claude (gpt or qwen)",
        "~q",
    ],
)
def test_a_filter_holds_the_row_back(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("retry:>1", {"attempts": 3}),
        ("retry", {"attempts": 2}),
        ("err", {"state": "cut"}),
        ("err:timeout", {"state": "failed", "error_type": "upstream_timeout"}),
        ("err:429", {"status": 429}),
        ("~e", {"status": 500}),
        ("marked", {"id": "ex_marked"}),
        ("-marked:no", {"id": "ex_marked"}),
        ("state:live", {"state": "streaming"}),
        ("state:cancelled", {"state": "cancelled"}),
        ("-ttft:>1ms", {"ttfb_us": None}),
        ('"qwen3:8b"', {"model": "qwen3:8b"}),
        ("session:5f2c", {"session": "5f2c-aa"}),
    ],
)
def test_a_filter_reads_every_field_of_the_row(text: str, changes: dict[str, object]) -> None:
    assert holds(text, **changes)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("body:hello", 0, "later"),
        ("h:x-team=a", 0, "later"),
        ("~b hello", 3, "later"),
        ("claude mdoel:x", 7, "did you mean model:?"),
        ("qwen3:8b", 0, 'quote it to search: "qwen3:8b"'),
        ("ttft:>500", 6, "say the unit"),
        ("ttft:>fast", 6, "not a time"),
        ("status:many", 7, "not a number"),
        ("cost:>2x", 6, "no unit"),
        ("state:sleepy", 6, "one of"),
        ("since:5", 6, "since:5m"),
        ("model:", 6, "needs a value"),
        ("model:~[", 7, "regex"),
        ("model:>3", 7, "compare"),
        ("status:~4", 8, "regex"),
        ("status:()", 7, "empty"),
        ("(claude", 0, "not closed"),
        ("claude)", 6, "does not belong"),
        ("claude or", 9, "missing"),
        ('"claude', 0, "not closed"),
        ("status:(4xx", 7, "not closed"),
        ("-", 1, "missing"),
        ("~zz", 0, "not known"),
        ("(" * 50 + "a" + ")" * 50, 40, "too many"),
    ],
)
def test_a_bad_filter_says_what_is_wrong_and_where(text: str, at: int, says: str) -> None:
    with pytest.raises(FilterProblem) as caught:
        compile_filter(text, now_ms=NOW)

    assert (caught.value.at, says in caught.value.message) == (at, True), caught.value.message


PIECES = st.sampled_from(
    [*(f"{field}:" for field in FIELDS), *'()-!|&/"~<>=*, .', "or", "not", "4xx", "2s", "a", "é"]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join)))
@example("model:/")
@example('model:"')
@example("/(")
@example("a:(b")
@example("\\")
def test_any_text_is_a_filter_or_a_problem_inside_the_text(text: str) -> None:
    problems: list[FilterProblem] = []
    predicate = None
    try:
        predicate = compile_filter(text, now_ms=NOW)
    except FilterProblem as problem:
        problems.append(problem)

    assert all(0 <= problem.at <= len(text) for problem in problems)
    assert predicate is None or predicate(row()) in {True, False}


@given(st.lists(st.sampled_from(["claude", "gpt", "status:2xx", "retry", "in:>1k"]), min_size=1))
def test_terms_side_by_side_all_hold(terms: list[str]) -> None:
    together = compile_filter(" ".join(terms), now_ms=NOW)
    alone = [compile_filter(term, now_ms=NOW) for term in terms]

    for each in sample.exchanges(40):
        assert together is not None
        assert together(each) == all(part is None or part(each) for part in alone)
