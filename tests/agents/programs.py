"""Real coding agents as rows: how each is pointed at a gateway by its documented settings.

``{url}`` is the gateway, ``{home}`` the agent's home folder, made for one test. Each is asked to
write a file and gets a model that answers with one call of the agent's own shell tool.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.agents import packages
from tests.agents.packages import Package

SHELL = "echo carried > proof.txt"
PROMPT = "Write the word carried into proof.txt"
GATE_KEY = "local-key-of-the-agent"

Tokens = tuple[int | str, int]
"""Input and output tokens as the agent prints them; the input may be rounded text."""


@dataclass(frozen=True)
class Agent:
    """One agent with one way of talking."""

    name: str
    package: Package
    model: str
    protocol: str
    command: list[str]
    client: str
    tool: tuple[str, dict[str, str]] | None = None
    text: str = "The file is written."
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    session: bool = True
    usage: str = "reported"
    printed: Callable[[str], Tokens] | None = None


def _objects(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def _claude_tokens(output: str) -> Tokens:
    usage = _objects(output)[-1]["usage"]
    assert isinstance(usage, dict)
    return usage["input_tokens"], usage["output_tokens"]


def _codex_tokens(output: str) -> Tokens:
    [usage] = [o["usage"] for o in _objects(output) if o["type"] == "turn.completed"]
    assert isinstance(usage, dict)
    return usage["input_tokens"], usage["output_tokens"]


def _opencode_tokens(output: str) -> Tokens:
    parts = [o["part"] for o in _objects(output) if o["type"] == "step_finish"]
    tokens = [part["tokens"] for part in parts if isinstance(part, dict)]
    return sum(t["input"] for t in tokens), sum(t["output"] for t in tokens)


def _copilot_tokens(output: str) -> Tokens:
    found = re.search(r"Tokens +↑ ([\d.]+k?) • ↓ (\d+)", output)
    assert found is not None, output
    return found[1], int(found[2])


_CODEX = """\
model = "gpt-agent-codex"
approval_policy = "never"
sandbox_mode = "danger-full-access"
"""
_CODEX_OWN = """\
model_provider = "gate"
[model_providers.gate]
name = "gate"
base_url = "{url}/v1"
env_key = "GATE_KEY"
wire_api = "responses"
supports_websockets = false
"""
_CODEX_COMMAND = ["exec", "--json", "--skip-git-repo-check", PROMPT]

_OPENCODE = json.dumps(
    {
        "provider": {
            "gate": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "Gate",
                "options": {"baseURL": "{url}/v1", "apiKey": GATE_KEY},
                "models": {"gpt-agent-opencode": {}, "small": {}},
            },
            "anthropic": {
                "options": {"baseURL": "{url}/v1", "apiKey": GATE_KEY},
                "models": {"claude-agent-opencode": {}},
            },
        },
        "small_model": "gate/small",
        "permission": "allow",
        "autoupdate": False,
        "share": "disabled",
    }
)
_CONTINUE = """\
name: gate
version: 1.0.0
schema: v1
models:
  - {name: gate, provider: openai, model: gpt-agent-cn, apiBase: "{url}/v1", apiKey: key}
"""
_CLAUDE_FLAGS = "--output-format json --dangerously-skip-permissions --model claude-sonnet-4-5"
_AIDER_FLAGS = (
    "--model openai/gpt-agent-aider --no-show-model-warnings --yes-always --no-check-update "
    "--no-analytics --edit-format whole --no-git --map-tokens 0"
)
_SHELL_BASH = {"command": SHELL, "description": "write the file"}

AGENTS = [
    Agent(
        name="claude-code",
        package=packages.CLAUDE,
        model="claude-sonnet-4-5",
        protocol="anthropic.messages",
        command=["-p", PROMPT, *_CLAUDE_FLAGS.split()],
        client="claude-code",
        tool=("Bash", _SHELL_BASH),
        env={
            "ANTHROPIC_BASE_URL": "{url}",
            "ANTHROPIC_API_KEY": GATE_KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "IS_SANDBOX": "1",
        },
        printed=_claude_tokens,
    ),
    Agent(
        name="codex-provider",
        package=packages.CODEX,
        model="gpt-agent-codex",
        protocol="openai.responses",
        command=_CODEX_COMMAND,
        client="codex",
        tool=("exec_command", {"cmd": SHELL}),
        env={"GATE_KEY": GATE_KEY},
        files={".codex/config.toml": _CODEX + _CODEX_OWN},
        printed=_codex_tokens,
    ),
    Agent(
        name="codex-builtin",
        package=packages.CODEX,
        model="gpt-agent-codex",
        protocol="openai.responses",
        command=_CODEX_COMMAND,
        client="codex",
        tool=("exec_command", {"cmd": SHELL}),
        env={"CODEX_API_KEY": GATE_KEY},
        files={".codex/config.toml": 'openai_base_url = "{url}/v1"\n' + _CODEX},
        printed=_codex_tokens,
    ),
    Agent(
        name="opencode-chat",
        package=packages.OPENCODE,
        model="gpt-agent-opencode",
        protocol="openai.chat",
        command=["run", "--format", "json", "-m", "gate/gpt-agent-opencode", PROMPT],
        client="opencode",
        tool=("bash", _SHELL_BASH),
        files={".config/opencode/opencode.json": _OPENCODE},
        printed=_opencode_tokens,
    ),
    Agent(
        name="opencode-anthropic",
        package=packages.OPENCODE,
        model="claude-agent-opencode",
        protocol="anthropic.messages",
        command=["run", "--format", "json", "-m", "anthropic/claude-agent-opencode", PROMPT],
        client="opencode",
        tool=("bash", _SHELL_BASH),
        files={".config/opencode/opencode.json": _OPENCODE},
        printed=_opencode_tokens,
    ),
    Agent(
        name="copilot",
        package=packages.COPILOT,
        model="gpt-agent-copilot",
        protocol="openai.chat",
        command=["-p", PROMPT, "--allow-all-tools", "--no-color"],
        client="copilot",
        tool=("bash", _SHELL_BASH),
        env={
            "COPILOT_OFFLINE": "true",
            "COPILOT_PROVIDER_BASE_URL": "{url}/v1",
            "COPILOT_PROVIDER_API_KEY": GATE_KEY,
            "COPILOT_MODEL": "gpt-agent-copilot",
        },
        session=False,
        printed=_copilot_tokens,
    ),
    Agent(
        name="continue",
        package=packages.CONTINUE,
        model="gpt-agent-cn",
        protocol="openai.chat",
        command=["-p", "--auto", "--config", "{home}/continue.yaml", PROMPT],
        client="continue",
        tool=("Bash", {"command": SHELL}),
        files={"continue.yaml": _CONTINUE},
        session=False,
    ),
    Agent(
        name="aider",
        package=packages.AIDER,
        model="gpt-agent-aider",
        protocol="openai.chat",
        command=[*_AIDER_FLAGS.split(), "--message", PROMPT, "proof.txt"],
        client="openai-py",  # it does not say more
        text="proof.txt\n```\ncarried\n```\n",
        env={
            "OPENAI_API_BASE": "{url}/v1",
            "OPENAI_API_KEY": GATE_KEY,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        files={".aider/caches/model_prices_and_context_window.json": '{"none": {}}'},
        session=False,
        usage="estimated",  # it asks for no usage, so the provider sends none
    ),
]
