"""The person's own editor: how each is told the file and the line."""

import sys
from pathlib import Path

import pytest

from llmgate_tui import editor

FILE = Path("/home/me/my config.yaml")


@pytest.mark.parametrize(
    ("named", "argv"),
    [
        ("vi", ["vi", "+14", str(FILE)]),
        ("/usr/bin/vim -u NONE", ["/usr/bin/vim", "-u", "NONE", "+14", str(FILE)]),
        ("nvim", ["nvim", "+14", str(FILE)]),
        ("nano", ["nano", "+14", str(FILE)]),
        ("emacs -nw", ["emacs", "-nw", "+14", str(FILE)]),
        ("emacsclient -t", ["emacsclient", "-t", "+14", str(FILE)]),
        ("code", ["code", "--wait", "-g", f"{FILE}:14"]),
        ("code --wait", ["code", "--wait", "-g", f"{FILE}:14"]),
        ("cursor -w", ["cursor", "-w", "-g", f"{FILE}:14"]),
        ("hx", ["hx", f"{FILE}:14"]),
        ("subl", ["subl", "--wait", f"{FILE}:14"]),
        ("ed", ["ed", str(FILE)]),
        ("'my editor' --x='a b'", ["my editor", "--x=a b", str(FILE)]),
        ("", []),
        ("  ", []),
    ],
)
def test_each_editor_is_told_in_its_own_way(named: str, argv: list[str]) -> None:
    assert editor.command(FILE, 14, {"EDITOR": named}) == argv


def test_visual_comes_before_editor() -> None:
    environ = {"VISUAL": "nano", "EDITOR": "ed"}

    assert editor.command(FILE, 1, environ) == ["nano", "+1", str(FILE)]


def test_nothing_is_given_to_a_shell() -> None:
    argv = editor.command(FILE, 1, {"EDITOR": "vi; rm -rf $HOME `id`"})

    assert argv == ["vi;", "rm", "-rf", "$HOME", "`id`", str(FILE)]


def test_an_open_quote_is_an_error() -> None:
    with pytest.raises(ValueError, match="quot"):
        editor.command(FILE, 1, {"EDITOR": "vi 'x"})


def test_running_it_says_what_went_wrong(tmp_path: Path) -> None:
    assert editor.run([sys.executable, "-c", ""]) == ""
    assert "ended with code 3" in editor.run([sys.executable, "-c", "raise SystemExit(3)"])
    assert "No such file" in editor.run([str(tmp_path / "none")])
