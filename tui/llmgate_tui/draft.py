"""Edits of the config that are not applied yet (no Textual here).

A draft belongs to the version of the file it was made on (``etag``). It is kept whatever happens:
a refused edit, a lost connection, a file that has moved meanwhile. Only applying or dropping it
ends it.
"""

from typing import Any, Final

from llmgate.wire.editing import Conflict, Edit, Path, Set, Verdict

_MOST: Final = 500
_NOTE: Final = 200


class Draft:
    """Edits in the order they were made; ``changed`` counts up so that screens see the news."""

    def __init__(self) -> None:
        self.etag = ""  # of the text the first edit was made on
        self.edits: list[Edit] = []
        self.notes: list[str] = []  # what each edit does, in a few words
        self.verdict: Verdict | None = None  # of the edits as they are now
        self.conflict: Conflict | None = None
        self.changed = 0
        self._taken_back: list[tuple[Edit, str]] = []
        self._last_etag = ""

    def __len__(self) -> int:
        return len(self.edits)

    def add(self, edit: Edit, note: str, *, etag: str) -> None:
        """One more edit; a new value for what is already set takes the old one's place."""
        self._taken_back.clear()
        if not self.edits:
            self.etag = etag
        if isinstance(edit, Set) and self.edits:
            last = self.edits[-1]
            if isinstance(last, Set) and last.path == edit.path:
                self.edits.pop()
                self.notes.pop()
        self._append(edit, note)

    def take_back(self) -> str:
        """Takes the last edit out; says what it was."""
        note = ""
        if self.edits:
            note = self.notes.pop()
            self._taken_back.append((self.edits.pop(), note))
            self._last_etag = self.etag
        self._news()
        return note

    def make_again(self) -> str:
        """Makes the edit that was taken back last; says what it is, empty when there is none."""
        if not self._taken_back:
            return ""
        if not self.edits:
            self.etag = self._last_etag
        edit, note = self._taken_back.pop()
        self._append(edit, note)
        return note

    def leave_alone(self, path: Path) -> bool:
        """Forgets what is set at a path; False when edits of another kind came in between."""
        if not all(isinstance(edit, Set) for edit in self.edits):
            return False
        kept = [pair for pair in self._pairs() if not _sets(pair[0], path)]
        self.edits = [edit for edit, _ in kept]
        self.notes = [note for _, note in kept]
        self._taken_back.clear()
        self._news()
        return True

    def rebase(self, conflict: Conflict) -> None:
        """Makes the same edits on the file as it is now."""
        self.etag = conflict.etag
        self._news()

    def drop(self) -> None:
        """Forgets everything."""
        self.edits.clear()
        self.notes.clear()
        self._taken_back.clear()
        self.etag = ""
        self._news()

    def value(self, path: Path, default: Any = None) -> Any:
        """What the draft sets at a path, or what is given when it does not touch it."""
        found = (e.value for e in reversed(self.edits) if isinstance(e, Set) and e.path == path)
        return next(found, default)

    def note(self) -> str:
        """What all of it does, for the history."""
        said = "; ".join(dict.fromkeys(self.notes))
        return said if len(said) <= _NOTE else f"{said[: _NOTE - 3]}..."

    def _pairs(self) -> list[tuple[Edit, str]]:
        return list(zip(self.edits, self.notes, strict=True))

    def _append(self, edit: Edit, note: str) -> None:
        if len(self.edits) < _MOST:
            self.edits.append(edit)
            self.notes.append(note)
        self._news()

    def _news(self) -> None:
        self.verdict = None
        self.conflict = None
        self.changed += 1


def _sets(edit: Edit, path: Path) -> bool:
    return isinstance(edit, Set) and edit.path == path
