"""Where the gateway of a data folder is: a file that only its owner can read, there while it
serves.

A gateway that was killed leaves its file behind, and another program may listen on that port by
now: the file counts only while the folder's lock is held.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

RUN_FILE: Final = "running.json"
LOCK_FILE: Final = "lock"
_MOST_BYTES: Final = 4_096


class RunningGateway(msgspec.Struct, frozen=True):
    """A gateway that serves."""

    url: str
    pid: int


def announce(folder: Path, url: str) -> None:
    """Says where the gateway of this folder serves. Not being able to must not stop it."""
    path = folder / RUN_FILE
    fresh = path.with_suffix(".new")
    with suppress(OSError):
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(RunningGateway(url, os.getpid())))
        fresh.replace(path)


def withdraw(folder: Path) -> None:
    """Takes the file away."""
    with suppress(OSError):
        (folder / RUN_FILE).unlink(missing_ok=True)


def running(folder: Path) -> RunningGateway | None:
    """The gateway that serves this folder now, None without one."""
    if not owned(folder):
        return None
    try:
        with (folder / RUN_FILE).open("rb") as file:
            return msgspec.json.decode(file.read(_MOST_BYTES), type=RunningGateway)
    except (OSError, msgspec.DecodeError):
        return None


def owned(folder: Path) -> bool:
    """A process holds the folder: one that serves, or one that starts or ends."""
    try:
        import fcntl  # noqa: PLC0415 - not on every platform
    except ImportError:
        return (folder / RUN_FILE).exists()
    try:
        with (folder / LOCK_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
