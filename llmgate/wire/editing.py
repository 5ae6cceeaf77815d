"""Edits of config.yaml as gateway and clients say them: changes, verdicts, conflicts, revisions.

A client drafts ``Edit``s on the version whose ETag it has read, asks ``validate`` what they would
do, and applies them with ``If-Match``. A file that has moved meanwhile answers 412 with a
``Conflict``; the draft stays the client's.
"""

from typing import Any, Literal

import msgspec

from llmgate.wire.gateway import Problem

Path = list[str | int]
Who = Literal["file", "tui", "api"]
AUTHOR_HEADER = "x-llmgate-author"
"""A request header of edits: ``tui`` or ``api`` (the default)."""


class Set(msgspec.Struct, frozen=True, tag="set", tag_field="op"):
    """Sets the value at a path, making the mappings on the way; ``value`` is any JSON value.

    A list is extended by setting the index after its last.
    """

    path: Path
    value: Any


class Remove(msgspec.Struct, frozen=True, tag="remove", tag_field="op"):
    """Removes a field or an item."""

    path: Path


class Rename(msgspec.Struct, frozen=True, tag="rename", tag_field="op"):
    """Gives a field another name; its place and value stay."""

    path: Path
    to: str


class Insert(msgspec.Struct, frozen=True, tag="insert", tag_field="op"):
    """Inserts an item into a list before ``index`` (its length: at the end)."""

    path: Path  # of the list
    index: int
    value: Any


class Move(msgspec.Struct, frozen=True, tag="move", tag_field="op"):
    """Moves a field of a mapping or an item of a list to the place ``to``, counted without it."""

    path: Path
    to: int


Edit = Set | Remove | Rename | Insert | Move


class EditRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``PATCH /admin/v1/config`` and ``POST .../config/validate``: all edits, in order, or none.

    ``text`` instead of edits replaces the whole file. ``note`` says in a few words what was done.
    """

    edits: list[Edit] = []
    text: str | None = None
    note: str = ""


class Share(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A target before and after: its weight and share (0 to 1), None where it is not there."""

    provider: str
    model: str = ""
    weight_before: int | None = None
    weight_after: int | None = None
    before: float | None = None
    after: float | None = None


class RouteEffect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an edit does to a route."""

    route: str
    change: Literal["added", "removed", "changed", "moved"]
    shares: list[Share] = []


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What edits would do (validate) or have done (the rest).

    ``problems`` are those of the edited text, with its lines; empty when it is good. ``diff`` is a
    unified diff of the file, secrets replaced. ``etag`` is that of the running text: the base for
    the next edit. ``effects`` are sentences: what starts, stops, needs a restart.
    """

    ok: bool
    etag: str
    version: int
    problems: list[Problem] = []
    diff: str = ""
    routes: list[RouteEffect] = []
    effects: list[str] = []
    warnings: list[str] = []
    applied: bool = False
    revision: int | None = None
    secret: str = ""  # a new key, this once
    secret_name: str = ""  # the variable it is kept in, empty when in the file itself


class Conflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """412: the file is not the one the edits were made on.

    Unified diffs, secrets replaced: ``theirs`` from the base to the file as it is now, ``yours``
    from the base to what the edits make of it, ``merged`` from the file as it is now to the edits
    made on it (empty with ``merge_problem`` when they cannot be). ``base_known`` is False when no
    such version is kept: then ``yours`` and ``theirs`` are empty.
    """

    message: str
    etag: str  # of the file as it is now
    version: int
    base_known: bool
    yours: str = ""
    theirs: str = ""
    merged: str = ""
    merge_problem: str = ""


class Revision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An accepted version of the config. ``undoes`` names the revision an undo or redo went to."""

    number: int
    at_ms: int
    who: Who
    etag: str
    summary: str = ""
    kind: Literal["first", "edit", "undo", "redo", "rollback"] = "edit"
    of: int | None = None
    current: bool = False


class History(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Revisions, newest first; what undo and redo would go to, None when there is nothing."""

    revisions: list[Revision] = []
    undo: int | None = None
    redo: int | None = None


class RevisionDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A revision with its text (secrets replaced), its own change, and the way back to it."""

    revision: Revision
    text: str = ""
    diff: str = ""  # from the revision before
    to_current: str = ""  # from the running text to this one: what a rollback would do


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /admin/v1/keys``: makes a key. ``settings`` are the fields of a key but ``key``.

    With ``variable`` the file gets ``${VARIABLE}`` and `.env` beside it the line; without it the
    key itself is in the file.
    """

    name: str
    settings: dict[str, Any] = {}
    variable: str = ""


class RouteQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /admin/v1/routes/explain``: where would this go? With ``edits``: after them."""

    model: str
    path: str = "/v1/chat/completions"
    key: str = ""
    headers: dict[str, str] = {}
    stream: bool = False
    edits: list[Edit] = []


class RouteAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The route (empty: none), the targets in the order they would be tried, and why."""

    route: str = ""
    targets: list[Share] = []
    why: list[str] = []
    problem: str = ""
