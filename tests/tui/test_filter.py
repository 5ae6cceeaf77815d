"""The filter language of the traffic list."""

import sqlite3
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmgate.store.filters import Filter as StoreFilter
from llmgate.store.filters import conditions
from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.filter import compile_filter, parse_filter
from llmgate_tui.filter_terms import FIELDS, FilterProblem
from llmgate_tui.filter_time import moment_ms
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
        "since:26h until:1s",
        "since:today",
        "since:yesterday",
        "since:2026-11-21",
        'since:"2026-11-21 12:00"',
        "since:2026-11-21T12:03:30 until:12:04",
        "until:12:04:31",
        "-limit:ide",
        "repeat:0",
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
        ("state:queued", {"state": "queued"}),
        ("state:live", {"state": "queued"}),
        ("queued:>2s", {"queued_us": 2_400_000}),
        ("repeat:>3", {"repeat": 4}),
        ("limit:budget", {"limited_by": "key ide: budget_usd_per_day"}),
        ('limit:"key ide: budget"', {"limited_by": "key ide: budget_usd_per_day"}),
        ("until:yesterday", {"started_ms": NOW - 3 * 86_400_000}),
        ("since:yesterday until:today", {"started_ms": NOW - 20 * 3_600_000}),
    ],
)
def test_a_filter_reads_every_field_of_the_row(text: str, changes: dict[str, object]) -> None:
    assert holds(text, **changes)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("tag:", 4, "needs a value"),
        ("tag:>3", 5, "compare"),
        ('text:""', 5, "needs a value"),
        ("body:", 5, "needs a value"),
        ('h:""', 2, "needs a value"),
        ("body:" + "x" * 201, 5, "longer than 200"),
        ("until:later", 6, "yesterday"),
        ("since:2026-13-01", 6, "2026-11-20"),
        ("since:25:00", 6, "14:30"),
        ("claude mdoel:x", 7, "did you mean model:?"),
        ("qwen3:8b", 0, 'quote it to search: "qwen3:8b"'),
        ("ttft:>500", 6, "say the unit"),
        ("ttft:>fast", 6, "not a time"),
        ("status:many", 7, "not a number"),
        ("cost:>2x", 6, "no unit"),
        ("state:sleepy", 6, "one of"),
        ("since:5", 6, "5m, 26h"),
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


def in_berlin(at_ms: int) -> time.struct_time:
    zone = ZoneInfo("Europe/Berlin")
    return datetime.fromtimestamp(at_ms / 1000, zone).timetuple()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today", "2026-11-21T00:00+01:00"),
        ("yesterday", "2026-11-20T00:00+01:00"),
        ("2026-10-25", "2026-10-25T00:00+02:00"),  # the day the clocks go back
        ("2026-10-26", "2026-10-26T00:00+01:00"),
        ("2026-03-29 04:00", "2026-03-29T04:00+02:00"),  # the day they go forward
        ("9:05", "2026-11-21T09:05+01:00"),
        ("26h", "2026-11-20T10:04:31Z"),
        ("1w", "2026-11-14T12:04:31Z"),
    ],
)
def test_moments_are_those_of_the_local_calendar(text: str, moment: str) -> None:
    wanted = datetime.fromisoformat(moment).timestamp() * 1000

    assert moment_ms(text, NOW, in_berlin) == wanted


