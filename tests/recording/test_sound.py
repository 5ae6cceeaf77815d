"""Files that no gateway has written: what they say is not served, not sent, not written down."""

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from llmgate.commands.record_import import _below
from llmgate.recording.format import RecordingProblem, read, write
from llmgate.recording.importing.cleaning import read_clean
from llmgate.recording.library import Library
from llmgate.recording.matching import Matching
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.recording.title import file_name
from llmgate.upstream.shelf import Shelf
from tests.flows.configs import CHAT
from tests.support.inside import inside

SECRET = "sk-ant-api03-Qm7xR2vT9kLpW4sZ8nB3"


def recording(**changed: Any) -> bytes:
    """A small recording; names are ``line__key``."""
    lines: list[dict[str, Any]] = [
        {"k": "head", "v": 1, "id": "rec_1", "title": "t", "dialect": "openai.chat"},
        {"k": "req", "method": "POST", "path": "/v1/chat/completions", "model": "gpt-test"},
        {"k": "body", "json": CHAT},
        {"k": "resp", "status": 200, "headers": {"content-type": "application/json"}},
        {"k": "c", "d": '{"choices":[]}'},
        {"k": "end", "how": "eof"},
        {"k": "time", "us": [5], "total_us": 5},
    ]
    lines[0] |= {"stream": False, "scrub": {"rules": 1, "hits": {}}}
    for name, value in changed.items():
        kind, _, key = name.partition("__")
        next(line for line in lines if line["k"] == kind)[key] = value
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


SPLIT = "1\r\nset-cookie: evil=1\r\n\r\nHTTP/1.1 200 OK"
UNSOUND: list[tuple[dict[str, Any], str]] = [
    ({"resp__headers": {"x-ratelimit-limit": SPLIT}}, "end a line"),
    ({"resp__headers": {"x\r\nset-cookie": "1"}}, "no name of a header"),
    ({"req__headers": {"openai-beta": SPLIT}}, "end a line"),
    ({"req__headers": {"openai-beta": "\u202e"}}, "no header can carry"),
    ({"req__path": "@evil.test/v1"}, "begin with /"),
    ({"req__path": "/v1\r\nhost: x"}, "begin with /"),
    ({"req__method": "GET / HTTP/1.1\r\n\r\n"}, "the method"),
    ({"resp__status": 101}, "from 200 to 999"),
    ({"resp__status": -1}, "from 200 to 999"),
    ({"resp__status": 10**30}, "from 200 to 999"),
    ({"time__us": [2**62]}, "over the limit"),
    ({"time__us": [10**30]}, "over the limit"),
    ({"time__us": [-1]}, "negative moment"),
    ({"time__total_us": 10**25}, "total_us"),
    ({"time__ttft_us": -1}, "ttft_us"),
    ({"end__usage": {"in": 10**20}}, "a count"),
]


@pytest.mark.parametrize(("changed", "why"), UNSOUND)
def test_a_file_that_cannot_be_of_an_exchange_is_refused(changed: dict[str, Any], why: str) -> None:
    assert read(recording()).status == 200
    with pytest.raises(RecordingProblem, match=why):
        read(recording(**changed))


@pytest.mark.parametrize("status", [200, 599, 999])
def test_odd_answers_of_providers_stay_recordings(status: int) -> None:
    it = read(recording(resp__status=status, resp__headers=[["x-a", "\xe9\x01"], ["x-a", ""]]))
    assert read(write(it)) == it


async def test_an_import_of_numbers_without_bounds_stops_no_recording(tmp_path: Path) -> None:
    har: dict[str, Any] = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 1e300,
        "request": {
            "method": "POST",
            "url": "https://x.test/v1/chat/completions",
            "headers": [{"name": "openai-beta", "value": SPLIT}],
            "postData": {"text": json.dumps(CHAT)},
        },
        "response": {"status": 10**19, "headers": [], "content": {"text": "{}"}},
        "timings": {"wait": 1e300, "receive": 1e300},
    }
    files = [recording(**changed) for changed, _ in UNSOUND]
    files.append(json.dumps({"log": {"entries": [har]}}).encode())
    async with inside("providers: {}\n", tmp_path) as gateway:
        for data in files:
            answer = await gateway.admin.post("/admin/v1/recordings/import", content=data)
            assert answer.status_code in {200, 400}, answer.text
            assert answer.status_code == 400 or not answer.json().get("ids")
        good = await gateway.admin.post("/admin/v1/recordings/import", content=recording())
        status = await gateway.admin.get("/admin/v1/status")

    assert len(good.json()["ids"]) == 1
    assert status.json()["recording"].get("state", "recording") == "recording"


HIDDEN: list[dict[str, Any]] = [
    {"head__id": SECRET},
    {"head__tags": [SECRET]},
    {"head__by": SECRET},
    {"head__later": {"a": [SECRET]}},
    {"end__text": SECRET},
    {"end__finish": SECRET},
    {"end__tool_calls": [{"id": SECRET, "name": SECRET, "arguments": SECRET}]},
    {"time__t0": SECRET},
]


@pytest.mark.parametrize("changed", HIDDEN)
def test_a_recording_that_says_it_was_scrubbed_is_scrubbed(changed: dict[str, Any]) -> None:
    added = recording(**changed) + json.dumps({"k": "later", "of": SECRET}).encode() + b"\n"
    (it,) = [one for one in read_clean(added, "f", "auto", Rules()) if isinstance(one, Recording)]

    assert SECRET.encode() not in write(it)
    assert SECRET.lower() not in file_name(it)


def test_an_id_is_no_way_out_of_a_folder() -> None:
    it = read(recording(head__id="../../../x", head__title="/../"))
    assert "/" not in file_name(it)
    assert ".." not in file_name(it)


def test_a_pipe_among_recordings_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.llmrec.jsonl")
    (tmp_path / "b.llmrec.jsonl").write_bytes(recording())
    (tmp_path / "c.llmrec.jsonl").symlink_to("/dev/zero")
    shelf = Shelf(tmp_path, Matching(()))
    shelf.look()

    assert [one.name for one in Library(tmp_path).recordings] == ["b.llmrec.jsonl"]
    assert [one.name for one in shelf.all()] == ["b.llmrec.jsonl"]
    assert [one.name for one in _below(tmp_path)] == ["b.llmrec.jsonl"]


async def test_an_answer_is_not_split_by_a_header_of_a_recording(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "a.llmrec.jsonl").write_bytes(recording(resp__headers={"x-ratelimit-a": SPLIT}))
    config = f"providers:\n  tape: {{kind: recording, recordings: {folder}, mode: none}}\n"
    async with inside(config, tmp_path) as gateway, httpx.AsyncClient() as client:
        answer = await client.post(
            f"{gateway.url}/v1/chat/completions", json={**CHAT, "model": "tape/gpt-test"}
        )

    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    assert "end a line" in answer.text
