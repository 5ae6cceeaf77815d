"""`llmgate record` exports, shows and checks."""

import asyncio
import json
import stat
import sys
from pathlib import Path

import pytest

from llmgate.cli import main
from llmgate.recording.format import read
from llmgate.recording.library import shipped_folder
from llmgate.store.queries import Queries
from llmgate.store.writer import Store
from tests.store.making import begin, fail, finish

KEY = "sk-ant-api03-Zx81mmQpLr77AbCdEf"
ANSWER = json.dumps(
    {
        "choices": [{"index": 0, "message": {"content": f"Yes: {KEY}"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
).encode()


def asked(text: str) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}).encode()


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A store of three: two that ended well, one that was refused."""
    folder = tmp_path / "data"
    folder.mkdir()
    store = await Store.open(folder / "exchanges.sqlite")
    first = finish(begin(1, asked("Is it so?")), ANSWER)
    second = finish(begin(2, asked("And \x1b[31mred?")), ANSWER)
    for one in (first, second):
        one.received_headers = [("content-type", "application/json")]
    third = fail(begin(3, asked("No")), 429, "upstream_rate_limited")
    for one in (first, second, third):
        store.begun(one)
        store.ended(one)
    await store.close()
    return folder


def record(*words: object) -> int:
    return main(["record", *map(str, words)])


def export(data: Path, *words: object) -> int:
    return record("export", "--data-dir", data, *words)


def test_exchanges_become_files_that_pass_the_check(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(data, "x000001", "x000002", "--to", tmp_path / "out", "--tag", "bears") == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]

    assert len(paths) == 2
    assert all(read(path.read_bytes()).tags == ("bears",) for path in paths)
    assert all(KEY.encode() not in path.read_bytes() for path in paths)
    assert all(path.name.isascii() and "\x1b" not in path.name for path in paths)
    assert record("check", tmp_path / "out") == 0


def test_the_same_export_again_writes_no_other_file(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert export(data, "x000001", "--to", out) == 0
    assert len(list(out.iterdir())) == 1

    (path,) = out.iterdir()
    path.write_text("somebody else's")
    assert export(data, "x000001", "--to", out) == 0

    assert path.read_text() == "somebody else's"
    assert len(list(out.iterdir())) == 2


async def test_what_was_exported_as_a_recording_is_noted_and_kept(
    data: Path, tmp_path: Path
) -> None:
    # the command has an event loop of its own
    await asyncio.to_thread(export, data, "x000001", "--to", tmp_path / "out")
    await asyncio.to_thread(export, data, "x000002", "--format", "har", "--to", tmp_path / "out")

    queries = Queries(data / "exchanges.sqlite")
    exported = {row.id: row.exported for row in (await queries.newest(9))}
    await queries.close()
    assert exported == {"x000001": True, "x000002": False, "x000003": False}


def test_a_filter_says_which_and_one_document_holds_them_all(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(data, "--status", "200", "--format", "har", "-o", tmp_path / "it.har") == 0
    assert len(json.loads((tmp_path / "it.har").read_bytes())["log"]["entries"]) == 2

    assert export(data, "--state", "finished", "--format", "jsonl", "-o", "-") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["messages"][0]["content"] for line in lines[1:]] == [
        "Is it so?",
        "And \x1b[31mred?",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say which: ids, or a filter"),
        (("--tag", "bug"), "--tagged chooses those that have one"),
        (("x000001", "--status", "200"), "give ids or a filter, not both"),
        (("--model", "nothing"), "no exchange matches"),
        (("x000001", "-o", "a", "--to", "b"), "give one of them"),
        (("x000001", "x000002", "-o", "a"), "a recording holds one exchange"),
    ],
)
def test_what_cannot_be_meant_is_said(
    data: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(data, *words) == 1
    assert said in capsys.readouterr().err


def test_an_id_that_is_none_is_named_and_the_others_are_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(data, "nope", "x000001", "--to", tmp_path / "out") == 1

    assert "left out nope" in capsys.readouterr().err
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_an_unscrubbed_file_is_for_its_owner_alone_and_refused_by_the_check(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(data, "x000001", "--raw", "--no-dates", "--to", tmp_path / "raw") == 0
    (path,) = (tmp_path / "raw").iterdir()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or sys.platform == "win32"
    assert read(path.read_bytes()).t0 == ""
    assert KEY.encode() in path.read_bytes()
    capsys.readouterr()
    assert record("check", path) == 1
    said = capsys.readouterr().out
    assert f"{path}:1: the recording is unscrubbed — " in said
    assert "a secret (key:anthropic) — " in said
    assert KEY not in said


def test_the_shipped_recordings_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert record("check", "--strict", shipped_folder()) == 0
    assert capsys.readouterr().out == ""


def test_problems_are_json_lines_for_scripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = next(iter(sorted(shipped_folder().glob("*.llmrec.jsonl")))).read_bytes()
    (tmp_path / "a.llmrec.jsonl").write_bytes(shipped.replace(b'"finish":"stop"', b'"finish":"x"'))
    (tmp_path / "b.llmrec.jsonl").write_bytes(b"\x1b[31m no recording")

    assert record("check", "--json", tmp_path) == 1

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {Path(it["file"]).name for it in found} == {"a.llmrec.jsonl", "b.llmrec.jsonl"}
    assert all(it["what"] and it["todo"] and it["line"] >= 1 for it in found)


def test_a_recording_is_shown_the_same_every_time_and_safely(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(data, "x000002", "--to", tmp_path / "out") == 0
    (path,) = (tmp_path / "out").iterdir()
    capsys.readouterr()

    assert record("show", path) == 0
    first = capsys.readouterr().out
    assert record("show", path) == 0

    assert capsys.readouterr().out == first
    assert "[user] And" in first
    assert "[answer] Yes: {{key:anthropic}}" in first
    assert "\x1b" not in first


def test_the_check_looks_for_the_secrets_of_a_config(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("providers: {own: {kind: openai, api_key: lighthouse}}\n")
    assert export(data, "x000001", "--to", tmp_path / "out", "--title", "my lighthouse") == 0
    capsys.readouterr()

    assert record("check", tmp_path / "out") == 0
    assert record("check", tmp_path / "out", "--config", config) == 1
    said = capsys.readouterr().out
    assert "own" in said
    assert "lighthouse" not in said.partition(": ")[2]
