"""The person's own editor: how it is told a file and a line, and how it is run."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PLUS: Final = frozenset(
    {"vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "ne", "mg"}
)
_GOTO: Final = frozenset({"code", "code-insiders", "codium", "cursor", "windsurf"})
_COLON: Final = frozenset({"hx", "helix", "subl", "zed"})
_WAITS: Final = frozenset({"subl", "zed", *_GOTO})


def command(file: Path, line: int, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The arguments that open a file at a line; empty when no editor is named.

    Nothing is interpreted by a shell. Raises ``ValueError`` for quotes that do not close.
    """
    named = environ.get("VISUAL", "").strip() or environ.get("EDITOR", "").strip()
    argv = shlex.split(named)
    if not argv:
        return []
    name = Path(argv[0]).name
    if name in _WAITS and not {"--wait", "-w"} & set(argv[1:]):
        argv.append("--wait")
    if name in _GOTO:
        return [*argv, "-g", f"{file}:{line}"]
    if name in _COLON:
        return [*argv, f"{file}:{line}"]
    if name in _PLUS:
        return [*argv, f"+{line}", str(file)]
    return [*argv, str(file)]


def run(argv: list[str]) -> str:
    """Runs it to its end; what went wrong, empty when nothing did."""
    try:
        code = subprocess.run(argv, check=False).returncode  # noqa: S603 - the person's own choice
    except OSError as error:
        return f"{argv[0]}: {error.strerror or error}"
    return f"{argv[0]} ended with code {code}" if code else ""
