"""The control API's token and the lock of a data folder: files only the owner can read."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_urlsafe

from llmgate.errors import StartupProblem
from llmgate.server.run_file import LOCK_FILE

TOKEN_FILE = "admin-token"  # noqa: S105 - a file name
_TRIES = 5


def admin_token(folder: Path) -> str:
    """The token of this data folder; made at the first start, mode 0600."""
    path = folder / TOKEN_FILE
    try:
        token = path.read_text(encoding="ascii").strip()
        if len(token) >= 20:
            with suppress(OSError):  # it may have been copied with other rights
                path.chmod(0o600)
            return token
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    except OSError as error:
        raise StartupProblem(f"cannot read {path}: {error.strerror}") from error
    token = token_urlsafe(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
        path.chmod(0o600)
    except OSError as error:
        raise StartupProblem(
            f"cannot write {path}: {error.strerror}; choose another folder with --data-dir"
        ) from error
    return token


@contextmanager
def sole_owner(folder: Path) -> Iterator[None]:
    """Holds the data folder for this process: one writer owns the store.

    Raises ``StartupProblem`` when another gateway has it.
    """
    try:
        import fcntl  # noqa: PLC0415 - not on every platform
    except ImportError:
        yield
        return
    with (folder / LOCK_FILE).open("a+") as file:
        (folder / LOCK_FILE).chmod(0o600)
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if not left:
                    raise _taken(folder) from error
            time.sleep(0.01)  # somebody who looks whether it is held has it for a moment
        yield


def _taken(folder: Path) -> StartupProblem:
    return StartupProblem(
        f"another llmgate uses the data folder {folder}: open the terminal on it with"
        " `llmgate tui`, or choose another folder with --data-dir"
    )
