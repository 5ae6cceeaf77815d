"""Recordings of every version open for ever, and are written again byte for byte.

The files are frozen: made by hand, every kind of line among them, also kinds and keys that no
version knows. A change of the format adds a folder, it never edits one.
"""

import hashlib
from pathlib import Path

import pytest

from llmgate.recording.format import SUFFIX, read, write
from llmgate.recording.lines import KINDS, Counts, ToolCall

FOLDER = Path(__file__).with_name("version_1")
FILES = {
    "every-kind": "73186ee202e52313",
    "text-body": "598d9df457d33622",
    "bytes-body": "5da6ba6b8c08362b",
}


def bytes_of(name: str) -> bytes:
    return (FOLDER / (name + SUFFIX)).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_recording_of_the_first_version_is_read_and_written_without_a_change(name: str) -> None:
    data = bytes_of(name)

    assert hashlib.sha256(data).hexdigest()[:16] == FILES[name], "these files are frozen"
    assert write(read(data, name)) == data


def test_every_kind_of_line_is_among_them() -> None:
    lines = b"".join(map(bytes_of, FILES)).splitlines()

    for kind in (*KINDS, "note", "sign"):
        assert any(line.startswith(b'{"k":"%b"' % kind.encode()) for line in lines), kind


def test_everything_in_it_means_what_it_meant() -> None:
    it = read(bytes_of("every-kind"))

    assert (it.dialect, it.stream, it.status, it.how) == ("openai.chat", True, 200, "eof")
    assert it.path == "/v1/chat/completions?api-version=1"
    assert it.body.endswith(b'"seed": 1.0}')
    assert [len(chunk) for chunk in it.chunks] == [84, 9, 161, 8, 156]
    assert it.us == [412_345, 0, 18_000, 1, 999_999]
    assert "\U0001f5fc" in b"".join(it.chunks).decode()
    assert it.response_headers[1:] == (("via", "one"), ("via", "two"))
    assert it.usage == Counts(in_=12, out=9, cached=4, written=0, reasoning=2)
    assert it.tool_calls == (ToolCall("call_1", "map", '{"at":"cliff"}'),)
    assert (it.t0, it.connect_us, it.total_us) == ("2026-11-21T09:00:00.123Z", 801, 1_430_345)
    assert it.route is not None
    assert [bytes(one)[:18] for one in it.route.attempts] == [
        b'{"provider":"groq"',
        b'{"provider":"opena',
    ]


def test_bodies_that_are_no_json_and_answers_that_are_none_are_what_they_were() -> None:
    text, only = read(bytes_of("text-body")), read(bytes_of("bytes-body"))

    assert (text.body.decode(), text.status, text.how) == ("key=värde&x=1", 500, "reset")
    assert text.error == "the provider closed the connection"
    assert text.scrub is None
    assert (only.body, only.answered, only.chunks) == (b"\x00\xff\xfe not text", False, [])
