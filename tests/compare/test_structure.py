"""JSON compared as JSON: where it differs, by the deepest path that can be named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.compare.answers import ToolUse
from llmgate.compare.json_value import NoJson, pretty, read_json, same
from llmgate.compare.structure import agreement, changes
from llmgate.compare.text_likeness import text_likeness
from llmgate.compare.tool_diffs import MAX_CALLS, MAX_CHANGES, tool_diffs
from llmgate.wire.compare import ToolDiff

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.text("ab"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab.[", max_size=2), inner),
    max_leaves=12,
)


def told(left: Any, right: Any) -> list[tuple[str, str | None, str | None]]:
    return [(change.path, change.left, change.right) for change in changes(left, right)]


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        (
            {"location": {"city": "Bonn", "zip": 1}},
            {"location": {"zip": 1, "city": "Köln"}},
            [("location.city", '"Bonn"', '"Köln"')],
        ),
        ({"items": [{"id": 1}, {"id": 2}]}, {"items": [{"id": 1}, {"id": 3}]}, None),
        ({"a": 1}, {"a": 1, "b": [2]}, [("b", None, "[2]")]),
        ({"a": 1, "b": None}, {"a": 1}, [("b", "null", None)]),
        ({"a": None}, {"a": 0}, [("a", "null", "0")]),
        ({"days": [1, 2, 3]}, {"days": [0, 1, 2, 3]}, [("days[0]", None, "0")]),
        ({"days": [1, 2, 3]}, {"days": [1, 3]}, [("days[1]", "2", None)]),
        ({"a b": 1, "": 2}, {"a b": 2, "": 1}, [('["a b"]', "1", "2"), ('[""]', "2", "1")]),
        ([], {}, [("$", "[]", "{}")]),
        ({"n": 1}, {"n": 1.0}, []),
        ({"n": 1}, {"n": True}, [("n", "1", "true")]),
        ({"n": 0}, {"n": False}, [("n", "0", "false")]),
        ({"n": "1"}, {"n": 1}, [("n", '"1"', "1")]),
    ],
)
def test_changes_are_named_by_their_path(left: Any, right: Any, wanted: Any) -> None:
    assert told(left, right) == (wanted or ([] if wanted == [] else [("items[1].id", "2", "3")]))


@given(value=JSON)
def test_a_value_differs_nowhere_from_itself_written_in_another_order(value: Any) -> None:
    turned = json.loads(json.dumps(value, sort_keys=True))

    assert told(value, turned) == []
    assert same(value, turned)
    assert agreement(value, turned, text_likeness) == 1.0


@given(a=JSON, b=JSON)
def test_values_differ_somewhere_unless_they_are_equal(a: Any, b: Any) -> None:
    assert bool(told(a, b)) != same(a, b)
    assert 0.0 <= agreement(a, b, text_likeness) <= 1.0
    assert (agreement(a, b, text_likeness) == 1.0) == same(a, b)


@given(a=JSON, b=JSON)
def test_agreement_is_the_same_in_both_directions(a: Any, b: Any) -> None:
    assert agreement(a, b, text_likeness) == pytest.approx(agreement(b, a, text_likeness))


def test_what_is_not_a_number_equals_itself() -> None:
    assert same(read_json("[NaN, Infinity]"), read_json("[NaN,Infinity]"))
    assert "NaN" in pretty(read_json('{"a": NaN}'))


@pytest.mark.parametrize("text", ["", "{", "{}x", "[" * 70 + "]" * 70, "[" * 90_000, "9" * 9_000])
def test_what_cannot_be_walked_is_no_json(text: str) -> None:
    with pytest.raises(NoJson):
        read_json(text)


def test_of_keys_that_are_given_twice_the_last_one_counts() -> None:
    assert told(read_json('{"a": 1, "a": 2}'), read_json('{"a": 2}')) == []


def test_half_an_emoji_can_be_written() -> None:
    assert pretty(read_json('{"a": "\\ud83d"}')).encode() == '{\n  "a": "\ufffd"\n}'.encode()


def diffs(left: list[tuple[str, Any]], right: list[tuple[str, Any]]) -> list[ToolDiff]:
    def uses(calls: list[tuple[str, Any]]) -> list[ToolUse]:
        return [
            ToolUse(name, given if isinstance(given, str) else json.dumps(given), f"id{n}")
            for n, (name, given) in enumerate(calls)
        ]

    return tool_diffs(uses(left), uses(right))


def names(found: list[ToolDiff]) -> list[tuple[str, str]]:
    return [(one.left_name, one.right_name) for one in found]


def test_equal_calls_are_the_same_whatever_their_ids_and_orders_of_keys() -> None:
    found = diffs([("read", '{"a":1,"b":[1.0]}')], [("read", '{ "b": [1], "a": 1 }')])

    assert found[0].same
    assert not found[0].changes
    assert found[0].left == '{\n  "a": 1,\n  "b": [\n    1.0\n  ]\n}'
    assert found[0].right == '{\n  "a": 1,\n  "b": [\n    1\n  ]\n}'  # in the order of the left


def test_calls_are_paired_by_what_they_say_before_where_they_stand() -> None:
    found = diffs([("read", {"p": 1}), ("read", {"p": 2})], [("read", {"p": 2})])

    assert names(found) == [("read", ""), ("read", "read")]
    assert [one.same for one in found] == [False, True]


def test_calls_in_another_order_find_each_other() -> None:
    found = diffs(
        [("read", {"p": "a"}), ("run", {"c": "ls"})], [("run", {"c": "ls"}), ("read", {"p": "b"})]
    )

    assert sorted(names(found)) == [("read", "read"), ("run", "run")]


def test_the_same_asked_of_a_tool_by_another_name_is_one_pair() -> None:
    found = diffs([("search", {"q": "cats"})], [("web_search", {"q": "cats"})])

    assert names(found) == [("search", "web_search")]
    assert not found[0].same
    assert diffs([("search", {"q": "cats"})], [("mail", {"to": "me"})]) != found


def test_a_call_that_only_one_side_made_stands_where_it_was_made() -> None:
    found = diffs([("a", {}), ("c", {})], [("a", {}), ("b", {"x": 1}), ("c", {})])

    assert names(found) == [("a", "a"), ("", "b"), ("c", "c")]
    assert found[1].right == '{\n  "x": 1\n}'


def test_arguments_that_are_no_json_are_shown_as_they_are() -> None:
    found = diffs([("read", '{"p": ')], [("read", '{"p": 1}')])

    assert found[0].left == '{"p": '
    assert [(one.path, one.left, one.right) for one in found[0].changes] == [
        ("$", '{"p": ', '{"p": 1}')
    ]


def test_what_would_be_too_much_to_show_is_cut() -> None:
    left, right = {"n": list(range(5_000))}, {"n": [n + 1 for n in range(5_000)]}
    found = diffs([("read", {**left, "t": "x" * 9_000})], [("read", {**right, "t": "y" * 9_000})])
    many = diffs([("read", {})] * (MAX_CALLS + 5), [("read", {})] * 3)

    assert len(found[0].changes) == MAX_CHANGES
    assert found[0].changes_cut
    assert len(many) == MAX_CALLS


def test_a_hundred_thousand_elements_are_compared() -> None:
    left, right = list(range(100_000)), [*range(50_000), "x", *range(50_001, 100_000)]

    assert told(left, right) == [("[50000]", "50000", '"x"')]
    assert 0.9999 > agreement(left, right, text_likeness) > 0.99
