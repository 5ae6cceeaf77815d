"""What edits the config, as the control API sees it."""

from typing import Protocol

from llmgate.wire.editing import (
    Conflict,
    EditRequest,
    History,
    NewKey,
    RevisionDetail,
    Verdict,
    Who,
)


class Stale(Exception):
    """The file is another by now."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict.message)
        self.conflict = conflict


class NotEditable(Exception):
    """There is no file to edit."""


class Refused(Exception):
    """The result has problems."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("refused")
        self.verdict = verdict


class Editor(Protocol):
    """Edits config.yaml."""

    async def validate(self, request: EditRequest, if_match: str) -> Verdict: ...
    async def apply(self, request: EditRequest, if_match: str, who: Who) -> Verdict: ...
    async def undo(self, if_match: str, who: Who) -> Verdict: ...
    async def redo(self, if_match: str, who: Who) -> Verdict: ...
    async def roll_back(self, number: int, if_match: str, who: Who) -> Verdict: ...
    async def new_key(self, new: NewKey, if_match: str, who: Who) -> Verdict: ...
    async def history(self, limit: int) -> History: ...
    async def revision(self, number: int) -> RevisionDetail | None: ...
    async def write_file(self) -> Verdict: ...


class Nobody:
    """Edits nothing."""

    async def validate(self, request: EditRequest, if_match: str) -> Verdict:
        raise NotEditable("nothing edits this config")

    async def apply(self, request: EditRequest, if_match: str, who: Who) -> Verdict:
        raise NotEditable("nothing edits this config")

    async def undo(self, if_match: str, who: Who) -> Verdict:
        raise NotEditable("nothing edits this config")

    redo = undo

    async def roll_back(self, number: int, if_match: str, who: Who) -> Verdict:
        raise NotEditable("nothing edits this config")

    async def new_key(self, new: NewKey, if_match: str, who: Who) -> Verdict:
        raise NotEditable("nothing edits this config")

    async def history(self, limit: int) -> History:
        return History()

    async def revision(self, number: int) -> RevisionDetail | None:
        return None

    async def write_file(self) -> Verdict:
        raise NotEditable("nothing edits this config")
