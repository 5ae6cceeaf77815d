"""JSONL of requests: plain, batches with their answers, pairs, examples for fine-tuning."""

import json
from typing import Any

import msgspec
import pytest

from llmgate.recording.importing.found import NotImported
from llmgate.recording.importing.kinds import kind_of, read_import
from llmgate.recording.recording import Recording
from llmgate.wire.recordings import Skipped
from tests.recording.importing.samples import ASKED, COMPLETION, STREAM, lines

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "Moon."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "output_tokens": 2},
}
CLAUDE: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "Where?"}],
}


def recordings(data: bytes) -> list[Recording]:
    found = list(read_import(data, "a.jsonl"))
    assert all(isinstance(item, Recording) for item in found), found
    return [item for item in found if isinstance(item, Recording)]


@pytest.mark.parametrize(
    ("body", "dialect", "path"),
    [
        (ASKED, "openai.chat", "/v1/chat/completions"),
        (CLAUDE, "anthropic.messages", "/v1/messages"),
        (ASKED | {"system": "Be brief.", "max_tokens": 5}, "anthropic.messages", "/v1/messages"),
        (
            ASKED | {"tools": [{"name": "a", "input_schema": {}}]},
            "anthropic.messages",
            "/v1/messages",
        ),
        (
            ASKED | {"tools": [{"type": "function", "function": {}}]},
            "openai.chat",
            "/v1/chat/completions",
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "tool_result"}]}]},
            "anthropic.messages",
            "/v1/messages",
        ),
        ({"model": "gpt-5", "input": "Hi"}, "openai.responses", "/v1/responses"),
        ({"model": "text-embedding-3-small", "input": "Hi"}, "openai.embeddings", "/v1/embeddings"),
        ({"model": "m", "input": "Hi", "dimensions": 3}, "openai.embeddings", "/v1/embeddings"),
        ({"model": "m", "prompt": "Hi"}, "openai.completions", "/v1/completions"),
    ],
)
def test_the_protocol_of_a_bare_request_shows_in_its_body(
    body: dict[str, Any], dialect: str, path: str
) -> None:
    (recording,) = recordings(lines(body))

    assert (recording.dialect, recording.path) == (dialect, path)
    assert not recording.answered


def test_a_bare_request_keeps_its_bytes() -> None:
    line = b'{"messages" : [{"role":"user","content":"\\u00e9"}], "model":"m"}'
    (recording,) = recordings(b"\n  " + line + b" \r\n\n")

    assert recording.body == line


def test_batches_of_openai_are_joined_with_their_answers() -> None:
    asked = [
        {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": ASKED}
        for name in ("a", "b", "c")
    ]
    answered = [
        {"id": "1", "custom_id": "b", "response": {"status_code": 200, "body": COMPLETION}},
        {
            "id": "2",
            "custom_id": "c",
            "response": {"status_code": 429, "body": {"error": {"message": "no"}}},
        },
    ]
    a, b, c = recordings(lines(*asked, *answered))

    assert not a.answered
    assert (b.status, b.text, b.usage.out) == (200, "Hello.", 2)
    assert json.loads(b.chunks[0]) == COMPLETION
    assert (c.status, c.error) == (429, "no")


def test_batches_of_anthropic_are_joined_with_their_answers() -> None:
    asked = [{"custom_id": name, "params": CLAUDE} for name in ("a", "b", "c")]
    answered = [
        {"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}},
        {
            "custom_id": "b",
            "result": {"type": "errored", "error": {"type": "error", "error": {"message": "no"}}},
        },
        {"custom_id": "c", "result": {"type": "expired"}},
    ]
    a, b, c = recordings(lines(*answered, *asked))

    assert (a.dialect, a.text, a.usage.in_) == ("anthropic.messages", "Moon.", 5)
    assert b.error == "no"
    assert not c.answered
    assert "expired" in c.note


def test_an_answer_of_a_batch_without_its_request_is_named() -> None:
    (found,) = read_import(
        lines({"custom_id": "x", "response": {"status_code": 200, "body": COMPLETION}}), "a.jsonl"
    )

    assert isinstance(found, Skipped)
    assert found.what == "a.jsonl, line 1"
    assert "import both files together" in found.why


def test_an_example_for_fine_tuning_is_answered_by_its_last_turn() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Capital of France?"},
        {"role": "assistant", "content": "Paris."},
    ]
    (recording,) = recordings(lines({"messages": messages, "tools": []}))

    body = json.loads(recording.body)
    assert body["messages"] == messages[:-1]
    assert body["tools"] == []
    assert recording.text == "Paris."
    assert recording.usage.out is None
    assert "fine-tuning" in recording.note


def test_an_example_that_calls_a_tool_says_so() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}
    messages = [{"role": "user", "content": "Look."}, {"role": "assistant", "tool_calls": [call]}]
    (recording,) = recordings(lines({"messages": messages}))

    assert [(it.name, it.arguments) for it in recording.tool_calls] == [("look", '{"a":1}')]
    assert recording.finish == "tool_calls"


