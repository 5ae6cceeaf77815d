"""Writes files into a folder: each whole or not at all, and never over a different one."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from llmgate.errors import LlmgateError
from llmgate.recording.format import SUFFIX

_MOST_NAMESAKES = 1000


class NotWritable(LlmgateError):
    """A recording could not be written; says where and why."""


def keep(folder: Path, name: str, data: bytes, *, private: bool = False) -> tuple[Path, bool]:
    """Writes a recording; gives its path, and whether it is new.

    A file of the same content is left as it is; one of another content keeps its name, and ours
    gets a number. ``private``: for the owner's eyes only.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{secrets.token_hex(8)}.tmp"
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            return _name(folder, name, draft, data)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise NotWritable(f"cannot write to {folder}: {error.strerror or error}") from error


def write_file(path: Path, data: bytes, *, private: bool = False) -> None:
    """Writes the file that somebody named, in place of what it was."""
    try:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise NotWritable(f"cannot write {path}: {error.strerror or error}") from error


def _name(folder: Path, name: str, draft: Path, data: bytes) -> tuple[Path, bool]:
    """Gives the draft the first name that is free, unless the content is there already."""
    for path in _names(folder, name):
        try:
            os.link(draft, path)
        except FileExistsError:
            if _same(path, data):
                return path, False
        except OSError:  # a file system without links
            if not path.exists():
                draft.rename(path)
                return path, True
            if _same(path, data):
                return path, False
        else:
            return path, True
    raise NotWritable(f"{folder} holds {_MOST_NAMESAKES} files called {name}: move some away")


def _names(folder: Path, name: str) -> Iterator[Path]:
    ending = SUFFIX if name.endswith(SUFFIX) else Path(name).suffix
    stem = name.removesuffix(ending)
    yield folder / name
    yield from (folder / f"{stem}-{n}{ending}" for n in range(2, _MOST_NAMESAKES))


def _same(path: Path, data: bytes) -> bool:
    return path.stat().st_size == len(data) and path.read_bytes() == data
