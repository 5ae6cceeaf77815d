"""The catalog: every kind of provider as a row of data, and how its URLs are put together.

``protocols`` says what a provider serves of what the gateway knows; a provider's ``protocols:`` in
config.yaml replaces it, for a server that is older or newer than this table.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from llmgate.config.model import ProviderConfig
from llmgate.wire.exchanges import Protocol

Auth = Literal["bearer", "x-api-key", "api-key", "none"]

PROTOCOLS: Final[tuple[str, ...]] = get_args(Protocol)


class ProviderKind(msgspec.Struct, frozen=True, kw_only=True):
    """What is true of every provider of a kind.

    ``keeps_v1``: the caller's whole ``/v1/...`` path is added to the base URL (the Anthropic
    family); otherwise the base URL already holds the version. ``probe`` is the path of the models
    list under the base URL. ``owns`` are globs of the models that this vendor alone makes: they
    find it before its list is known, and when its list leaves aliases out.
    """

    name: str
    base_url: str | None = None
    protocols: tuple[str, ...]
    auth: Auth = "bearer"
    key_env: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    keeps_v1: bool = False
    local: bool = False
    probe: str = "/models"
    owns: tuple[str, ...] = ()


CHAT: Final = "openai.chat"
COMPLETIONS: Final = "openai.completions"
RESPONSES: Final = "openai.responses"
EMBEDDINGS: Final = "openai.embeddings"
MODELS: Final = "openai.models"
RAW: Final = "openai.raw"
MESSAGES: Final = "anthropic.messages"
COUNT: Final = "anthropic.count_tokens"

_OPENAI: Final = (CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, MODELS, RAW)
_ANTHROPIC_VERSION: Final = (("anthropic-version", "2023-06-01"),)

_ROWS: Final = (
    ProviderKind(
        name="openai",
        base_url="https://api.openai.com/v1",
        protocols=_OPENAI,
        key_env="OPENAI_API_KEY",
        owns=(
            *(
                "gpt-*",
                "o[134]",
                "o[134]-*",
                "chatgpt-*",
                "codex-*",
                "computer-use-*",
                "text-embedding-*",
            ),
            *("dall-e-*", "whisper-*", "tts-*", "omni-moderation-*", "sora-*"),
        ),
    ),
    ProviderKind(
        name="anthropic",
        base_url="https://api.anthropic.com",
        protocols=(MESSAGES, COUNT),
        auth="x-api-key",
        key_env="ANTHROPIC_API_KEY",
        headers=_ANTHROPIC_VERSION,
        keeps_v1=True,
        probe="/v1/models?limit=1000",
        owns=("claude-*",),
    ),
    ProviderKind(
        name="groq",
        base_url="https://api.groq.com/openai/v1",
        protocols=(CHAT, RESPONSES, MODELS, RAW),
        key_env="GROQ_API_KEY",
    ),
    ProviderKind(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        protocols=(*_OPENAI, MESSAGES),
        key_env="OPENROUTER_API_KEY",
    ),
    ProviderKind(
        name="deepseek",
        base_url="https://api.deepseek.com/v1",
        protocols=(CHAT, MODELS, RAW),
        key_env="DEEPSEEK_API_KEY",
        owns=("deepseek-chat", "deepseek-reasoner"),
    ),
    ProviderKind(
        name="mistral",
        base_url="https://api.mistral.ai/v1",
        protocols=(CHAT, EMBEDDINGS, MODELS, RAW),
        key_env="MISTRAL_API_KEY",
        owns=("mistral-*-latest", "codestral-*", "ministral-*", "magistral-*", "mistral-embed*"),
    ),
    ProviderKind(
        name="together",
        base_url="https://api.together.xyz/v1",
        protocols=(CHAT, COMPLETIONS, EMBEDDINGS, MODELS, RAW),
        key_env="TOGETHER_API_KEY",
    ),
    ProviderKind(
        name="huggingface",
        base_url="https://router.huggingface.co/v1",
        protocols=(CHAT, RESPONSES, MODELS, RAW),
        key_env="HF_TOKEN",
    ),
    ProviderKind(
        name="xai",
        base_url="https://api.x.ai/v1",
        protocols=(CHAT, COMPLETIONS, RESPONSES, MODELS, RAW),
        key_env="XAI_API_KEY",
        owns=("grok-*",),
    ),
    ProviderKind(
        name="fireworks",
        base_url="https://api.fireworks.ai/inference/v1",
        protocols=_OPENAI,
        key_env="FIREWORKS_API_KEY",
        owns=("accounts/fireworks/*",),
    ),
    ProviderKind(
        name="cerebras",
        base_url="https://api.cerebras.ai/v1",
        protocols=(CHAT, COMPLETIONS, MODELS, RAW),
        key_env="CEREBRAS_API_KEY",
    ),
    ProviderKind(
        name="ollama",
        base_url="http://127.0.0.1:11434/v1",
        protocols=(*_OPENAI, MESSAGES),
        local=True,
    ),
    ProviderKind(
        name="llamacpp",
        base_url="http://127.0.0.1:8080/v1",
        protocols=(*_OPENAI, MESSAGES, COUNT),
        local=True,
    ),
    ProviderKind(
        name="lmstudio",
        base_url="http://127.0.0.1:1234/v1",
        protocols=(*_OPENAI, MESSAGES),
        local=True,
    ),
    ProviderKind(
        name="vllm",
        base_url="http://127.0.0.1:8000/v1",
        protocols=(*_OPENAI, MESSAGES, COUNT),
        local=True,
    ),
    ProviderKind(name="openai-compatible", protocols=_OPENAI),
    ProviderKind(
        name="anthropic-compatible",
        protocols=(MESSAGES, COUNT),
        auth="x-api-key",
        headers=_ANTHROPIC_VERSION,
        keeps_v1=True,
        probe="/v1/models?limit=1000",
    ),
    ProviderKind(
        name="recording",
        protocols=(*_OPENAI, MESSAGES, COUNT),
        auth="none",
        local=True,
    ),
)

KINDS: Final[Mapping[str, ProviderKind]] = {row.name: row for row in _ROWS}

_VERSIONS = re.compile(r"^(?:/v1)+(?=/|$)")
_BARE = re.compile(r"^https?://[^/]*$")


def protocols_of(provider: ProviderConfig) -> tuple[str, ...]:
    """What this provider speaks: as configured, else as its kind does."""
    return tuple(provider.protocols) or KINDS[provider.kind].protocols


def base_url_of(provider: ProviderConfig) -> str:
    """The configured base URL, else the kind's; empty for a provider without an address."""
    return provider.base_url or KINDS[provider.kind].base_url or ""


def keys_of(provider: ProviderConfig) -> tuple[str, ...]:
    """The provider's keys in the order they are tried."""
    return tuple(dict.fromkeys([*filter(None, [provider.api_key]), *provider.api_keys]))


def lacks_key(provider: ProviderConfig) -> bool:
    """True when the kind is of no use without a key and none is configured."""
    kind = KINDS[provider.kind]
    return kind.key_env is not None and not keys_of(provider)


def upstream_url(base_url: str, keeps_v1: bool, path: str, query: str) -> str:
    """Puts the URL of a provider together from the caller's path.

    Base URLs are written with or without a trailing slash and ``/v1``, callers double ``/v1``: all
    of these mean the same. A base URL that ends in ``/.`` is taken as it is, for an OpenAI-like
    server that has no version in its paths.
    """
    rest = _VERSIONS.sub("", path if path.startswith("/") else f"/{path}")
    base = _versioned(base_url)
    if keeps_v1:
        base = f"{base.removesuffix('/v1')}/v1"
    url = f"{base}{rest}"
    return f"{url}?{query}" if query else url


def _versioned(base_url: str) -> str:
    base = base_url.rstrip("/")
    if base.endswith("/."):
        return base[:-2]
    return f"{base}/v1" if _BARE.match(base) else base
