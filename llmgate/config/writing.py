"""Writes a file so that it is always whole: beside it, synced, then renamed into its place.

A symbolic link is followed: the file it leads to is replaced, with its mode and (where that is
allowed) its owner. Whoever killed the process in between left the old file and a temporary one,
which the next write removes.
"""

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from llmgate.config.load import LARGEST_BYTES
from llmgate.errors import ConfigProblem, LlmgateError

PRIVATE: Final = 0o600

Moment = Callable[[str], None]
"""Told where a write is (``begun``, ``written``, ``checked``, for a config ``replaced``): tests act
in between.
"""


class Moved(LlmgateError):
    """Somebody else has changed the file since it was read."""


class Unwritable(LlmgateError):
    """The file cannot be written: which, why, and what to do."""


def read_bytes(path: Path) -> bytes:
    """The file's bytes, up to one over the largest. Raises ``ConfigProblem``."""
    try:
        if path.is_dir():
            raise ConfigProblem("this is a folder: name the file in it", file=str(path))
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        hint = "there is no such file; `llmgate init` writes one"
        raise ConfigProblem(hint, file=str(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "bad path"
        raise ConfigProblem(f"cannot be read: {reason}", file=str(path)) from error


def replace_file(
    path: Path, data: bytes, expected: bytes | None, moment: Moment = lambda _: None
) -> None:
    """Puts ``data`` in the place of ``expected`` (None: of no file at all).

    Raises ``Moved`` when the file is another by now, ``Unwritable`` when it cannot be written.
    """
    target = path.resolve()
    try:
        _remove_stale(target)
        _refuse_read_only(target)
        moment("begun")
        temporary = _written_beside(target, data)
        try:
            moment("written")
            _put(temporary, target, expected, moment)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        advice = _ROOM if getattr(error, "errno", None) in _FULL else _ADVICE
        raise Unwritable(f"{target} cannot be written: {reason}; {advice}") from error


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ROOM: Final = "make room on that disk: the file is as it was"
_ADVICE: Final = "give llmgate the right to write the file and its folder, or edit it yourself"


def _put(temporary: Path, target: Path, expected: bytes | None, moment: Moment) -> None:
    if expected is None:
        _put_where_nothing_is(temporary, target)
        return
    before = temporary.with_suffix(".before.tmp")
    with suppress(OSError):  # not every file system has links
        os.link(target, before)
    try:
        moved = Moved(f"{target} has changed since it was read")
        if _bytes_or_none(target, len(expected) + 1) != expected:
            raise moved
        moment("checked")
        temporary.replace(target)
        if before.exists() and _bytes_or_none(before, len(expected) + 1) != expected:
            before.replace(target)  # written to between the comparison and the rename
            raise moved
    finally:
        before.unlink(missing_ok=True)


def _put_where_nothing_is(temporary: Path, target: Path) -> None:
    try:
        os.link(temporary, target)  # unlike a rename, never replaces a file
    except OSError:  # it is there, or this file system has no links
        if target.exists():
            raise Moved(f"{target} exists by now") from None
        temporary.replace(target)


def _bytes_or_none(target: Path, most: int) -> bytes | None:
    try:
        with target.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return None


def _written_beside(target: Path, data: bytes) -> Path:
    """A new file in the same folder with the mode and owner of the one it will replace."""
    name = f".{target.name}.llmgate-{os.getpid()}-{secrets.token_hex(4)}.tmp"
    temporary = target.with_name(name)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        _copy_rights(target, temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _copy_rights(target: Path, temporary: Path) -> None:
    try:
        found = target.stat()
    except FileNotFoundError:
        return
    if sys.platform != "win32":
        with suppress(PermissionError):  # another owner's file: it becomes ours
            os.chown(temporary, found.st_uid, found.st_gid)
    temporary.chmod(stat.S_IMODE(found.st_mode))


def _refuse_read_only(target: Path) -> None:
    """A rename would replace a file that its owner has made read-only."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    if not mode & 0o222 or not os.access(target, os.W_OK):
        raise Unwritable(f"{target} is read-only; {_ADVICE}")


def _remove_stale(target: Path) -> None:
    """Removes what killed processes left; a living one's is its own."""
    ours = re.compile(rf"\.{re.escape(target.name)}\.llmgate-(\d+)-[0-9a-f]{{8}}(?:\.before)?\.tmp")
    for entry in os.scandir(target.parent):
        found = ours.fullmatch(entry.name)
        if found and not _runs(int(found[1])):
            with suppress(OSError):
                Path(entry.path).unlink()


def _runs(process: int) -> bool:
    """Whether another process of this number is alive."""
    if process == os.getpid() or sys.platform == "win32":  # there a signal 0 is no question
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself last; folders cannot be synced everywhere."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
