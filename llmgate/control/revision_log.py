"""The revisions of the config: listed in memory, kept in the store without their secrets.

Accepting a version never waits for the disk: it is queued, and ``flush`` writes what is queued.
While the store cannot be written they stay in memory, where undo finds them.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from llmgate.config.changes import summary_of
from llmgate.config.credentials import Scrubber
from llmgate.config.history import Stack, stack_of
from llmgate.config.problems import shown
from llmgate.config.sealing import likely_secrets, seal, secrets_of, unseal
from llmgate.config.snapshot import Snapshot
from llmgate.config.vault import Vault, VaultProblem
from llmgate.config.writing import Unwritable
from llmgate.errors import LlmgateError
from llmgate.store.problems import StoreProblem
from llmgate.store.revisions import MOST, Revisions
from llmgate.store.writer import Store
from llmgate.wire.editing import Revision

LONGEST_SUMMARY: Final = 200
RETRY_S: Final = 5.0
_FAILURES: Final = (sqlite3.Error, OSError, StoreProblem, VaultProblem, Unwritable)

_log = logging.getLogger("llmgate.control")


class Lost(LlmgateError):
    """The text of a revision can no longer be had."""


class _Queued(msgspec.Struct, frozen=True):
    revision: Revision
    raw: str
    secrets: list[str]


class RevisionLog:
    """Every accepted version, oldest first in ``revisions``, and the stack that undo walks."""

    def __init__(self, store: Store) -> None:
        self.revisions: deque[Revision] = deque(maxlen=MOST)
        self.stack = Stack()
        self._kept = Revisions(store)
        self._vault = Vault(store.path.parent)
        self._queue: deque[_Queued] = deque(maxlen=MOST)
        self._queued = asyncio.Event()
        self._writing = asyncio.Lock()
        self._readable = False

    async def start(self, snapshot: Snapshot) -> int:
        """Reads what is kept; returns the number the running config has among it.

        A text that is not the last one kept becomes a ``first`` revision.
        """
        try:
            self.revisions.extend(reversed(await self._kept.newest()))
            self._readable = True
        except _FAILURES as error:
            _log.warning("old revisions of the config cannot be read: %s", error)
        self.stack = stack_of(self.revisions)
        last = self.revisions[-1] if self.revisions else None
        if last is not None and last.etag == snapshot.etag:
            return last.number
        number = last.number + 1 if last else 1
        where = shown(snapshot.file, 120) or "the environment"
        self._append(snapshot, number, kind="first", summary=f"started with {where}")
        return number

    def noted(self, old: Snapshot, new: Snapshot) -> None:
        """A version was accepted: it is listed, and queued for the store."""
        origin = new.origin
        summary = origin.summary or summary_of(
            old.config, new.config, same_text=old.text == new.text
        )
        self._append(new, new.version, kind=origin.kind, summary=summary, before=old)

    async def run(self) -> None:
        """Writes what is queued until it is cancelled."""
        while True:
            await self._queued.wait()
            self._queued.clear()
            while not await self.flush():  # noqa: ASYNC110 - nobody tells when the disk works
                await asyncio.sleep(RETRY_S)

    async def flush(self) -> bool:
        """Writes what is queued; False when it cannot be written now."""
        async with self._writing:
            while self._queue and self._readable:
                first = self._queue[0]
                try:
                    await self._write(first)
                except _FAILURES as error:
                    _log.warning("a revision of the config cannot be kept: %s", error)
                    return False
                if self._queue and self._queue[0] is first:
                    self._queue.popleft()
        return True

    def find(self, number: int) -> Revision | None:
        """The revision of a number, None when it is not kept."""
        return next((one for one in reversed(self.revisions) if one.number == number), None)

    def summary(self, what: str, number: int) -> str:
        """What was done with a revision (``undone``), and the summary it had."""
        found = self.find(number)
        return f"{what}: {found.summary}" if found else what

    def before(self, number: int) -> Revision | None:
        """The newest revision that is older than this number."""
        return next((one for one in reversed(self.revisions) if one.number < number), None)

    async def raw(self, revision: Revision) -> str:
        """The text of a revision to the last character. Raises ``Lost``."""
        if waiting := self._waiting(lambda one: one.number == revision.number):
            return waiting
        try:
            sealed = await self._kept.text(revision.number, revision.etag)
            sealed = sealed or await self._kept.text_by_etag(revision.etag)
            return self._unsealed(sealed)
        except _FAILURES as error:
            raise Lost(str(error)) from error

    async def raw_by_etag(self, etag: str) -> str | None:
        """The text that has this ETag, when it is kept."""
        if waiting := self._waiting(lambda one: one.etag == etag):
            return waiting
        try:
            sealed = await self._kept.text_by_etag(etag[:100])
            return self._unsealed(sealed)
        except (Lost, *_FAILURES):
            return None

    def secrets(self) -> list[tuple[str, str]]:
        """Every secret a kept text has had: (name shown, secret)."""
        try:
            found = [("old", secret) for secret in self._vault.secrets().values()]
        except VaultProblem:
            found = []
        return found + [("old", secret) for one in self._queue for secret in one.secrets]

    def _append(
        self,
        snapshot: Snapshot,
        number: int,
        *,
        kind: str,
        summary: str,
        before: Snapshot | None = None,
    ) -> None:
        known = [*secrets_of(snapshot), *(secrets_of(before) if before else ())]
        revision = Revision(
            number=number,
            at_ms=snapshot.loaded_ms,
            who=snapshot.origin.who,
            etag=snapshot.etag,
            summary=shown(Scrubber(known).scrub_text(summary), LONGEST_SUMMARY),
            kind="first" if kind == "first" else snapshot.origin.kind,
            of=snapshot.origin.of,
        )
        full = len(self.revisions) == MOST
        self.revisions.append(revision)
        self.stack = stack_of(self.revisions) if full else self.stack.after(revision)
        likely = [one for one in likely_secrets(snapshot.text) if one not in snapshot.config.keys]
        secrets = [*(secret for _, secret in known), *likely]
        self._queue.append(_Queued(revision, snapshot.raw, secrets))
        self._queued.set()

    async def _write(self, queued: _Queued) -> None:
        known = [*queued.secrets, *self._vault.secrets().values()]
        sealed = seal(queued.raw, known)
        if sealed.secrets:
            await asyncio.to_thread(self._vault.keep, sealed.secrets)
        await self._kept.keep(queued.revision, sealed.text)

    def _waiting(self, fits: Callable[[Revision], bool]) -> str | None:
        return next((one.raw for one in reversed(self._queue) if fits(one.revision)), None)

    def _unsealed(self, sealed: str | None) -> str:
        if sealed is None:
            raise Lost("its text is not kept any more")
        try:
            return unseal(sealed, self._vault.secrets())
        except KeyError:
            message = f"it holds secrets that {self._vault.path} has no more"
            raise Lost(message) from None
