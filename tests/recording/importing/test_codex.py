"""Codex's session logs become one recording for each call of the model."""

import json
from typing import Any

from llmgate.recording.importing.kinds import kind_of, read_import
from llmgate.recording.recording import Recording
from llmgate.wire.recordings import Skipped
from tests.recording.importing.samples import lines, rollout


def message(role: str, words: str) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": words}]}


def call(name: str) -> dict[str, Any]:
    return {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": name}


def output(name: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": name, "output": name}


def count(total: int, **last: int) -> dict[str, Any]:
    info = {"total_token_usage": {"total_tokens": total}, "last_token_usage": last}
    return {"type": "token_count", "info": info}


REASONING = {"type": "reasoning", "summary": [], "encrypted_content": "abc"}
SESSION = [
    rollout("session_meta", {"id": "5e55", "cwd": "/home/x", "instructions": "Be a coder."}),
    rollout("response_item", message("developer", "Rules.")),
    rollout("response_item", message("user", "<environment_context>x</environment_context>")),
    rollout("turn_context", {"model": "gpt-5-codex", "effort": "high"}),
    rollout("response_item", message("user", "Fix the test."), 1),
    rollout("event_msg", {"type": "user_message", "message": "Fix the test."}, 1),
    rollout("event_msg", {"type": "token_count", "info": None}, 1),
    rollout("response_item", REASONING, 2),
    rollout("response_item", call("one"), 3),
    rollout("response_item", call("two"), 4),
    rollout(
        "event_msg",
        count(
            70, input_tokens=50, cached_input_tokens=40, output_tokens=20, reasoning_output_tokens=7
        ),
        4,
    ),
    rollout("response_item", output("one"), 5),
    rollout("response_item", output("two"), 6),
    rollout("event_msg", count(70, input_tokens=50, output_tokens=20), 6),
    rollout("response_item", {"type": "ghost_snapshot", "ghost_commit": {}}, 6),
    rollout("response_item", message("assistant", "Fixed."), 9),
    rollout("event_msg", count(150, input_tokens=75, output_tokens=5), 9),
]


def recordings(data: bytes) -> list[Recording]:
    found = list(read_import(data, "rollout.jsonl"))
    assert all(isinstance(item, Recording) for item in found), found
    return [item for item in found if isinstance(item, Recording)]


def test_each_call_was_given_what_stands_before_it() -> None:
    data = lines(*SESSION)
    first, second = recordings(data)
    asked, again = json.loads(first.body), json.loads(second.body)

    assert kind_of(data) == "codex"
    assert (asked["model"], asked["instructions"]) == ("gpt-5-codex", "Be a coder.")
    assert asked["reasoning"] == {"effort": "high"}
    assert [item["role"] for item in asked["input"]] == ["developer", "user", "user"]
    assert again["input"] == [
        *asked["input"],
        REASONING,
        call("one"),
        call("two"),
        output("one"),
        output("two"),
    ]


def test_what_the_model_wrote_until_it_was_given_something_is_one_answer() -> None:
    first, second = recordings(lines(*SESSION))

    assert [one.id for one in first.tool_calls] == ["one", "two"]
    assert second.text == "Fixed."
    assert first.title == "Fix the test."


def test_usage_is_that_of_the_call_and_told_twice_counts_once() -> None:
    first, second = recordings(lines(*SESSION))

    assert (first.usage.in_, first.usage.cached, first.usage.out) == (50, 40, 20)
    assert first.usage.reasoning == 7
    assert (second.usage.in_, second.usage.out) == (75, 5)


def test_a_count_that_is_told_again_is_not_that_of_the_next_call() -> None:
    again = rollout("event_msg", count(70, input_tokens=50, output_tokens=20), 9)
    _, second = recordings(lines(*SESSION[:-1], again, SESSION[-1]))

    assert (second.usage.in_, second.usage.out) == (75, 5)


def test_a_call_took_from_what_was_given_last_to_what_it_wrote_last() -> None:
    first, second = recordings(lines(*SESSION))

    assert (first.t0, first.total_us) == ("2026-03-01T12:00:01.000Z", 3_000_000)
    assert (second.t0, second.total_us) == ("2026-03-01T12:00:06.000Z", 3_000_000)
    assert dict(first.request_headers)["session-id"] == "5e55"
    assert "without the tools it offered" in first.note


def test_two_answers_in_a_row_are_two_calls_when_each_was_counted() -> None:
    data = lines(
        *SESSION[:7],
        rollout("response_item", message("assistant", "One."), 2),
        rollout("event_msg", count(10, input_tokens=8, output_tokens=2), 2),
        rollout("response_item", message("assistant", "Two."), 3),
        rollout("event_msg", count(30, input_tokens=15, output_tokens=5), 3),
    )

    assert [(one.text, one.usage.in_) for one in recordings(data)] == [("One.", 8), ("Two.", 15)]


def test_after_a_compaction_a_call_has_what_was_kept() -> None:
    kept = [message("user", "Short.")]
    data = lines(
        *SESSION,
        rollout("compacted", {"message": "", "replacement_history": kept}),
        rollout("response_item", message("user", "Go on."), 10),
        rollout("response_item", message("assistant", "On."), 11),
    )
    *_, last = recordings(data)

    assert json.loads(last.body)["input"] == [*kept, message("user", "Go on.")]


def test_a_log_of_the_first_versions_has_no_envelope() -> None:
    data = lines(
        {"id": "old", "timestamp": "2025-07-01T10:00:00Z", "instructions": None},
        message("user", "Hi."),
        {"record_type": "state"},
        message("assistant", "Hello."),
    )
    (only,) = recordings(data)

    assert kind_of(data) == "codex"
    assert json.loads(only.body)["input"] == [message("user", "Hi.")]
    assert only.text == "Hello."


def test_a_broken_line_does_not_spoil_the_others() -> None:
    data = lines(*SESSION[:9]) + b'{"timestamp": "2026\n' + lines(*SESSION[9:])
    found = list(read_import(data, "rollout.jsonl"))

    assert [item.what for item in found if isinstance(item, Skipped)] == ["rollout.jsonl, line 10"]
    assert len(found) == 3
