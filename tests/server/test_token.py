"""The control API's token and the lock of a data folder."""

import stat
from pathlib import Path

import pytest

from llmgate.errors import StartupProblem
from llmgate.server.token import admin_token, sole_owner


def test_a_token_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = admin_token(tmp_path)

    assert admin_token(tmp_path) == first
    assert len(first) >= 40
    assert stat.S_IMODE((tmp_path / "admin-token").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 40])
def test_a_token_that_is_no_token_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "admin-token").write_bytes(content)

    assert len(admin_token(tmp_path)) >= 40


def test_a_token_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "admin-token"
    file.write_text("a-token-that-is-long-enough\n")
    file.chmod(0o644)

    assert admin_token(tmp_path) == "a-token-that-is-long-enough"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_token_that_cannot_be_kept_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "admin-token").mkdir()

    with pytest.raises(StartupProblem, match="admin-token"):
        admin_token(tmp_path)


def test_a_data_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    with sole_owner(tmp_path):
        with pytest.raises(StartupProblem, match="another llmgate uses the data folder"):
            with sole_owner(tmp_path):
                pass
    with sole_owner(tmp_path):
        pass
