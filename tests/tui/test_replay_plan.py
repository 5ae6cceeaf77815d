"""The form of the Replay screen without a screen: what is typed, what is sent, what is refused."""

import msgspec
import pytest

from llmgate.wire.replays import ReplaySpec, ReplayTarget
from llmgate_tui.replay_plan import (
    SETTINGS,
    Plan,
    changed,
    check,
    check_other,
    check_target,
    nudged,
    packed,
    plan_of,
    shown,
    spec_of,
    text_of,
    unpacked,
    with_item,
)

FULL = Plan(
    targets=("groq/meta-llama/llama-3.3", "local", "routes", "routes/fast"),
    times="3",
    concurrency="4",
    temperature="0",
    max_tokens="200",
    others=("seed=7", "reasoning.effort=low", "user=null", 'stop=["a b"]'),
    timing="x2.5",
    limit_usd="0.5",
)


def test_everything_typed_is_sent() -> None:
    spec = spec_of(FULL, ["a", "b"], {"openai.chat"})

    assert spec.ids == ["a", "b"]
    assert spec.targets == [
        ReplayTarget(provider="groq", model="meta-llama/llama-3.3"),
        ReplayTarget(provider="local"),
        ReplayTarget(),
        ReplayTarget(model="fast"),
    ]
    assert (spec.times, spec.concurrency, spec.limit_usd) == (3, 4, 0.5)
    assert (spec.timing, spec.speed) == ("recorded", 2.5)
    assert {key: msgspec.json.decode(raw) for key, raw in spec.set.items()} == {
        "temperature": 0,
        "max_tokens": 200,
        "seed": 7,
        "reasoning.effort": "low",
        "user": None,
        "stop": ["a b"],
    }


def test_what_is_left_alone_is_not_sent() -> None:
    assert spec_of(Plan(), ["a"]) == ReplaySpec(ids=["a"])


@pytest.mark.parametrize(
    ("protocols", "field"),
    [
        ({"openai.responses"}, "max_output_tokens"),
        ({"openai.chat"}, "max_tokens"),
        ({"openai.responses", "openai.chat"}, "max_tokens"),
    ],
)
def test_the_length_of_an_answer_goes_by_its_protocols_name(
    protocols: set[str], field: str
) -> None:
    assert list(spec_of(Plan(max_tokens="9"), [], protocols).set) == [field]


def test_a_spec_becomes_the_form_it_came_from() -> None:
    spec = msgspec.json.decode(
        msgspec.json.encode(spec_of(FULL, ["a"], {"openai.chat"})), type=ReplaySpec
    )

    assert spec_of(plan_of(spec), ["a"], {"openai.chat"}) == spec
    assert plan_of(ReplaySpec()) == Plan()


def test_the_form_outlives_a_start_unless_it_is_not_understood() -> None:
    assert unpacked(packed(FULL)) == FULL
    assert unpacked("") == Plan()
    assert unpacked('{"times": "many"}') == Plan()
    assert unpacked('{"others": ["nothing"]}') == Plan()
    assert unpacked("[1") == Plan()


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("times", ["1", "100"], ["", "0", "101", "x", "1.5", "²"]),
        ("concurrency", ["32"], ["33", "-1"]),
        ("temperature", ["", "0", "0.7"], ["hot", "-1", "NaN"]),
        ("max_tokens", ["", "200"], ["0", "1e3"]),
        ("timing", ["fast", "recorded", "x2", "x0.5"], ["", "slow", "x", "x0", "xinf", "2x"]),
        ("limit_usd", ["", "0.5", "$0.50"], ["0", "$", "1,5", "-3"]),
    ],
)
def test_values_are_checked(field: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if check(field, value)] == []
    assert [value for value in bad if not check(field, value)] == []
    assert all(check(field, value).startswith(SETTINGS[field][0]) for value in bad)


def test_targets_and_fields_are_checked() -> None:
    known = ["groq", "local"]
    assert not check_target("groq/llama", [], known)
    assert not check_target("routes/fast", [], known)
    assert "already" in check_target("groq", ["groq"], known)
    assert "no provider 'grok': groq, local, routes" in check_target("grok/x", [], known)
    assert check_target("", [], known)
    assert not check_other("a=1", ["b=2"])
    assert "already" in check_other("a=1", ["a=2"])
    assert "null takes" in check_other("a=", [])
    assert check_other("a", [])


def test_lists_grow_change_and_shrink() -> None:
    plan = with_item(Plan(), "targets", "", "a")
    plan = with_item(plan, "targets", "", "b")
    assert with_item(plan, "targets", "a", "c").targets == ("c", "b")
    assert with_item(plan, "targets", "a", "").targets == ("b",)
    assert with_item(plan, "targets", "", "") == plan


def test_counts_are_nudged_within_their_bounds() -> None:
    assert nudged(Plan(), "times", -1).times == "1"
    assert nudged(Plan(concurrency="32"), "concurrency", 1).concurrency == "32"
    assert nudged(Plan(), "times", 1).times == "2"
    assert nudged(Plan(), "timing", 1) == Plan()


def test_the_form_says_what_is_usual_in_words() -> None:
    assert shown(Plan(), "timing") == ("as fast as possible", False)
    assert shown(Plan(), "temperature") == ("as recorded", False)
    assert shown(FULL, "timing") == ("as recorded, 2.5 times the speed", True)
    assert shown(FULL, "limit_usd") == ("$0.5", True)
    assert text_of(changed(Plan(), "limit_usd", "$2"), "limit_usd") == "2"
