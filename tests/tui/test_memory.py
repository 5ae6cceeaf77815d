"""The view's state from one start to the next."""

from pathlib import Path

import pytest

from llmgate_tui.memory import keep, recall


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    memory = {"traffic": {"filter": "model:a*", "order": "cost"}, "app": {"theme": "nord"}}

    keep(tmp_path / "view.json", memory)

    assert recall(tmp_path / "view.json") == memory
    assert (tmp_path / "view.json").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["view.json"]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"a": 1}', b'{"a": {"b": 1}}', b"\xff\xfe", b'{"a": "' + b"x" * 70_000],
)
def test_a_file_that_cannot_be_used_is_no_memory(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "view.json").write_bytes(data)

    assert recall(tmp_path / "view.json") == {}


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path) -> None:
    keep(tmp_path / "gone" / "view.json", {"app": {"theme": "nord"}})
    keep(None, {"app": {}})

    assert list(tmp_path.iterdir()) == []
    assert recall(tmp_path / "gone" / "view.json") == {}
    assert recall(None) == {}
