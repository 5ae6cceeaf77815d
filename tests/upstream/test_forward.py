"""Which headers go on, to the provider and back."""

import pytest

from llmgate.config.credentials import CREDENTIAL_HEADERS
from llmgate.upstream.forward import own_credential, towards_caller, towards_provider


def forwarded(*names: str) -> set[str]:
    """The names that reach a provider, of these headers of a caller."""
    kept = towards_provider([(name.encode(), b"value") for name in names])
    return {name for name, _ in kept} - {"accept-encoding"}


@pytest.mark.parametrize("name", sorted(CREDENTIAL_HEADERS))
def test_no_credential_of_a_caller_reaches_a_provider(name: str) -> None:
    assert forwarded(name, name.upper(), name.title()) == set()


@pytest.mark.parametrize(
    "name",
    [
        "accept",
        "anthropic-beta",
        "anthropic-something-new",
        "anthropic-version",
        "content-type",
        "http-referer",
        "idempotency-key",
        "openai-beta",
        "openai-organization",
        "originator",
        "session_id",
        "traceparent",
        "user-agent",
        "x-claude-code-session-id",
        "x-codex-turn-state",
        "x-goog-api-client",
        "x-initiator",
        "x-session-affinity",
        "x-title",
    ],
)
def test_what_a_protocol_or_an_agent_says_goes_on_in_lower_case(name: str) -> None:
    assert forwarded(name) == {name}
    assert forwarded(name.title()) == {name}


@pytest.mark.parametrize(
    "name",
    [
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "forwarded",
        "host",
        "origin",
        "referer",
        "te",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-forwarded-for",
        "x-real-ip",
        "x-stainless-os",
        "x-unheard-of",
    ],
)
def test_what_belongs_to_a_connection_or_to_nobody_stays_here(name: str) -> None:
    assert forwarded(name) == set()


def test_answers_are_asked_for_uncompressed_and_repeated_headers_stay_repeated() -> None:
    sent = [(b"anthropic-beta", b"a"), (b"accept-encoding", b"gzip"), (b"anthropic-beta", b"b\xff")]

    assert towards_provider(sent) == [
        ("accept-encoding", "identity"),
        ("anthropic-beta", "a"),
        ("anthropic-beta", "b\xff"),
    ]


def test_a_caller_that_makes_up_header_names_is_still_read_right() -> None:
    for n in range(3_000):
        assert forwarded(f"x-made-up-{n}") == set()

    assert forwarded("anthropic-after-many", "cookie") == {"anthropic-after-many"}


def test_the_callers_own_credential_is_found_under_its_four_names_only() -> None:
    headers = [
        (b"Authorization", b"Bearer a"),
        (b"x-api-key", b"b"),
        (b"api-key", b"c"),
        (b"x-goog-api-key", b"d"),
        (b"cookie", b"e"),
        (b"user-agent", b"f"),
    ]

    assert [value for _, value in own_credential(headers)] == ["Bearer a", "b", "c", "d"]


@pytest.mark.parametrize("name", ["connection", "set-cookie", "transfer-encoding", "keep-alive"])
def test_what_belongs_to_a_providers_connection_stays_here(name: str) -> None:
    assert towards_caller([(name, "x"), ("retry-after", "3")]) == [(b"retry-after", b"3")]


def test_everything_else_of_a_provider_reaches_the_caller_in_order() -> None:
    headers = [("x-ratelimit-limit", "9"), ("content-type", "a/b"), ("x-ratelimit-limit", "\u20ac")]

    assert towards_caller(headers) == [
        (b"x-ratelimit-limit", b"9"),
        (b"content-type", b"a/b"),
        (b"x-ratelimit-limit", b"?"),
    ]
