"""The command as a person runs it: a process on a terminal of its own, or without one."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.gateway import until

CHECKOUT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "llmgate"]


def environment(folder: Path) -> dict[str, str]:
    """One in which no config and no key of this machine is found."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "none"),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        "TERM": "xterm-256color",
    }


async def ran(folder: Path, *arguments: str, **extra: str) -> tuple[int, str, str]:
    """Runs the command to its end, without a terminal; its code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        cwd=folder,
        env=environment(folder) | extra,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(20):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return process.returncode or 0, out.decode(), err.decode()


class Terminal:
    """What the process on it has drawn, and a keyboard."""

    def __init__(self, descriptor: int, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.drawn = b""
        self._descriptor = descriptor
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def press(self, keys: bytes) -> None:
        """Types."""
        os.write(self._descriptor, keys)

    async def shows(self, text: str) -> None:
        """Waits until the text has been drawn."""
        async with asyncio.timeout(20):
            while text.encode() not in self.drawn:
                self._news.clear()
                await self._news.wait()

    async def ended(self) -> int:
        """The exit code."""
        async with asyncio.timeout(20):
            return await self.process.wait()

    def _read(self) -> None:
        try:
            self.drawn += os.read(self._descriptor, 65_536)
        except OSError:  # the other side is closed
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._news.set()


@asynccontextmanager
async def on_terminal(folder: Path, *arguments: str) -> AsyncIterator[Terminal]:
    """Runs the command on a terminal of 100 columns; kills what is left of it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        cwd=folder,
        env=environment(folder),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: os.login_tty(theirs),
    )
    os.close(theirs)
    terminal = Terminal(ours, process)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in found.split()]


async def gone(pid: int) -> None:
    """Waits until there is no such process, ten seconds at most."""

    async def check() -> bool:
        return not _runs(pid)

    try:
        await until(check)
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.split()[0] != "Z"
