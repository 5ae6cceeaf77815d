"""No answer, however broken, makes a reader raise or break the grammar; requests neither."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.errors import BadRequest
from llmgate.formats.catalog import answer_parts, read_request, reader_for, upstream_message
from llmgate.wire.chat import ChatRequest
from llmgate.wire.exchanges import Protocol
from tests.conformance.checker import faults_in

EXAMPLES = 40
PROTOCOLS: list[Protocol] = [
    "openai.chat",
    "openai.completions",
    "openai.responses",
    "anthropic.messages",
    "openai.embeddings",
    "anthropic.count_tokens",
    "openai.models",
    "raw",
]
TEXT = """id model choices index delta message content text reasoning reasoning_content refusal
    tool_calls function name arguments finish_reason stop usage prompt_tokens completion_tokens
    total_tokens error code status type item output output_index content_index summary_index item_id
    response content_block message_start message_delta message_stop content_block_start
    content_block_delta content_block_stop text_delta input_json_delta partial_json thinking
    signature stop_reason input input_tokens output_tokens cache_creation input_tokens_details
    cached_tokens response.created response.completed response.failed response.output_text.delta
    response.output_item.added response.output_item.done response.function_call_arguments.delta
    response.function_call_arguments.done response.reasoning_summary_text.delta function_call
    call_id summary messages role user assistant tool tools system instructions prompt image_url url
    source data media_type tool_use tool_result tool_use_id namespace additional_tools audio images
    annotations reasoning_details incomplete_details reason x_groq cost detail msg errors [DONE]
    """
WORDS = TEXT.split()

word = st.sampled_from(WORDS)
value = st.recursive(
    word
    | st.none()
    | st.booleans()
    | st.integers(-5, 600)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=6),
    max_leaves=12,
)


def shape(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that look a little like an event of this kind."""
    rest = st.dictionaries(word, value, max_size=4)
    return rest.map(lambda fields: {**fields, "type": kind})


KINDS = [name for name in WORDS if name.startswith(("response.", "message_", "content_block"))]
choice = st.fixed_dictionaries({}, optional=dict.fromkeys(("index", "finish_reason"), value))
delta = st.dictionaries(word, value, max_size=4)
chunk = st.builds(
    lambda c, d, u: {"choices": [{**c, "delta": d}], "usage": u}, choice, delta, value
)
payload = value | chunk | st.sampled_from(KINDS).flatmap(shape)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.sampled_from(PROTOCOLS), st.lists(payload, max_size=5), st.booleans(), st.integers(0, 400)
)
def test_any_events_are_read_without_a_fault(
    protocol: Protocol, payloads: list[Any], framed: bool, cut: int
) -> None:
    texts = [json.dumps(each) for each in payloads]
    body = "".join(f"data: {t}\n\n" if framed else t for t in texts).encode()
    reader = reader_for(protocol, "text/event-stream" if framed else "application/json")
    events = [*reader.feed(body[:cut]), *reader.feed(body[cut:]), *reader.close()]

    assert faults_in(events) == []
    assert reader.ending().state in {"finished", "failed", "cut"}
    assert answer_parts(events) is not None


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(PROTOCOLS), st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_read_without_a_fault(protocol: Protocol, chunks: list[bytes]) -> None:
    reader = reader_for(protocol, "")
    events = [event for data in chunks for event in reader.feed(data)] + reader.close()

    assert faults_in(events) == []
    assert reader.close() == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(PROTOCOLS), st.dictionaries(word, value, max_size=8))
def test_any_request_is_read_as_a_conversation(protocol: Protocol, body: dict[str, Any]) -> None:
    seen = read_request(protocol, json.dumps(body).encode())

    assert isinstance(seen, ChatRequest)
    assert all(isinstance(p.text, str) for message in seen.messages for p in message.parts)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=80) | value.map(lambda v: json.dumps(v).encode()))
def test_any_error_body_gives_one_short_line(body: bytes) -> None:
    message = upstream_message(body, "")

    assert 0 < len(message) <= 500
    assert "\n" not in message


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a":' * 5000])
def test_a_request_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request("openai.chat", body)


def test_an_answer_nested_without_end_is_a_cut() -> None:
    reader = reader_for("openai.chat", "application/json")
    reader.feed(b'{"choices":' * 100_000)
    reader.close()

    assert reader.ending().state == "cut"
