"""Chat Completions answers: what hosts really send, as blocks."""

from typing import Any

import pytest

from llmgate.formats.catalog import answer_parts, answer_text
from llmgate.wire.blocks import (
    BlockDelta,
    BlockStarted,
    BlockStopped,
    Failed,
    Finished,
    Started,
    Usage,
)
from llmgate.wire.chat import Part
from tests.formats.reading import Read, stream, whole

STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> Any:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "model": "m", "choices": [choice], **more}


def call(arguments: Any = None, *, name: str | None = None, **more: Any) -> Any:
    function = {"name": name, "arguments": arguments}
    return chunk({"tool_calls": [{"type": "function", "function": function, **more}]})


def chat(*payloads: Any, done: bool = True, tail: bytes = b"") -> Read:
    return stream("openai.chat", *payloads, done=done, tail=tail)


def calls(read: Read) -> list[tuple[str, str, str]]:
    return [(p.id, p.name, p.text) for p in answer_parts(read.events) if p.kind == "tool_call"]


def test_a_plain_answer_is_one_block() -> None:
    read = chat(chunk({"role": "assistant", "content": ""}), chunk({"content": "Hi"}), STOP)

    assert read.blocks == [
        BlockStarted(0, "text"),
        BlockDelta(0, "text", "Hi"),
        BlockStopped(0),
    ]
    assert read.all(Finished) == [Finished("stop", "stop")]
    assert read.state == "finished"


def test_chunks_without_choices_are_harmless_first_and_last() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    read = chat(
        {"choices": [], "prompt_filter_results": []},
        chunk({"content": "a"}),
        STOP,
        {"choices": [], "usage": usage},
    )

    assert answer_text(read.events) == "a"
    assert read.usage == Usage(input_tokens=5, output_tokens=2)
    assert '"prompt_tokens": 5' in read.usage_raw


def test_text_and_finish_in_one_chunk_keep_their_order() -> None:
    read = chat(chunk({"content": "all"}, "length"))

    assert answer_text(read.events) == "all"
    assert read.finish == "length"


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_and_text_in_one_chunk_are_two_blocks(name: str) -> None:
    read = chat(chunk({name: "hm", "content": "yes"}), STOP)

    assert [p.kind for p in answer_parts(read.events)] == ["reasoning", "text"]
    assert read.blocks[2] == BlockStopped(0)


def test_content_as_parts_is_split_into_reasoning_and_text() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "so "}]}
    read = chat(
        chunk({"content": [thinking]}),
        chunk({"content": [{"type": "thinking", "thinking": "and so"}]}),
        chunk({"content": [{"type": "text", "text": "done"}, {"type": "video"}]}),
        STOP,
    )

    assert answer_parts(read.events) == [
        Part(kind="reasoning", text="so and so"),
        Part(kind="text", text="done"),
    ]


def test_reasoning_details_keep_their_signature_and_are_not_said_twice() -> None:
    detail = {"type": "reasoning.text", "text": "hm", "signature": "sig"}
    read = chat(chunk({"reasoning": "hm", "reasoning_details": [detail]}), STOP)

    assert [e.kind for e in read.all(BlockDelta)] == ["reasoning", "signature"]


def test_tool_calls_are_told_apart_by_index() -> None:
    read = chat(
        call("", name="f", id="c1", index=0),
        call('{"a":', index=0),
        call('{"b":2}', name="g", id="c2", index=1),
        call("1}", index=0),
        chunk({}, "tool_calls"),
    )

    assert calls(read) == [("c1", "f", '{"a":1}'), ("c2", "g", '{"b":2}')]


@pytest.mark.parametrize("index", [{"index": 0}, {}])
def test_a_new_id_is_a_new_call_whatever_the_index(index: dict[str, int]) -> None:
    read = chat(
        call('{"a":1}', name="f", id="c1", **index),
        call('{"b":2}', name="f", id="c2", **index),
        chunk({}, "tool_calls"),
    )

    assert calls(read) == [("c1", "f", '{"a":1}'), ("c2", "f", '{"b":2}')]


def test_an_id_repeated_in_every_piece_is_one_call() -> None:
    read = chat(
        call('{"a"', name="f", id="c1", index=0),
        call(":1}", name="f", id="c1", index=0),
        chunk({}, "tool_calls"),
    )

    assert calls(read) == [("c1", "f", '{"a":1}')]


