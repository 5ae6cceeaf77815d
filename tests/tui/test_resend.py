"""A recorded request as fields, and back: only what was changed changes, in every protocol."""

import contextlib
from typing import Any

import msgspec
import pytest

from llmgate_tui.resend import NotEditable, mistake, model, pretty, problem, read, write

CHAT: dict[str, Any] = {
    "model": "gpt-5.1",
    "stream": True,
    "max_completion_tokens": 100,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "<reminder>"},
                {"type": "image_url"},
                {"type": "text", "text": "Two"},
            ],
        },
    ],
    "temperature": 0.20,
}
MESSAGES = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 1024,
    "system": [
        {"type": "text", "text": "You are an agent."},
        {"type": "text", "text": "Long rules.", "cache_control": {"type": "ephemeral"}},
    ],
    "messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}],
}
RESPONSES = {
    "model": "gpt-5.1-codex",
    "instructions": "Be a coder.",
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it"}]},
        {"type": "function_call_output", "call_id": "c", "output": "ok"},
    ],
    "max_output_tokens": 9,
}
COMPLETIONS = {"model": "base", "prompt": "Once upon", "max_tokens": 5}
ALL = {
    "openai.chat": CHAT,
    "anthropic.messages": MESSAGES,
    "openai.responses": RESPONSES,
    "openai.completions": COMPLETIONS,
}


def edited(protocol: str, **changes: str) -> dict[str, Any]:
    body = msgspec.json.encode(ALL[protocol])
    before = read(protocol, body)
    made: dict[str, Any] = msgspec.json.decode(write(protocol, body, before, before | changes))
    return made


@pytest.mark.parametrize(
    ("protocol", "fields"),
    [
        ("openai.chat", ("gpt-5.1", "0.2", "100", "Be brief.", "Two")),
        (
            "anthropic.messages",
            ("claude-sonnet-4-5", "", "1024", "You are an agent.\n\nLong rules.", ""),
        ),
        ("openai.responses", ("gpt-5.1-codex", "", "9", "Be a coder.", "Fix it")),
        ("openai.completions", ("base", "", "5", "", "Once upon")),
    ],
)
def test_the_fields_are_filled_from_the_body(protocol: str, fields: tuple[str, ...]) -> None:
    found = read(protocol, msgspec.json.encode(ALL[protocol]))

    assert tuple(found.values()) == fields
    assert list(found) == ["model", "temperature", "max_tokens", "system", "message"]


@pytest.mark.parametrize("protocol", ALL)
def test_what_nobody_touched_is_the_same_bytes(protocol: str) -> None:
    body = b" " + msgspec.json.format(msgspec.json.encode(ALL[protocol]), indent=3)
    before = read(protocol, body)

    assert write(protocol, body, before, dict(before)) is body


@pytest.mark.parametrize("protocol", ALL)
def test_a_model_and_figures_change_and_nothing_else_does(protocol: str) -> None:
    made = edited(protocol, model="other", temperature="0", max_tokens="77")
    limit = {"openai.chat": "max_completion_tokens", "openai.responses": "max_output_tokens"}

    wanted = ALL[protocol] | {
        "model": "other",
        "temperature": 0,
        limit.get(protocol, "max_tokens"): 77,
    }
    assert made == wanted
    assert isinstance(made["temperature"], int)


def test_an_empty_figure_takes_the_field_away() -> None:
    assert "temperature" not in edited("openai.chat", temperature="")


def test_only_the_last_text_of_the_last_user_message_changes() -> None:
    messages = edited("openai.chat", message="Three")["messages"]

    assert messages[:3] == CHAT["messages"][:3]
    assert messages[3]["content"] == [
        {"type": "text", "text": "<reminder>"},
        {"type": "image_url"},
        {"type": "text", "text": "Three"},
    ]


def test_words_come_behind_the_tool_results_they_are_said_to() -> None:
    messages = edited("anthropic.messages", message="Go on")["messages"]

    assert messages[0]["content"] == [
        {"type": "tool_result", "tool_use_id": "t"},
        {"type": "text", "text": "Go on"},
    ]


def test_a_system_prompt_keeps_its_shape_and_its_mark_for_the_cache() -> None:
    assert edited("anthropic.messages", system="New")["system"] == [
        {"type": "text", "text": "New", "cache_control": {"type": "ephemeral"}}
    ]
    assert edited("openai.responses", system="New")["instructions"] == "New"
    assert edited("openai.chat", system="New")["messages"][0] == {
        "role": "system",
        "content": "New",
    }
    assert len(edited("openai.chat", system="")["messages"]) == 3
    with pytest.raises(NotEditable, match="no system prompt"):
        edited("openai.completions", system="New")


def test_a_system_prompt_is_added_where_there_was_none() -> None:
    body = b'{"messages":[{"role":"user","content":"Hi"}]}'
    before = read("openai.chat", body)
    made = msgspec.json.decode(write("openai.chat", body, before, before | {"system": "S"}))

    assert made["messages"][0] == {"role": "system", "content": "S"}
    assert made["messages"][1] == {"role": "user", "content": "Hi"}


def test_an_input_that_is_a_text_stays_one() -> None:
    body = b'{"model":"m","input":"Hi"}'
    before = read("openai.responses", body)
    made = write("openai.responses", body, before, before | {"message": "Ho"})

    assert msgspec.json.decode(made) == {"model": "m", "input": "Ho"}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"not json",
        b'{"messages": 3, "system": {"a": 1}, "input": [3, {"role": 4}], "prompt": []}',
        b'{"messages": [null, 3, {"role": "user", "content": {"a": 1}}], "model": 3}',
        b'{"messages": [{"role": "user", "content": [3, {"text": 4}]}], "max_tokens": true}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("protocol", [*ALL, "gemini", "openai.embeddings"])
def test_bodies_of_any_shape_are_read_or_refused(protocol: str, body: bytes) -> None:
    with contextlib.suppress(NotEditable):
        before = read(protocol, body)
        after = before | {"message": "x", "max_tokens": "3"}
        made = msgspec.json.decode(write(protocol, body, before, after))
        assert 3 in made.values()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"temperature": "hot"}, "temperature: 'hot' is not a number"),
        ({"temperature": "-1"}, "temperature: 0 or more"),
        ({"temperature": "nan"}, "temperature: 0 or more"),
        ({"max_tokens": "1.5"}, "max tokens: a whole number"),
        ({"temperature": "0.7", "max_tokens": "12"}, ""),
        ({}, ""),
    ],
)
def test_figures_are_checked(values: dict[str, str], says: str) -> None:
    assert problem(values) == says


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'{\n  "a": 1,\n  "b": \n}', 4),
        (b'{\n  "a": 1\n  "b": 2\n}', 3),
        (b"", 1),
        (b"[1]", 1),
        (b'{"a": 1}\nmore', 2),
    ],
)
def test_a_mistake_in_json_names_its_line(text: bytes, line: int) -> None:
    said, at = mistake(text)

    assert said
    assert at == line


def test_what_is_json_has_no_mistake_and_is_laid_out_for_an_editor() -> None:
    assert mistake(pretty(msgspec.json.encode(CHAT))) == ("", 0)
    assert pretty(b"not json") == b"not json"
    assert model(b'{"model": "m"}') == "m"
    assert not model(b"[]")
