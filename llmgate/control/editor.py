"""The service behind config edits: checked, written to the file, taken over, kept, undone.

Edits are made on the file as it is on disk, one after another. Each is checked with the reload's
own code, written whole, and makes exactly one version of the running config, which is one revision.
"""

import asyncio
import re
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from llmgate.config.load import decode, etag_of
from llmgate.config.nodes import parse
from llmgate.config.problems import Problems, as_wire, dotted
from llmgate.config.snapshot import Origin, Snapshot
from llmgate.config.watch import ConfigHolder
from llmgate.config.writing import Moment, Moved, read_bytes
from llmgate.control.commit import commit
from llmgate.control.drafting import BOM, Draft, Wanted, conflict_of, drafted
from llmgate.control.refused import NoSuchRevision, NotEditable, Refused, Stale
from llmgate.control.revision_log import Lost, RevisionLog
from llmgate.control.telling import Telling
from llmgate.errors import ConfigProblem
from llmgate.store.writer import Store
from llmgate.wire.editing import (
    EditRequest,
    History,
    NewKey,
    Revision,
    RevisionDetail,
    Set,
    Verdict,
    Who,
)
from llmgate.wire.gateway import Problem

KEY_PREFIX: Final = "llmgate-"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class Editor:
    """Edits the running config's file; ``start`` it before its first question."""

    def __init__(
        self,
        holder: ConfigHolder,
        store: Store,
        scrub_text: Callable[[str], str],
        *,
        moment: Moment = lambda _: None,
    ) -> None:
        self._holder = holder
        self._log = RevisionLog(store)
        self._telling = Telling(holder, self._log, scrub_text)
        self._moment = moment
        self._lock = asyncio.Lock()

    # What the runtime connects.

    def running(self) -> str:
        """The running text, secrets replaced."""
        return self._telling.running()

    def rejected(self) -> tuple[str, list[Problem]]:
        """The refused text on disk, secrets replaced, and its problems."""
        return self._telling.rejected()

    async def start(self) -> None:
        """Finds the running config among the kept revisions and numbers it."""
        self._holder.renumber(await self._log.start(self._holder.snapshot))

    def noted(self, old: Snapshot | None, new: Snapshot) -> None:
        """A version was accepted, from wherever it came."""
        self._log.noted(old or new, new)

    async def run(self) -> None:
        """Keeps revisions until it is cancelled."""
        await self._log.run()

    async def flush(self) -> bool:
        """Keeps what is queued now; False when the store cannot be written."""
        return await self._log.flush()

    @property
    def editable(self) -> bool:
        """Whether there is a file to edit."""
        return self._holder.path is not None and bool(self._holder.snapshot.file)

    @property
    def undo_to(self) -> int | None:
        """The revision an undo would go to."""
        step = self._log.stack.undo
        return step.number if step else None

    @property
    def redo_to(self) -> int | None:
        """The revision a redo would go to."""
        step = self._log.stack.redo
        return step.number if step else None

    # What is asked of it.

    async def validate(self, request: EditRequest, if_match: str) -> Verdict:
        """What edits would do. Raises ``Stale`` and ``NotEditable``; writes nothing."""
        base = self._base() if self.editable else self._holder.snapshot.raw.encode()
        draft = await self._drafted(_wanted(request, "api"), if_match, base)
        return self._telling.verdict(draft)

    async def apply(self, request: EditRequest, if_match: str, who: Who) -> Verdict:
        """Makes edits. Raises ``Stale``, ``NotEditable``, and ``Refused`` with what is wrong."""
        async with self._lock:
            return await self._change(_wanted(request, who), if_match)

    async def undo(self, if_match: str, who: Who) -> Verdict:
        """Goes back to the text before the last edit."""
        async with self._lock:
            stack = self._log.stack
            if stack.undo is None or stack.running is None:
                raise NotEditable(
                    "there is nothing to undo: no edit has been made since the first revision;"
                    " roll back to an older one by its number"
                )
            summary = self._log.summary("undone", stack.running.number)
            origin = Origin(who=who, kind="undo", of=stack.undo.root, summary=summary)
            return await self._restore(stack.undo.number, origin, if_match)

    async def redo(self, if_match: str, who: Who) -> Verdict:
        """Takes the last undo back."""
        async with self._lock:
            step = self._log.stack.redo
            if step is None:
                raise NotEditable("there is nothing to redo: the last change was no undo")
            summary = self._log.summary("again", step.number)
            origin = Origin(who=who, kind="redo", of=step.root, summary=summary)
            return await self._restore(step.number, origin, if_match)

    async def roll_back(self, number: int, if_match: str, who: Who) -> Verdict:
        """Makes the text of any revision the file again. Raises ``NoSuchRevision``."""
        async with self._lock:
            said = f"back to revision {number}"
            origin = Origin(who=who, kind="rollback", of=number, summary=said)
            return await self._restore(number, origin, if_match)

    async def new_key(self, new: NewKey, if_match: str, who: Who) -> Verdict:
        """Makes a key; the verdict holds it, this once."""
        secret = KEY_PREFIX + secrets.token_urlsafe(24)
        variable = new.variable
        async with self._lock:
            self._refuse_key(new)
            value = f"${{{variable}}}" if variable else secret
            wanted = Wanted(
                edits=[Set(["keys", new.name], {"key": value, **new.settings})],
                variable=(variable, secret) if variable else None,
                origin=Origin(who=who, summary=f"key {new.name} added"),
            )
            verdict = await self._change(wanted, if_match)
        return msgspec.structs.replace(verdict, secret=secret, secret_name=variable)

    async def history(self, limit: int) -> History:
        """Revisions, newest first, and what undo and redo would go to."""
        running = self._holder.snapshot.version
        newest = list(reversed(self._log.revisions))[: max(1, limit)]
        return History(
            revisions=[
                msgspec.structs.replace(one, current=True) if one.number == running else one
                for one in newest
            ],
            undo=self.undo_to,
            redo=self.redo_to,
        )

    async def revision(self, number: int) -> RevisionDetail:
        """A revision with its text and differences. Raises ``NoSuchRevision``, ``NotEditable``."""
        revision = self._revision(number)
        text = await self._raw(revision)
        before = self._log.before(number)
        try:
            older = await self._log.raw(before) if before else ""
        except Lost:
            older = text
        return await asyncio.to_thread(self._telling.detail, revision, text, older)

    async def write_file(self, who: Who = "api") -> Verdict:
        """Gives a config that was built from the environment, or whose file is gone, a file."""
        holder = self._holder
        async with self._lock:
            if holder.path is None:
                raise NotEditable("the demo has no config file; `llmgate init` writes one")
            raw = holder.snapshot.raw
            origin = Origin(who=who, summary=f"{holder.path.name} written")
            try:
                found = await commit(holder, (None, raw.encode()), None, origin, self._moment)
            except Moved:
                raise NotEditable(f"{holder.path} is there already") from None
            return await self._done(Draft(base="", text=raw), found)

    # How.

    async def _restore(self, number: int, origin: Origin, if_match: str) -> Verdict:
        text = await self._raw(self._revision(number))
        return await self._change(Wanted(text=text, exact=True, origin=origin), if_match)

    async def _change(self, wanted: Wanted, if_match: str) -> Verdict:
        base = await self._taken(if_match)
        draft = await self._drafted(wanted, if_match, base)
        if draft.problems:
            raise Refused(self._telling.verdict(draft))
        told = self._telling.verdict(draft)
        data = draft.text.encode()
        found: Snapshot | list[ConfigProblem] = self._holder.snapshot
        if data != base or wanted.variable:
            try:
                found = await commit(
                    self._holder, (base, data), wanted.variable, wanted.origin, self._moment
                )
            except Moved:
                raise await self._stale(wanted, if_match, self._base()) from None
        return await self._done(draft, found, told)

    async def _taken(self, if_match: str) -> bytes:
        """The file to edit. What of it does not run yet is taken over first, when nobody is writing
        it any more: an edit that is made on it would hide it from the history.
        """
        base = self._base()
        if base == self._holder.snapshot.raw.encode():
            return base
        if _matches(if_match, etag_of(self._text(base).removeprefix(BOM))):
            if await self._holder.quiet() is None:
                raise NotEditable("somebody is writing the file right now: try again in a moment")
            await self._holder.reload_now()
        return self._base()

    async def _done(
        self, draft: Draft, found: Snapshot | list[ConfigProblem], told: Verdict | None = None
    ) -> Verdict:
        """The verdict once a change is made and kept."""
        if isinstance(found, list):
            problems = [as_wire(one) for one in found]
            raise Refused(self._telling.verdict(msgspec.structs.replace(draft, problems=problems)))
        await self.flush()
        return msgspec.structs.replace(
            told or self._telling.verdict(draft),
            etag=found.etag,
            version=found.version,
            applied=True,
            revision=found.version,
        )

    def _base(self) -> bytes:
        """The file as it is on disk."""
        if not self.editable:
            raise NotEditable(
                "this config was built from the environment and has no file yet:"
                " `llmgate init` or `POST /admin/v1/config/file` writes one"
            )
        path = self._holder.path
        assert path is not None
        try:
            return read_bytes(path)
        except ConfigProblem as problem:
            raise NotEditable(
                f"{problem}; `POST /admin/v1/config/file` writes the running config again"
            ) from problem

    async def _drafted(self, wanted: Wanted, if_match: str, base: bytes) -> Draft:
        text = self._text(base)
        if not _matches(if_match, etag_of(text.removeprefix(BOM))):
            raise await self._stale(wanted, if_match, base)
        return await self._made(text, wanted)

    async def _made(self, text: str, wanted: Wanted) -> Draft:
        shown_for = self._telling.secrets()
        return await asyncio.to_thread(drafted, text, wanted, self._holder.check, shown_for)

    def _text(self, base: bytes) -> str:
        try:
            text = decode(base, str(self._holder.path or ""))
        except ConfigProblem as problem:
            raise NotEditable(f"{problem}: edit the file by hand") from problem
        return BOM + text if base.startswith(BOM.encode()) else text

    async def _stale(self, wanted: Wanted, if_match: str, base: bytes) -> Stale:
        snapshot = self._holder.snapshot
        known: str | None = None
        if _matches(if_match, snapshot.etag):
            known = snapshot.text
        elif if_match != "*":
            known = await self._log.raw_by_etag(if_match.strip().removeprefix("W/"))
        now = await self._made(self._text(base), wanted)
        conflict = await asyncio.to_thread(
            conflict_of,
            wanted,
            base=known,
            now=now,
            name=self._telling.name,
            shown_for=self._telling.secrets(),
        )
        etag = etag_of(now.base.removeprefix(BOM))
        return Stale(self._telling.conflict(conflict, now, etag))

    def _refuse_key(self, new: NewKey) -> None:
        """Raises ``Refused`` for what the check of the result would not see."""
        path = dotted(("keys", new.name))
        problem = ""
        if new.name in self._keys_on_disk():
            problem = f"there is a key `{path}` already: choose another name"
        elif "key" in new.settings:
            problem = "the key itself is made here: leave `key` out of the settings"
        elif new.variable and not _VARIABLE.fullmatch(new.variable):
            problem = "a variable's name has letters, digits and _ only, and begins with no digit"
        elif new.variable and new.variable in self._variables():
            problem = f"the variable {new.variable} exists already: choose another name"
        if problem:
            raise Refused(self._telling.refusal(Problem(message=problem, path=path)))

    def _variables(self) -> dict[str, str]:
        try:
            return self._holder.variables()
        except ConfigProblem as problem:
            raise Refused(self._telling.refusal(as_wire(problem))) from problem

    def _keys_on_disk(self) -> set[str]:
        text = self._text(self._base()).removeprefix(BOM)
        tree = parse(text, Problems(""))
        keys = (tree.fields or {}).get("keys") if tree else None
        return set((keys.fields if keys else None) or ()) | set(self._holder.snapshot.config.keys)

    def _revision(self, number: int) -> Revision:
        found = self._log.find(number)
        if found is None:
            raise NoSuchRevision(f"no revision has the number {number}: the newest 1,000 are kept")
        return found

    async def _raw(self, revision: Revision) -> str:
        try:
            return await self._log.raw(revision)
        except Lost as lost:
            raise NotEditable(f"revision {revision.number} cannot be read: {lost}") from lost


def _wanted(request: EditRequest, who: Who) -> Wanted:
    origin = Origin(who=who, summary=request.note)
    return Wanted(edits=request.edits, text=request.text, origin=origin)


def _matches(if_match: str, etag: str) -> bool:
    """Whether an If-Match header allows this ETag; ``*`` allows any."""
    given = [one.strip().removeprefix("W/") for one in if_match.split(",")]
    return "*" in given or etag in given