@pytest.mark.parametrize(
    "text", ["", "5", "soon", "99999-01-01", "2026-00-01", "24:00", "1e3d", "-5m", "٣m"]
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment_ms(text, NOW, in_berlin) is None


def test_terms_that_only_the_store_can_answer_fill_up_as_it_does() -> None:
    found = parse_filter('body:"hello there" ~h x-team=a claude', now_ms=NOW)
    assert found is not None
    assert [(deep.kind, deep.text) for deep in found.deep] == [
        ("body", "hello there"),
        ("header", "x-team=a"),
    ]
    assert not found.accept(row())
    for deep in found.deep:
        deep.found.add("ex_1")

    assert found.accept(row())
    assert found.needed == found.deep


@pytest.mark.parametrize("text", ["body:x or claude", "-body:x", "(body:x | err) claude"])
def test_what_may_get_through_without_the_store_does_not_need_it(text: str) -> None:
    found = parse_filter(text, now_ms=NOW)

    assert found is not None
    assert len(found.deep) == 1
    assert found.needed == ()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("err since:1h", {"error_type": "*", "since_ms": str(NOW - 3_600_000)}),
        ("model:ab provider:=x", {"model": "*[aA][bB]*", "provider": "[xX]"}),
        ("model:a*", {"model": "[aA]*"}),
        ("model:(a, =b)", {"model": "*[aA]*,[bB]"}),
        ('limit:"key a"', {"limited": "*[kK][eE][yY] [aA]*"}),
        (
            "status:>=400 state:ok cost:>0.5",
            {"status": ">=400", "state": "finished", "min_cost": "0.5"},
        ),
        ("model:a or model:b", {}),
        ("-model:a", {}),
        ("model:/x/ path:/v1 ttft:>2s word", {}),
        ("model:(a, /b/)", {}),
        ("model:" + "a" * 60, {}),
    ],
)
def test_the_store_is_asked_for_what_the_filter_says(text: str, query: dict[str, str]) -> None:
    found = parse_filter(text, now_ms=NOW)

    assert found is not None
    assert found.query == query


def stored(rows: list[ExchangeSummary], query: dict[str, str]) -> set[str]:
    """The ids that the gateway's store answers a query with."""
    names = ExchangeSummary.__struct_fields__
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE TABLE exchanges ({', '.join(names)})")
    holes = ", ".join("?" * len(names))
    values = [[getattr(each, name) for name in names] for each in rows]
    db.executemany(f"INSERT INTO exchanges VALUES ({holes})", values)
    clause, bound = conditions(stored_filter(query))
    found = db.execute(f"SELECT id FROM exchanges WHERE {clause or 1}", bound).fetchall()
    db.close()
    return {id_ for (id_,) in found}


def stored_filter(query: dict[str, str]) -> StoreFilter:
    return msgspec.convert(query, type=StoreFilter, strict=False)


WORDS = [
    "claude",
    "CLAUDE*",
    "=gpt-5.1",
    '"fast"',
    "a?der",
    "(groq, open*)",
    "x[y",
    "é",
    "/a/",
    "*",
]
TERMS = st.one_of(
    st.tuples(
        st.sampled_from(
            ["model", "served", "provider", "route", "key", "client", "session", "path"]
        ),
        st.sampled_from(WORDS),
    ).map(":".join),
    st.sampled_from(["err", "err:limit", "state:ok", "state:error", "state:live", "state:cut"]),
    st.sampled_from(["status:4xx", "status:429", "status:>=400", "status:<300", "cost:>0.01"]),
    st.sampled_from(["marked", "tag:slow", "tag:s*", "tag:(slow, x)", "tag", "note", "note:WHY"]),
    st.sampled_from(["note:é", "replay:rp*", "~replay", "replay:RP_12", "parent:ex", "parent"]),
    st.sampled_from(["since:2m", "until:1m", "since:today", "limit:key", "-err", "body:x or err"]),
)


@given(st.lists(TERMS, min_size=1, max_size=4))
def test_the_store_never_leaves_out_what_the_filter_lets_through(terms: list[str]) -> None:
    said: list[dict[str, object]] = [
        {},
        {"marked": True},
        {"tags": "Slow,x"},
        {"note": "Why é"},
        {"replay": "rp_12"},
    ]
    rows = [
        msgspec.structs.replace(row, **said[at % 5], parent="ex_1" if at % 5 == 4 else "")
        for at, row in enumerate(sample.exchanges(60))
    ]
    found = parse_filter(" ".join(terms), now_ms=NOW)
    assert found is not None

    answered = stored(rows, found.query)
    assert {each.id for each in rows if found.accept(each)} <= answered


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