def test_indices_from_one_come_out_from_zero() -> None:
    read = chat(call("{}", name="f", id="c1", index=1), call("{}", name="g", id="c2", index=3))

    assert [event.index for event in read.all(BlockStarted)] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [(None, "{}"), ("null", "{}"), ("", "{}"), ({"a": 1}, '{"a":1}'), ('{"a":1}', '{"a":1}')],
)
def test_arguments_of_any_kind_become_json_text(arguments: Any, text: str) -> None:
    read = chat(call(arguments, name="f", id="c1"), chunk({}, "tool_calls"))

    assert calls(read) == [("c1", "f", text)]


def test_arguments_before_the_name_are_kept() -> None:
    read = chat(call("[1", id="c1", index=0), call("]", name="f", index=0), call("{}", id="c2"))

    assert calls(read) == [("c1", "f", "[1]"), ("c2", "", "{}")]


def test_the_old_function_call_is_a_tool_call() -> None:
    read = chat(
        chunk({"function_call": {"name": "f", "arguments": "{"}}),
        chunk({"function_call": {"arguments": "}"}}),
        chunk({}, "function_call"),
    )

    assert calls(read) == [("", "f", "{}")]
    assert read.finish == "tool_calls"


def test_a_tool_call_wins_over_stop_but_not_over_length() -> None:
    tool = call("{}", name="f", id="c1")

    assert chat(tool, STOP).finish == "tool_calls"
    assert chat(tool, chunk({}, "length")).finish == "length"


def test_a_finish_said_twice_is_one_and_the_usage_with_it_counts() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "cost": 0.01}
    read = chat(chunk({"content": "a"}), STOP, chunk({"content": ""}, "stop", usage=usage))

    assert len(read.all(Finished)) == 1
    assert read.usage == Usage(input_tokens=9, output_tokens=3, cost_usd=0.01)


def test_an_unknown_finish_is_kept_as_it_is() -> None:
    read = chat(chunk({"content": "a"}), chunk({}, "meditating"))

    assert read.all(Finished) == [Finished("other", "meditating")]


@pytest.mark.parametrize(
    ("payloads", "done", "tail", "state"),
    [
        ((chunk({"content": "a"}), STOP), True, b"", "finished"),
        ((chunk({"content": "a"}), STOP), False, b"", "finished"),
        ((chunk({"content": "a"}), STOP), True, b"trailing garbage", "finished"),
        ((chunk({"content": "a"}),), True, b"", "finished"),
        ((chunk({"content": "a"}),), False, b"", "cut"),
        ((chunk({"content": "a"}), STOP), False, b'data: {"choices":[]', "cut"),
        ((chunk({"content": "a"}), STOP), False, b'data: {"choices":[]}\n', "cut"),
        ((chunk({"content": "a"}),), False, b"data: [DONE]\n", "cut"),
        ((), False, b"", "cut"),
        ((), False, b": keep-alive\n\n", "cut"),
    ],
)
def test_how_a_stream_ended_is_told(
    payloads: tuple[Any, ...], done: bool, tail: bytes, state: str
) -> None:
    assert chat(*payloads, done=done, tail=tail).state == state


def test_one_choice_of_two_that_never_finished_is_a_cut() -> None:
    both = [{"index": i, "delta": {"content": "x"}, "finish_reason": None} for i in (0, 1)]
    read = chat({"choices": both}, STOP, done=False)

    assert read.state == "cut"
    assert [event.index for event in read.all(BlockStarted)] == [0, 1]


def test_a_cut_answer_keeps_its_text_and_has_no_invented_finish() -> None:
    read = chat(chunk({"content": "half"}), done=False)

    assert answer_text(read.events) == "half"
    assert read.finish == ""


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "boom", "code": 400, "type": "x"}},
        {"choices": [{"delta": {}, "finish_reason": "error"}], "error": {"message": "boom"}},
        {"error": "boom"},
    ],
)
def test_an_error_in_mid_stream_fails_the_answer_even_after_a_finish(error: Any) -> None:
    read = chat(chunk({"content": "a"}), chunk({}, "length"), error)

    assert read.state == "failed"
    assert [failure.message for failure in read.all(Failed)] == ["boom"]
    assert read.ending.message == "boom"


def test_the_status_of_an_error_comes_from_its_code() -> None:
    read = chat({"error": {"message": "m", "code": 429, "type": "t"}}, done=False)

    assert read.all(Failed) == [Failed("m", "t", "429", 429)]


