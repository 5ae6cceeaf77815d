"""Messages answers: what Anthropic and its imitators really send, as blocks."""

from typing import Any

import pytest

from llmgate.formats.catalog import answer_parts, answer_text
from llmgate.wire.blocks import BlockDelta, Failed, Finished, Started, Usage
from llmgate.wire.chat import Part
from tests.formats.reading import Read, stream, whole

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "model": "claude",
        "content": [],
        "usage": {"input_tokens": 10, "output_tokens": 1},
    },
}
STOP = {"type": "message_stop"}


def begin(index: int, **block: Any) -> Any:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> Any:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def end(index: int) -> Any:
    return {"type": "content_block_stop", "index": index}


def finish(reason: str | None, **usage: Any) -> Any:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def messages(*payloads: Any, tail: bytes = b"") -> Read:
    return stream("anthropic.messages", *payloads, tail=tail)


TEXT = (begin(0, type="text", text=""), delta(0, "text_delta", text="Hi"), end(0))


def test_a_plain_answer_has_its_model_text_finish_and_usage() -> None:
    read = messages(START, {"type": "ping"}, *TEXT, finish("end_turn", output_tokens=5), STOP)

    assert read.all(Started) == [Started("msg_1", "claude")]
    assert answer_text(read.events) == "Hi"
    assert read.all(Finished) == [Finished("stop", "end_turn")]
    assert read.usage == Usage(input_tokens=10, output_tokens=5)
    assert read.usage_raw == '{"input_tokens":10,"output_tokens":5}'
    assert read.state == "finished"


def test_input_counts_what_was_read_from_and_written_to_the_cache() -> None:
    start = {
        "type": "message_start",
        "message": {
            "usage": {
                "input_tokens": 70,
                "cache_read_input_tokens": 30,
                "cache_creation_input_tokens": 20,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 5,
                    "ephemeral_1h_input_tokens": 15,
                },
                "output_tokens": 1,
            }
        },
    }
    details = {"thinking_tokens": 4}
    end_ = finish("end_turn", output_tokens=9, output_tokens_details=details)

    assert messages(start, end_, STOP).usage == Usage(
        input_tokens=120,
        output_tokens=9,
        cache_read_tokens=30,
        cache_write_tokens=20,
        cache_write_1h_tokens=15,
        reasoning_tokens=4,
    )


def test_a_later_report_replaces_an_earlier_one_and_is_not_added() -> None:
    zero = {"type": "message_start", "message": {"usage": {"input_tokens": 0, "output_tokens": 1}}}
    real = finish("end_turn", input_tokens=812, cache_read_input_tokens=200, output_tokens=40)
    read = messages(zero, real, STOP)

    assert read.usage == Usage(input_tokens=1012, cache_read_tokens=200, output_tokens=40)


def test_a_later_zero_does_not_erase_a_count() -> None:
    read = messages(START, finish("end_turn", input_tokens=0, output_tokens=7), STOP)

    assert read.usage == Usage(input_tokens=10, output_tokens=7)


def test_a_tool_without_arguments_gets_an_empty_object() -> None:
    tool = begin(0, type="tool_use", id="toolu_1", name="now", input={})
    read = messages(START, tool, end(0), finish("tool_use"), STOP)

    assert answer_parts(read.events) == [
        Part(kind="tool_call", text="{}", name="now", id="toolu_1")
    ]


@pytest.mark.parametrize("given", [{}, {"b": 2}])
def test_streamed_arguments_are_not_put_behind_those_of_the_start(given: dict[str, int]) -> None:
    tool = begin(0, type="tool_use", id="t", name="f", input=given)
    piece = delta(0, "input_json_delta", partial_json='{"a":1}')
    read = messages(START, tool, piece, end(0), finish("tool_use"), STOP)

    assert answer_parts(read.events)[0].text == '{"a":1}'


def test_arguments_given_whole_at_the_start_are_kept() -> None:
    tool = begin(0, type="tool_use", id="t", name="f", input={"b": 2})
    read = messages(START, tool, end(0), finish("end_turn"), STOP)

    assert answer_parts(read.events)[0].text == '{"b":2}'
    assert read.finish == "tool_calls"


