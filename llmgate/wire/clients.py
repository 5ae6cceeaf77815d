"""Who is calling: the client's name from its user agent, its session from its headers.

Both were read off real programs; an SDK names itself, an agent built on one may only be known as
that.
"""

from collections.abc import Mapping

_AGENTS = (  # the first that the user agent contains, lower-case; most specific first
    ("claude-cli", "claude-code"),
    ("claude-code", "claude-code"),
    ("codex", "codex"),
    ("opencode", "opencode"),
    ("geminicli", "gemini-cli"),
    ("qwencode", "qwen-code"),
    ("aider", "aider"),
    ("cline", "cline"),
    ("continue", "continue"),
    ("ls/js", "continue"),
    ("copilot", "copilot"),
    ("zed/", "zed"),
    ("goose", "goose"),
    ("pydantic-ai", "pydantic-ai"),
    ("langchain", "langchain"),
    ("litellm", "litellm"),
    ("asyncopenai/python", "openai-py"),
    ("azureopenai/python", "openai-py"),
    ("openai/python", "openai-py"),
    ("openai/js", "openai-js"),
    ("asyncanthropic/python", "anthropic-py"),
    ("anthropic/python", "anthropic-py"),
    ("anthropicbedrock/python", "anthropic-py"),
    ("anthropicvertex/python", "anthropic-py"),
    ("anthropic/js", "anthropic-js"),
    ("google-genai", "google-genai"),
    ("mistral-client", "mistral-py"),
    ("cohere/", "cohere-py"),
    ("ollama-python", "ollama-py"),
    ("ai-sdk/", "ai-sdk"),
    ("boto3", "boto3"),
    ("curl/", "curl"),
    ("python-httpx", "httpx"),
    ("python-requests", "requests"),
    ("node-fetch", "node-fetch"),
    ("bun/", "bun"),
)

_SESSION_HEADERS = (
    "x-claude-code-session-id",
    "session-id",
    "session_id",
    "x-session-id",
    "x-session-affinity",
    "thread-id",
    "x-litellm-session-id",
    "x-conversation-id",
)

_known: dict[str, str] = {}


def client_name(headers: Mapping[str, str]) -> str:
    """Names the calling program, empty when it does not say; header names are lower-case."""
    agent = headers.get("user-agent", "")
    if not agent:
        return ""
    if "x-initiator" in headers or "x-interaction-type" in headers:
        return "copilot"
    name = _known.get(agent)
    if name is None:
        if len(_known) > 512:  # a caller that makes up agents must not grow us
            _known.clear()
        name = _known[agent] = _name(agent)
    return name


def session_id(headers: Mapping[str, str]) -> str:
    """Gives the conversation's id as its agent sends it, empty when there is none."""
    for name in _SESSION_HEADERS:
        value = headers.get(name)
        if value:
            return value[:80]
    return ""


def _name(agent: str) -> str:
    lower = agent.lower()
    for needle, name in _AGENTS:
        if needle in lower:
            return name
    first = lower.split("/", 1)[0].split(" ", 1)[0]
    return "".join(c for c in first if c.isalnum() or c in "-_.")[:24]