def test_a_whole_answer_reads_like_a_stream() -> None:
    message = {
        "role": "assistant",
        "reasoning_content": "hm",
        "content": "text",
        "refusal": None,
        "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}],
    }
    body = {"id": "x", "model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}
    read = whole("openai.chat", body)

    assert [p.kind for p in answer_parts(read.events)] == ["reasoning", "text", "tool_call"]
    assert (read.finish, read.state) == ("tool_calls", "finished")


@pytest.mark.parametrize(
    ("body", "state", "message"),
    [
        (b'{"error":{"message":"no such model","type":"t"}}', "failed", "no such model"),
        (b'[{"error":{"message":"listed","code":404}}]', "failed", "listed"),
        (b'{"message":"denied"}', "failed", "denied"),
        (b'{"detail":[{"msg":"bad field"}]}', "failed", "bad field"),
        (b"<html><title>502 Bad Gateway</title></html>", "failed", "502 Bad Gateway"),
        (b'\n\n {"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}', "finished", ""),
        (b'{"choices":[{"message":{"content":"x"', "cut", "the JSON body is incomplete or broken"),
        (b'{"id":"x"}', "finished", ""),
    ],
)
def test_how_a_body_ended_is_told(body: bytes, state: str, message: str) -> None:
    read = whole("openai.chat", body)

    assert (read.state, read.ending.message) == (state, message)


def test_a_json_error_sent_as_an_event_stream_is_an_error() -> None:
    read = Read("openai.chat", b'{"error":{"message":"quota"}}', "text/event-stream")

    assert read.state == "failed"


def test_fields_of_unexpected_types_cost_only_themselves() -> None:
    odd = {
        "id": 7,
        "model": ["m"],
        "choices": [
            {"index": "0", "delta": {"content": "a", "reasoning": 5}, "finish_reason": None},
            "nonsense",
        ],
        "usage": {"prompt_tokens": "12", "completion_tokens": 3, "prompt_tokens_details": []},
    }
    read = chat(odd, STOP)

    assert answer_text(read.events) == "a"
    assert read.usage == Usage(input_tokens=12, output_tokens=3)


def test_an_unreadable_event_is_noted_and_the_stream_goes_on() -> None:
    body = b'data: {"choices"\n\ndata: {"choices":[{"delta":{"content":"ok"}}]}\n\ndata: [DONE]\n\n'
    read = Read("openai.chat", body, "text/event-stream")

    assert answer_text(read.events) == "ok"
    assert read.state == "finished"


def test_a_lone_surrogate_in_an_answer_is_read() -> None:
    body = b'data: {"choices":[{"delta":{"content":"a\\ud83d "},"finish_reason":"stop"}]}\n\n'
    read = Read("openai.chat", body, "text/event-stream")

    assert answer_text(read.events) == "a\ufffd "


def test_images_audio_and_citations_are_noted_without_their_bytes() -> None:
    url = "data:image/png;base64," + "A" * 4000
    read = chat(
        chunk({"content": "see", "annotations": [{"url_citation": {"url": "https://x.example"}}]}),
        chunk({"images": [{"type": "image_url", "image_url": {"url": url}}]}),
        chunk({"audio": {"transcript": "spoken", "data": "AAAA"}}),
        STOP,
    )

    assert answer_parts(read.events) == [
        Part(kind="text", text="see"),
        Part(kind="image", text="image/png, 3 kB"),
        Part(kind="audio", text="spoken"),
    ]


def test_a_refusal_has_its_own_block() -> None:
    read = chat(chunk({"refusal": "I will not"}), STOP)

    assert answer_parts(read.events) == [Part(kind="refusal", text="I will not")]


def test_completions_are_text_per_choice() -> None:
    read = stream(
        "openai.completions",
        {"id": "x", "model": "m", "choices": [{"text": "a", "index": 0}]},
        {"choices": [{"text": "b", "index": 0, "finish_reason": "length"}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
        done=True,
    )

    assert answer_text(read.events) == "ab"
    assert (read.finish, read.state) == ("length", "finished")
    assert read.usage == Usage(input_tokens=1, output_tokens=2)
    assert stream("openai.completions", {"choices": [{"text": "a"}]}).state == "cut"
    assert whole("openai.completions", {"error": {"message": "no"}}).state == "failed"


def test_absurd_counts_and_endless_names_are_not_believed() -> None:
    usage = {"prompt_tokens": 10**30, "completion_tokens": -5}
    read = chat(chunk({"content": "a"}), STOP, {"model": "m" * 9000, "usage": usage})

    assert read.usage == Usage(output_tokens=0)
    assert len(chat({"id": "x" * 9000}, STOP).all(Started)[0].id) == 300
