"""A config text, what is wanted of it, and what would come of that: nothing is written here."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from llmgate.config.edit.apply import EditProblem, apply
from llmgate.config.edit.diff import unified
from llmgate.config.problems import all_of, as_wire
from llmgate.config.sealing import Ambiguous, restored
from llmgate.config.snapshot import Origin, Snapshot
from llmgate.errors import ConfigProblem
from llmgate.wire.editing import Conflict, Edit
from llmgate.wire.gateway import Problem

BOM: Final = "\ufeff"

Check = Callable[[str, Mapping[str, str]], Snapshot]
"""What a reload would make of a text, with more variables; raises ``ConfigProblem``."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the text: ``edits``, or another ``text`` for the whole.

    ``exact`` texts are taken as they are: kept ones, byte order mark included. ``variable`` is a
    line to add to `.env` with it.
    """

    edits: list[Edit] = []
    text: str | None = None
    exact: bool = False
    origin: Origin = Origin()
    variable: tuple[str, str] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The variables that come with the change."""
        return dict([self.variable]) if self.variable else {}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of a change: a snapshot, or problems."""

    base: str  # as in the file, with its byte order mark
    text: str  # the same of the changed file; the base when the change cannot be made
    snapshot: Snapshot | None = None
    problems: list[Problem] = []


def changed(base: str, wanted: Wanted, shown_for: list[tuple[str, str]]) -> str:
    """The base with the change made. Raises ``EditProblem`` and ``Ambiguous``."""
    plain = base.removeprefix(BOM)
    if wanted.text is not None:
        if wanted.exact:
            return wanted.text
        text = wanted.text.removeprefix(BOM)
    else:
        text = apply(plain, wanted.edits)
    mark = BOM if base.startswith(BOM) else ""
    return mark + restored(text, plain, shown_for)


def drafted(base: str, wanted: Wanted, check: Check, shown_for: list[tuple[str, str]]) -> Draft:
    """Makes the change and checks its outcome with the reload's own code."""
    try:
        text = changed(base, wanted, shown_for)
    except EditProblem as problem:
        found = Problem(message=problem.message, path=problem.path, line=problem.line)
        return Draft(base=base, text=base, problems=[found])
    except Ambiguous as ambiguous:
        found = Problem(message=_AMBIGUOUS, line=ambiguous.line)
        return Draft(base=base, text=base, problems=[found])
    try:
        snapshot = check(text.removeprefix(BOM), wanted.variables)
    except ConfigProblem as problem:
        return Draft(base=base, text=text, problems=[as_wire(one) for one in all_of(problem)])
    return Draft(base=base, text=text, snapshot=snapshot)


_AMBIGUOUS: Final = (
    "this stands for one of several secrets that are not shown: write ${VARIABLE} or the secret"
    " itself, or change other lines by edits"
)


def difference(before: str, after: str, name: str) -> str:
    """A unified diff of two texts, byte order marks aside."""
    return unified(before.removeprefix(BOM), after.removeprefix(BOM), name)


def conflict_of(
    wanted: Wanted,
    *,
    base: str | None,
    now: Draft,
    name: str,
    shown_for: list[tuple[str, str]],
) -> Conflict:
    """The three-way difference; ``now`` is the change made on the file as it is now.

    The ETag and version are the caller's to fill in, and so is hiding secrets.
    """
    whole = wanted.text is not None
    problem = now.problems[0].message if now.problems else ""
    if whole and not wanted.exact:
        problem = "a whole text is not merged: make it anew from the file as it is now"
    yours = ""
    if base is not None:
        try:
            yours = difference(base, changed(base, wanted, shown_for), name)
        except (EditProblem, Ambiguous) as error:
            problem = problem or str(error)
    return Conflict(
        message=_CONFLICT,
        etag="",
        version=0,
        base_known=base is not None,
        yours=yours,
        theirs="" if base is None else difference(base, now.base, name),
        merged="" if problem else difference(now.base, now.text, name),
        merge_problem=problem,
    )


_CONFLICT: Final = (
    "the config file is not the one these edits were made on: nothing was written;"
    " look at the difference and make them again"
)