@pytest.mark.parametrize(
    "pair",
    [
        {"request": ASKED, "response": COMPLETION},
        {"request": {"body": ASKED}, "response": {"status_code": 200, "body": COMPLETION}},
        {"request": {"body": json.dumps(ASKED)}, "response": {"body": json.dumps(COMPLETION)}},
        {
            "request": {"url": "https://x.test/v1/chat/completions", "body": ASKED},
            "response": {"status": 200, "headers": [["A", "b"]], "body": COMPLETION},
        },
    ],
)
def test_a_pair_is_a_request_with_its_answer(pair: dict[str, Any]) -> None:
    (recording,) = recordings(lines(pair))

    assert (recording.dialect, recording.text) == ("openai.chat", "Hello.")
    assert json.loads(recording.body) == ASKED


def test_a_pair_with_a_stream_and_moments_keeps_both() -> None:
    pair = {
        "request": {
            "timestamp": 1_772_362_800.5,
            "url": "https://x.test/v1/chat/completions",
            "headers": {"x-api-key": "sk-live-never", "Accept": "*/*"},
            "body": ASKED,
        },
        "response": {"timestamp": 1_772_362_802.0, "status_code": 200, "body_raw": STREAM},
    }
    (recording,) = recordings(lines(pair))

    assert len(recording.chunks) == 5
    assert recording.t0 == "2026-03-01T11:00:00.500Z"
    assert recording.total_us == 1_500_000
    assert recording.request_headers == (("accept", "*/*"),)
    assert dict(recording.response_headers)["content-type"] == "text/event-stream"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"hello": 1}, "no request that is known: it has hello"),
        ({}, "it has no keys"),
        ({"request": "text", "response": {}}, "its `request` is"),
        ({"custom_id": "a", "url": "/v1/files", "body": {}}, "openai.raw is not"),
        (
            {"custom_id": "a", "url": "/v1/chat/completions", "body": 3},
            "`body` is not a JSON object",
        ),
        ({"custom_id": "a", "params": []}, "`params` are not a JSON object"),
        ({"messages": []}, "`messages` are empty"),
        ([1], "not a JSON object"),
    ],
)
def test_a_line_that_is_no_request_is_named_with_its_reason(value: Any, reason: str) -> None:
    (found,) = read_import(lines(value).replace(b"[1]", b"3"), "a.jsonl", "jsonl")

    assert isinstance(found, Skipped)
    assert found.what == "a.jsonl, line 1"
    assert reason in found.why


def test_a_broken_line_does_not_spoil_the_others() -> None:
    data = lines(ASKED) + b'{"model": "m", \n\n\xff\xfe\n' + b"{" * 3000 + b"\n" + lines(ASKED)
    found = list(read_import(data, "a.jsonl"))

    assert [type(item).__name__ for item in found] == [
        "Recording",
        "Skipped",
        "Skipped",
        "Skipped",
        "Recording",
    ]
    assert [item.what for item in found if isinstance(item, Skipped)] == [
        "a.jsonl, line 2",
        "a.jsonl, line 4",
        "a.jsonl, line 5",
    ]


def test_an_array_of_requests_is_read_like_lines() -> None:
    data = json.dumps([ASKED, {"request": ASKED, "response": COMPLETION}], indent=1).encode()

    assert kind_of(data) == "jsonl"
    assert len(recordings(data)) == 2


@pytest.mark.parametrize("data", [b"", b" \n", b"hello", b"<html>", b'{"a":1}\n', b"\x00\x01"])
def test_a_file_that_is_nothing_known_is_refused(data: bytes) -> None:
    with pytest.raises(NotImported, match=r"thing\.bin"):
        list(read_import(data, "thing.bin"))


def test_the_same_file_gives_the_same_recordings() -> None:
    data = lines(ASKED, {"request": CLAUDE, "response": MESSAGE})

    assert [msgspec.json.encode(r.id + r.title) for r in recordings(data)] == [
        msgspec.json.encode(r.id + r.title) for r in recordings(data)
    ]
