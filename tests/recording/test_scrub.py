"""Secrets are blanked in place: the same length, and JSON stays JSON."""

import base64
import json
import tracemalloc
from urllib.parse import quote

import pytest

from llmgate.recording.patterns import SHAPES
from llmgate.recording.rules import Rules
from llmgate.recording.scrub import Scrubbing

RULES = Rules([("openai", 'a/secret"of+42')], [r"\b\d{16}\b"])

KEYS = {
    "key:openai": ["sk-proj-abcDEF123456", "sk-abcdefghijklmnopqrstuvwx", "sk-abc123def456ghi"],
    "key:anthropic": ["sk-ant-api03-AbCdEfGh_12-34"],
    "key:openrouter": ["sk-or-v1-0123456789abcdef0123456789abcdef"],
    "key:groq": ["gsk_abcDEF1234567890"],
    "key:google": ["AIzaSyA1234567890abcdefghijklmnopqrstuv"],
    "key:xai": ["xai-abcdEFGH12345678"],
    "key:huggingface": ["hf_abcdefghijklmnopqrst"],
    "token:github": ["ghp_abcdefghij0123456789", "github_pat_11ABCDEFG0123456789_abc"],
    "key:aws": ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"],
    "token:jwt": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN"],
    "token:slack": ["xoxb-1234567890-abcdef"],
}
CONTEXTS = {
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "key:aws",
    '"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"': "key:aws",
    "Authorization: Bearer abcdefgh12345678": "token:bearer",
    "authorization: Basic dXNlcjpwYXNzMTIz": "assigned",
    "https://x.test/v1/models?key=abcdefgh&beta=true": "url",
    "postgres://me:hunter22@db.test/x": "url",
}


def scrubbed(text: str) -> tuple[str, dict[str, int]]:
    scrubbing = Scrubbing(RULES)
    return scrubbing.body(text.encode()).decode(), scrubbing.hits


@pytest.mark.parametrize(
    ("rule", "key"), [(rule, key) for rule, keys in KEYS.items() for key in keys]
)
def test_the_keys_of_providers_are_known_by_their_shape(rule: str, key: str) -> None:
    for text in (key, f"my key is {key}.", f"({key})", json.dumps({"k": f"\n{key}"})):
        found, hits = scrubbed(text)
        assert key not in found
        assert len(found) == len(text)
        assert hits == {rule: 1}


@pytest.mark.parametrize(("text", "rule"), CONTEXTS.items())
def test_others_are_known_by_what_stands_around_them(text: str, rule: str) -> None:
    found, hits = scrubbed(text)

    assert hits == {rule: 1}
    assert found != text
    assert len(found) == len(text)


HARMLESS = [
    "the task-oriented risk-averse disk-management-tool-for-linux",
    "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz0123 call_abc123DEF456ghi789JKL012",
    "toolu_01A09q90qw90lq917835lq9 msg_01XFDUDYJgAACzvnptvVoYEL",
    "bearer of good news, the bearer 12 times; Authorization is required",
    'api_key = os.environ["KEY"]; password = input("?")',
    "https://x.test/?q=a&page=2#key=x sk-learn hf_hub AIza",
    "-----BEGIN CERTIFICATE-----",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 8).decode(),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_a_little_like_a_key_stays(text: str) -> None:
    assert scrubbed(text) == (text, {})


def test_a_private_key_goes_whole_and_its_lines_stay_lines() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB\nAAKCAQEA\n-----END RSA PRIVATE KEY-----"
    found, hits = scrubbed(f"a\n{key}\nb")
    assert hits == {"private-key": 1}
    assert [len(line) for line in found.split("\n")] == [
        len(it) for it in f"a\n{key}\nb".split("\n")
    ]
    assert "MIIE" not in found

    inside = json.dumps({"pem": f"x\n{key}\n", "next": 'it"s'})
    value = json.loads(scrubbed(inside)[0])
    assert value["next"] == 'it"s'
    assert "MIIE" not in value["pem"]


@pytest.mark.parametrize(
    "written",
    [
        'a/secret"of+42',
        quote('a/secret"of+42', safe=""),
        quote('a/secret"of+42', safe="").lower(),
        base64.b64encode(b'user:a/secret"of+42').decode(),
        "".join(f"\\u{ord(letter):04x}" for letter in 'a/secret"of+42'),
        base64.b64encode(b"xsk-ant-api03-AbCdEfGh_12-34".replace(b"x", b" ")).decode(),
        base64.b64encode(quote("key=sk-ant-api03-AbCdEfGh_12-34").encode()).decode(),
        quote(json.dumps({"k": "sk-ant-api03-AbCdEfGh_12-34"})),
    ],
)
def test_secrets_are_found_in_whatever_form_they_are_written(written: str) -> None:
    for text in (f"it: {written} .", json.dumps({"a": [f"it: {written} ."]})):
        found, hits = scrubbed(text)
        assert sum(hits.values()) == 1
        assert written not in found
        assert len(found) == len(text)


def test_a_number_of_json_stays_a_number_and_the_users_pattern_is_kept() -> None:
    found, hits = scrubbed('{"card": 1234567812345678, "said": "1234567812345678"}')

    assert json.loads(found) == {"card": 1111111111111111, "said": "*" * 16}
    assert hits == {"redact": 2}


def test_text_that_begins_like_json_and_is_none_hides_nothing() -> None:
    found, hits = scrubbed("[INFO] token sk-ant-api03-AbCdEfGh_12-34 {open")

    assert hits == {"key:anthropic": 1}
    assert found.startswith("[INFO] token {{key:anthropic}}")


def test_scrubbing_again_changes_nothing() -> None:
    for key in (key for keys in KEYS.values() for key in keys):
        found, _ = scrubbed(f'{key} 1234567812345678 a/secret"of+42 ?key={key}')
        assert scrubbed(found) == (found, {})


def test_every_shape_has_an_anchor_in_lower_case_where_it_is_looked_for_so() -> None:
    for shape in SHAPES:
        assert shape.anchors
        assert not shape.folded or all(anchor == anchor.lower() for anchor in shape.anchors)


def test_a_body_nested_deep_costs_no_more_memory_than_a_flat_one() -> None:
    key = "sk-ant-api03-AbCdEfGh_12-34"
    deep = b'{"name":' * 20_000 + f'"{key}"'.encode()
    tracemalloc.start()
    found = Scrubbing(RULES).body(deep)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert key.encode() not in found
    assert len(found) == len(deep)
    assert most < 400 * len(deep)
