"""`llmgate check`."""

import json
from pathlib import Path

import pytest

from llmgate.cli import main

GOOD = """\
providers:
  a: {kind: vllm}
  b: {kind: openai}
routes:
  r: {match: {model: fast}, targets: [{provider: a, weight: 3}, {provider: b, weight: 1}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    for name in ("LLMGATE_CONFIG", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_good_config_is_fine_and_its_warnings_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.yaml").write_text(GOOD)

    assert main(["check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "config.yaml: fine (2 providers, 1 route, 0 keys)",
        "warning: provider 'b' has no key: the variable OPENAI_API_KEY is not set",
    ]


def test_every_problem_is_a_line_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "c.yaml").write_text("server:\n  prot: 1\nproviders:\n  a: {kind: opena}\nx: 1\n")

    assert main(["check", "--config", "c.yaml"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "c.yaml:2:3: unknown field `prot` in server; did you mean `port`?"
    assert told[1].startswith("c.yaml:5:1: unknown field `x`")


@pytest.mark.parametrize("arguments", [["--config", "none.yaml"], ["--config", "."], []])
def test_a_file_that_cannot_be_read_is_exit_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["check", *arguments]) == 2
    assert capsys.readouterr().err
    assert not list(folder.iterdir())


def test_variables_come_from_the_env_file_beside_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.yaml").write_text("providers: {b: {kind: openai, api_key: '${K}'}}\n")
    (folder / ".env").write_text("K=sk-from-env\n")

    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert "warning" not in out
    assert "sk-from-env" not in out


def test_a_broken_env_file_is_told_with_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.yaml").write_text("")
    (folder / ".env").write_text("A=1\nnonsense\n")

    assert main(["check"]) == 1
    assert ".env:2:1: write NAME=value" in capsys.readouterr().err


def test_route_explains_which_target_and_why(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.yaml").write_text(GOOD)

    assert main(["check", "--route", "fast"]) == 0
    out = capsys.readouterr().out
    assert "route r: takes it" in out
    assert "provider a, model fast, weight 3, 100% of the traffic" in out  # b lacks its key


def test_json_is_for_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.yaml").write_text(GOOD)
    assert main(["check", "--json", "--route", "a/m"]) == 0
    fine = json.loads(capsys.readouterr().out)
    (folder / "config.yaml").write_text("x: 1")
    assert main(["check", "--json"]) == 1
    refused = json.loads(capsys.readouterr().out)

    assert fine["ok"] is True
    assert "no route takes it: provider a, as m" in fine["route"]
    assert refused["ok"] is False
    assert (refused["problems"][0]["line"], refused["problems"][0]["path"]) == (1, "x")


def test_json_tells_an_unreadable_file_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json"]) == 2
    assert "llmgate init" in json.loads(capsys.readouterr().out)["problems"][0]["message"]
    assert folder.exists()


def test_the_schema_needs_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "llmgate config.yaml"
    assert not list(folder.iterdir())
