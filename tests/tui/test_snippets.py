"""Requests as text to copy."""

import shlex

import msgspec
import pytest

from llmgate.wire.exchanges import ExchangeDetail
from llmgate_tui import snippets
from llmgate_tui.screens.preview import notice
from tests.tui import sample

HOSTILE = b'{"model": "it\'s $(rm -rf /) `x` \\u001b[31m \\\\ \xc3\xa9"}'


def detail(**changes: object) -> ExchangeDetail:
    row = msgspec.structs.replace(sample.exchanges(8)[0], **changes)
    return ExchangeDetail(
        summary=row,
        query="beta=true&x='y'",
        request_headers=[
            ("content-type", "application/json"),
            ("anthropic-beta", "it's; a trap"),
            ("authorization", "***"),
            ("x-api-key", "***"),
            ("host", "somewhere"),
        ],
    )


def test_curl_gives_the_shell_exactly_the_body_and_no_key() -> None:
    text = snippets.curl(sample.ADDRESS, detail(key=""), HOSTILE)
    words = shlex.split(text.replace("\\\n", " "))

    assert words[words.index("--data-binary") + 1] == HOSTILE.decode()
    assert f"http://{sample.ADDRESS}/v1/chat/completions?beta=true&x='y'" in words
    assert "anthropic-beta: it's; a trap" in words
    assert "***" not in text
    assert "LLMGATE_KEY" not in text


@pytest.mark.parametrize(
    ("protocol", "header"),
    [("anthropic.messages", "x-api-key: "), ("openai.chat", "authorization: Bearer ")],
)
def test_a_keyed_request_names_the_variable(protocol: str, header: str) -> None:
    text = snippets.curl(sample.ADDRESS, detail(key="ide", protocol=protocol), b"{}")

    assert f'-H "{header}$LLMGATE_KEY"' in text


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("key", ["ide", ""])
def test_python_compiles_and_sends_exactly_the_body(stream: bool, key: str) -> None:
    text = snippets.python(sample.ADDRESS, detail(stream=stream, key=key), HOSTILE)

    compile(text, "snippet", "exec")
    assert repr(HOSTILE.decode()) in text
    assert ("LLMGATE_KEY" in text) == bool(key)
    assert ("httpx.stream" in text) == stream


def test_a_body_that_is_no_text_is_kept_as_bytes() -> None:
    assert repr(b"\xff\x00") in snippets.python(sample.ADDRESS, detail(), b"\xff\x00")


def test_the_first_request_is_three_lines_a_shell_understands() -> None:
    text = snippets.first_request(sample.ADDRESS, "llama3.2:3b", keyed=False)
    words = shlex.split(text.replace("\\\n", " "))

    assert len(text.splitlines()) == 3
    assert msgspec.json.decode(words[-1])["model"] == "llama3.2:3b"


def test_a_first_request_with_a_key_names_the_variable() -> None:
    text = snippets.first_request(sample.ADDRESS, "fast", keyed=True)
    words = shlex.split(text.replace("\\\n", " "))

    assert "authorization: Bearer $LLMGATE_KEY" in words


def test_a_long_copy_is_said_to_be_long() -> None:
    assert not notice("x" * 50_000)
    assert "74 kB" in notice("x" * 60_000)
