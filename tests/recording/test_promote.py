"""An exchange becomes a recording: the same bytes every time, nothing lost, nothing made up."""

import gzip
import json
import zlib
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.errors import upstream_error_type
from llmgate.recording.derive import derived_of
from llmgate.recording.format import read, write
from llmgate.recording.headers import VOLATILE
from llmgate.recording.promote import Kept, NotPromotable, Wish, promote
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.recording.title import file_name
from llmgate.wire.exchanges import Attempt, ExchangeDetail, ExchangeSummary, Mark

RULES = Rules([("openai", "a-configured-secret")])
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Tell me about bears, please"}]}
ANSWER = {
    "id": "chatcmpl-1",
    "choices": [{"index": 0, "message": {"content": "Big."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 2},
}


def exchange(
    body: bytes = json.dumps(CHAT).encode(),
    chunks: Sequence[bytes] = (json.dumps(ANSWER).encode(),),
    at_us: Sequence[int] | None = None,
    received: Sequence[tuple[str, str]] = (("content-type", "application/json"),),
    detail: dict[str, Any] | None = None,
    **row: Any,
) -> Kept:
    """An exchange as the store gives it."""
    fields: dict[str, Any] = {
        "id": "1a",
        "started_ms": 1_795_262_671_123,
        "state": "finished",
        "method": "POST",
        "path": "/v1/chat/completions",
        "protocol": "openai.chat",
        "status": 200,
        "model": "gpt-4o",
        "request_bytes": len(body),
        "response_bytes": sum(map(len, chunks)),
        "total_us": 9_000,
    }
    more: dict[str, Any] = {"received_headers": list(received), **(detail or {})}
    return Kept(
        detail=ExchangeDetail(summary=ExchangeSummary(**(fields | row)), **more),
        request=body,
        chunks=list(chunks),
        at_us=list(at_us if at_us is not None else range(100, 100 + len(chunks))),
    )


def test_the_request_the_answer_and_what_it_says_are_recorded() -> None:
    recording = promote(exchange(), RULES)

    assert recording.body == json.dumps(CHAT).encode()
    assert recording.chunks == [json.dumps(ANSWER).encode()]
    assert (recording.text, recording.finish, recording.how) == ("Big.", "stop", "eof")
    assert (recording.usage.in_, recording.usage.out) == (7, 2)
    assert recording.title == "Tell me about bears, please"
    assert recording.t0 == "2026-11-21T12:04:31.123Z"
    assert file_name(recording) == (
        f"20261121-120431-chat-tell-me-about-bears-please-{recording.id[4:]}.llmrec.jsonl"
    )


def test_the_same_exchange_gives_the_same_bytes() -> None:
    assert write(promote(exchange(), RULES)) == write(promote(exchange(), RULES))


def test_without_dates_two_runs_of_the_same_differ_in_nothing() -> None:
    wish = Wish(dates=False)
    first, second = (exchange(started_ms=moment) for moment in (1, 1_795_262_671_123))

    assert write(promote(first, RULES, wish)) == write(promote(second, RULES, wish))
    assert promote(first, RULES, wish).t0 == ""
    assert file_name(promote(first, RULES, wish)).startswith("chat-tell-me")


def test_moments_are_from_the_request_and_then_from_chunk_to_chunk() -> None:
    marks = [Mark("first_byte", 500), Mark("last_byte", 1_450), Mark("done", 1_600)]
    kept = exchange(chunks=[b'{"a"', b":1", b"}"], at_us=[500, 520, 1_400], detail={"marks": marks})

    recording = promote(kept, RULES)

    assert recording.us == [500, 20, 880]
    assert (recording.ttft_us, recording.total_us) == (500, 1_450)


@pytest.mark.parametrize(
    ("row", "how", "error"),
    [
        ({"state": "finished"}, "eof", None),
        ({"state": "cut", "error_type": "upstream_cut", "error": "gone"}, "reset", "gone"),
        ({"state": "cut", "error_type": "upstream_timeout", "error": "mute"}, "timeout", "mute"),
        ({"state": "cut", "error_type": "upstream_invalid", "error": "no"}, "reset", "no"),
        ({"state": "cut", "error_type": "gateway_internal", "error": "stop"}, "reset", "stop"),
        ({"state": "failed", "error_type": "upstream_timeout", "error": "mute"}, "timeout", "mute"),
        ({"state": "failed", "error_type": "upstream_cut", "error": "gone"}, "reset", "gone"),
        ({"state": "failed", "error_type": "upstream_invalid", "error": "no"}, "reset", "no"),
        ({"state": "failed", "error_type": "gateway_internal", "error": "us"}, "reset", "us"),
        (
            {"state": "cancelled", "error_type": "policy_cancelled", "error": "ended"},
            "client_cancel",
            "ended",
        ),
        (
            {"state": "cancelled", "error_type": "caller_cancelled", "error": "left"},
            "client_cancel",
            "left",
        ),
    ],
)
def test_how_it_ended_is_told(row: dict[str, Any], how: str, error: str | None) -> None:
    chunks = [b'data: {"choices":[{"index":0,"delta":{"content":"So"}}]}\n\n']
    if how == "eof":
        chunks.append(b"data: [DONE]\n\n")
    kept = exchange(chunks=chunks, received=[("content-type", "text/event-stream")], **row)

    recording = promote(kept, RULES)

    assert (recording.how, recording.error, recording.text) == (how, error, "So")


def test_a_failure_inside_a_stream_and_the_token_limit_are_ends_of_their_own() -> None:
    failed = [b'data: {"error":{"message":"Overloaded"}}\n\n']
    row: dict[str, Any] = {
        "state": "failed",
        "error_type": "upstream_stream_error",
        "error": "Overloaded",
    }
    read_whole = {"marks": [Mark("last_byte", 200)]}
    recording = promote(exchange(chunks=failed, detail=read_whole, **row), RULES)
    assert (recording.how, recording.error) == ("error_event", "Overloaded")

    short = json.loads(json.dumps(ANSWER))
    short["choices"][0]["finish_reason"] = "length"
    recording = promote(exchange(chunks=[json.dumps(short).encode()]), RULES)
    assert (recording.how, recording.finish) == ("length", "length")


def test_an_answer_of_the_gateways_own_is_recorded_as_the_caller_got_it() -> None:
    body = b'{"error":{"message":"no route knows it"}}'
    kept = exchange(
        chunks=[body],
        received=[],
        status=404,
        state="failed",
        error_type="caller_model_unknown",
        error="no route knows it",
        detail={"response_headers": [("content-type", "application/json"), ("x-llmgate-id", "1")]},
    )

    recording = promote(kept, RULES)

    assert (recording.status, recording.how, recording.error) == (404, "eof", "no route knows it")
    assert recording.response_headers == (("content-type", "application/json"),)


def test_an_exchange_without_any_answer_is_recorded_too() -> None:
    kept = exchange(
        chunks=[], status=None, state="cancelled", error_type="caller_cancelled", error="left"
    )

    recording = promote(kept, RULES)

    assert (recording.status, recording.chunks, recording.how) == (0, [], "client_cancel")
    assert read(write(recording)).error == "left"


@pytest.mark.parametrize("status", [408, 429, 503, 504, 529])
def test_an_error_of_the_provider_that_was_read_to_its_end_is_whole(status: int) -> None:
    kept = exchange(
        chunks=[b'{"error":{"message":"busy"}}'],
        status=status,
        state="failed",
        error_type=upstream_error_type(status),
        error="busy",
        detail={"marks": [Mark("last_byte", 200)]},
    )

    assert (promote(kept, RULES).how, promote(kept, RULES).error) == ("eof", "busy")


def test_an_error_of_the_provider_that_was_told_under_an_early_head_keeps_its_status() -> None:
    kept = exchange(
        chunks=[b'{"error":{"message":"slow down"}}'],
        status=200,
        state="failed",
        error_type="upstream_rate_limited",
        error="slow down",
        ttfb_us=90,
        detail={"marks": [Mark("last_byte", 200)], "attempts": [Attempt(provider="a", status=429)]},
    )
    recording = promote(kept, RULES)

    assert (recording.status, recording.how, recording.error) == (429, "eof", "slow down")


def test_our_answer_for_a_provider_that_fell_silent_after_its_head_is_ours() -> None:
    ours = [("content-type", "application/json")]
    kept = exchange(
        chunks=[b'{"error":{"message":"silent"}}'],
        received=[("content-type", "text/event-stream"), ("content-length", "9")],
        status=504,
        state="failed",
        error_type="upstream_timeout",
        error="silent",
        detail={"response_headers": ours, "attempts": [Attempt(provider="a", status=200)]},
    )
    recording = promote(kept, RULES)

    assert (recording.status, recording.how, recording.error) == (504, "eof", "silent")
    assert recording.response_headers == tuple(ours)


def test_a_stream_that_stops_short_broke_however_properly_it_was_closed() -> None:
    events = [("content-type", "text/event-stream")]
    chunks = [b'data: {"choices":[{"index":0,"delta":{"content":"So"}}]}\n\n']
    recording = promote(exchange(chunks=chunks, received=events), RULES)

    assert recording.how == "reset"
    assert recording.error == "the provider ended its answer before that was complete"


def test_few_headers_are_kept_and_ids_lose_their_value() -> None:
    received = [
        ("content-type", "application/json"),
        ("date", "Sat, 21 Nov 2026 12:04:31 GMT"),
        ("cf-ray", "9a1b2c"),
        ("x-request-id", "req_77"),
        ("x-ratelimit-remaining-requests", "12"),
        ("set-cookie", "a=b"),
        ("openai-organization", "somebody"),
    ]
    asked = [("content-type", "application/json"), ("user-agent", "me"), ("authorization", "x")]

    recording = promote(exchange(received=received, detail={"request_headers": asked}), RULES)

    assert recording.request_headers == (("content-type", "application/json"),)
    assert recording.response_headers == (
        ("content-type", "application/json"),
        ("x-request-id", VOLATILE),
        ("x-ratelimit-remaining-requests", "12"),
    )


def test_the_route_tells_its_attempts_but_no_address() -> None:
    attempts = [
        Attempt(provider="groq", status=429, started_us=0, ended_us=212_000, retry_after_s=2.0),
        Attempt(provider="openai", model="gpt-4o", url="https://inside.example/v1", status=200),
    ]
    data = write(promote(exchange(route="default", detail={"attempts": attempts}), RULES))

    assert (
        b'{"k":"route","name":"default","attempts":[{"provider":"groq","status":429,"ms":212,'
        b'"retry_after":2.0},{"provider":"openai","model":"gpt-4o","status":200}]}' in data
    )
    assert b"inside.example" not in data


def test_credentials_of_the_query_are_left_out_and_the_rest_stays() -> None:
    recording = promote(exchange(detail={"query": "beta=true&api_key=***&Token=x&q=1"}), RULES)

    assert recording.path == "/v1/chat/completions?beta=true&q=1"


PLAIN = json.dumps(ANSWER).encode() * 1  # one body, compressed in several ways


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", bare_deflate(PLAIN)),
        ("zstd", zstandard.compress(PLAIN)),
    ],
)
def test_a_compressed_answer_is_stored_as_it_decodes(encoding: str, packed: bytes) -> None:
    size = str(len(packed))
    headers = [
        ("content-type", "application/json"),
        ("content-encoding", encoding),
        ("content-length", size),
    ]
    chunks = [packed[at : at + 20] for at in range(0, len(packed), 20)]

    recording = promote(exchange(chunks=chunks, received=headers), RULES)

    assert b"".join(recording.chunks) == PLAIN
    assert recording.text == "Big."
    assert dict(recording.response_headers) == {
        "content-type": "application/json",
        "content-length": str(len(PLAIN)),
    }
    assert encoding in recording.note
    assert all(recording.chunks)


