"""Exports are what other tools read, and what they send again is what was sent."""

import ast
import asyncio
import base64
import json
import os
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from llmgate.recording.exporting.document import NotExportable, document
from llmgate.recording.importing.har import read_har
from llmgate.recording.library import Library, shipped_folder
from llmgate.recording.recording import Recording
from tests.support.answers import respond
from tests.support.upstream import Upstream

SHIPPED = Library(shipped_folder()).recordings
NASTY = 'it\'s "x" $(touch gone) `id` !! \\n \\ %s ${HOME} \x07 é 猫 \ud83d\ude00'


def made(body: bytes, **more: object) -> Recording:
    """A recording of a request with this body."""
    fields: dict[str, object] = {
        "title": "one\nrm -rf /",
        "dialect": "openai.chat",
        "stream": False,
        "method": "POST",
        "path": "/v1/chat/completions?a='b'&c=$(id)",
        "request_headers": (("content-type", "application/json"), ("openai-beta", "it's $HOME")),
        "body": body,
        "status": 200,
        "chunks": [b"{}"],
        "us": [5],
        "total_us": 9,
    }
    return Recording(**(fields | more))  # type: ignore[arg-type] # as above


BODIES = {
    "nasty": json.dumps({"messages": [{"role": "user", "content": NASTY}]}).encode(),
    "spaced": b'{ "a" : 1.0,\n "a": 2, "big": 123456789012345678901234567890 }\n',
    "binary": bytes(range(256)),
    "large": json.dumps({"x": "y" * 300_000}).encode(),
    "triple": json.dumps({"x": "\"\"\"\n''' \\"}).encode(),
    "surrogate": b'{"x": "\\ud800"}',
    "nothing": b"",
    "list": b"[1, 2]",
    "infinite": b'{"x": 1e999}',
}


async def run(command: list[str], upstream: Upstream, folder: Path) -> str:
    """Runs a program against the upstream; gives what it printed."""
    environ = {"LLMGATE_URL": upstream.url, "PATH": os.environ["PATH"], "OPENAI_API_KEY": "k-1"}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, output
    return output.decode()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("wanted", "program"), [("curl", "bash"), ("python", sys.executable)])
async def test_what_a_program_sends_is_what_was_recorded(
    tmp_path: Path, wanted: str, program: str
) -> None:
    recordings = [made(body) for body in BODIES.values()]
    script = tmp_path / "script"
    script.write_bytes(document(recordings, wanted).data)  # type: ignore[arg-type] # parametrized
    async with Upstream([respond({"ok": True})]) as upstream:
        output = await run([program, str(script)], upstream, tmp_path)

    assert output.count('"ok"') == len(BODIES)
    assert names_in(tmp_path) == ["script"]  # no command in a body was run
    for (name, body), request in zip(BODIES.items(), upstream.requests, strict=True):
        assert request.target.startswith("/v1/chat/completions?a=")
        assert request.header("openai-beta") == "it's $HOME"
        assert request.header("authorization") == "Bearer k-1"
        if wanted == "curl" or name in {"spaced", "binary", "surrogate", "list", "infinite"}:
            assert request.raw_body == body, name
        elif body:
            assert json.loads(request.raw_body) == json.loads(body), name


def test_a_program_of_every_shipped_recording_compiles() -> None:
    tree = ast.parse(document(SHIPPED, "python").data)
    calls = [it for it in tree.body if isinstance(it, ast.Expr) and isinstance(it.value, ast.Call)]

    assert len(calls) == len(SHIPPED)


REQUIRED = {
    "": "startedDateTime time request response cache timings",
    "request": "method url httpVersion cookies headers queryString headersSize bodySize",
    "response": "status statusText httpVersion cookies headers content redirectURL headersSize"
    " bodySize",
    "timings": "send wait receive",
}


def test_a_har_has_every_field_that_the_format_requires() -> None:
    log = json.loads(document([*SHIPPED, made(bytes(range(256)))], "har").data)["log"]

    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "llmgate"
    assert len(log["entries"]) == len(SHIPPED) + 1
    for entry in log["entries"]:
        for place, names in REQUIRED.items():
            assert set(names.split()) <= (entry[place] if place else entry).keys()
        assert {"size", "mimeType"} <= entry["response"]["content"].keys()
        assert {"mimeType", "text"} <= entry["request"]["postData"].keys()
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        parts = entry["timings"]
        assert entry["time"] == pytest.approx(parts["send"] + parts["wait"] + parts["receive"])
        for pair in entry["request"]["headers"] + entry["request"]["queryString"]:
            assert pair.keys() == {"name", "value"}


