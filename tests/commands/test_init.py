"""`llmgate init`."""

from pathlib import Path

import pytest

from llmgate.cli import main
from llmgate.config.catalog import KINDS
from llmgate.config.load import read_config


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for kind in KINDS.values():
        if kind.key_env:
            monkeypatch.delenv(kind.key_env, raising=False)
    return tmp_path


def test_it_writes_a_config_that_loads_and_holds_no_secret(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk-very-secret-1")
    (folder / ".env").write_text("ANTHROPIC_API_KEY=sk-ant-secret-2\n")

    assert main(["init"]) == 0

    text = (folder / "config.yaml").read_text()
    told = capsys.readouterr().out
    assert "secret" not in text + told
    assert "api_key: ${GROQ_API_KEY}" in text
    assert "key in $ANTHROPIC_API_KEY" in told
    providers = read_config(folder / "config.yaml", {"GROQ_API_KEY": "k-1"}).config.providers
    assert providers["groq"].api_key == "k-1"
    assert {"anthropic", "demo"} <= set(providers)


def test_it_never_writes_over_a_file_unless_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "mine.yaml"
    file.write_text("server: {}\n")

    assert main(["init", "--output", "mine.yaml"]) == 2
    assert "mine.yaml is there already" in capsys.readouterr().err
    assert file.read_text() == "server: {}\n"

    assert main(["init", "--output", "mine.yaml", "--force"]) == 0
    assert "providers:" in file.read_text()
    assert [found.name for found in folder.iterdir()] == ["mine.yaml"]


def test_a_place_that_cannot_be_written_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--output", "no/such/folder/c.yaml"]) == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err
    assert not list(folder.iterdir())
