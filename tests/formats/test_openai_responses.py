"""Responses answers: items and their parts as blocks."""

from typing import Any

import pytest

from llmgate.formats.catalog import answer_parts, answer_text
from llmgate.wire.blocks import BlockDelta, BlockStarted, Failed, Finished, Started, Usage
from llmgate.wire.chat import Part
from tests.formats.reading import Read, stream, whole

CREATED = {
    "type": "response.created",
    "response": {"id": "resp_1", "model": "gpt", "status": "in_progress", "output": []},
}
USAGE = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 10},
    "output_tokens": 10,
    "output_tokens_details": {"reasoning_tokens": 11},
}


def ended(kind: str = "completed", **fields: Any) -> Any:
    response = {"id": "resp_1", "status": kind, "output": [], **fields}
    return {"type": f"response.{kind}", "response": response}


def added(index: int, **item: Any) -> Any:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(index: int, **item: Any) -> Any:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def on(index: int, kind: str, **fields: Any) -> Any:
    return {"type": f"response.{kind}", "output_index": index, **fields}


def responses(*payloads: Any, tail: bytes = b"") -> Read:
    return stream("openai.responses", *payloads, tail=tail)


TEXT = (
    added(0, type="message", id="msg_a", content=[]),
    on(0, "output_text.delta", item_id="msg_b", content_index=0, delta="Hel"),
    on(0, "output_text.delta", item_id="msg_c", content_index=0, delta="lo"),
    on(0, "output_text.done", item_id="msg_d", content_index=0, text="Hello"),
    done(0, type="message", id="msg_e", content=[{"type": "output_text", "text": "Hello"}]),
)


def test_text_is_said_once_even_when_item_ids_rotate() -> None:
    read = responses(CREATED, *TEXT, ended(usage=USAGE))

    assert read.all(Started) == [Started("resp_1", "gpt")]
    assert answer_text(read.events) == "Hello"
    assert len(read.all(BlockStarted)) == 1
    assert read.all(Finished) == [Finished("stop", "completed")]
    assert read.state == "finished"


def test_reasoning_counted_beyond_the_output_is_cut_to_it() -> None:
    assert responses(CREATED, ended(usage=USAGE)).usage == Usage(
        input_tokens=30, cache_read_tokens=10, output_tokens=10, reasoning_tokens=10
    )


def test_parallel_calls_keep_their_arguments_apart() -> None:
    read = responses(
        CREATED,
        added(0, type="function_call", id="fc_0", call_id="c0", name="f", arguments=""),
        added(1, type="function_call", id="fc_1", call_id="c1", name="g", arguments=""),
        on(0, "function_call_arguments.delta", delta='{"a":'),
        on(1, "function_call_arguments.delta", delta="{}"),
        on(0, "function_call_arguments.delta", delta="1}"),
        on(0, "function_call_arguments.done", arguments='{"a":1}'),
        done(0, type="function_call", call_id="c0", name="f", arguments='{"a":1}'),
        done(1, type="function_call", call_id="c1", name="g", arguments="{}"),
        ended(),
    )

    assert answer_parts(read.events) == [
        Part(kind="tool_call", text='{"a":1}', name="f", id="c0"),
        Part(kind="tool_call", text="{}", name="g", id="c1"),
    ]
    assert read.finish == "tool_calls"


@pytest.mark.parametrize(
    "pieces",
    [
        [on(0, "function_call_arguments.done", arguments='{"a":1}')],
        [done(0, type="function_call", call_id="c", name="f", arguments='{"a":1}')],
    ],
)
def test_arguments_that_come_only_at_the_end_are_kept(pieces: list[Any]) -> None:
    start = added(0, type="function_call", id="fc", call_id="c", name="f")
    read = responses(CREATED, start, *pieces, ended())

    assert answer_parts(read.events)[0].text == '{"a":1}'


def test_a_custom_tool_takes_its_input_as_arguments() -> None:
    read = responses(
        CREATED,
        added(0, type="custom_tool_call", call_id="c", name="apply_patch", input=""),
        on(0, "custom_tool_call_input.delta", delta="*** Begin"),
        on(0, "custom_tool_call_input.done", input="*** Begin"),
        ended(),
    )

    assert answer_parts(read.events) == [
        Part(kind="tool_call", text="*** Begin", name="apply_patch", id="c")
    ]


def test_parts_of_a_summary_are_one_block_with_blank_lines_between() -> None:
    read = responses(
        CREATED,
        added(0, type="reasoning", summary=[]),
        on(0, "reasoning_summary_text.delta", summary_index=0, delta="one"),
        on(0, "reasoning_summary_text.done", summary_index=0, text="one"),
        on(0, "reasoning_summary_text.done", summary_index=1, text="two"),
        done(0, type="reasoning", summary=[{"text": "one"}], encrypted_content="sealed"),
        ended(),
    )

    assert answer_parts(read.events) == [Part(kind="reasoning", text="one\n\ntwo")]
    assert read.all(BlockDelta)[-1] == BlockDelta(0, "signature", "sealed")


def test_plain_reasoning_text_and_refusals_are_read() -> None:
    read = responses(
        CREATED,
        on(0, "reasoning_text.delta", content_index=0, delta="hm"),
        on(1, "refusal.delta", content_index=0, delta="no"),
        on(1, "refusal.done", content_index=0, refusal="no"),
        ended(),
    )

    assert [(p.kind, p.text) for p in answer_parts(read.events)] == [
        ("reasoning", "hm"),
        ("refusal", "no"),
    ]


