"""The event codec: the same events whatever the cut, and endings told apart."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.wire.sse import Decoder, Event, encode


def events_of(*chunks: bytes) -> list[Event]:
    decoder = Decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


def datas(*chunks: bytes) -> list[bytes]:
    return [event.data for event in events_of(*chunks)]


STREAM = (
    b"\xef\xbb\xbf: hello\r\n\r\nretry: 5\n"
    b'event: start\ndata:{"a":1}\n\n'
    b"data: one\ndata: two\r\n\r\n"
    b"id: 7\rdata: \xf0\x9f\x98\x80 caf\xc3\xa9\r\rdata\n\n"
    b": OPENROUTER PROCESSING\n\n\n\ndata: [DONE]\n\n"
)
EXPECTED = [
    Event("start", b'{"a":1}', ""),
    Event("", b"one\ntwo", ""),
    Event("", "😀 café".encode(), "7"),
    Event("", b"", "7"),
    Event("", b"[DONE]", "7"),
]


def test_every_odd_habit_is_read() -> None:
    assert events_of(STREAM) == EXPECTED


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_events_survive_any_chunk_size(size: int) -> None:
    assert events_of(*(STREAM[i : i + size] for i in range(0, len(STREAM), size))) == EXPECTED


@pytest.mark.parametrize("cut", range(len(STREAM)))
def test_events_survive_a_cut_at_every_byte(cut: int) -> None:
    assert events_of(STREAM[:cut], STREAM[cut:]) == EXPECTED


LINES = st.sampled_from(
    [
        b"data: x",
        b"data:y",
        b"data",
        b"event: e",
        b"id: 1",
        b": c",
        b"",
        b"",
        b"",
        b"retry: 1",
        b"z: 1",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(
    st.lists(st.tuples(LINES, ENDS), max_size=25).map(
        lambda rows: b"".join(a + b for a, b in rows)
    ),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_no_cut_changes_what_is_read(stream: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]

    assert events_of(*pieces) == events_of(stream)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_hostile_bytes_never_raise(chunks: list[bytes]) -> None:
    assert all(isinstance(event, Event) for event in events_of(*chunks))


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), min_size=1))
def test_what_is_encoded_is_decoded(text: str) -> None:
    wire = encode(text.encode(), name="delta", id="12")

    assert events_of(wire) == [Event("delta", text.encode(), "12")]


def test_an_encoded_name_cannot_smuggle_a_line() -> None:
    assert encode(b"x", name="a\ndata: evil") == b"event: a data: evil\ndata: x\n\n"


def test_a_stream_that_ends_inside_an_event_gives_it_and_says_so() -> None:
    decoder = Decoder()
    decoder.feed(b"data: a\n\ndata: b\n")

    assert decoder.close() == [Event("", b"b", "")]
    assert decoder.cut_inside
    assert not decoder.between_events


@pytest.mark.parametrize("tail", [b"", b"\n\n", b": still here", b": x\n", b"\r", b"retry: 4\n"])
def test_a_stream_that_ends_between_events_is_not_cut(tail: bytes) -> None:
    decoder = Decoder()
    decoder.feed(b"data: a\n\n" + tail)

    assert decoder.close() == []
    assert not decoder.cut_inside


@pytest.mark.parametrize(
    ("stream", "between"),
    [
        (b"", True),
        (b"\n\n", True),
        (b"data: a\n\n", True),
        (b"data: a\n\n\n", True),
        (b"data: a\r\n\r\n", True),
        (b"data: a\n\n: comment\n", True),
        (b"data: a\n\nd", False),
        (b"data: a\n\ndata: b\n", False),
        (b"event: a\n", False),
        (b"data: a\r\n\r", False),
    ],
)
def test_a_blank_line_is_allowed_only_between_events(stream: bytes, between: bool) -> None:
    whole = Decoder()
    whole.feed(stream)
    bytewise = Decoder()
    for i in range(len(stream)):
        bytewise.feed(stream[i : i + 1])

    assert (whole.between_events, bytewise.between_events) == (between, between)


@pytest.mark.parametrize("lines", [1, 40])
def test_an_event_over_the_limit_is_left_out_and_counted(lines: int) -> None:
    huge = b"".join(b"data: " + b"x" * (4000 // lines) + b"\n" for _ in range(lines)) + b"\n"
    stream = b"data: a\n\n" + huge + b"data: b\n\n"
    for size in (7, 300, len(stream)):
        decoder = Decoder(max_event_bytes=1000)
        chunks = (stream[i : i + size] for i in range(0, len(stream), size))
        found = [event.data for chunk in chunks for event in decoder.feed(chunk)]

        assert found == [b"a", b"b"]
        assert decoder.dropped == 1


def test_an_event_just_under_the_limit_passes_in_pieces() -> None:
    decoder = Decoder(max_event_bytes=1000)
    stream = b"data: " + b"x" * 900 + b"\n\n"
    chunks = (stream[i : i + 100] for i in range(0, len(stream), 100))

    assert [event.data for chunk in chunks for event in decoder.feed(chunk)] == [b"x" * 900]
    assert decoder.dropped == 0
