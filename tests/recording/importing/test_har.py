"""A HAR becomes recordings of what speaks our protocols, as true as a HAR lets them be."""

import json
from pathlib import Path
from typing import Any

import pytest

from llmgate.recording.exporting.har import as_har
from llmgate.recording.format import SUFFIX, read, write
from llmgate.recording.importing.found import NotImported
from llmgate.recording.importing.kinds import kind_of, read_import
from llmgate.recording.library import shipped_folder
from llmgate.recording.recording import Recording
from llmgate.wire.recordings import Skipped
from tests.recording.importing.samples import (
    BODY,
    COMPLETION,
    STREAM,
    base64_of,
    entry,
    har,
)


def only(data: bytes) -> Recording:
    (found,) = read_import(data, "a.har")
    assert isinstance(found, Recording), found
    return found


def why(data: bytes) -> str:
    (found,) = read_import(data, "a.har")
    assert isinstance(found, Skipped), found
    return f"{found.what}: {found.why}"


def test_an_entry_keeps_its_bytes_its_day_and_what_was_said() -> None:
    recording = only(har(entry()))

    assert recording.body == BODY.encode()
    assert b"".join(recording.chunks) == STREAM.encode()
    assert recording.t0 == "2026-03-01T11:00:00.250Z"
    assert (recording.dialect, recording.path) == ("openai.chat", "/v1/chat/completions")
    assert (recording.model, recording.stream, recording.status) == ("gpt-4o-mini", True, 200)
    assert (recording.text, recording.finish) == ("Hello, moön.", "stop")
    assert (recording.usage.in_, recording.usage.out) == (9, 4)
    assert recording.title == "Say hello to the moon."
    assert read(write(recording), "x").chunks == recording.chunks


def test_headers_of_credentials_and_of_the_wire_are_left_behind() -> None:
    recording = only(har(entry()))

    assert recording.request_headers == (("content-type", "application/json"),)
    assert recording.response_headers == (("content-type", "text/event-stream"),)
    assert b"never-to-be-kept" not in write(recording)


def test_a_stream_is_cut_at_its_events_over_the_time_it_took() -> None:
    recording = only(har(entry()))

    assert len(recording.chunks) == 5
    assert all(chunk.endswith(b"\n\n") for chunk in recording.chunks)
    assert recording.us == [400_000, 125_000, 125_000, 125_000, 125_000]
    assert recording.total_us == 900_000
    assert "even steps" in recording.note


def test_chunks_of_our_own_har_come_back_as_they_were() -> None:
    data = STREAM.encode()
    cuts = {"lengths": [3, len(data) - 10, 7], "us": [11, 22, 33]}
    recording = only(har(entry(_llmgate_chunks=cuts)))

    assert [len(chunk) for chunk in recording.chunks] == cuts["lengths"]
    assert recording.us == cuts["us"]
    assert b"".join(recording.chunks) == data
    assert recording.note == ""


def test_base64_is_taken_byte_for_byte() -> None:
    content = base64_of(STREAM)
    recording = only(har(entry(text=content["text"], encoding="base64")))

    assert b"".join(recording.chunks) == STREAM.encode()


