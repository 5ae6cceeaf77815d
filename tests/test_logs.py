"""The gateway's own log: lines, rotation, secrets, a file that cannot be written."""

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llmgate.config.model import LogConfig
from llmgate.logs import Log, Scrub

SECRET = "sk-very-secret-0001"


def blank(text: str) -> str:
    return text.replace(SECRET, "[secret]")


@contextmanager
def logging(
    folder: Path, config: LogConfig | None = None, *, echo: bool = False, scrub: Scrub = blank
) -> Iterator[Log]:
    log = Log(config or LogConfig(), folder / "llmgate.log", scrub, echo=echo)
    try:
        yield log
    finally:
        log.close()


def lines(folder: Path, name: str = "llmgate.log") -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def test_an_event_is_one_json_object_a_line_with_its_fields(tmp_path: Path) -> None:
    with logging(tmp_path) as log:
        log.write("warning", "something % happened", kind="reload", count=3, text="a\nb")
    (line,) = lines(tmp_path)

    assert {k: line[k] for k in line if k != "ts"} == {
        "level": "warning",
        "event": "something % happened",
        "kind": "reload",
        "count": 3,
        "text": "a\nb",
    }
    assert isinstance(line["ts"], float)


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    with logging(tmp_path / "new") as log:
        log.write("info", "x")

    assert stat.S_IMODE((tmp_path / "new" / "llmgate.log").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_secrets_are_taken_out_of_events_fields_and_traces(tmp_path: Path) -> None:
    with logging(tmp_path) as log:
        log.write("info", f"key {SECRET}", header=SECRET, nested=[SECRET])
        log.failure("it broke", ValueError(SECRET))
    text = (tmp_path / "llmgate.log").read_text("utf-8")

    assert SECRET not in text
    assert "ValueError: [secret]" in text


def test_the_secrets_of_a_reloaded_config_are_taken_out_too(tmp_path: Path) -> None:
    with logging(tmp_path, scrub=lambda text: text) as log:
        log.set_scrub(blank)
        log.write("info", SECRET)

    assert lines(tmp_path)[0]["event"] == "[secret]"


def test_the_level_decides_what_is_written_and_a_reload_changes_it(tmp_path: Path) -> None:
    with logging(tmp_path, LogConfig(level="warning")) as log:
        log.write("info", "hidden")
        log.write("error", "seen")
        log.configure(LogConfig(level="debug"))
        log.write("debug", "seen too")

    assert [line["event"] for line in lines(tmp_path)] == ["seen", "seen too"]


def test_a_full_file_is_put_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    with logging(tmp_path, LogConfig(rotate_mb=0.001, keep=2)) as log:
        for n in range(100):
            log.write("info", f"event {n} {'x' * 100}")
    files = sorted(file.name for file in tmp_path.iterdir())

    assert files == ["llmgate.log", "llmgate.log.1", "llmgate.log.2"]
    assert str(lines(tmp_path)[-1]["event"]).startswith("event 99 ")
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_the_terminal_gets_one_plain_line_without_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging(tmp_path, echo=True) as log:
        log.write("warning", f"odd \x1b[31m{SECRET}\nsecond", path="/a\x07b", empty="")
    said = capsys.readouterr().err

    assert said.count("\n") == 1
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "[secret]" in said
    assert "empty" not in said
    assert " warning " in said


def test_a_plain_file_is_for_reading_eyes(tmp_path: Path) -> None:
    with logging(tmp_path, LogConfig(json=False)) as log:
        log.write("info", "gateway started", address="127.0.0.1:1")
        log.failure("it broke", ValueError("no"))
    text = (tmp_path / "llmgate.log").read_text("utf-8")

    assert " info    gateway started address=127.0.0.1:1\n" in text
    assert "ValueError: no" in text


def test_a_file_that_cannot_be_written_leaves_the_terminal_and_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with logging(tmp_path, LogConfig(file=str(tmp_path / "file" / "x.log"))) as log:
        log.write("info", "still said")
        problem = log.problem

    assert "cannot be written" in problem
    assert "still said" in capsys.readouterr().err


def test_the_configured_file_takes_the_place_of_the_usual_one(tmp_path: Path) -> None:
    with logging(tmp_path, LogConfig(file=str(tmp_path / "other.log"))) as log:
        log.write("info", "x")

    assert [file.name for file in tmp_path.iterdir()] == ["other.log"]


def test_what_cannot_be_encoded_is_still_logged(tmp_path: Path) -> None:
    with logging(tmp_path) as log:
        log.write("info", "lone \udc80 surrogate", path="/\udcff", thing=object())
        log.write("info", "after")
    text = (tmp_path / "llmgate.log").read_text("utf-8", "replace")

    assert len(text.splitlines()) == 2
    assert "surrogate" in text
    assert "after" in text


def test_a_file_that_is_no_log_of_ours_is_left_as_it_is(tmp_path: Path) -> None:
    foreign = tmp_path / "passwd"
    foreign.write_text("root:x:0:0\n")
    foreign.chmod(0o644)
    with logging(tmp_path, LogConfig(file=str(foreign))) as log:
        log.write("error", "something happened")
        problem = log.problem

    assert foreign.read_text() == "root:x:0:0\n"
    assert stat.S_IMODE(foreign.stat().st_mode) == 0o644
    assert "is no log of llmgate's" in problem


def test_a_log_of_ours_is_gone_on_with(tmp_path: Path) -> None:
    for event in ("first", "second"):
        with logging(tmp_path) as log:
            log.write("error", event)

    assert [line["event"] for line in lines(tmp_path)] == ["first", "second"]
