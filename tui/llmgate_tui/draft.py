"""Edits of the config that are not applied yet (no Textual here).

A draft belongs to the version of the file it was made on (``etag``). It is kept whatever happens:
a refused edit, a lost connection, a file that has moved meanwhile. Only applying or dropping it
ends it.
"""

from typing import Any, Final

from llmgate.wire.editing import Conflict, Edit, Path, Set, Verdict

_MOST: Final = 500


class Draft:
    """Edits in the order they were made; ``changed`` counts up so that screens see the news."""

    def __init__(self) -> None:
        self.etag = ""  # of the text the first edit was made on
        self.edits: list[Edit] = []
        self.notes: list[str] = []  # what each edit does, in a few words
        self.verdict: Verdict | None = None  # of the edits as they are now
        self.conflict: Conflict | None = None
        self.changed = 0

    def __len__(self) -> int:
        return len(self.edits)

    def add(self, edit: Edit, note: str, *, etag: str) -> None:
        """One more edit; a new value for what is already set takes the old one's place."""
        if not self.edits:
            self.etag = etag
        if isinstance(edit, Set) and self.edits:
            last = self.edits[-1]
            if isinstance(last, Set) and last.path == edit.path:
                self.edits.pop()
                self.notes.pop()
        if len(self.edits) < _MOST:
            self.edits.append(edit)
            self.notes.append(note)
        self._news()

    def take_back(self) -> str:
        """Takes the last edit out; says what it was."""
        note = self.notes.pop() if self.notes else ""
        if self.edits:
            self.edits.pop()
        self._news()
        return note

    def drop(self) -> None:
        """Forgets everything."""
        self.edits.clear()
        self.notes.clear()
        self.etag = ""
        self.conflict = None
        self._news()

    def value(self, path: Path, default: Any = None) -> Any:
        """What the draft sets at a path, or what is given when it does not touch it."""
        found = (e.value for e in reversed(self.edits) if isinstance(e, Set) and e.path == path)
        return next(found, default)

    def _news(self) -> None:
        self.verdict = None
        self.changed += 1