def test_a_har_read_again_is_the_same_request_and_answer_to_the_byte_and_microsecond() -> None:
    broken = [b"data: \xe2\x82", b"\xac\n\n", b"\xff\xfe"]
    chat = json.dumps({"model": "m", "stream": True, "messages": []}).encode()
    odd = made(
        chat,
        path="/v1/chat/completions",
        chunks=broken,
        us=[7, 0, 12],
        stream=True,
        response_headers=(("content-type", "text/event-stream"),),
    )
    for recording in [*SHIPPED, odd]:
        items = list(read_har(document([recording], "har").data, "it.har"))
        (again,) = [item for item in items if isinstance(item, Recording)]
        assert again.body == recording.body
        assert again.chunks == recording.chunks
        assert again.us == recording.us
        assert again.status == recording.status
        assert (again.dialect, again.path) == (recording.dialect, recording.path)


def lines(recordings: list[Recording]) -> list[dict[str, object]]:
    return [json.loads(line) for line in document(recordings, "jsonl").data.splitlines()]


def test_a_conversation_is_messages_with_the_answer_as_the_last_one() -> None:
    for recording in SHIPPED:
        if recording.status >= 300 or recording.how != "eof" or "reasoning" in recording.tags:
            continue
        if recording.dialect in {"openai.embeddings", "anthropic.count_tokens"}:
            continue
        (line,) = lines([recording])
        messages = line["messages"]
        assert isinstance(messages, list)
        last = messages[-1]
        assert last["role"] == "assistant"
        assert (last["content"] or "") == recording.text
        calls = [call["function"] for call in last.get("tool_calls", [])]
        assert [call["name"] for call in calls] == [it.name for it in recording.tool_calls]
        assert {message["role"] for message in messages} <= {
            "system",
            "developer",
            "user",
            "assistant",
            "tool",
        }


def test_the_same_conversation_is_the_same_line_whatever_its_protocol() -> None:
    tool = {"name": "run", "description": "Runs.", "parameters": {"type": "object"}}
    answer = {"content": [{"type": "text", "text": "Done."}], "stop_reason": "end_turn"}
    asked = {
        "model": "m",
        "max_tokens": 9,
        "system": "Be brief.",
        "tools": [{"name": "run", "description": "Runs.", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "List"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "run", "input": {"c": "ls"}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "a.txt"}],
            },
        ],
    }
    recording = made(
        json.dumps(asked).encode(),
        dialect="anthropic.messages",
        chunks=[json.dumps({"type": "message", "role": "assistant", **answer}).encode()],
    )

    (line,) = lines([recording])

    function = {"name": "run", "arguments": '{"c":"ls"}'}
    messages = line["messages"]
    assert isinstance(messages, list)
    calls = messages[2]["tool_calls"]
    assert json.loads(calls[0]["function"].pop("arguments")) == json.loads(function["arguments"])
    assert messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "List"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "run"}}],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "a.txt"},
        {"role": "assistant", "content": "Done."},
    ]
    assert line["tools"] == [{"type": "function", "function": tool}]


def test_what_the_shape_has_no_place_for_is_left_out_with_the_reason() -> None:
    reasoning = next(it for it in SHIPPED if "reasoning" in it.tags and it.stream)
    vectors = next(it for it in SHIPPED if it.dialect == "openai.embeddings")
    hello = next(it for it in SHIPPED if it.name.startswith("chat-50"))

    exported = document([reasoning, vectors, hello], "jsonl")

    assert len(exported.data.splitlines()) == 1
    assert [it.why for it in exported.skipped] == [
        "it holds reasoning, for which there is no place",
        "openai.embeddings is no conversation",
    ]
    with pytest.raises(NotExportable, match="embeddings is no conversation"):
        document([vectors], "jsonl")


def test_a_recording_file_holds_one_exchange() -> None:
    with pytest.raises(NotExportable, match="these are 2"):
        document(SHIPPED[:2], "recording")


def test_binary_bodies_are_base64_in_a_har() -> None:
    entry = msgspec.json.decode(document([made(b"\xff")], "har").data)["log"]["entries"][0]

    assert base64.b64decode(entry["request"]["postData"]["text"]) == b"\xff"
    assert entry["request"]["postData"]["encoding"] == "base64"
