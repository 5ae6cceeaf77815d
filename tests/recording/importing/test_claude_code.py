"""Claude Code's session logs become one recording for each call of the model."""

import json
from typing import Any

from llmgate.recording.importing.kinds import kind_of, read_import
from llmgate.recording.recording import Recording
from llmgate.wire.recordings import Skipped
from tests.recording.importing.samples import lines, said


def answer(number: int, *content: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-6",
        "content": list(content),
        "stop_reason": None,
        "usage": {"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 100},
    } | more


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(name: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "Read", "input": {"file": name}}


def result(name: str) -> dict[str, Any]:
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": name, "content": name}],
    }


USED = {"input_tokens": 3, "output_tokens": 40}
SESSION = [
    {"type": "summary", "summary": "A session", "leafUuid": "x"},
    {"type": "file-history-snapshot", "messageId": "m", "snapshot": {}},
    said(
        "u1",
        None,
        "user",
        {"role": "user", "content": "Read both."},
        timestamp="2026-03-01T12:00:00.000Z",
    ),
    said("a1", "u1", "assistant", answer(1, text("I read."))),
    said("a2", "a1", "assistant", answer(1, use("one"))),
    said(
        "a3",
        "a2",
        "assistant",
        answer(1, use("two"), stop_reason="tool_use", usage=USED),
        timestamp="2026-03-01T12:00:02.500Z",
    ),
    said("r1", "a2", "user", result("one")),
    said("r2", "a3", "user", result("two"), timestamp="2026-03-01T12:00:03.000Z"),
    {"type": "progress", "uuid": "p1", "parentUuid": "r2", "data": {}},
    said(
        "a4",
        "p1",
        "assistant",
        answer(2, text("Done."), stop_reason="end_turn"),
        timestamp="2026-03-01T12:00:05.000Z",
    ),
]


def recordings(data: bytes) -> list[Recording]:
    found = list(read_import(data, "s.jsonl"))
    assert all(isinstance(item, Recording) for item in found), found
    return [item for item in found if isinstance(item, Recording)]


def test_each_call_has_the_messages_that_led_to_it() -> None:
    data = lines(*SESSION)
    first, second = recordings(data)
    asked, again = json.loads(first.body), json.loads(second.body)

    assert kind_of(data) == "claude-code"
    assert asked["model"] == "claude-opus-4-6"
    assert asked["messages"] == [{"role": "user", "content": "Read both."}]
    assert again["messages"] == [
        {"role": "user", "content": "Read both."},
        {"role": "assistant", "content": [text("I read."), use("one"), use("two")]},
        {"role": "user", "content": [*result("one")["content"], *result("two")["content"]]},
    ]


def test_the_lines_of_an_answer_are_one_answer_with_its_last_usage() -> None:
    first, second = recordings(lines(*SESSION))

    assert first.text == "I read."
    assert [call.id for call in first.tool_calls] == ["one", "two"]
    assert (first.usage.in_, first.usage.out, first.finish) == (3, 40, "tool_use")
    assert (second.text, second.usage.cached, second.finish) == ("Done.", 100, "end_turn")
    assert (first.dialect, first.stream, first.status) == ("anthropic.messages", False, 200)


def test_a_call_took_from_what_was_asked_last_to_its_last_line() -> None:
    first, second = recordings(lines(*SESSION))

    assert (first.t0, first.total_us) == ("2026-03-01T12:00:00.000Z", 2_500_000)
    assert (second.t0, second.us) == ("2026-03-01T12:00:03.000Z", [2_000_000])


def test_calls_of_a_session_belong_together_and_say_what_they_lack() -> None:
    for recording in recordings(lines(*SESSION)):
        assert dict(recording.request_headers)["x-claude-code-session-id"] == "5e55-10"
        assert "without its system prompt and tools" in recording.note
        assert recording.title == "Read both."


def test_the_beginning_of_a_request_is_the_same_bytes_as_the_one_before() -> None:
    first, second = recordings(lines(*SESSION))

    assert second.body.startswith(first.body[:-2])


def test_a_branch_that_was_left_is_not_in_what_came_after() -> None:
    data = lines(
        *SESSION,
        said("u9", None, "user", {"role": "user", "content": "Start over."}),
        said("a9", "u9", "assistant", answer(9, text("Fresh."))),
    )
    *_, last = recordings(data)

    assert json.loads(last.body)["messages"] == [{"role": "user", "content": "Start over."}]


def test_what_the_client_said_itself_is_no_call() -> None:
    data = lines(
        SESSION[2],
        said("e1", "u1", "assistant", answer(5, text("API Error"), model="<synthetic>")),
        said("u2", "e1", "user", {"role": "user", "content": [text("Again.")]}),
        said("a5", "u2", "assistant", answer(6, text("Yes."))),
    )
    (only,) = recordings(data)

    assert json.loads(only.body)["messages"] == [
        {"role": "user", "content": [text("Read both."), text("Again.")]}
    ]


def test_a_subagents_calls_stand_apart() -> None:
    data = lines(
        *SESSION,
        said("s1", None, "user", {"role": "user", "content": "Sub."}, isSidechain=True),
        said("s2", "s1", "assistant", answer(7, text("Ok.")), isSidechain=True),
    )
    *_, last = recordings(data)

    assert "Of a subagent." in last.note
    assert len(json.loads(last.body)["messages"]) == 1


def test_a_broken_line_and_a_loop_of_parents_do_no_harm() -> None:
    data = (
        lines(said("a", "b", "user", {"role": "user", "content": "x"}))
        + b'{"sessionId": "cut off\n{"uuid": 3, "sessionId": "s"}\n'
        + lines(said("b", "a", "assistant", answer(1, text("y"))))
        + lines(said("c", "c", "assistant", answer(2, text("z"))))
    )
    found = list(read_import(data, "s.jsonl"))

    assert [item.what for item in found if isinstance(item, Skipped)] == [
        "s.jsonl, line 2",
        "s.jsonl, line 3",
    ]
    assert [item.text for item in found if isinstance(item, Recording)] == ["y", "z"]
