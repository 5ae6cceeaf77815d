"""The real gateway as a process of its own, for tests over real sockets.

    async with GatewayProcess(CONFIG) as gateway:
        ...                       # gateway.url, gateway.admin.get("/admin/v1/exchanges")

Everything it prints is kept in ``log_lines``; it is ended by its own process id.
"""

import asyncio
import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import msgspec

from llmgate.wire.exchanges import LIVE, ExchangePage, ExchangeSummary

READY_S = 20.0
_CHECKOUT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"https?://[\w.\[\]:-]+:\d+")


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(check: Callable[[], Awaitable[bool]], *, every_s: float = 0.05) -> None:
    """Waits until the check is true, ten seconds at most."""
    async with asyncio.timeout(10):
        while True:
            if await check():
                return
            await asyncio.sleep(every_s)


class GatewayProcess:
    """Runs ``llmgate up --headless`` while it is entered.

    ``folder`` holds the config and the data and is kept when given, so that a second gateway can be
    started on the same data; ``env`` is added to the environment.
    """

    def __init__(
        self,
        config: str,
        *,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        port: int | None = None,
        program: tuple[str, ...] = ("-m", "llmgate"),
    ) -> None:
        self.config = config
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_lines: list[str] = []
        self._given_folder = folder
        self._env = dict(env or {})
        self._arguments = arguments
        self._program = program
        self._ready = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Starts it and waits for its ready line."""
        self._stack = AsyncExitStack()
        try:
            await self._start()
        except BaseException:
            await self.stop(signal.SIGKILL)
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends it and everything that belongs to it."""
        await self.stop()
        await self._group.__aexit__(None, None, None)
        await self._stack.aclose()

    async def _start(self) -> None:
        self.folder = self._given_folder or Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="llmgate-test-"))
        )
        self.data_dir = self.folder / "data"
        self.config_file = self.folder / "config.yaml"
        self.config_file.write_text(self.config, encoding="utf-8")
        self._group = await asyncio.TaskGroup().__aenter__()
        self.process = await asyncio.create_subprocess_exec(
            *self._command(),
            cwd=self.folder,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(_CHECKOUT)} | self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=1 << 20,
        )
        self._reader = self._group.create_task(self._read())
        await self._until_ready()
        self.token = (self.data_dir / "admin-token").read_text(encoding="ascii").strip()
        self.admin = await self._stack.enter_async_context(
            httpx.AsyncClient(
                base_url=self.url, headers={"authorization": f"Bearer {self.token}"}, timeout=20
            )
        )

    def _command(self) -> list[str]:
        line = [sys.executable, *self._program, "up", "--headless"]
        line += ["--config", str(self.config_file), "--data-dir", str(self.data_dir)]
        return [*line, "--port", str(self.port), *self._arguments]

    async def _until_ready(self) -> None:
        async with asyncio.timeout(READY_S):
            await self._ready.wait()
        if self.process.returncode is not None or not self._answers():
            code = await self.process.wait()
            raise AssertionError(f"the gateway ended with {code}:\n" + "\n".join(self.log_lines))

    def _answers(self) -> bool:
        return any(_ADDRESS.search(line) for line in self.log_lines)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.log_lines.append(line.decode("utf-8", "replace").rstrip("\n"))
            if f":{self.port}" in self.log_lines[-1] and _ADDRESS.search(self.log_lines[-1]):
                self._ready.set()
        self._ready.set()  # it has ended: nobody should wait for it

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """Ends the process; the exit code, or None when it was never started."""
        process: asyncio.subprocess.Process | None = getattr(self, "process", None)
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(how)
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
        await self._reader
        return await process.wait()

    async def exchanges(self, count: int, **filters: str) -> list[ExchangeSummary]:
        """Gives the recorded exchanges, oldest first, once there are ``count`` and none is live."""
        async with asyncio.timeout(10):
            while True:
                answer = await self.admin.get("/admin/v1/exchanges", params=filters)
                found = msgspec.json.decode(answer.content, type=ExchangePage).exchanges
                if len(found) >= count and not any(row.state in LIVE for row in found):
                    return found[::-1]
                await asyncio.sleep(0.02)  # the writer records in batches

    def write_config(self, text: str) -> None:
        """Replaces the config file the way editors do: a new file, renamed over the old one."""
        fresh = self.config_file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.config_file)