@pytest.mark.parametrize(
    ("cuts", "reason"),
    [
        ({"lengths": [3], "us": [1]}, "`_llmgate_chunks` is of 3 bytes"),
        ({"lengths": [3, 4], "us": [1]}, "as many moments as lengths"),
        ({"lengths": [-3], "us": [1]}, "none below 0"),
    ],
)
def test_chunks_that_are_not_those_of_the_text_are_refused(
    cuts: dict[str, Any], reason: str
) -> None:
    assert reason in why(har(entry(_llmgate_chunks=cuts)))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://api.groq.com/openai/v1/chat/completions", "/v1/chat/completions"),
        ("https://openrouter.ai/api/v1/chat/completions", "/v1/chat/completions"),
        ("https://x.test/inference/v1/completions?a=b&key=k", "/v1/completions?a=b"),
        ("https://g.test/v1beta/openai/chat/completions", "/v1/chat/completions"),
        (
            "https://a.test/openai/deployments/d/chat/completions?api-version=1",
            "/v1/chat/completions?api-version=1",
        ),
        ("https://api.anthropic.com/v1/messages?beta=true", "/v1/messages?beta=true"),
        ("http://127.0.0.1:8484/p/openai/v1/responses", "/v1/responses"),
    ],
)
def test_prefixes_of_providers_are_left_out_of_the_path(url: str, path: str) -> None:
    assert only(har(entry(url))).path == path


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (entry("https://x.test/v1beta/models/g:generateContent"), "gemini is not a protocol"),
        (entry("https://x.test/static/a.js"), "none of a protocol that is carried"),
        (entry("https://x.test/v1/audio/speech"), "openai.raw is not a protocol"),
        (entry(body=None), "keeps no request body"),
        (entry(body="a=b"), "its request body is not JSON"),
        (entry(body="[" * 5000 + "]" * 5000), "its request body is"),
        (entry(body="[1]"), "not a JSON object"),
        ({"request": {"url": 3}}, "not an entry of a HAR"),
        (entry() | {"request": {"url": "https://x.test/v1/chat/completions"}}, "GET asks no model"),
    ],
)
def test_what_cannot_be_a_recording_is_named_with_its_reason(
    given: dict[str, Any], reason: str
) -> None:
    said = why(har(given))

    assert said.startswith("a.har, entry 1")
    assert reason in said


def test_one_bad_entry_does_not_spoil_the_others() -> None:
    found = list(read_import(har({"request": 1}, entry(), {}), "a.har"))

    assert [type(item).__name__ for item in found] == ["Skipped", "Recording", "Skipped"]


@pytest.mark.parametrize("given", [entry(text=None), entry(status=0)])
def test_an_entry_without_its_answer_is_a_request_that_is_never_served(
    given: dict[str, Any],
) -> None:
    recording = only(har(given))

    assert not recording.answered
    assert recording.chunks == []
    assert not read(write(recording), "x").answered
    assert recording.note


def test_a_refusal_of_the_provider_keeps_its_status_and_message() -> None:
    body = json.dumps({"error": {"message": "slow down", "type": "rate_limit_exceeded"}})
    recording = only(har(entry(text=body, status=429, mime="application/json")))

    assert (recording.status, recording.error) == (429, "slow down")
    assert recording.chunks == [body.encode()]


def test_an_answer_in_one_piece_has_one_moment() -> None:
    recording = only(har(entry(text=json.dumps(COMPLETION), mime="application/json")))

    assert recording.us == [400_000]
    assert recording.total_us == 900_000


@pytest.mark.parametrize("data", [b'{"log": 3}', b'{"log": {"entries": {}}}', b'{"log": {'])
def test_a_broken_har_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(NotImported, match=r"a\.har"):
        list(read_import(data, "a.har", "har"))


def test_a_har_is_known_whether_it_is_one_line_or_many() -> None:
    value = json.loads(har(entry()))

    assert kind_of(json.dumps(value).encode()) == "har"
    assert kind_of(json.dumps(value, indent=2).encode()) == "har"


@pytest.mark.parametrize("path", sorted(shipped_folder().glob("*" + SUFFIX)), ids=lambda p: p.stem)
def test_a_har_of_ours_gives_back_what_it_was_made_of(path: Path) -> None:
    before = read(path.read_bytes(), path.name)
    after = only(as_har([before]))

    for field in ("body", "chunks", "us", "total_us", "status", "how", "stream", "path", "dialect"):
        assert getattr(after, field) == getattr(before, field), field
    for field in ("title", "tags", "text", "tool_calls", "usage", "finish", "model", "id", "t0"):
        assert getattr(after, field) == getattr(before, field), field
