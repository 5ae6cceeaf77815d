"""Recording files are written and read without loss, and what is wrong with one is said."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.recording.canonical import recording_id
from llmgate.recording.format import MAX_LINE, Recording, RecordingProblem, read, write
from llmgate.recording.lines import Counts, Route, ToolCall

EMOJI = 'data: {"a":"👩🏽‍💻"}\n\n'.encode()


def a_recording(**changes: object) -> Recording:
    recording = Recording(
        title="a title",
        dialect="openai.chat",
        stream=True,
        method="POST",
        path="/v1/chat/completions",
        body=b'{"model":"m","messages":[]}',
        status=200,
        chunks=[b"data: 1\n\n", b"data: [DONE]\n\n"],
        us=[1000, 20],
        id="rec_1",
        name="recording",
    )
    return msgspec.structs.replace(recording, **changes)


FULL = a_recording(
    tags=("text", "odd"),
    by="llmgate",
    made_up=True,
    note="by hand",
    model="m",
    request_headers=(("content-type", "application/json"),),
    response_headers=(("via", "a"), ("via", "b")),
    how="reset",
    finish="stop",
    usage=Counts(in_=3, out=4, cached=1),
    text="hi",
    tool_calls=(ToolCall("c1", "get_weather", "{}"),),
    error="cut",
    t0="2026-01-12T09:00:00.000Z",
    connect_us=5,
    ttft_us=1000,
    total_us=2000,
    route=Route(name="fast", attempts=[msgspec.Raw(b'{"provider":"groq"}')]),
    scrub={"rules": msgspec.Raw(b"3")},
)


def test_every_field_survives_writing_and_reading() -> None:
    again = read(write(FULL))

    assert write(again) == write(FULL)
    assert again.response_headers == (("via", "a"), ("via", "b"))
    assert (again.how, again.error, again.usage, again.tool_calls) == (
        FULL.how,
        FULL.error,
        FULL.usage,
        FULL.tool_calls,
    )
    assert again.route is not None
    assert [bytes(raw) for raw in again.route.attempts] == [b'{"provider":"groq"}']


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_chunks_survive(chunks: list[bytes]) -> None:
    recording = a_recording(chunks=chunks, us=list(range(len(chunks))))

    assert read(write(recording)) == recording


@pytest.mark.parametrize("cut", range(len(EMOJI) + 1))
def test_a_chunk_cut_anywhere_even_inside_a_character_survives(cut: int) -> None:
    recording = a_recording(chunks=[EMOJI[:cut], EMOJI[cut:]], us=[1, 2])

    assert read(write(recording)).chunks == [EMOJI[:cut], EMOJI[cut:]]


@given(st.binary(max_size=60) | st.text(max_size=30).map(str.encode))
def test_any_request_body_survives(body: bytes) -> None:
    assert read(write(a_recording(body=body))).body == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"b": 1.0, "a": 12345678901234567890}',
        b'{"a":"\\ud800"}',
        b'{\n "a": 1\n}',
        b" {} ",
        b"[" * 20_000,
        b"[" * 20_000 + b"]" * 20_000,
        b"null",
        b"",
    ],
)
def test_a_request_body_keeps_its_bytes(body: bytes) -> None:
    assert read(write(a_recording(body=body))).body == body


def test_the_id_is_the_hash_of_the_request_and_ignores_what_is_volatile() -> None:
    path = "/v1/chat/completions"
    first = recording_id("openai.chat", path, b'{"a":1,"b":2,"user":"x","seed":1}')

    assert first == recording_id("openai.chat", path, b'{ "b":2, "a":1, "store":true }')
    assert first == recording_id("openai.chat", path + "?beta=true", b'{"a":1,"b":2}')
    assert first != recording_id("openai.chat", path, b'{"a":1,"b":3}')
    assert first != recording_id("openai.responses", path, b'{"a":1,"b":2}')
    assert read(write(a_recording(id=""))).id == recording_id("openai.chat", path, FULL.body)


def test_unknown_lines_and_keys_are_ignored_and_kept_in_place() -> None:
    lines = write(FULL).splitlines()
    lines[0] = lines[0][:-1] + b',"mood":{"z":1,"a":2}}'
    lines[5] = lines[5][:-1] + b',"late":true}'
    lines.insert(3, b'{"k":"note","text":"of a later version"}')
    data = b"\n".join(lines) + b"\n"

    again = read(data)

    assert again.chunks == FULL.chunks
    assert write(again) == data


def test_a_last_line_without_a_line_end_is_read() -> None:
    assert read(write(FULL)[:-1]) == read(write(FULL))


def problem_of(data: bytes) -> str:
    with pytest.raises(RecordingProblem) as caught:
        read(data, "bad.llmrec.jsonl")
    return str(caught.value)


def swapped(at: int, line: bytes) -> bytes:
    lines = write(FULL).splitlines()
    lines[at] = line
    return b"\n".join(lines) + b"\n"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no `head` line (bad.llmrec.jsonl)"),
        (b"hello\n", 'does not begin with a line {"k":"head"'),
        (b"\xff\xfe\n", 'does not begin with a line {"k":"head"'),
        (b'{"k":"req","v":1}\n', "begins with `req` instead of `head` (bad.llmrec.jsonl, line 1)"),
        (b'{"k":"head","v":7}\n', "version 7 of the format; this llmgate reads up to 1"),
        (b'{"k":"head","v":0}\n', "version 0 of the format"),
        (swapped(1, b"{nope"), "not JSON"),
        (swapped(1, b""), "not JSON"),
        (swapped(1, b'{"k":"req","method":3,"path":"/"}'), "Expected `str`, got `int`"),
        (swapped(1, b'{"k":"req","method":3,"path":"/","x":1}'), "`$.method` (bad.llmrec.jsonl,"),
        (swapped(1, b'["k"]'), "Expected `object`, got `array`"),
        (swapped(1, b'{"method":"POST"}'), "missing required field `k`"),
        (
            swapped(2, b'{"k":"resp","status":200}'),
            "a second `resp` line (bad.llmrec.jsonl, line 5)",
        ),
        (swapped(5, b'{"k":"c","b64":"?"}'), "Invalid base64"),
        (swapped(-1, b'{"k":"time","us":[1]}'), "2 chunks but 1 moments in `time.us`"),
        (swapped(-1, b'{"k":"time","us":[1,-2]}'), "a negative moment"),
        (swapped(-2, b'{"k":"end","how":"sideways"}'), "Invalid enum value 'sideways'"),
        (swapped(1, b"[" * 100_000), "line 2"),
        (b"\n".join(write(FULL).splitlines()[:-1]), "no `time` line"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(data: bytes, says: str) -> None:
    assert says in problem_of(data)


def test_a_line_over_the_limit_is_refused() -> None:
    long = b'{"k":"c","d":"' + b"x" * MAX_LINE + b'"}'

    assert "the limit is" in problem_of(swapped(5, long))


def test_an_unknown_dialect_is_refused() -> None:
    data = write(FULL).replace(b"openai.chat", b"parrot.talk", 1)

    assert "Invalid enum value 'parrot.talk'" in problem_of(data)
    assert "line 1" in problem_of(data)
