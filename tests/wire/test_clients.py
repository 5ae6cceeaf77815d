"""Who is calling, by its own words."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmgate.wire.clients import client_name, session_id


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("claude-cli/9.9 (external, cli)", "claude-code"),
        ("codex_exec/1.2 (Linux; x86_64)", "codex"),
        ("codex_vscode/1.2", "codex"),
        ("opencode/3.1 ai-sdk/provider-utils/9 runtime/bun/1", "opencode"),
        ("GeminiCLI-tui/2.0/some-model (linux)", "gemini-cli"),
        ("QwenCode/2.0 (linux; x64)", "qwen-code"),
        ("ls/JS 9.1", "continue"),
        ("OpenAI/Python 9.0", "openai-py"),
        ("AsyncOpenAI/Python 9.0", "openai-py"),
        ("AsyncAzureOpenAI/Python 9.0", "openai-py"),
        ("OpenAI/JS 9.0", "openai-js"),
        ("Anthropic/Python 9.0", "anthropic-py"),
        ("AsyncAnthropic/Python 9.0", "anthropic-py"),
        ("AnthropicBedrock/Python 9.0", "anthropic-py"),
        ("AsyncAnthropicVertex/Python 9.0", "anthropic-py"),
        ("Anthropic/JS 9.0", "anthropic-js"),
        ("google-genai-sdk/9.0 gl-python/3.11 pydantic-ai/9.0", "pydantic-ai"),
        ("google-genai-sdk/9.0 gl-python/3.11", "google-genai"),
        ("litellm/9.0", "litellm"),
        ("curl/8.0", "curl"),
        ("my-tool/1.0 (hello)", "my-tool"),
        ("My Tool", "my"),
        ("\x1b[31mred/1.0", "31mred"),
        ("x" * 500, "x" * 24),
        ("", ""),
        ("///", ""),
    ],
)
def test_a_program_is_named_by_its_user_agent(agent: str, name: str) -> None:
    assert client_name({"user-agent": agent}) == name


def test_an_agent_that_hides_behind_an_sdk_is_known_by_its_own_headers() -> None:
    assert client_name({"user-agent": "OpenAI/JS 9.0", "x-initiator": "agent"}) == "copilot"
    assert client_name({"user-agent": "Anthropic/JS 9.0", "x-interaction-type": "x"}) == "copilot"


def test_a_caller_that_makes_up_names_is_still_named_right() -> None:
    names = {client_name({"user-agent": f"made-up-{n}/1.0"}) for n in range(2_000)}

    assert len(names) == 2_000
    assert client_name({"user-agent": "curl/8.0"}) == "curl"


@pytest.mark.parametrize(
    ("headers", "session"),
    [
        ({"x-claude-code-session-id": "a", "session-id": "b"}, "a"),
        ({"session_id": "c"}, "c"),
        ({"x-session-affinity": "ses_1"}, "ses_1"),
        ({"thread-id": "t"}, "t"),
        ({"session-id": "", "thread-id": "t"}, "t"),
        ({"session-id": "x" * 900}, "x" * 80),
        ({"cookie": "session=1"}, ""),
    ],
)
def test_a_session_is_read_from_the_header_its_agent_sends(
    headers: dict[str, str], session: str
) -> None:
    assert session_id(headers) == session


EXPECTED = {
    "claude_": {"claude-code", "bun", "aws-sdk-js"},
    "codex_": {"codex"},
    "oc_": {"opencode"},
    "copilot_": {"copilot"},
    "cn_": {"continue", "node-fetch"},
    "gemini_": {"gemini-cli"},
    "qwen_code_": {"qwen-code"},
    "cline_": {"ai-sdk", "bun"},
    "sdk_openai_python": {"openai-py"},
    "sdk_anthropic_python": {"anthropic-py"},
    "sdk_mistralai_python": {"mistral-py"},
    "sdk_cohere_python": {"cohere-py"},
    "sdk_ollama_python": {"ollama-py"},
    "sdk_google_genai_python": {"google-genai"},
    "sdk_boto3_bedrock": {"boto3"},
}


def heads(folder: Path, prefix: str) -> Iterator[dict[str, str]]:
    """The request headers in the captures whose file name begins so."""
    for file in sorted(folder.glob(f"{prefix}*.json")):
        for request in json.loads(file.read_text(encoding="utf-8")).get("requests", []):
            if isinstance(request, dict) and "headers" in request:
                yield {name.lower(): value for name, value in request["headers"]}


@pytest.mark.parametrize("prefix", EXPECTED)
def test_captured_programs_are_named_as_what_they_are(prefix: str) -> None:
    folder = os.environ.get("LLMGATE_CLIENTS")
    if not folder:
        pytest.skip("LLMGATE_CLIENTS names no folder of captured requests")
    agents = [head for head in heads(Path(folder), prefix) if "user-agent" in head]

    assert agents
    assert {client_name(head) for head in agents} <= EXPECTED[prefix]
