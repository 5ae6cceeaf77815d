"""Words are taken out of bodies of every shape, and searched for as a person means them."""

import base64
import json
import random

import pytest

from llmgate.store.problems import BadFilter
from llmgate.store.words import (
    MOST_DISTINCT,
    MOST_TEXT,
    folded,
    has_phrases,
    indexable,
    searched,
    text_of,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, WORLD!", ["hello", "world"]),
        ("snake_case-and.dots", ["snake", "case", "and", "dots"]),
        ("Straße CAFÉ naïve", ["strasse", "cafe", "naive"]),
        ("e\u0301 decomposed", ["e", "decomposed"]),
        ("漢字 and かな", ["漢", "字", "and", "か", "な"]),
        ("“quoted”—dash…", ["quoted", "dash"]),
        ("ﬁne ½", ["fine", "1", "2"]),
        ("ПРИВЕТ мир", ["привет", "мир"]),
        ("\ud800lone\udfff", ["lone"]),
        ("\x00nul\x1b[0m", ["nul", "0m"]),
        ("", []),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert words_of(text) == words
    folded(text).encode()  # can be stored


@pytest.mark.parametrize(
    ("body", "has", "lacks"),
    [
        (b'{"role":"user","content":"a \\"needle\\"\\nhere"}', 'a "needle"\nhere', "user"),
        (b'{"content":"\\u00fcber \\ud83d\\ude00"}', "über 😀", "content"),
        (b'{"a":{"b":["deep","er"]}}', "deep\ner", "a"),
        (b'{"id":"msg_123","model":"gpt","text":"said"}', "said", "msg_123"),
        (b'{"cut":"whole","then":"it en', "whole\nit en", "then"),
        (b'{"then":"it is cut \\', "it is cut ", "then"),
        (b'{"a":"line\\nnext","then":"cut \\u00', "line\nnext\ncut ", "then"),
        (b'{"type":["string","null"],"text":"x"}', "x", "null"),
        (b'{"model" : "gpt \\"4\\"","text" : "x","n":1}', "x", "1"),
        (b'{"model":{"text":"in it"}}', "in it", "text"),
        (b'["a","b",":","c"]', "a\nb\n:\nc", ","),
        (b'"content":"a piece"},{"role":"x","content":"next"}', "a piece\nnext", "role"),
        (b'{"data":"%s","text":"after"}' % (b"QUJD" * 500), "after", "QUJD"),
        (
            b'{"url":"data:image/png;base64,%s","text":"x"}' % (b"iVBOR" * 500),
            "x",
            "iVBOR",
        ),
        (b'{"bad":"\\ud800 half","x":"\x01ctl"}', "half", "bad"),
        (b"plain text, not JSON", "plain text, not JSON", "{"),
        (b"\x00\x01\x02binary", "", "binary"),
        (b"", "", "x"),
    ],
)
def test_what_a_body_says_is_taken_out_of_it(body: bytes, has: str, lacks: str) -> None:
    text = text_of(body)

    assert has in text
    assert lacks not in text.split("\n")
    assert has or not text


def test_the_deltas_of_a_stream_are_one_text() -> None:
    def event(**delta: str) -> bytes:
        return b"data: %s\n\n" % json.dumps({"id": "c1", "delta": delta}).encode()

    stream = b"".join(
        (
            event(thinking="I won"),
            event(thinking="der"),
            event(text="A nee"),
            event(text='dle\n"quoted"'),
            event(partial_json='{"path": "a'),
            event(partial_json='.py"}'),
        )
    )

    assert text_of(stream, "sse").split("\n") == [
        "I wonder",
        "A needle",
        '"quoted"',
        '{"path": "a.py"}',
    ]


def test_half_a_character_in_each_of_two_deltas_is_put_together() -> None:
    stream = b'data: {"text":"\\ud83d"}\n\ndata: {"text":"\\ude00 ok"}\n\n'

    assert "😀 ok" in text_of(stream, "sse")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", [b'\\"word ', b'"role":[', b'"text":"\\', b'""', b'"a" \n', b"[["]
)
@pytest.mark.parametrize("begin", [b'{"content":"', b'{"content":[', b'"'])
@pytest.mark.parametrize("transport", ["json", "sse"])
def test_no_body_takes_more_than_its_length(begin: bytes, piece: bytes, transport: str) -> None:
    """Read once, two million bytes are a moment; read again from every quote they are hours."""
    text_of(begin + piece * (2_000_000 // len(piece)), transport)


def test_a_long_body_says_what_a_short_one_does() -> None:
    messages = [{"role": "user", "content": f'line {n}\n"é"'} for n in range(2000)]
    body = json.dumps(messages).encode()

    assert len(body) > 64 << 10
    assert text_of(body) == "\n".join(message["content"] for message in messages)


def test_a_text_is_bounded() -> None:
    body = json.dumps({"messages": [{"content": "word " * 2000} for _ in range(200)]}).encode()
    deltas = b'{"content":"word word word "}' * 40_000

    assert MOST_TEXT <= len(text_of(body)) <= MOST_TEXT + 20_000
    assert MOST_TEXT <= len(text_of(deltas, "ndjson")) <= MOST_TEXT + 100


def test_a_search_is_words_and_phrases() -> None:
    words = searched('Foo-bar "Two  words" "one" über "unclosed end')

    assert words.beginnings == ("foo", "bar", "uber", "one")
    assert words.phrases == (("two", "words"), ("unclosed", "end"))
    assert set(words.match.split(" AND ")) == {
        *('"two"', '"words"', '"unclosed"', '"end"'),
        *('"foo"*', '"bar"*', '"uber"*', '"one"*'),
    }
    assert words.rarest == '"unclosed"'


@pytest.mark.parametrize("text", ["%", '""', " ", "x" * 201, " ".join("abcdefghijklmnopq")])
def test_a_search_without_words_or_with_too_many_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        searched(text)


def test_a_phrase_is_whole_words_in_their_order() -> None:
    text = "The quick (brown) fox—jumps"

    assert has_phrases(text, [("quick", "brown", "fox"), ("fox", "jumps")])
    assert not has_phrases(text, [("brown", "quick")])
    assert not has_phrases(text, [("quick", "bro")])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("before " + "ab1" * 14 + " after", ["before", "after"]),
        ("commit " + "0" * 40, ["commit", "0" * 40]),
        ("see src/main/java/org/example/project/deeply/nested/Widget now", None),
        ("some-words_that-are_joined-by-dashes-and-so_on-without-a-blank", None),
        ("key=" + "f" * 64 + "/path", ["key", "path"]),
        ("é" * 50 + " x", None),
    ],
)
def test_encoded_data_is_left_out_and_names_are_not(text: str, words: list[str] | None) -> None:
    assert words_of(indexable(text)) == (words_of(text) if words is None else words)


@pytest.mark.parametrize("wrap", ["%s", "see data:image/png;base64,%s", "x %s y", "curl -d '%s'"])
def test_a_blob_leaves_no_words(wrap: str) -> None:
    blob = base64.b64encode(random.Random(1).randbytes(100_000)).decode()

    assert len(words_of(indexable(wrap % blob))) < 6


def test_an_exchange_has_so_many_different_words_at_most() -> None:
    usual = "the same words again and again " * 9000
    draw = random.Random(1)
    ids = " ".join(f"{draw.getrandbits(64):x}" for _ in range(20_000))

    assert words_of(indexable(usual)) == words_of(usual)
    assert words_of(indexable(ids)) == words_of(ids)[:MOST_DISTINCT]


@pytest.mark.parametrize("text", ["a" * 41, f'needle "two {"b" * 50}"'])
def test_a_word_that_is_never_indexed_is_refused(text: str) -> None:
    with pytest.raises(BadFilter, match="look for it with body"):
        searched(text)
    searched("a" * 40)
