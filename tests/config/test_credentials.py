"""Credentials are never kept, and configured secrets are blanked wherever they turn up."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.config.credentials import (
    CALLER_KEY_HEADERS,
    CREDENTIAL_HEADERS,
    MAX_HEADERS,
    MAX_VALUE,
    Scrubber,
    kept_headers,
    kept_query,
    kept_url,
)
from llmgate.errors import ConfigProblem

SECRET = "sk-live/+a1B2c3D4e5F6g7H8"


@pytest.mark.parametrize("name", sorted(CREDENTIAL_HEADERS | set(CALLER_KEY_HEADERS)))
@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_no_accepted_credential_is_ever_kept(name, spelling) -> None:  # type: ignore[no-untyped-def]
    spelled = spelling(name)

    assert kept_headers([(spelled, "s3cret"), (spelled.encode(), b"s3cret")]) == []


@pytest.mark.parametrize(
    "name", ["x-goog-access-token", "x-session-token", "x-codex-secret", "x-openai-api-key"]
)
def test_a_suspicious_name_is_not_kept_even_under_a_kept_prefix(name: str) -> None:
    assert kept_headers([(name, "s3cret")]) == []


def test_what_explains_an_exchange_is_kept_in_lower_case() -> None:
    headers: list[tuple[bytes | str, bytes | str]] = [
        (b"Content-Type", b"application/json"),
        ("X-RateLimit-Remaining-Tokens", "12"),
        (b"anthropic-ratelimit-tokens-reset", b"soon"),
        ("x-stainless-lang", "python"),
        ("x-claude-code-session-id", "5f"),
        ("x-private", "no"),
        (b"Retry-After", b"3"),
    ]

    assert kept_headers(headers) == [
        ("content-type", "application/json"),
        ("x-ratelimit-remaining-tokens", "12"),
        ("anthropic-ratelimit-tokens-reset", "soon"),
        ("x-stainless-lang", "python"),
        ("x-claude-code-session-id", "5f"),
        ("retry-after", "3"),
    ]


def test_kept_headers_are_bounded_in_count_and_length() -> None:
    kept = kept_headers([("user-agent", "a" * 100_000)] * 1000)

    assert len(kept) == MAX_HEADERS
    assert len(kept[0][1]) == MAX_VALUE


def test_a_credential_parameter_loses_its_value_and_others_stay() -> None:
    assert kept_query("alt=sse&key=AIzaSecret&beta=true") == "alt=sse&key=***&beta=true"
    assert kept_query("K%65y=AIzaSecret") == "K%65y=***"
    assert kept_query("beta") == "beta"


def test_a_url_loses_user_info_and_credential_parameters() -> None:
    assert kept_url("https://me:pw@x.test/v1?key=a&b=c") == "https://x.test/v1?key=***&b=c"
    assert kept_url("https://x.test/v1/a@b") == "https://x.test/v1/a@b"


@pytest.mark.parametrize(
    "form",
    [
        SECRET.encode(),
        quote(SECRET, safe="").encode(),
        quote(SECRET, safe="").lower().encode()
        if quote(SECRET, safe="").lower() == SECRET
        else quote(SECRET).encode(),
        SECRET.replace("/", "\\/").encode(),
        base64.b64encode(SECRET.encode()),
        base64.b64encode(b"user:" + SECRET.encode()),
        base64.b64encode(b"me:" + SECRET.encode() + b":tail"),
        base64.urlsafe_b64encode(b"x" + SECRET.encode()),
    ],
)
def test_every_form_of_a_secret_is_blanked_with_its_length_kept(form: bytes) -> None:
    data = b'{"a":"' + form + b'","b":1}'

    scrubbed = Scrubber([("openai", SECRET)]).scrub(data)

    assert len(scrubbed) == len(data)
    assert b"{{secret:openai}}"[:10] in scrubbed
    assert scrubbed.endswith(b'","b":1}')
    for inner in (SECRET.encode(), base64.b64encode(SECRET.encode())[4:-4]):
        assert inner not in scrubbed


def test_data_without_a_secret_comes_back_as_the_same_object() -> None:
    scrubber = Scrubber([("openai", SECRET)])
    data = b"nothing here"
    text = "nothing here"

    assert scrubber.scrub(data) is data
    assert scrubber.scrub_text(text) is text
    assert scrubber.surely_clean(data)


def test_a_short_secret_is_left_alone() -> None:
    assert Scrubber([("k", "abc")]).scrub(b"abcabc") == b"abcabc"


def test_the_longer_of_two_overlapping_secrets_is_blanked_whole() -> None:
    scrubber = Scrubber([("short", "secret-1"), ("long", "secret-1-and-more")])

    assert b"and-more" not in scrubber.scrub(b"x secret-1-and-more y")


@given(st.integers(0, 1 << 18), st.integers(1, 3))
def test_a_secret_is_found_wherever_it_lies_in_a_large_body(before: int, times: int) -> None:
    scrubber = Scrubber([("openai", SECRET)])
    filled = Scrubber([("openai", SECRET)]).scrub(SECRET.encode())
    data = (b"a" * before + SECRET.encode()) * times + b"b" * ((1 << 18) + 1)

    assert scrubber.scrub(data) == data.replace(SECRET.encode(), filled)


def test_redact_patterns_blank_what_they_match() -> None:
    scrubber = Scrubber([], [r"\b\d{3}-\d{2}-\d{4}\b"])

    assert scrubber.scrub(b"ssn 123-45-6789.") == b"ssn ***********."
    assert scrubber.scrub_text("ssn 123-45-6789.") == "ssn ***********."
    assert not scrubber.surely_clean(b"only each can tell")


def test_a_bad_redact_pattern_is_a_config_problem() -> None:
    with pytest.raises(ConfigProblem, match="not a regular expression"):
        Scrubber([], ["("])


def test_lone_surrogates_do_not_stop_the_scrubber() -> None:
    scrubber = Scrubber([("openai", SECRET)])

    assert "sk-live" not in scrubber.scrub_text(f"\ud800{SECRET}")
