"""What is read off an answer on the side."""

import gzip
import json
import zlib

import pytest

from llmgate.exchange import Exchange
from llmgate.formats import catalog
from llmgate.relay.meter import Meter
from llmgate.wire.exchanges import Protocol
from tests.flows.configs import chat_answer, chat_chunks, message_chunks
from tests.relay.making import exchange


def metered(
    chunks: list[bytes], protocol: Protocol = "openai.chat", encoding: str = ""
) -> tuple[Exchange, Meter]:
    """An exchange whose answer is these chunks, and its meter."""
    one = exchange(protocol)
    meter = Meter(one, catalog.reader_for(protocol, "text/event-stream"), encoding)
    for chunk in chunks:
        one.chunk(chunk, 1)
    return one, meter


def test_usage_finish_and_length_are_read_off_a_stream() -> None:
    one, meter = metered(chat_chunks("one ", "two "))
    ending = meter.close()

    assert ending.state == "finished"
    assert meter.chars == len("one two ")
    assert (one.usage.input_tokens, one.usage.output_tokens) == (12, 2)
    assert (one.usage_basis, one.finish) == ("reported", "stop")
    assert json.loads(one.usage_raw)["prompt_tokens"] == 12


def test_chunks_are_read_as_they_come_and_never_twice() -> None:
    one, meter = metered([])
    seen = []
    for chunk in chat_chunks("one ", "two "):
        one.chunk(chunk, 1)
        meter.catch_up()
        meter.catch_up()
        seen.append(meter.chars)
    meter.close()
    meter.close()

    assert seen == [0, 4, 8, 8, 8, 8]
    assert meter.chars == 8


def test_what_an_anthropic_stream_counts_is_the_whole_input() -> None:
    one, meter = metered(message_chunks("one ", "two "), "anthropic.messages")
    meter.close()

    assert (one.usage.input_tokens, one.usage.output_tokens) == (49, 2)
    assert one.usage.cache_read_tokens == 40


def test_tool_calls_are_counted_and_their_arguments_measured() -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a":1}'}}
    other = {"index": 1, "id": "c2", "function": {"name": "g", "arguments": "{}"}}
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [call, other]}}]}
    one, meter = metered([f"data: {json.dumps(delta)}\n\n".encode()])
    meter.close()

    assert one.tool_calls == 2
    assert meter.chars == len('{"a":1}{}')


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_provider_that_compressed_all_the_same_is_read(encoding: str, pack: object) -> None:
    assert callable(pack)
    whole = pack(json.dumps(chat_answer()).encode())
    one, meter = metered([whole[:20], whole[20:]], encoding=encoding)

    assert meter.close().state == "finished"
    assert one.usage.output_tokens == 3


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, br", "nonsense"])
def test_what_cannot_be_read_is_passed_over_in_silence(encoding: str) -> None:
    one, meter = metered([b"\x00\xff" * 500], encoding=encoding)
    meter.close()

    assert one.usage_basis == "unknown"
    assert meter.chars == 0


def test_an_answer_that_stops_inside_an_event_is_cut() -> None:
    one, meter = metered([*chat_chunks("one ")[:2], b'data: {"choi'])
    ending = meter.close()

    assert ending.state == "cut"
    assert not meter.between_events
    assert one.finish == ""


def test_an_error_in_mid_stream_is_kept() -> None:
    _, meter = metered([*chat_chunks("one ")[:2], b'data: {"error":{"message":"too much"}}\n\n'])
    ending = meter.close()

    assert ending.state == "failed"
    assert meter.failure is not None
    assert meter.failure.message == "too much"


def test_hints_are_bounded() -> None:
    one, meter = metered([b"data: {not json\n\n" * 500])
    meter.close()

    assert len(one.hints) <= 8
