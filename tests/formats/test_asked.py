"""Requests as conversations, whatever protocol they were sent in."""

import json
from typing import Any

from llmgate.formats.catalog import read_request
from llmgate.wire.chat import ChatRequest, Message, Part
from llmgate.wire.exchanges import Protocol

PNG = "data:image/png;base64," + "A" * 64_000


def ask(protocol: Protocol, **body: Any) -> ChatRequest:
    return read_request(protocol, json.dumps(body).encode())


def test_a_chat_request_keeps_order_tools_and_settings() -> None:
    seen = ask(
        "openai.chat",
        model="m",
        temperature=0.2,
        max_tokens=100,
        stream=True,
        reasoning_effort="low",
        stop=["a", "b"],
        logit_bias={"1": 2},
        tools=[{"type": "function", "function": {"name": "read"}}, {"type": "web_search"}],
        messages=[
            {"role": "developer", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image_url", "image_url": {"url": PNG}},
                    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                    {"type": "file", "file": {"file_id": "file-1"}},
                    {"type": "hologram", "beam": 1},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "hm",
                "tool_calls": [{"id": "c1", "function": {"name": "read", "arguments": '{"p":1}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "done"}]},
        ],
    )

    assert seen.messages == [
        Message(role="developer", parts=[Part(kind="text", text="Be brief.")]),
        Message(
            role="user",
            parts=[
                Part(kind="text", text="Look"),
                Part(kind="image", text="image/png, 48 kB"),
                Part(kind="audio", text="audio/wav, 3 B"),
                Part(kind="file", text="file file-1"),
                Part(kind="other", name="hologram", text='{"type":"hologram","beam":1}'),
            ],
        ),
        Message(
            role="assistant",
            parts=[
                Part(kind="reasoning", text="hm"),
                Part(kind="tool_call", text='{"p":1}', name="read", id="c1"),
            ],
        ),
        Message(role="tool", parts=[Part(kind="tool_result", text="done", id="c1")]),
    ]
    assert seen.tools == ["read", "web_search"]
    assert seen.settings == {
        "temperature": "0.2",
        "max_tokens": "100",
        "stop": '["a","b"]',
        "reasoning_effort": "low",
        "stream": "true",
    }


def test_a_messages_request_begins_with_its_system_prompt() -> None:
    seen = ask(
        "anthropic.messages",
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        thinking={"type": "enabled", "budget_tokens": 1024},
        tools=[
            {"name": "Read", "input_schema": {}},
            {"type": "web_search_1", "name": "web_search"},
        ],
        messages=[
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "tool_use", "id": "t", "name": "Read", "input": {"p": 1}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "is_error": True,
                        "content": [{"type": "text", "text": "no such file"}],
                    },
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                    },
                ],
            },
        ],
    )

    assert [message.role for message in seen.messages] == ["system", "user", "assistant", "user"]
    assert seen.messages[2].parts == [
        Part(kind="reasoning", text="hm"),
        Part(kind="tool_call", text='{"p":1}', name="Read", id="t"),
    ]
    assert seen.messages[3].parts == [
        Part(kind="tool_result", text="no such file", id="t", is_error=True),
        Part(kind="image", text="image/png, 3 B"),
    ]
    assert seen.tools == ["Read", "web_search"]
    assert seen.settings == {"thinking": '{"type":"enabled","budget_tokens":1024}'}


def test_a_responses_request_joins_neighbouring_items_into_turns() -> None:
    seen = ask(
        "openai.responses",
        instructions="Be brief.",
        reasoning={"effort": "high"},
        tools=[
            {"type": "function", "name": "shell"},
            {"type": "web_search"},
            {"type": "namespace", "name": "mcp", "tools": [{"type": "function", "name": "get"}]},
            {"type": "mcp", "server_label": "docs"},
        ],
        input=[
            {"type": "additional_tools", "tools": [{"type": "function", "name": "late"}]},
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "function_call", "call_id": "a", "name": "shell", "arguments": "{}"},
            {"type": "local_shell_call", "call_id": "b", "action": {"command": ["ls"]}},
            {"type": "function_call_output", "call_id": "a", "output": "ok"},
            {"type": "local_shell_call_output", "call_id": "b", "output": "x", "status": "failed"},
            {"type": "hologram"},
        ],
    )

    assert seen.messages == [
        Message(role="system", parts=[Part(kind="text", text="Be brief.")]),
        Message(role="user", parts=[Part(kind="text", text="hi")]),
        Message(
            role="assistant",
            parts=[
                Part(kind="reasoning", text="hm"),
                Part(kind="tool_call", text="{}", name="shell", id="a"),
                Part(kind="tool_call", text='{"command":["ls"]}', name="local_shell", id="b"),
            ],
        ),
        Message(
            role="tool",
            parts=[
                Part(kind="tool_result", text="ok", id="a"),
                Part(kind="tool_result", text="x", id="b", is_error=True),
            ],
        ),
        Message(
            role="assistant",
            parts=[Part(kind="other", name="hologram", text='{"type":"hologram"}')],
        ),
    ]
    assert seen.tools == ["shell", "web_search", "mcp.get", "mcp docs", "late"]
    assert seen.settings == {"reasoning": '{"effort":"high"}'}


def test_prompts_and_inputs_are_messages_of_the_user() -> None:
    text = [Message(role="user", parts=[Part(kind="text", text="a")])]

    assert ask("openai.completions", prompt="a").messages == text
    assert ask("openai.completions", prompt=["a", "b"]).messages[1].parts[0].text == "b"
    assert ask("openai.embeddings", input="a", dimensions=8).messages == text
    assert ask("openai.embeddings", input=[1, 2, 3]).messages[0].parts == [
        Part(kind="other", name="tokens", text="3 token ids")
    ]
    assert ask("openai.responses", input="a").messages == text


def test_a_lone_surrogate_does_not_hide_the_conversation() -> None:
    body = b'{"messages":[{"role":"user","content":"cut \\ud83d"}]}'

    assert read_request("openai.chat", body).messages[0].parts[0].text == "cut \ufffd"


def test_other_protocols_have_no_conversation() -> None:
    assert read_request("raw", b"\x00\x01") == ChatRequest()
