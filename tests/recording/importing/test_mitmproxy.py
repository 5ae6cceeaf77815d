"""mitmproxy's flow files become recordings, whatever their version and their bodies' encoding."""

import gzip
import zlib
from typing import Any

import pytest
import zstandard

from llmgate.recording.importing import encodings
from llmgate.recording.importing.found import NotImported
from llmgate.recording.importing.kinds import kind_of, read_import
from llmgate.recording.recording import Recording
from llmgate.wire.recordings import Skipped
from tests.recording.importing.samples import BODY, STREAM, flow, tnet


def only(data: bytes) -> Recording:
    (found,) = read_import(data, "flows")
    assert isinstance(found, Recording), found
    return found


def test_a_flow_keeps_its_bytes_and_its_moments() -> None:
    data = tnet(flow())
    recording = only(data)

    assert kind_of(data) == "mitmproxy"
    assert recording.body == BODY.encode()
    assert b"".join(recording.chunks) == STREAM.encode()
    assert recording.us[0] == 400_000
    assert recording.total_us == 900_000
    assert recording.t0 == "2026-03-01T11:00:00.250Z"
    assert recording.text == "Hello, moön."
    assert "authorization" not in dict(recording.request_headers)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        (b"gzip", gzip.compress(STREAM.encode(), mtime=0)),
        (b"deflate", zlib.compress(STREAM.encode())),
        (b"deflate", deflated(STREAM.encode())),
        (b"zstd", zstandard.ZstdCompressor().compress(STREAM.encode())),
    ],
)
def test_compressed_bodies_are_unpacked(encoding: bytes, packed: bytes) -> None:
    recording = only(tnet(flow(answer=packed, encoding=encoding)))

    assert b"".join(recording.chunks) == STREAM.encode()
    assert "content-encoding" not in dict(recording.response_headers)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (flow(answer=b"\x8b", encoding=b"br"), "compressed with 'br'"),
        (flow(answer=b"junk", encoding=b"gzip"), "damaged"),
        (flow(path=b"/nothing"), "none of a protocol"),
        (flow(body=b"junk"), "its request body is not JSON"),
        (flow() | {"type": "tcp"}, "not an HTTP flow"),
        ({"type": "http"}, "none of a protocol"),
        (["a"], "not an HTTP flow"),
    ],
)
def test_what_cannot_be_a_recording_is_named_with_its_reason(given: Any, reason: str) -> None:
    (found,) = read_import(tnet(given), "flows", "mitmproxy")

    assert isinstance(found, Skipped)
    assert found.what.startswith("flows, flow 1")
    assert reason in found.why


def test_a_small_file_cannot_become_a_big_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "MAX_ANSWER", 1000)
    for encoding, packed in (
        (b"gzip", gzip.compress(b"\0" * 5000, mtime=0)),
        (b"zstd", zstandard.ZstdCompressor().compress(b"\0" * 5000)),
    ):
        (found,) = read_import(tnet(flow(answer=packed, encoding=encoding)), "flows")
        assert isinstance(found, Skipped)
        assert "once unpacked" in found.why


def test_flows_before_the_place_where_a_file_is_cut_are_taken() -> None:
    data = tnet(flow()) * 2
    found = list(read_import(data[:-40], "flows"))

    assert isinstance(found[0], Recording)
    assert isinstance(found[1], Skipped)
    assert "the file ends inside a value" in found[1].why


@pytest.mark.parametrize(
    "data", [b"5:hello", b"9:5:ab#4:x", b"3:abc?", b"1:x#", b"1:1:1:", b"4:1:a,}", b"99999999:x,"]
)
def test_bytes_that_are_no_flows_are_refused(data: bytes) -> None:
    with pytest.raises(NotImported, match="no flow file"):
        list(read_import(data, "flows", "mitmproxy"))


def test_a_value_that_is_nested_without_end_is_refused() -> None:
    data = tnet(0)
    for _ in range(60):
        data = str(len(data)).encode() + b":" + data + b"]"

    with pytest.raises(NotImported, match="nested too deep"):
        list(read_import(data, "flows", "mitmproxy"))


def test_an_older_flow_with_bytes_for_keys_and_names_is_read() -> None:
    old = {
        key.encode(): {k.encode(): v for k, v in value.items()}
        if isinstance(value, dict)
        else value
        for key, value in flow().items()
    } | {b"type": b"http", b"version": 7}

    assert only(tnet(old)).text == "Hello, moön."


def test_a_flow_that_broke_is_a_recording_that_breaks() -> None:
    recording = only(tnet(flow(error={"msg": "Connection lost", "timestamp": 1.0})))

    assert recording.how == "reset"
    assert "Connection lost" in recording.note


def test_a_flow_without_an_answer_is_a_request_that_is_never_served() -> None:
    assert not only(tnet(flow(answer=None))).answered


def test_a_streamed_flow_whose_body_was_not_kept_is_left_out() -> None:
    one = flow()
    one["response"]["content"] = None
    (found,) = read_import(tnet(one), "flows")

    assert isinstance(found, Skipped)
    assert "did not keep its answer" in found.why
