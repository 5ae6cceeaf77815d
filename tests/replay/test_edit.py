"""Fields of a recorded request are set; the rest stays byte for byte."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.replay.edit import BadEdit, check, edited

NAMES = st.text(alphabet="abc_", min_size=1, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def fields(**values: object) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in values.items()}


def test_nothing_set_is_the_very_same_body() -> None:
    body = b'{ "a" : 1 , "b":[ ] }'

    assert edited(body, {}) is body


@given(
    body=st.dictionaries(NAMES, JSON, max_size=4),
    path=st.lists(NAMES, min_size=1, max_size=3),
    value=JSON,
)
def test_setting_does_what_it_does_to_plain_objects(
    body: dict[str, Any], path: list[str], value: object
) -> None:
    name = ".".join(path)
    expected = json.loads(json.dumps(body))
    try:
        made = json.loads(edited(json.dumps(body).encode(), fields(**{name: value})))
    except BadEdit:
        with pytest.raises(TypeError):
            put(expected, path, value)
    else:
        assert made == put(expected, path, value)


def put(value: Any, path: list[str], new: object) -> Any:
    """The same with dictionaries; raises TypeError where there is none."""
    if not isinstance(value, dict):
        raise TypeError
    if len(path) == 1:
        if new is None:
            value.pop(path[0], None)
        else:
            value[path[0]] = new
    elif path[0] in value or new is not None:
        value[path[0]] = put(value.get(path[0], {}), path[1:], new)
    return value


def test_values_that_are_not_set_keep_their_bytes() -> None:
    body = b'{"seed":1e400,"n":10000000000000000000001,"text":"\\u00e4","t":0.10, "model":"m"}'

    made = edited(body, fields(model="n"))

    assert (
        made == b'{"seed":1e400,"n":10000000000000000000001,"text":"\\u00e4","t":0.10,"model":"n"}'
    )


def test_items_of_lists_are_set_and_taken_away_by_their_number() -> None:
    body = b'{"messages":[{"content":"a"},{"content":"b"}],"stop":["x","y"]}'
    given_fields = {**fields(**{"messages.1.content": "c"}), **fields(**{"stop.0": None})}

    assert json.loads(edited(body, given_fields)) == {
        "messages": [{"content": "a"}, {"content": "c"}],
        "stop": ["y"],
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("messages.2.content", "a list of 1 has no '2'"),
        ("messages.-1", "has no '-1'"),
        ("messages.first", "has no 'first'"),
        ("model.name", "nothing named 'name' in a text"),
        ("n.x", "in a number"),
        ("flag.x", "in true, false or null"),
    ],
)
def test_a_place_that_is_not_there_is_named(name: str, words: str) -> None:
    body = b'{"messages":[{"content":"a"}],"model":"m","n":1,"flag":true}'

    with pytest.raises(BadEdit, match="cannot be set") as found:
        edited(body, fields(**{name: 1}))
    assert words in str(found.value)


def test_half_an_emoji_does_not_stand_in_the_way() -> None:
    body = b'{"messages":[{"content":"cut \\ud83d here"}],"temperature":1}'

    made = json.loads(edited(body, fields(temperature=0)))

    assert made["temperature"] == 0
    assert made["messages"][0]["content"].startswith("cut ")


def test_a_body_that_is_no_json_is_refused() -> None:
    for body in (b"{", b"", b"[" * 100_000, b'{"a": nan}'):
        with pytest.raises(BadEdit):
            edited(body, fields(a=1))


@pytest.mark.parametrize("name", ["", ".", "a.", ".a", "a..b", "x" * 201])
def test_a_name_that_names_nothing_is_refused(name: str) -> None:
    with pytest.raises(BadEdit, match="names no field"):
        check(fields(**{name: 1}))


def test_no_more_is_set_than_anybody_means() -> None:
    with pytest.raises(BadEdit, match="at most 64"):
        check({str(n): msgspec.Raw(b"1") for n in range(65)})
    with pytest.raises(BadEdit, match="over 1 MB"):
        check({"a": msgspec.Raw(b'"' + b"x" * 1_000_001 + b'"')})
