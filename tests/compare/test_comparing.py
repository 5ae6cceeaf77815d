"""Two exchanges beside each other, in every protocol that is carried, and whatever comes."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.compare.comparing import Side, compare
from llmgate.compare.events import MAX_PAIRS
from llmgate.wire.compare import Comparison, EventPair
from llmgate.wire.exchanges import Protocol
from tests.compare.made import (
    ANSWERS,
    CHAT,
    COMPLETIONS,
    MESSAGES,
    RESPONSES,
    chat,
    events,
    left_of,
    messages,
    right_of,
    row,
    side,
)

READ = ("read", {"path": "a.py", "id": 7})


def piece(text: str, ident: str = "1", finish: str | None = None) -> dict[str, Any]:
    """A chunk of a streamed Chat Completions answer."""
    delta = {"content": text} if text else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": f"chatcmpl-{ident}", "object": "chat.completion.chunk", "choices": [choice]}


def streamed(*texts: str, ident: str = "1") -> bytes:
    pieces = [piece(text, ident) for text in texts]
    return events(*pieces, piece("", ident, "stop"), "[DONE]")


@pytest.mark.parametrize("protocol", ANSWERS)
def test_answers_that_differ_in_ids_only_are_equal(protocol: Protocol) -> None:
    calls = [] if protocol == COMPLETIONS else [READ]
    left = side(ANSWERS[protocol]("Hello there", calls, "1"), protocol)
    right = side(ANSWERS[protocol]("Hello there", calls, "2"), protocol)
    found = compare(left, right)

    assert found.similarity == 1.0
    assert [span.kind for span in found.text] == ["same"]
    assert all(tool.same for tool in found.tools)
    assert len(found.tools) == len(calls)
    assert all(pair.same for pair in found.events)
    assert found.problems == []
    assert found.ignored


@pytest.mark.parametrize("protocol", ANSWERS)
def test_with_volatile_fields_the_ids_show(protocol: Protocol) -> None:
    left = side(ANSWERS[protocol]("Hello there", [], "1"), protocol)
    right = side(ANSWERS[protocol]("Hello there", [], "2"), protocol)
    found = compare(left, right, volatile=True)

    assert found.ignored == []
    assert any(not pair.same for pair in found.events)
    assert found.similarity == 1.0


@pytest.mark.parametrize("protocol", [CHAT, MESSAGES, RESPONSES])
def test_words_and_arguments_that_differ_are_named(protocol: Protocol) -> None:
    left = side(ANSWERS[protocol]("It is Bonn", [("weather", {"at": {"city": "Bonn"}})]), protocol)
    right = side(ANSWERS[protocol]("It is Köln", [("weather", {"at": {"city": "Köln"}})]), protocol)
    found = compare(left, right)

    assert left_of(found.text) == "It is Bonn"
    assert right_of(found.text) == "It is Köln"
    assert [(one.path, one.left, one.right) for one in found.tools[0].changes] == [
        ("at.city", '"Bonn"', '"Köln"')
    ]
    assert found.similarity is not None
    assert 0.2 < found.similarity < 0.9


def test_answers_of_two_protocols_are_compared_by_what_they_say() -> None:
    found = compare(side(chat("Hi", [READ])), side(messages("Hi", [READ]), MESSAGES, "b"))

    assert (found.left.id, found.right.id) == ("a", "b")
    assert found.similarity == 1.0
    assert any("openai.chat and anthropic.messages" in problem for problem in found.problems)


def test_an_id_among_a_calls_arguments_is_no_volatile_one() -> None:
    found = compare(
        side(messages("", [("get", {"id": 1, "created": 2})]), MESSAGES),
        side(messages("", [("get", {"id": 3, "created": 2})]), MESSAGES),
    )

    assert found.tools[0].changes[0].path == "id"
    assert any('"id": 1' in (pair.left or "") for pair in found.events)
    assert "content[].id" in found.ignored
    assert "content[].input.id" not in found.ignored


def test_reasoning_is_compared_and_does_not_count() -> None:
    def thought(text: str) -> dict[str, Any]:
        answer = messages("Done.")
        answer["content"].insert(0, {"type": "thinking", "thinking": text, "signature": text})
        return answer

    found = compare(side(thought("first this"), MESSAGES), side(thought("first that"), MESSAGES))

    assert left_of(found.reasoning) == "first this"
    assert right_of(found.reasoning) == "first that"
    assert found.similarity == 1.0


def test_streams_line_up_by_what_their_events_hold() -> None:
    found = compare(side(streamed("a", "b", "c")), side(streamed("a", "x", "y", "c", ident="2")))

    assert [pair.same for pair in found.events] == [True, False, False, True, True, True]
    assert found.events[1].left is not None
    assert '"b"' in found.events[1].left
    assert found.events[2].left is None
    assert found.ignored == ["id"]


def test_a_name_of_an_event_that_its_data_does_not_say_is_shown() -> None:
    left = b'event: error\ndata: {"message": "no"}\n\n'
    right = b'event: ping\ndata: {"message": "no"}\n\n'
    found = compare(side(left), side(right))

    assert found.events == [EventPair(left='error {"message":"no"}', right='ping {"message":"no"}')]


def test_more_events_than_are_shown_are_counted() -> None:
    many = side(streamed(*["word "] * (MAX_PAIRS + 500)))
    found = compare(many, many)

    assert len(found.events) == MAX_PAIRS
    assert found.events_cut == 502
    endless = side(streamed(*["word "] * 9_000))
    assert compare(endless, endless).events_cut == 9_002 - MAX_PAIRS


def test_figures_stand_beside_each_other_with_what_is_estimated() -> None:
    left = side(
        chat("a"),
        ttfb_us=200_000,
        total_us=1_200_000,
        output_tokens=50,
        usage_basis="reported",
        cost_usd=0.01,
        cost_basis="estimated",
        provider="groq",
        stream=True,
    )
    right = side(chat("a"), total_us=900_000, output_tokens=50, usage_basis="estimated")
    facts = {fact.name: fact for fact in compare(left, right).facts}

    assert (facts["provider"].left, facts["provider"].right) == ("groq", "")
    assert facts["tokens per second"].left_value == 50
    assert facts["time to first byte"].right_value is None
    assert not facts["time to first byte"].same
    assert facts["output tokens"].same
    assert (facts["output tokens"].left_estimated, facts["output tokens"].right_estimated) == (
        False,
        True,
    )
    assert (facts["cost"].left_estimated, facts["cost"].right_estimated) == (True, False)
    assert "error" not in facts
    assert "cached tokens" not in facts


@pytest.mark.parametrize(
    ("answer", "fields", "wanted"),
    [
        (None, {}, "the answer of the right exchange is not kept"),
        (b"", {"error": "timeout"}, "the right exchange has no answer: timeout"),
        (
            b'{"error": {"message": "no"}}',
            {"state": "failed", "error": "no"},
            "the answer of the right exchange says nothing: no",
        ),
        (b"nonsense", {}, "the answer of the right exchange says nothing:"),
        (
            streamed("a"),
            {"state": "streaming"},
            "the right exchange is still streaming: what has come so far is compared",
        ),
    ],
)
def test_why_a_side_has_less_is_said(answer: Any, fields: dict[str, Any], wanted: str) -> None:
    right = Side(summary=row("b", **fields), answer=answer)
    found = compare(side(chat("a")), right)

    assert any(problem.startswith(wanted) for problem in found.problems)
    assert (found.similarity is None) == ("streaming" not in fields.values())


def test_media_are_told_apart_and_not_shown() -> None:
    def sound(data: bytes) -> Side:
        return Side(summary=row(protocol="openai.raw"), content_type="audio/mpeg", answer=data)

    assert [pair.same for pair in compare(sound(b"\x01" * 99), sound(b"\x01" * 99)).events] == [
        True
    ]
    assert [pair.same for pair in compare(sound(b"\x01"), sound(b"\x02")).events] == [False]


HOSTILE = [
    b"data: {\n\n" * 50,
    b"data: \xff\xfe\x00\n\nevent: \x1b[31m\ndata: [1,\n\n",
    b'{"choices":[{"message":{"content":"\\ud83d and \\u001b[31m"},"finish_reason":"stop"}]}',
    b'{"choices":[{"message":{"content":"a"},"message":{"content":"b"}}]}',
    b'{"choices":' + b"[" * 50_000,
    b"[" * 3_000 + b"]" * 3_000,
    b'{"a": ' * 200 + b"1" + b"}" * 200,
    b'{"choices":[{"message":{"content":NaN}}], "n": 1e999, "i": ' + b"9" * 6_000 + b"}",
    json.dumps({"choices": [{"message": {"content": [1] * 100_000}}]}).encode(),
    json.dumps(chat("", [("x", "not json"), ("y", [[[[1]]]] * 50)])).encode(),
    b"<html>" + b"<p>oops" * 2_000,
    b"\xef\xbb\xbf" + json.dumps(chat("bom")).encode(),
    b"data: " + b"x" * 100_000 + b"\n\n",
    b"\x00" * 5_000,
    b"\r\r\r\n\n\r",
]


@pytest.mark.parametrize("left", range(len(HOSTILE)))
@pytest.mark.parametrize("protocol", [CHAT, MESSAGES, RESPONSES, "openai.raw"])
def test_whatever_came_is_compared_and_can_be_sent_on(left: int, protocol: Protocol) -> None:
    for right in (HOSTILE[left], HOSTILE[(left + 1) % len(HOSTILE)], b"{}"):
        found = compare(side(HOSTILE[left], protocol), side(right, protocol))
        again = msgspec.json.decode(msgspec.json.encode(found), type=Comparison)
        assert again == found
        assert_whole(found)
    whole = compare(side(HOSTILE[left], protocol), side(HOSTILE[left], protocol))
    assert all(pair.same for pair in whole.events)
    assert whole.similarity in {None, 1.0}


@given(left=st.binary(max_size=300), right=st.binary(max_size=300))
def test_any_bytes_are_compared(left: bytes, right: bytes) -> None:
    found = compare(side(left), side(right))

    msgspec.json.encode(found)
    assert_whole(found)


def assert_whole(found: Comparison) -> None:
    """Equal pairs have both sides, and none has neither."""
    assert all(one.left is not None or one.right is not None for one in found.events)
    assert all(one.left is not None and one.right is not None for one in found.events if one.same)
    assert EventPair() not in found.events
    assert found.similarity is None or 0 <= found.similarity <= 1
