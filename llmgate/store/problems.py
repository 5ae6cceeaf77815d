"""Why the store cannot be used right now, in words a person can act on."""

import sqlite3
from pathlib import Path

from llmgate.errors import LlmgateError

_SAID = {
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full; free some space",
    sqlite3.SQLITE_READONLY: "cannot be written; make it writable",
    sqlite3.SQLITE_PERM: "cannot be written; make it writable",
    sqlite3.SQLITE_BUSY: "is locked by another program; close it",
    sqlite3.SQLITE_LOCKED: "is locked by another program; close it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check the folder and its rights",
    sqlite3.SQLITE_CORRUPT: "is damaged; `llmgate up` sets it aside and begins a new one",
    sqlite3.SQLITE_NOTADB: "is damaged; `llmgate up` sets it aside and begins a new one",
}
_NOT_TEXT = "Could not decode to UTF-8 column"  # Python says so, without a code
_AGAIN = "recording starts again by itself"


class StoreProblem(LlmgateError):
    """The store cannot be read or written."""


class BrokenBody(StoreProblem):
    """Something that was kept of an exchange cannot be read any more."""

    def __init__(self) -> None:
        super().__init__(
            "this cannot be shown: the store's file is damaged where it was kept;"
            " other exchanges are not affected"
        )


class DamagedStore(StoreProblem):
    """The file opens, but what our tables are called is not what it was."""

    def __init__(self) -> None:
        super().__init__("the store is damaged; `llmgate up` sets it aside and begins a new one")


class NewerStore(StoreProblem):
    """A newer llmgate wrote this file."""

    def __init__(self, migration: str) -> None:
        super().__init__(
            f"the store was written by a newer llmgate (it knows {migration!r});"
            " update llmgate or choose another --data-dir"
        )


class OlderStore(StoreProblem):
    """An older llmgate wrote this file, and no gateway has opened it since."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} was written by an older llmgate; `llmgate up` brings it up to date"
        )


class NoWordSearch(StoreProblem):
    """This SQLite cannot search for words."""

    def __init__(self) -> None:
        super().__init__(
            "words cannot be searched for: this Python's SQLite has no FTS5;"
            " `search:` and `body:` work without it"
        )


class BrokenIndex(StoreProblem):
    """The index of words is damaged; nothing else is."""

    def __init__(self) -> None:
        super().__init__(
            "the index of words is damaged: a gateway that runs makes it anew in the background;"
            " try again soon, or use `body:`"
        )


class BadFilter(LlmgateError):
    """A filter that cannot be read."""


class BadAnnotation(LlmgateError):
    """What is to be said of exchanges cannot be kept so."""


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_older(error: BaseException) -> bool:
    """Whether a table or column of ours is not there yet."""
    return isinstance(error, sqlite3.OperationalError) and str(error).startswith("no such")


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken."""
    if isinstance(error, (DamagedStore, UnicodeDecodeError)) or str(error).startswith(_NOT_TEXT):
        return True  # a decoding error is of what SQLite says: it quotes what it found
    return _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_refusal(error: BaseException) -> bool:
    """Whether a value was refused, which says nothing about the file."""
    if isinstance(error, (sqlite3.InterfaceError, sqlite3.ProgrammingError)):
        return True
    if isinstance(error, sqlite3.IntegrityError):
        return True
    if isinstance(error, UnicodeDecodeError):
        return False
    return not isinstance(error, (sqlite3.Error, OSError, StoreProblem))


def is_mistake(error: BaseException) -> bool:
    """Whether a value was refused, or the statement itself."""
    return is_refusal(error) or _code(error) == sqlite3.SQLITE_ERROR


def explain(error: BaseException, path: Path) -> str:
    """One line: what is wrong, where, and what to do."""
    if isinstance(error, StoreProblem):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"{path} {_SAID[sqlite3.SQLITE_CORRUPT]}"
    said = _SAID.get(_code(error))
    return f"{path} {said}, {_AGAIN}" if said else f"{path}: {error}; when that is over, {_AGAIN}"
