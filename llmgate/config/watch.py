"""The running config and the file it comes from: read whole, checked whole, swapped, or kept.

The folder is watched and not the file, because editors write a new file and rename it. A poll of
the files' stamps every second stands in where no events come (network folders, a replaced folder).
"""

import asyncio
import os
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from watchfiles import Change, awatch

from llmgate.config.dotenv import environment
from llmgate.config.find import Source
from llmgate.config.load import decode, from_text, unreadable_on_disk
from llmgate.config.model import Server
from llmgate.config.problems import all_of
from llmgate.config.snapshot import Origin, Snapshot
from llmgate.config.writing import read_bytes
from llmgate.errors import ConfigProblem
from llmgate.wire.editing import Who

STEP_MS: Final = 50
DEBOUNCE_MS: Final = 200
POLL_MS: Final = 1_000
HALF_WRITTEN_S: Final = 0.1
_MOST_STEPS: Final = 5

Stamps = tuple[tuple[int, int, int], ...]
Outcome = Snapshot | list[ConfigProblem] | None
"""A new snapshot, problems, or (None) what runs already."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class ConfigHolder:
    """Holds the running snapshot. ``run`` follows the file until it is cancelled.

    ``on_change`` is told the old and the new snapshot, ``on_reject`` the problems of an edit that
    was refused, ``on_restore`` that the file is again what runs.

    Whoever writes the file holds ``lock`` meanwhile and then calls ``take``: so one write makes one
    version, whatever the watch sees.
    """

    def __init__(
        self,
        source: Source,
        *,
        environ: Mapping[str, str] | None = None,
        now_ms: Callable[[], int] = _now_ms,
    ) -> None:
        self.snapshot = source.snapshot
        self.problems: list[ConfigProblem] = []
        self.rejected_version: int | None = None
        self.rejected_text = ""
        self.restart_needed: list[str] = []
        self.on_change: Callable[[Snapshot, Snapshot], None] = lambda _old, _new: None
        self.on_reject: Callable[[list[ConfigProblem]], None] = lambda _problems: None
        self.on_restore: Callable[[], None] = lambda: None
        self.lock = asyncio.Lock()
        self.path = source.path
        self.env_files = source.env_files
        self._environ = dict(os.environ if environ is None else environ)
        self._now_ms = now_ms
        self.listens_on = source.snapshot.config.server
        self._running_on: dict[str, str] | None = self._variables_or_none()
        self._read_with: dict[str, str] | None = None
        self._stamps: Stamps = ()
        self._last_read = ""

    async def run(self) -> None:
        """Follows the file; stop it by cancellation."""
        if self.path is None:
            return
        while True:
            await self._look()
            with suppress(OSError, RuntimeError):  # no folder, no watches left: the poll goes on
                await self._follow(self.path)
            await asyncio.sleep(POLL_MS / 1000)

    async def reload_now(self, by: Who = "file") -> list[ConfigProblem]:
        """Reads the file at once; returns its problems, empty when it is what runs now."""
        if self.path is not None:
            async with self.lock:
                self._apply(await self._settled(self.path, Origin(who=by)))
        return self.problems

    def take(self, origin: Origin, written: bytes | None = None) -> list[ConfigProblem]:
        """``reload_now`` for who has just written the file and holds ``lock``.

        ``written`` is what was put there: taken as it is, though somebody may write over it by now.
        """
        if self.path is not None:
            self._apply(self._outcome(self.path, origin, written))
        return self.problems

    async def quiet(self) -> Stamps | None:
        """Waits while somebody is writing the files; gives their stamps then.

        None when it goes on for longer than a quarter of a second.
        """
        assert self.path is not None
        before = _stamps(self._files(self.path))
        for _ in range(_MOST_STEPS):
            await asyncio.sleep(STEP_MS / 1000)
            stamps = _stamps(self._files(self.path))
            if stamps == before:
                return stamps
            before = stamps
        return None

    def check(self, text: str, more: Mapping[str, str] | None = None) -> Snapshot:
        """What a reload would make of a text, with ``more`` variables.

        Raises ``ConfigProblem``.
        """
        variables = {**environment(self.env_files, {}), **(more or {}), **self._environ}
        return self._read(text, variables, Origin())

    def variables(self) -> dict[str, str]:
        """The variables a reload would have now. Raises ``ConfigProblem``."""
        return environment(self.env_files, self._environ)

    def renumber(self, version: int) -> None:
        """Gives the running snapshot its number among the kept revisions; later ones count on."""
        self.snapshot = msgspec.structs.replace(self.snapshot, version=version)

    async def _follow(self, path: Path) -> None:
        folders = {file.parent for file in self._files(path) if file.parent.is_dir()}
        identity = _stamps(sorted(folders))
        names = {file.name for file in self._files(path)}

        def concerns(_: Change, changed: str) -> bool:
            return Path(changed).name in names

        async for _ in awatch(
            *folders,
            watch_filter=concerns,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=POLL_MS,
            yield_on_timeout=True,
            recursive=False,
        ):
            await self._look()
            if [s[0] for s in _stamps(sorted(folders))] != [s[0] for s in identity]:
                return

    async def _look(self) -> None:
        """Reads again when a file has another stamp."""
        assert self.path is not None
        if _stamps(self._files(self.path)) == self._stamps:
            return
        self._stamps = await self.quiet() or _stamps(self._files(self.path))
        async with self.lock:
            self._apply(await self._settled(self.path, Origin()))

    async def _settled(self, path: Path, origin: Origin) -> Outcome:
        """What the file says; one with problems is read twice, it may be half written."""
        outcome = self._outcome(path, origin)
        if isinstance(outcome, list):
            await asyncio.sleep(HALF_WRITTEN_S)
            outcome = self._outcome(path, origin)
        return outcome

    def _outcome(self, path: Path, origin: Origin, written: bytes | None = None) -> Outcome:
        """What the files say now; ``written`` stands for the config's."""
        self._last_read = ""
        if written is None and not path.exists():
            if not self.snapshot.file:
                return None
            message = "the file is gone; the last good config keeps running"
            return [ConfigProblem(message, file=str(path))]
        try:
            data = read_bytes(path) if written is None else written
            text = self._last_read = decode(data, str(path))
            variables = self._read_with = self.variables()
            if self.snapshot.file and text == self.snapshot.text and variables == self._running_on:
                return None
            snapshot = self._read(text, variables, origin)
            return msgspec.structs.replace(snapshot, bom=data.startswith(BOM_UTF8))
        except ConfigProblem as problem:
            return all_of(problem)

    def _read(self, text: str, variables: Mapping[str, str], origin: Origin) -> Snapshot:
        snapshot = from_text(
            text,
            str(self.path or ""),
            variables,
            version=self.snapshot.version + 1,
            now_ms=self._now_ms(),
            unreadable=unreadable_on_disk,
        )
        return msgspec.structs.replace(snapshot, origin=origin)

    def _apply(self, outcome: Outcome) -> None:
        match outcome:
            case Snapshot():
                self._swap(outcome)
            case list():
                self._reject(outcome)
            case None:
                self._restore()

    def _swap(self, new: Snapshot) -> None:
        old, self.snapshot = self.snapshot, new
        self._running_on = self._read_with
        self.problems, self.rejected_version, self.rejected_text = [], None, ""
        self.restart_needed = restart_needed(self.listens_on, new.config.server)
        self.on_change(old, new)

    def _reject(self, problems: list[ConfigProblem]) -> None:
        same = [str(problem) for problem in problems] == [str(p) for p in self.problems]
        self.problems = problems
        self.rejected_version = self.snapshot.version + 1
        self.rejected_text = self._last_read
        if not same:
            self.on_reject(problems)

    def _restore(self) -> None:
        if self.problems:
            self.problems, self.rejected_version, self.rejected_text = [], None, ""
            self.on_restore()

    def _variables_or_none(self) -> dict[str, str] | None:
        try:
            return self.variables()
        except ConfigProblem:
            return None

    def _files(self, path: Path) -> list[Path]:
        """The files that matter; behind a symbolic link, the file it leads to as well."""
        named = [path.absolute(), *(file.absolute() for file in self.env_files)]
        return list(dict.fromkeys([*named, *(file.resolve() for file in named)]))


def _stamps(files: list[Path]) -> Stamps:
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def restart_needed(started: Server, now: Server) -> list[str]:
    """What of the new config only a restart brings."""
    return [
        f"server.{field} is {getattr(now, field)} now: restart llmgate to listen there"
        for field in ("host", "port")
        if getattr(started, field) != getattr(now, field)
    ]
