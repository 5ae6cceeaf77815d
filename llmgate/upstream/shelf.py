"""A folder of recordings by the requests they answer; what is put there later is seen.

Only what they are found by is kept in memory: a recording is read again when it is played. Reading
is work for a thread.
"""

import os
from collections import defaultdict
from pathlib import Path
from typing import Final

import msgspec

from llmgate.recording.format import MAX_FILE, SUFFIX, RecordingProblem, read
from llmgate.recording.library import MAX_FILES
from llmgate.recording.matching import Matching
from llmgate.recording.recording import Recording
from llmgate.wire.exchanges import Protocol

_Stamp = tuple[int, int]
_MOST_PROBLEMS: Final = 20


class Entry(msgspec.Struct, frozen=True):
    """A recording of the folder; ``t0`` and ``name`` are its turn."""

    key: str
    name: str
    dialect: Protocol
    path: str
    stream: bool
    model: str
    t0: str


class Shelf:
    """The recordings of a folder; ``entries`` is replaced as a whole."""

    def __init__(self, folder: Path, matching: Matching) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self.entries: dict[str, list[Entry]] = {}
        self.looked = False
        self._matching = matching
        self._stamp = 0  # of the folder, when it was read last
        self._files: dict[str, tuple[_Stamp, Entry | None]] = {}

    def stale(self) -> bool:
        """Whether files came or went since it was read: costs next to nothing."""
        return not self.looked or self._stamp_now() != self._stamp

    def look(self) -> None:
        """Reads what is new or was changed."""
        stamp = self._stamp_now()
        files: dict[str, tuple[_Stamp, Entry | None]] = {}
        problems: list[str] = []
        for name, seen in self._listed(problems):
            before = self._files.get(name)
            unchanged = before is not None and before[0] == seen and before[1] is not None
            files[name] = before if unchanged and before else (seen, self._entry(name, problems))
        entries: dict[str, list[Entry]] = defaultdict(list)
        for _, entry in files.values():
            if entry is not None:
                entries[entry.key].append(entry)
        for group in entries.values():
            group.sort(key=lambda entry: (entry.t0, entry.name))
        self._files, self.problems = files, problems[:_MOST_PROBLEMS]
        self.entries, self._stamp, self.looked = dict(entries), stamp, True

    @property
    def empty(self) -> bool:
        """No file of the folder is a recording, readable or not."""
        return not self._files

    def read(self, entry: Entry) -> Recording:
        """The recording itself. Raises ``RecordingProblem``."""
        return _read(self.folder / entry.name)

    def all(self) -> list[Entry]:
        """Every recording, by name."""
        found = [entry for group in self.entries.values() for entry in group]
        return sorted(found, key=lambda entry: entry.name)

    def _stamp_now(self) -> int:
        try:
            return self.folder.stat().st_mtime_ns
        except OSError:
            return -1

    def _listed(self, problems: list[str]) -> list[tuple[str, _Stamp]]:
        """The recordings' names with what changes when they do."""
        try:
            with os.scandir(self.folder) as listing:
                found = sorted(
                    (item.name, (item.stat().st_mtime_ns, item.stat().st_size))
                    for item in listing
                    if item.name.endswith(SUFFIX)
                    and not item.name.startswith(".")
                    and item.is_file()  # to open a pipe would wait for ever
                )
        except FileNotFoundError:
            return []
        except OSError as error:
            problems.append(f"cannot list {self.folder.name}/: {error.strerror}")
            return []
        if len(found) > MAX_FILES:
            problems.append(f"{len(found)} recordings, only the first {MAX_FILES} are used")
        return found[:MAX_FILES]

    def _entry(self, name: str, problems: list[str]) -> Entry | None:
        try:
            it = _read(self.folder / name)
        except RecordingProblem as problem:
            problems.append(str(problem))
            return None
        if not it.answered:
            return None
        key = self._matching.key(it.dialect, it.path, it.body, stream=it.stream)
        return Entry(key, name, it.dialect, it.path, it.stream, it.model, it.t0)


def _read(path: Path) -> Recording:
    try:
        with path.open("rb") as file:
            return read(file.read(MAX_FILE + 1), path.name)
    except OSError as error:
        raise RecordingProblem(f"cannot read the file: {error.strerror}", file=path.name) from error
