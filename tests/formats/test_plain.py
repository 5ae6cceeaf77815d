"""Answers that are no conversation."""

import pytest

from llmgate.formats.catalog import answer_text, reader_for
from llmgate.wire.blocks import Started, Usage
from llmgate.wire.exchanges import Protocol
from tests.formats.reading import Read, whole


def test_embeddings_report_their_input_and_no_output() -> None:
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    read = whole(
        "openai.embeddings", {"model": "e", "data": [{"embedding": [0.1]}], "usage": usage}
    )

    assert read.all(Started) == [Started("", "e")]
    assert read.usage == Usage(input_tokens=8, output_tokens=0)
    assert read.state == "finished"


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"data":[{"embedding":[0.1', "cut"),
        (b"", "cut"),
        (b'{"error":{"message":"m"}}', "failed"),
        (b'{"data":[],"usage":null}', "finished"),
        (b"[[0.1, 0.2]]", "finished"),
    ],
)
def test_how_embeddings_ended_is_told(body: bytes, state: str) -> None:
    assert whole("openai.embeddings", body).state == state


def test_a_token_count_is_shown_and_is_no_usage() -> None:
    read = whole("anthropic.count_tokens", {"input_tokens": 1234})

    assert answer_text(read.events) == "input_tokens: 1234"
    assert read.usage is None
    assert read.usage_raw == ""


@pytest.mark.parametrize("protocol", ["raw", "openai.raw", "openai.models", "ollama", "gemini"])
def test_what_is_not_understood_passes_and_is_finished(protocol: Protocol) -> None:
    read = Read(protocol, b"\x00\xff any bytes", "application/octet-stream")

    assert (read.events, read.state) == ([], "finished")


def test_media_are_not_looked_into_whatever_the_protocol() -> None:
    reader = reader_for("openai.chat", "audio/mpeg")
    reader.feed(b"{not json")
    reader.close()

    assert reader.ending().state == "finished"
    assert not reader.between_events


def test_blank_lines_fit_only_between_events() -> None:
    reader = reader_for("openai.chat", "text/event-stream")
    seen = [reader.between_events]
    for piece in (b'data: {"choices":[]}\n', b"\n", b"data: half"):
        reader.feed(piece)
        seen.append(reader.between_events)
    reader.close()

    assert seen == [True, False, True, False]
    assert not reader.between_events


@pytest.mark.parametrize("protocol", ["openai.chat", "openai.embeddings"])
def test_no_blank_line_fits_into_a_json_body(protocol: Protocol) -> None:
    reader = reader_for(protocol, "application/json")
    before = reader.between_events
    reader.feed(b"{")

    assert (before, reader.between_events) == (True, False)