def test_hosted_tools_are_shown_and_are_no_calls() -> None:
    search = {"type": "web_search_call", "id": "ws", "action": {"query": "q"}}
    read = responses(CREATED, added(0, **search), done(0, **search), ended())

    assert answer_parts(read.events) == [
        Part(kind="other", name="web_search_call", id="ws", text='{"query":"q"}')
    ]
    assert read.finish == "stop"


def test_two_messages_are_parted_only_where_something_lies_between() -> None:
    read = responses(
        CREATED,
        on(0, "output_text.delta", content_index=0, delta="a"),
        on(1, "reasoning_text.delta", content_index=0, delta="hm"),
        on(2, "output_text.delta", content_index=0, delta="b"),
        ended(),
    )

    assert answer_text(read.events) == "a\n\nb"


@pytest.mark.parametrize(
    ("last", "state", "finish"),
    [
        (ended(), "finished", "stop"),
        (
            ended("incomplete", incomplete_details={"reason": "max_output_tokens"}),
            "finished",
            "length",
        ),
        (
            ended("incomplete", incomplete_details={"reason": "content_filter"}),
            "finished",
            "content_filter",
        ),
        (ended("failed", error={"code": "server_error", "message": "m"}), "failed", ""),
        (ended("failed"), "failed", ""),
        ({"type": "error", "code": "x", "message": "m"}, "failed", ""),
        ({"type": "error", "error": {"type": "x", "message": "m"}}, "failed", ""),
        ({"type": "response.in_progress", "response": {"id": "resp_1"}}, "cut", ""),
    ],
)
def test_how_a_stream_ended_is_told(last: Any, state: str, finish: str) -> None:
    read = responses(CREATED, *TEXT, last)

    assert (read.state, read.finish) == (state, finish)


def test_an_error_and_then_a_failed_response_are_one_error() -> None:
    read = responses(
        CREATED,
        {"type": "error", "error": {"type": "server_error", "message": "first"}},
        ended("failed", error={"code": "server_error", "message": "second"}),
    )

    assert read.all(Failed) == [Failed("first", "server_error", "", 500)]


def test_a_terminal_event_without_its_blank_line_is_a_cut() -> None:
    tail = b'event: response.completed\ndata: {"type":"response.completed","response":{}}\n'

    assert responses(CREATED, *TEXT, tail=tail).state == "cut"


def test_output_that_was_never_streamed_is_taken_from_the_end() -> None:
    items = [{"type": "message", "content": [{"type": "output_text", "text": "all at once"}]}]

    assert answer_text(responses(CREATED, ended(output=items)).events) == "all at once"


def test_a_whole_response_reads_like_a_stream() -> None:
    body = {
        "id": "resp_1",
        "object": "response",
        "model": "gpt",
        "status": "completed",
        "error": None,
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "computer_call", "call_id": "d", "action": {"type": "click"}},
        ],
        "usage": USAGE,
    }
    read = whole("openai.responses", body)

    assert [(p.kind, p.name, p.text) for p in answer_parts(read.events)] == [
        ("reasoning", "", "hm"),
        ("text", "", "Hi"),
        ("tool_call", "f", "{}"),
        ("tool_call", "computer", '{"type":"click"}'),
    ]
    assert (read.finish, read.state) == ("tool_calls", "finished")


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"error":{"message":"m","code":"model_not_found"}}', "failed"),
        (b'{"status":"failed","output":[],"error":{"message":"m"}}', "failed"),
        (b'{"status":"queued","output":[]}', "finished"),
        (b'{"status":"comp', "cut"),
    ],
)
def test_how_a_body_ended_is_told(body: bytes, state: str) -> None:
    assert whole("openai.responses", body).state == state


def test_citations_images_and_item_ids_without_a_place_are_read() -> None:
    image = {"type": "image_generation_call", "id": "ig", "result": "AAAA"}
    read = responses(
        CREATED,
        {"type": "response.output_text.delta", "item_id": "m", "content_index": 0, "delta": "a"},
        {"type": "response.output_text.annotation.added", "annotation": {"url": "https://x.y"}},
        added(5, **image),
        done(5, **image),
        {"type": "response.function_call_arguments.delta", "item_id": "fc", "delta": "{}"},
        ended(),
    )

    assert [p.kind for p in answer_parts(read.events)] == ["text", "image", "tool_call"]
    assert [e.text for e in read.all(BlockDelta) if e.kind == "citation"] == ["https://x.y"]


def test_a_message_that_only_its_end_tells_is_read_whole() -> None:
    parts = [
        {"type": "output_text", "text": "a", "annotations": [{"url": "u"}, {"odd": 1}]},
        {"type": "refusal", "refusal": "b"},
        {"type": "hologram"},
    ]
    read = responses(CREATED, done(0, type="message", content=parts), ended())

    assert [(p.kind, p.text) for p in answer_parts(read.events)] == [
        ("text", "a"),
        ("refusal", "b"),
    ]


def test_an_unreadable_event_is_noted_and_the_stream_goes_on() -> None:
    body = b'data: {"type":\n\ndata: {"type":"response.completed","response":{"output":[]}}\n\n'

    assert Read("openai.responses", body, "text/event-stream").state == "finished"
