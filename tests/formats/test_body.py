"""Glancing at a request body, and renaming its model without touching another byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.errors import BadRequest
from llmgate.formats.body import Glance, glance, rename_model


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"model":"a","stream":true,"tools":[{}]}', Glance("a", True, True)),
        (b' {"messages":[{"model":"no"}], "model" : "a" } ', Glance("a", None, False)),
        (b'{"model":5,"stream":"yes","tools":[ ]}', Glance(None, None, False)),
        (b'{"model":null,"stream":1,"tools":[1]}', Glance(None, None, True)),
        (b'{"model":"a","x":"\\ud83d ","stream":false}', Glance("a", False, False)),
        (b'{"model":7,"x":"\\ud83d "}', Glance(None, None, False)),
        ('{"model":"modèle 😀"}'.encode(), Glance("modèle 😀", None, False)),
        (b"{}", Glance()),
    ],
)
def test_a_glance_sees_the_top_level(body: bytes, expected: Glance) -> None:
    assert glance(body) == expected


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no body"),
        (b'{"model":"a",}', "trailing comma in object (byte 13)"),
        (b'{"model":"a"', "byte 12"),
        (b'{"model":"a"} x', "byte 15"),
        (b'{"x":NaN}', "byte 5"),
        (b'{"x":"\xff"}', "not UTF-8: invalid bytes at byte 6"),
        (b'{"x":"\xed\xa0\x80"}', "not UTF-8"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"x":"\\ud83d ",}', "trailing comma in object (byte 15)"),
        (b'{"a":' + b"[" * 256 + b"]" * 256 + b"}", "too deeply"),
        (b"[" * 100_000, "not a JSON object"),
        (b'{"a":' * 100_000, "too deeply"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(body: bytes, says: str) -> None:
    with pytest.raises(BadRequest, match="the request") as raised:
        glance(body)

    assert says in raised.value.message


def test_nesting_up_to_the_limit_passes_and_brackets_in_strings_do_not_count() -> None:
    deep = b'{"a":' + b"[" * 255 + b"]" * 255 + b"}"
    text = b'{"model":"a","x":"' + b'[{\\"' * 1000 + b'"}'

    assert glance(deep) == Glance()
    assert glance(text).model == "a"


@pytest.mark.parametrize(
    ("body", "renamed"),
    [
        (b'{"model":"a"}', b'{"model":"NEW"}'),
        (
            b'{"zeta":1.0,"model":"alias","messages":[{"content":"caf\\u00e9 \\ud83d x"}]'
            b',"big":123456789012345678901234567890,"e":1e2}',
            b'{"zeta":1.0,"model":"NEW","messages":[{"content":"caf\\u00e9 \\ud83d x"}]'
            b',"big":123456789012345678901234567890,"e":1e2}',
        ),
        (b'{"m":[{"model":"no"}],"model":"a"}', b'{"m":[{"model":"no"}],"model":"NEW"}'),
        (b'{"x":"\\"model\\":\\"y\\"","model":"a"}', b'{"x":"\\"model\\":\\"y\\"","model":"NEW"}'),
        (b'\n{ "model" :\t"a"\r\n}\n', b'\n{ "model" :\t"NEW"\r\n}\n'),
        (b'{"mod\\u0065l":"a"}', b'{"mod\\u0065l":"NEW"}'),
        (b'{"a":1,"a":2,"model":"a"}', b'{"a":1,"a":2,"model":"NEW"}'),
        (b'{"a":1,"a":1,"model":1}', b'{"a":1,"a":1,"model":"NEW"}'),
        (b'{"a":"x","model":"y","a":"x"}', b'{"a":"x","model":"NEW","a":"x"}'),
        (b'{"model":"x","model" : "y"}', b'{"model":"NEW","model" : "NEW"}'),
        (b'{"a":1,"model":null,"a":"\\ud83d"}', b'{"a":1,"model":"NEW","a":"\\ud83d"}'),
        (b'{"x":"model","y":{"model":"a"}}', b'{"x":"model","y":{"model":"a"}}'),
        (b'{"a":1,"a":{"model":"n"}}', b'{"a":1,"a":{"model":"n"}}'),
        (b"{}", b"{}"),
        (b"{broken", b"{broken"),
    ],
)
def test_only_the_value_of_the_top_level_model_changes(body: bytes, renamed: bytes) -> None:
    assert rename_model(body, "NEW") == renamed


def test_a_new_name_is_written_as_json() -> None:
    assert rename_model(b'{"model":"a"}', 'x"\\é') == '{"model":"x\\"\\\\é"}'.encode()


KEYS: st.SearchStrategy[str] = st.sampled_from(
    ["model", "stream", "a", "é", '"', "\\", "mode", "model "]
) | st.text(max_size=4)
VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(
    st.lists(st.tuples(KEYS, VALUES), max_size=6),
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n")]),
)
def test_renaming_is_a_splice_whatever_the_body(
    pairs: list[tuple[str, object]], ascii_only: bool, marks: tuple[str, str]
) -> None:
    def write(new: str | None) -> bytes:
        rows = []
        for key, value in pairs:
            scalar = new is not None and key == "model" and not isinstance(value, (list, dict))
            text = new if scalar else json.dumps(value, ensure_ascii=ascii_only, separators=marks)
            rows.append(f"{json.dumps(key, ensure_ascii=ascii_only)}{marks[1]}{text}")
        return ("{" + marks[0].join(rows) + "}").encode(errors="replace")

    repeated = len({key for key, _ in pairs}) < len(pairs)
    nested = any(key == "model" and isinstance(value, (list, dict)) for key, value in pairs)
    if nested and not repeated:
        return  # such a value is replaced whole: proved above

    assert rename_model(write(None), "NEW") == write('"NEW"')


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        seen = glance(body)
    except BadRequest:
        return

    assert isinstance(json.loads(body), dict)
    assert seen == glance(body)
