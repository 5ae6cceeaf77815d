"""Puts a draft on the disk, its line of `.env` first, and has the holder take it over."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from llmgate.config.dotenv import with_variable
from llmgate.config.load import decode
from llmgate.config.snapshot import Origin, Snapshot
from llmgate.config.watch import ConfigHolder
from llmgate.config.writing import Moment, Moved, Unwritable, read_bytes, replace_file
from llmgate.control.refused import NotEditable
from llmgate.errors import ConfigProblem

Undo = Callable[[], None]


async def commit(
    holder: ConfigHolder,
    change: tuple[bytes | None, bytes],
    variable: tuple[str, str] | None,
    origin: Origin,
    moment: Moment,
) -> Snapshot | list[ConfigProblem]:
    """Writes the second bytes in the place of the first (None: no file).

    Returns what runs then, or what the reload said against it: then the file is again as it was.
    Raises ``Moved`` and ``NotEditable``. Once begun it is carried through, whoever stops waiting.
    """
    return await asyncio.shield(_commit(holder, change, variable, origin, moment))


async def _commit(
    holder: ConfigHolder,
    change: tuple[bytes | None, bytes],
    variable: tuple[str, str] | None,
    origin: Origin,
    moment: Moment,
) -> Snapshot | list[ConfigProblem]:
    path = holder.path
    if path is None:
        raise NotEditable("nothing is watched: there is no config file")
    before, after = change
    async with holder.lock:
        try:
            undo = await asyncio.to_thread(_write, path, (before, after), variable, moment)
        except (Unwritable, ConfigProblem) as error:
            raise NotEditable(str(error)) from error
        problems = holder.take(origin, after)
        if not problems:
            return holder.snapshot
        # what it was checked with is no more what it was
        await asyncio.to_thread(_put_back, path, (after, before), undo)
        holder.take(Origin())
    return problems


def _write(
    path: Path,
    change: tuple[bytes | None, bytes],
    variable: tuple[str, str] | None,
    moment: Moment,
) -> Undo:
    """The variable first: a line that nothing names does no harm. Returns its removal."""
    undo = _add_variable(dotenv_beside(path), variable) if variable else lambda: None
    try:
        replace_file(path, change[1], change[0], moment)
    except BaseException:
        undo()
        raise
    moment("replaced")
    return undo


def dotenv_beside(path: Path) -> Path:
    """The `.env` in the config's folder."""
    return path.absolute().parent / ".env"


def _add_variable(file: Path, variable: tuple[str, str]) -> Undo:
    before = read_bytes(file) if file.exists() else None
    text = decode(before or b"", str(file))
    mark = b"\xef\xbb\xbf" if (before or b"").startswith(b"\xef\xbb\xbf") else b""
    try:
        after = mark + with_variable(text, *variable).encode()
        replace_file(file, after, before)
    except (ValueError, Moved) as error:
        raise Unwritable(f"{file}: {error}") from error

    def undo() -> None:
        with suppress(Moved, Unwritable):
            if before is not None:
                replace_file(file, before, after)
            elif read_bytes(file) == after:
                file.unlink()

    return undo


def _put_back(path: Path, change: tuple[bytes, bytes | None], undo: Undo) -> None:
    with suppress(Moved, Unwritable):
        if change[1] is not None:
            replace_file(path, change[1], change[0])
    undo()
