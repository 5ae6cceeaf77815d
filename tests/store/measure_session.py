"""Measures what a coding session takes on disk, and how soon a body of it is read.

python tests/store/measure_session.py [turns] [bytes of the last request]
"""

# ruff: noqa: ASYNC240 - small local files

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from llmgate.exchange import Exchange
from llmgate.store.writer import Store
from tests.store.making import begin, finish
from tests.store.sessions import Shape, Turn, session


class Measured(msgspec.Struct, frozen=True):
    """``share`` is of the raw bytes, times are of reading a whole request."""

    raw_bytes: int
    disk_bytes: int
    cpu_ms: float  # of recording one exchange
    slowest_ms: float
    exact: bool

    @property
    def share(self) -> float:
        """Bytes on disk per raw byte."""
        return self.disk_bytes / self.raw_bytes


async def measure(folder: Path, shape: Shape, turns: int, size: int) -> Measured:
    """Records a session and reads it back."""
    path = folder / f"{shape}.sqlite"
    kept = list(session(shape, turns, size))
    store = await Store.open(path)
    before = _cpu_ms()
    for number, turn in enumerate(kept):
        await _record(store, number, turn)
    spent = (_cpu_ms() - before) / turns
    await store.close()
    disk = sum(file.stat().st_size for file in folder.glob(f"{path.name}*"))
    store = await Store.open(path)
    slowest, exact = await _read(store, kept)
    await store.close()
    raw = sum(2 * len(turn.request) + sum(map(len, turn.chunks)) for turn in kept)
    return Measured(raw - sum(len(turn.request) for turn in kept), disk, spent, slowest, exact)


async def _record(store: Store, number: int, turn: Turn) -> Exchange:
    """The request first, the rest when the answer has ended, with another model in what is sent."""
    one = begin(number, request=turn.request)
    store.begun(one)
    await store.flush()
    one.sent_body = turn.request.replace(b'"model":"', b'"model":"other/', 1)
    store.ended(finish(one, *turn.chunks))
    await store.flush()
    return one


async def _read(store: Store, kept: list[Turn]) -> tuple[float, bool]:
    slowest, exact = 0.0, True
    for number, turn in enumerate(kept):
        name = f"x{number:06d}"
        at = time.perf_counter()
        body = await store.queries.body(name, "request")
        slowest = max(slowest, (time.perf_counter() - at) * 1e3)
        exact = exact and body == turn.request
        exact = exact and await store.queries.body(name, "answer") == b"".join(turn.chunks)
    return slowest, exact


def _cpu_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e3


def main() -> None:
    """Measures every shape."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    shapes: tuple[Shape, ...] = ("messages", "responses", "chat")
    with tempfile.TemporaryDirectory() as folder:
        for shape in shapes:
            found = asyncio.run(measure(Path(folder), shape, turns, size))
            sys.stdout.write(
                f"{shape:10} {found.raw_bytes / 1e6:6.1f} MB raw, {found.disk_bytes / 1e6:5.2f} MB"
                f" on disk: {found.share:.2%}; {found.cpu_ms:.1f} ms CPU to record one;"
                f" slowest read {found.slowest_ms:.1f} ms; exact: {found.exact}\n"
            )


if __name__ == "__main__":
    main()
