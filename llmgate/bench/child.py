"""A process of a benchmark: started so that nothing can come between it and its end."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Final, Self

import llmgate
from llmgate.errors import LlmgateError

READY_S: Final = 20.0
_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


class BenchProblem(LlmgateError):
    """A benchmark cannot go on: says why, in one line."""


def _environment() -> dict[str, str]:
    """Children run this very package, installed or not, whatever their folder."""
    here = str(Path(llmgate.__file__).parent.parent)
    path = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(path)}


class Child:
    """A process of ours and what it prints; leaving ends it."""

    def __init__(self, name: str, command: list[str], *, folder: Path) -> None:
        self.name = name
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._said: list[str] = []
        self.process = subprocess.Popen(  # noqa: S603 - our own modules
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def __enter__(self) -> Self:
        """Nothing to do: it runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends it: politely, then not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._said = [*self._said[-20:], line.rstrip()]
            self._lines.put(line)
        self._lines.put(None)

    def line(self) -> str:
        """The next line it prints."""
        try:
            line = self._lines.get(timeout=READY_S)
        except queue.Empty:
            raise BenchProblem(f"{self.name} said nothing for {READY_S:.0f} s") from None
        if line is None:
            raise BenchProblem(f"{self.name} ended: {' | '.join(self._said[-5:]) or 'silently'}")
        return line


@contextmanager
def undisturbed() -> Iterator[None]:
    """Holds back a request to stop until the block is over.

    A process that is being started has no owner yet: an interrupt at that moment would leave it
    running for ever. What a child inherits is the usual handling, since caught signals are reset
    when its program begins.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = {number: signal.signal(number, hold) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if held:
        signal.raise_signal(held[0])


def start(stack: ExitStack, name: str, command: list[str], *, folder: Path) -> Child:
    """Starts a process that ends with ``stack``."""
    with undisturbed():
        return stack.enter_context(Child(name, command, folder=folder))


def answer_of(command: list[str], given: bytes, *, folder: Path, seconds: float) -> bytes:
    """Runs a program to its end and gives what it wrote; it does not outlive this call."""
    with ExitStack() as stack:
        with undisturbed():
            process = subprocess.Popen(  # noqa: S603 - our own modules
                command,
                cwd=folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            stack.callback(_end, process)
        try:
            output, errors = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise BenchProblem(f"{command[-1]} did not end within {seconds:.0f} s") from None
    if process.returncode != 0:
        last = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise BenchProblem(f"{command[-1]} ended with {process.returncode}: {last}")
    return output


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
