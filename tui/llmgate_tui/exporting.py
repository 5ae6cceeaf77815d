"""Files out of exchanges: their names, and writing them; no other file is ever lost (pure)."""

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.recordings import EXTENSIONS, ExportFormat
from llmgate_tui.api import Api
from llmgate_tui.keeping import Export, Keeping

FORMATS: Final[dict[str, ExportFormat]] = {
    name: name for name in ("recording", "har", "curl", "python", "jsonl")
}
_BODIES: Final = {"body": "request", "answer": "answer"}
_MOST_REASONS: Final = 3
_SPARE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Written(msgspec.Struct):
    """What came of it."""

    files: list[Path] = []
    size: int = 0
    skipped: int = 0
    reasons: list[str] = []

    def skip(self, count: int, why: str) -> None:
        """Some could not be given out."""
        self.skipped += count
        if why and why not in self.reasons:
            self.reasons.append(why)

    def words(self) -> str:
        """Where it is, and what is missing."""
        if not self.files:
            where = "nothing was written"
        elif len(self.files) == 1:
            where = f"written to {self.files[0]}"
        else:
            where = f"{len(self.files):,} files written to {self.files[0].parent}"
        if not self.skipped:
            return where
        why = "; ".join(self.reasons[:_MOST_REASONS])
        return f"{where}. {self.skipped:,} left out" + (f": {why}" if why else "")


def many_files(choice: str, count: int) -> bool:
    """Every exchange has a file of its own, so that a folder is asked for."""
    return choice == "recording" or (choice in _BODIES and count > 1)


def usual_place(choice: str, rows: list[ExchangeSummary]) -> str:
    """Where it goes if nobody says otherwise."""
    if choice == "recording":
        return "./recordings"
    if many_files(choice, len(rows)):
        return "./bodies"
    name = _safe(rows[0].id) if len(rows) == 1 else f"exchanges-{len(rows)}"
    if choice in _BODIES:
        return f"./{name}.{_BODIES[choice]}{_ending(rows[0], choice)}"
    return f"./{name}{EXTENSIONS[FORMATS[choice]]}"


def _ending(row: ExchangeSummary, choice: str) -> str:
    if choice == "answer" and row.transport in {"sse", "ndjson"}:
        return ".txt" if row.transport == "sse" else ".ndjson"
    return ".json"


async def body(api: Api, row: ExchangeSummary, choice: str) -> Export:
    """One body as it came."""
    part = _BODIES[choice]
    data = await api.body(row.id, "request" if part == "request" else "answer")
    return Export(name=f"{_safe(row.id)}.{part}{_ending(row, choice)}", data=data)


async def recording(keeping: Keeping, row: ExchangeSummary) -> Export:
    """One exchange as a recording."""
    made = await keeping.export([row.id], "recording")
    return (
        made if made.name else msgspec.structs.replace(made, name=f"{_safe(row.id)}.llmrec.jsonl")
    )


def named(text: str) -> Path:
    """The place that was typed; ``~`` is the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # nobody's home
        return Path(text)


def within(place: Path, name: str) -> Path:
    """A file of that name if the place is a folder, else the place itself."""
    return place / name if place.is_dir() else place


def _safe(id: str) -> str:  # noqa: A002
    return _SPARE.sub("-", id)[:80].strip(".-") or "exchange"


def write(path: Path, data: bytes, *, private: bool = False) -> Path:
    """Writes a new file; one that is there with other content stays, and a number is added.

    ``private`` is for bodies as they came, which may hold anything: only the owner reads them.
    Raises ``OSError``.
    """
    mode = 0o600 if private else 0o666
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1_000):
        free = path if number == 1 else _numbered(path, number)
        try:
            descriptor = os.open(free, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            if free.is_file() and free.stat().st_size == len(data) and free.read_bytes() == data:
                return free.absolute()
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return free.absolute()
    raise OSError(f"{path}: there are a thousand of that name")


def _numbered(path: Path, number: int) -> Path:
    stem, dot, rest = path.name.partition(".")
    if not stem:  # a hidden file
        stem, dot, rest = path.name, "", ""
    return path.with_name(f"{stem}-{number}{dot}{rest}")
