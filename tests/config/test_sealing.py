"""Secrets in a config's text: found, sealed, restored to the last character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.config.sealing import Ambiguous, likely_secrets, restored, seal, unseal

TEXT = """\
providers:
  openai: {kind: openai, api_key: sk-abcdefghijkl, headers: {x-my-token: "Bearer tok-1234567890"}}
  a: {api_keys: ["key-one-1234567", 'key-two-1234567', "${A:-default-of-a-key}", "${B}"]}
  # api_key: sk-out-of-use-long
  b:
    api_keys:
      - sk-an-item-of-a-list-0001
keys:
  ide: {key: "llmgate-abcdefghijkl", limits: {tokens_per_minute: 123456789012}}
"""
PIECES = st.sampled_from(
    [
        "secret-1",
        "secret-12",
        "cret-1",
        "{{secret:",
        "}}",
        "0123456789abcdef",
        "{",
        "\r\n",
        "a",
        ": ",
    ]
)


def test_what_looks_like_a_secret_is_found_in_any_style_and_in_comments() -> None:
    assert likely_secrets(TEXT) == [
        "sk-abcdefghijkl",
        "tok-1234567890",
        "key-one-1234567",
        "key-two-1234567",
        "default-of-a-key",
        "sk-out-of-use-long",
        "sk-an-item-of-a-list-0001",
        "llmgate-abcdefghijkl",
    ]


@given(st.lists(PIECES, max_size=30).map("".join), st.sets(PIECES, max_size=4))
def test_a_sealed_text_comes_back_and_holds_no_secret(text: str, secrets: set[str]) -> None:
    sealed = seal(text, secrets)

    assert unseal(sealed.text, sealed.secrets) == text
    for secret in secrets & {"secret-1", "secret-12"}:
        assert secret not in sealed.text


def test_a_mark_whose_secret_is_gone_is_an_error() -> None:
    with pytest.raises(KeyError):
        unseal(seal("key: sk-abcdefgh", ["sk-abcdefgh"]).text, {})


SHOWN_FOR = [
    ("providers.a", "sk-aaaaaaaaaaaaaaaaaaaaaaaa"),
    ("providers.a", "sk-bbbbbbbbbbbbbbbbbbbbbbbb"),
]
BASE = f"x: {SHOWN_FOR[0][1]}\ny: {SHOWN_FOR[1][1]}\n"
FILLER = "{{secret:providers.a}}*****"


def test_replacements_become_the_secrets_again_in_their_order() -> None:
    assert restored(f"# more\nx: {FILLER}\ny: {FILLER}\n", BASE, SHOWN_FOR) == "# more\n" + BASE


def test_a_replacement_for_one_of_several_secrets_is_refused_with_its_line() -> None:
    with pytest.raises(Ambiguous) as ambiguous:
        restored(f"# more\ny: {FILLER}\n", BASE, SHOWN_FOR)

    assert ambiguous.value.line == 2


def test_a_replacement_for_the_only_secret_may_be_written_twice() -> None:
    base = f"x: {SHOWN_FOR[0][1]}\n"

    assert restored(f"x: {FILLER}\nz: {FILLER}\n", base, SHOWN_FOR).count("sk-aaa") == 2