def test_a_tool_the_provider_runs_does_not_turn_the_end_into_a_call() -> None:
    tool = begin(0, type="server_tool_use", id="s", name="web_search", input={})
    result = begin(1, type="web_search_tool_result", tool_use_id="s", content=[{"url": "u"}])
    read = messages(START, tool, end(0), result, end(1), finish("end_turn"), STOP)

    assert read.finish == "stop"
    assert answer_parts(read.events)[1] == Part(
        kind="other", name="web_search_tool_result", id="s", text='[{"url":"u"}]'
    )


def test_thinking_keeps_its_signature() -> None:
    read = messages(
        START,
        begin(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="hm"),
        delta(0, "signature_delta", signature="sig"),
        end(0),
        begin(1, type="redacted_thinking", data="sealed"),
        end(1),
        finish("end_turn"),
        STOP,
    )

    assert [(e.index, e.kind, e.text) for e in read.all(BlockDelta)] == [
        (0, "reasoning", "hm"),
        (0, "signature", "sig"),
        (1, "signature", "sealed"),
    ]


def test_a_second_message_start_is_joined_to_the_first() -> None:
    second = {"type": "message_start", "message": {"id": "msg_2", "model": "other"}}
    read = messages(START, *TEXT, second, *TEXT, finish("end_turn"), STOP)

    assert read.all(Started) == [Started("msg_1", "claude")]
    assert answer_text(read.events) == "HiHi"


def test_a_delta_without_a_start_opens_its_block() -> None:
    read = messages(START, delta(3, "text_delta", text="lost"), finish("end_turn"), STOP)

    assert answer_text(read.events) == "lost"


def test_unknown_events_and_deltas_are_left_out() -> None:
    odd = delta(0, "hologram_delta", beam="x")
    read = messages(START, {"type": "new"}, TEXT[0], odd, *TEXT[1:], finish("end_turn"), STOP)

    assert answer_text(read.events) == "Hi"
    assert read.state == "finished"


@pytest.mark.parametrize(
    ("reason", "neutral"),
    [
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "pause"),
        ("sabbatical", "other"),
    ],
)
def test_stop_reasons_have_neutral_names(reason: str, neutral: str) -> None:
    assert messages(START, finish(reason), STOP).all(Finished) == [Finished(neutral, reason)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payloads", "tail", "state"),
    [
        ((START, *TEXT, finish("end_turn"), STOP), b"", "finished"),
        ((START, *TEXT, finish("end_turn")), b"", "cut"),
        ((START, *TEXT), b"", "cut"),
        ((START,), b"", "cut"),
        ((START, *TEXT, finish("end_turn")), b'data: {"type":"message_stop"}\n', "cut"),
        ((START, *TEXT, finish("end_turn"), STOP), b": bye", "finished"),
    ],
)
def test_only_message_stop_ends_a_message(
    payloads: tuple[Any, ...], tail: bytes, state: str
) -> None:
    assert messages(*payloads, tail=tail).state == state


def test_an_error_in_mid_stream_fails_the_answer() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    read = messages(START, *TEXT, error)

    assert read.all(Failed) == [Failed("Overloaded", "overloaded_error", "", 529)]
    assert read.state == "failed"


def test_events_are_known_by_their_name_too() -> None:
    body = b'event: error\ndata: {"error":{"message":"named"}}\n\n'

    assert Read("anthropic.messages", body, "text/event-stream").ending.message == "named"


def test_a_whole_message_reads_like_a_stream() -> None:
    body = {
        "id": "msg_1",
        "type": "message",
        "model": "claude",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "Hi", "citations": [{"url": "u"}]},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    read = whole("anthropic.messages", body)

    assert answer_parts(read.events) == [
        Part(kind="reasoning", text="hm"),
        Part(kind="text", text="Hi"),
        Part(kind="tool_call", text='{"a":1}', name="f", id="t"),
    ]
    assert (read.finish, read.state) == ("tool_calls", "finished")


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"type":"error","error":{"type":"not_found_error","message":"m"}}', "failed"),
        (b'{"message":"no route"}', "failed"),
        (b'{"type":"message","content":[{"type":"te', "cut"),
    ],
)
def test_a_body_that_is_no_message_is_told(body: bytes, state: str) -> None:
    assert whole("anthropic.messages", body).state == state
