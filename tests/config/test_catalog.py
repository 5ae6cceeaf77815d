"""The catalog of providers and how their URLs are put together."""

from urllib.parse import urlsplit

import pytest

from llmgate.config.catalog import (
    KINDS,
    PROTOCOLS,
    base_url_of,
    keys_of,
    lacks_key,
    protocols_of,
    upstream_url,
)
from llmgate.config.model import ProviderConfig

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com", "https://api.openai.com/v1/chat/completions"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1/chat/completions"),
        ("http://[::1]:8080/", "http://[::1]:8080/v1/chat/completions"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions"),
        ("https://host/v1beta/openai", "https://host/v1beta/openai/chat/completions"),
        ("https://api.perplexity.ai/.", "https://api.perplexity.ai/chat/completions"),
    ],
)
def test_an_openai_like_url_holds_the_version_once(base: str, expected: str) -> None:
    assert upstream_url(base, False, CHAT, "") == expected
    assert upstream_url(base, False, f"/v1{CHAT}", "") == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
        ("https://api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic/v1/messages"),
    ],
)
def test_an_anthropic_like_url_keeps_the_callers_version_once(base: str, expected: str) -> None:
    assert upstream_url(base, True, MESSAGES, "") == expected
    assert upstream_url(base, True, f"/v1{MESSAGES}", "") == expected


def test_the_query_and_an_encoded_path_are_kept_as_they_are() -> None:
    url = upstream_url("https://a.test/v1", False, "/v1/models/org%2Fname", "beta=true&x=%20")

    assert url == "https://a.test/v1/models/org%2Fname?beta=true&x=%20"


def test_a_path_that_only_begins_like_a_version_is_not_shortened() -> None:
    assert upstream_url("https://a.test/x", False, "/v1beta/models", "") == (
        "https://a.test/x/v1beta/models"
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_row_speaks_known_protocols_and_has_a_usable_address(kind: object) -> None:
    row = KINDS[getattr(kind, "name", "")]

    assert row.protocols
    assert set(row.protocols) <= set(PROTOCOLS)
    if row.base_url:
        parts = urlsplit(row.base_url)
        assert (parts.scheme == "http") == row.local
        assert row.keeps_v1 != parts.path.endswith("/v1")
    assert row.probe.startswith("/v1/") == row.keeps_v1


def test_what_a_provider_configures_replaces_its_kind() -> None:
    provider = ProviderConfig(
        kind="openai",
        protocols=["openai.chat"],
        base_url="http://x/v1",
        api_key="a",
        api_keys=["b", "a"],
    )

    assert protocols_of(provider) == ("openai.chat",)
    assert base_url_of(provider) == "http://x/v1"
    assert keys_of(provider) == ("a", "b")
    assert base_url_of(ProviderConfig(kind="openai")) == "https://api.openai.com/v1"
    assert base_url_of(ProviderConfig(kind="recording")) == ""


@pytest.mark.parametrize(
    ("kind", "key", "lacking"),
    [
        ("openai", None, True),
        ("openai", "sk", False),
        ("ollama", None, False),
        ("recording", None, False),
    ],
)
def test_only_a_kind_that_wants_a_key_can_lack_it(
    kind: str, key: str | None, lacking: bool
) -> None:
    assert lacks_key(ProviderConfig(kind=kind, api_key=key)) is lacking
