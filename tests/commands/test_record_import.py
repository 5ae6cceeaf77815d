"""`llmgate record import` takes files into the store of a gateway, or writes recordings of them."""

import asyncio
from pathlib import Path

import pytest

from llmgate.cli import main
from llmgate.recording.format import read, write
from tests.recording.importing.samples import ASKED, COMPLETION, STREAM, entry, har, lines
from tests.support.gateway import GatewayProcess

CONFIG = "providers:\n  demo: {kind: recording, speed: 0}\nhealth: {every_s: 0}\n"


def imported(*arguments: str) -> int:
    return main(["record", "import", *arguments])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_har_becomes_recordings_in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.har").write_bytes(har(entry(), entry("https://x.test/a.js")))
    code = imported(str(tmp_path / "a.har"), "--to", "out")
    said = capsys.readouterr()
    (path,) = (tmp_path / "out").iterdir()
    recording = read(path.read_bytes(), path.name)

    assert code == 0  # what a browser has sent beside it was meant for no model
    assert "left out" in said.err
    assert "entry 2: POST https://x.test/a.js" in said.err
    assert "1 imported to out" in said.out
    assert b"".join(recording.chunks) == STREAM.encode()
    assert path.name.startswith("20260301-110000-chat-say-hello-to-the-moon-")
    assert write(recording) == path.read_bytes()


def test_a_har_without_any_request_for_a_model_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.har").write_bytes(har(entry("https://x.test/a.js")))

    assert imported("a.har", "--to", "out") == 1
    assert "0 imported to out" in capsys.readouterr().out


def test_what_is_there_already_is_not_written_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines({"request": ASKED, "response": COMPLETION}))

    assert imported("a.jsonl", "--to", "out") == 0
    assert imported("a.jsonl", "--to", "out") == 0
    assert "0 imported to out, 1 were there already" in capsys.readouterr().out
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_secrets_are_blanked_on_the_way_into_a_folder(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG + "keys: {a: {key: hunter22-secret}}\n")
    told = ASKED | {"user": "hunter22-secret", "metadata": {"k": "sk-proj-Abcdefgh12345678"}}
    (tmp_path / "a.jsonl").write_bytes(lines(told))

    assert imported("a.jsonl", "--to", "out") == 0
    (path,) = (tmp_path / "out").iterdir()
    assert b"hunter22" not in path.read_bytes()
    assert b"Abcdefgh" not in path.read_bytes()
    assert b'"hits":{"key:openai":1,"secret:keys.a":1}' in path.read_bytes()


def test_the_two_files_of_a_batch_are_joined(tmp_path: Path) -> None:
    asked = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": ASKED}
    answered = {"custom_id": "a", "response": {"status_code": 200, "body": COMPLETION}}
    (tmp_path / "in.jsonl").write_bytes(lines(asked))
    (tmp_path / "out.jsonl").write_bytes(lines(answered).rstrip())

    assert imported("out.jsonl", "in.jsonl", "--to", "recordings") == 0
    (path,) = (tmp_path / "recordings").iterdir()
    assert read(path.read_bytes()).text == "Hello."


@pytest.mark.parametrize("name", ["missing.har", "\x1b[31m.har"])
def test_a_file_that_is_not_there_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(name, "--to", "out") == 1

    said = capsys.readouterr().err
    assert "cannot read" in said
    assert "\x1b" not in said


async def test_a_folder_is_taken_into_the_store_of_the_running_gateway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = tmp_path / "logs" / "project"
    inner.mkdir(parents=True)
    (inner / "a.har").write_bytes(har(entry()))
    (inner / "b.jsonl").write_bytes(lines({"request": ASKED, "response": COMPLETION}, {"x": 1}))
    (inner / "c.txt").write_text("not looked at")
    (inner / "d.json").write_text("not known")
    async with GatewayProcess(CONFIG) as gateway:
        options = ["logs", "--data-dir", str(gateway.data_dir)]
        code = await asyncio.to_thread(imported, *options)
        said = capsys.readouterr()
        again = await asyncio.to_thread(imported, *options)
        rows = await gateway.exchanges(2)

    assert (code, again) == (1, 1)
    assert "2 imported into the store" in said.out
    assert "0 imported into the store, 2 were there already" in capsys.readouterr().out
    assert "b.jsonl, line 2: no request that is known: it has x" in said.err
    assert "d.json: " in said.err
    assert {row.replay for row in rows} == {"import"}
    assert {row.tags for row in rows} == {"imported"}
