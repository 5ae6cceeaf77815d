"""A gateway as a child of this process: how it is started, what it says, how it is ended."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from typing import IO, Final

import msgspec

from llmgate.errors import StartupProblem

_STOP_S: Final = 12
_LINES: Final = 50  # of what the child says on its way


class Ready(msgspec.Struct, frozen=True):
    """The line a gateway prints when it serves."""

    url: str
    token_file: str


class Child:
    """The gateway's process. What it prints is read all the time, so that it never has to wait."""

    def __init__(self, command: list[str], *, detach: bool) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            stdin=subprocess.DEVNULL if detach else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if detach else subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is for the TUI
            env={**os.environ, "LLMGATE_TIED": "" if detach else "1"},
        )
        self._said: deque[str] = deque(maxlen=_LINES)
        self._listener: threading.Thread | None = None
        if self._process.stderr is not None:
            self._listener = threading.Thread(
                target=self._listen, args=(self._process.stderr,), daemon=True
            )
            self._listener.start()

    @property
    def pid(self) -> int:
        """Its number, for ``kill``."""
        return self._process.pid

    def wait_ready(self) -> Ready:
        """Returns when it serves; says why it never will."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                return msgspec.json.decode(line, type=Ready)
            except msgspec.DecodeError:
                continue
        self._process.wait()
        raise StartupProblem(self._last_words() or "the gateway ended before it was ready")

    def ending(self) -> str:
        """How it ended; empty while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        how = f"exit code {code}" if code >= 0 else _signal_name(-code)
        last = self._last_words()
        return f"the gateway ended ({how}{f': {last}' if last else ''})"

    def stop(self) -> None:
        """Asks it to end, then makes it."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._listener is not None:
            self._listener.join(1)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _listen(self, stderr: IO[bytes]) -> None:
        for line in stderr:
            if text := line.decode(errors="replace").strip():
                self._said.append(text)

    def _last_words(self) -> str:
        if self._listener is not None:
            self._listener.join(1)  # the process is gone: the pipe ends at once
        return self._said[-1].removeprefix("llmgate: ") if self._said else ""


def child_command(options: Mapping[str, object]) -> list[str]:
    """The command line of a child; options that are None are left to their defaults."""
    command = [sys.executable, "-m", "llmgate", "up", "--child"]
    for name, value in options.items():
        if value is not None:
            command += [f"--{name.replace('_', '-')}", str(value)]
    return command


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