def test_what_was_in_a_compressed_answer_is_scrubbed() -> None:
    packed = gzip.compress(b'{"choices":[],"x":"a-configured-secret"}', mtime=0)
    recording = promote(exchange(chunks=[packed], received=[("content-encoding", "gzip")]), RULES)

    assert recording.chunks == [b'{"choices":[],"x":"{{secret:openai}}**"}']


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (exchange(received=[("content-encoding", "br")]), "compressed with 'br'"),
        (exchange(received=[("content-encoding", "gzip")]), "cannot be read so"),
        (exchange(state="streaming"), "still on its way"),
        (exchange(detail={"request_kept": False}), "the request of 1a was not kept"),
        (
            exchange(detail={"request_kept": False, "response_kept": False}),
            "the request and the answer of 1a were not kept",
        ),
        (exchange(response_bytes=99_999_999), "the answer of 1a was not kept whole"),
        (exchange(request_bytes=1), "the request of 1a was not kept whole"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_the_reason(kept: Kept, why: str) -> None:
    with pytest.raises(NotPromotable, match=why):
        promote(kept, RULES)


def test_an_unscrubbed_recording_says_so() -> None:
    kept = exchange(json.dumps({"model": "sk-ant-api03-abcdefghijkl"}).encode())
    data = write(promote(kept, RULES, Wish(scrub=False)))

    assert b'"scrub":null' in data.partition(b"\n")[0]
    assert b"sk-ant-api03-abcdefghijkl" in data
    assert read(data).scrub is None
    assert write(read(data)) == data


def test_a_signature_over_a_text_that_was_altered_is_blanked() -> None:
    thinking = {"type": "thinking", "thinking": "it is a-configured-secret", "signature": "Eq8B"}
    other = {"type": "thinking", "thinking": "well", "signature": "Zz9="}
    body = json.dumps({"messages": [{"role": "assistant", "content": [thinking, other]}]}).encode()

    recording = promote(exchange(body), RULES)

    assert b"Eq8B" not in recording.body
    assert len(recording.body) == len(body)
    assert recording.tags == ("not_resendable",)

    elsewhere = json.dumps(
        {"x": "a-configured-secret", "messages": [{"role": "assistant", "content": [other]}]}
    ).encode()
    assert promote(exchange(elsewhere), RULES).tags == ()


def test_the_bytes_of_tokens_do_not_tell_what_the_text_no_longer_does() -> None:
    def event(piece: str) -> bytes:
        token = {"token": piece, "logprob": -0.1, "bytes": list(piece.encode())}
        choice = {"index": 0, "delta": {"content": piece}, "logprobs": {"content": [token]}}
        return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"

    chunks = [event(piece) for piece in ("a-conf", "igured-sec", "ret")]

    recording = promote(exchange(chunks=chunks), RULES)

    whole = b"".join(recording.chunks)
    assert not any(piece in whole for piece in (b"a-conf", b"igured-sec", b"[97, ", b"105"))
    events = [json.loads(chunk[6:]) for chunk in recording.chunks]
    assert len(events[0]["choices"][0]["logprobs"]["content"][0]["bytes"]) == 6


texts = st.text(max_size=40) | st.sampled_from(["a-configured-secret", "sk-ant-api03-abcdefghij"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode())
events = st.lists(values, max_size=6).map(
    lambda items: b"".join(b"data: " + json.dumps(item).encode() + b"\n\n" for item in items)
)


@settings(max_examples=300, deadline=None)
@given(
    body=bodies,
    answer=bodies | events,
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    gaps=st.lists(st.integers(0, 10**7), min_size=1, max_size=5),
    protocol=st.sampled_from(
        ["openai.chat", "openai.responses", "anthropic.messages", "openai.embeddings", "raw"]
    ),
    status=st.sampled_from([200, 429, None]),
)
def test_any_exchange_is_written_read_and_made_a_recording_of_again(
    body: bytes, answer: bytes, sizes: list[int], gaps: list[int], protocol: str, status: int | None
) -> None:
    chunks, at = list[bytes](), 0
    while at < len(answer):
        chunks.append(answer[at : at + sizes[len(chunks) % len(sizes)]])
        at += len(chunks[-1])
    at_us = list(accumulate(gaps[n % len(gaps)] for n in range(len(chunks))))
    kept = exchange(body, chunks, at_us, protocol=protocol, status=status)

    recording = promote(kept, RULES)
    data = write(recording)
    again = read(data, recording.name)

    assert again == recording
    assert write(again) == data
    assert [len(chunk) for chunk in recording.chunks] == [len(chunk) for chunk in chunks]
    assert sum(recording.us) == (at_us[-1] if at_us else 0)
    assert derived_of(again).text == again.text
    assert b"a-configured-secret" not in data
    assert content(promote(served(again), RULES)) == content(again)


def served(recording: Recording) -> Kept:
    """The exchange that comes of serving a recording."""
    return exchange(
        recording.body,
        recording.chunks,
        list(accumulate(recording.us)),
        recording.response_headers,
        protocol=recording.dialect,
        status=recording.status or None,
    )


def content(recording: Recording) -> bytes:
    """All but when it was and what was blanked."""
    return write(msgspec.structs.replace(recording, scrub=None, total_us=0))


@settings(max_examples=200, deadline=None)
@given(value=values)
def test_json_stays_json_of_the_same_shape(value: object) -> None:
    asked = {"it": value}

    recording = promote(
        exchange(json.dumps(asked).encode()), Rules([("a", "a-configured-secret")], [r"\w+"])
    )

    assert shape(json.loads(recording.body)) == shape(asked)


def shape(value: object) -> object:
    """A value without its texts and numbers."""
    if isinstance(value, dict):
        return {"{}": [shape(item) for item in value.values()]} if len(value) < 2 else "{}"
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    return "number" if isinstance(value, int | float) else "text"
