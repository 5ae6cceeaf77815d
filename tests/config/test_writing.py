"""Files that are written whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from llmgate.config.dotenv import read_dotenv, with_variable
from llmgate.config.writing import Moved, Unwritable, replace_file
from llmgate.errors import LlmgateError


def test_a_new_file_is_private(tmp_path: Path) -> None:
    file = tmp_path / "new"
    replace_file(file, b"text", None)

    assert file.read_bytes() == b"text"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_there_is_never_written_as_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "there"
    file.write_bytes(b"theirs")
    with pytest.raises(Moved, match="exists by now"):
        replace_file(file, b"mine", None)

    assert file.read_bytes() == b"theirs"


@pytest.mark.parametrize("found", [b"theirs", b"before and more", b"befor"])
def test_another_file_than_expected_stays(tmp_path: Path, found: bytes) -> None:
    file = tmp_path / "there"
    file.write_bytes(found)
    with pytest.raises(Moved, match="has changed"):
        replace_file(file, b"mine", b"before")

    assert file.read_bytes() == found
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_gone_has_moved(tmp_path: Path) -> None:
    with pytest.raises(Moved):
        replace_file(tmp_path / "gone", b"mine", b"before")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match="cannot be written: No such file"):
        replace_file(tmp_path / "no" / "config.yaml", b"mine", None)


def test_the_temporary_file_of_a_living_process_is_its_own(tmp_path: Path) -> None:
    theirs = tmp_path / f".file.llmgate-{os.getppid()}-0123abcd.tmp"
    theirs.write_bytes(b"half")
    replace_file(tmp_path / "file", b"mine", None)

    assert theirs.exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "B=x-_1\n"),
        ("A=1\n", "A=1\nB=x-_1\n"),
        ("A=1", "A=1\nB=x-_1\n"),
        ("A=1\r\n", "A=1\r\nB=x-_1\r\n"),
    ],
)
def test_a_variable_is_added_as_a_line_of_its_own(before: str, after: str) -> None:
    assert with_variable(before, "B", "x-_1") == after
    assert read_dotenv(after)["B"] == "x-_1"


@pytest.mark.parametrize("value", ["a\nC=1", " a", "a #b", "'a"])
def test_a_value_that_would_read_back_as_another_is_refused(value: str) -> None:
    with pytest.raises((ValueError, LlmgateError)):
        with_variable("A=1\n", "B", value)


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    def full(name: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Unwritable, match="No space left on device; make room"):
        replace_file(tmp_path / "config.yaml", b"new", None, full)
