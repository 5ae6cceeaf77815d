"""Why the store cannot be used right now, in words a person can act on."""

import sqlite3
from pathlib import Path

from llmgate.errors import LlmgateError

_AGAIN = "recording starts again by itself"


class StoreProblem(LlmgateError):
    """The store cannot be read or written."""


class NewerStore(StoreProblem):
    """A newer llmgate wrote this file."""

    def __init__(self, migration: str) -> None:
        super().__init__(
            f"the store was written by a newer llmgate (it knows {migration!r});"
            " update llmgate or choose another --data-dir"
        )


class BadFilter(LlmgateError):
    """A filter that cannot be read."""


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken."""
    return _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def explain(error: BaseException, path: Path) -> str:
    """One line: what is wrong, where, and what to do."""
    if isinstance(error, StoreProblem):
        return str(error)
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return f"the disk is full ({path}); free some space, {_AGAIN}"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return f"{path} cannot be written; make it writable, {_AGAIN}"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path} is locked by another program; close it, {_AGAIN}"
        case sqlite3.SQLITE_CANTOPEN:
            return f"{path} cannot be opened; check the folder and its rights, {_AGAIN}"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return f"{path} is damaged"
        case _:
            return f"{path} cannot be used: {error}; when it can, {_AGAIN}"
