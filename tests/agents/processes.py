"""Runs other people's programs: bounded in time, in a process group that is ended with them."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import msgspec

from tests.agents.packages import AIMOCK, program
from tests.support.gateway import free_port

RUN_S = 100.0
AIMOCK_KEY = "sk-aimock-1234567890"


class Done(msgspec.Struct, frozen=True):
    """How a program ended, and what it printed."""

    code: int
    output: str
    seconds: float


def kill_group(pid: int) -> None:
    """Ends a process group of ours, if it is still there."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


async def run(command: Sequence[str], *, work: Path, env: dict[str, str]) -> Done:
    """Runs a command to its end with this environment only; its whole group is ended after."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=work,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(RUN_S):
            output, _ = await process.communicate()
    finally:
        kill_group(process.pid)
        await process.wait()
    seconds = time.monotonic() - began
    return Done(process.returncode or 0, output.decode("utf-8", "replace"), seconds)


class Aimock:
    """A mock LLM server that nobody here wrote, with fixtures and a key of its own."""

    def __init__(self, fixtures: list[dict[str, object]], folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._file = folder / "fixtures.json"
        self._file.write_bytes(msgspec.json.encode({"fixtures": fixtures}))

    async def __aenter__(self) -> Self:
        """Starts it and waits until it says that it listens."""
        command = ["node", str(program(AIMOCK)), "-p", str(self.port), "-f", str(self._file)]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | {"AIMOCK_API_KEYS": AIMOCK_KEY},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while b"listening" not in (line := await self._process.stdout.readline()):
                assert line, "aimock ended before it listened"
        self.control = httpx.AsyncClient(
            base_url=self.url, headers={"authorization": f"Bearer {AIMOCK_KEY}"}, timeout=10
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends it."""
        await self.control.aclose()
        kill_group(self._process.pid)
        await self._process.communicate()

    async def chaos(self, **rates: float) -> None:
        """Sets the faults of everything that follows."""
        (await self.control.post("/__aimock/chaos", json=rates)).raise_for_status()

    async def calm(self) -> None:
        """Takes the faults back."""
        (await self.control.delete("/__aimock/chaos")).raise_for_status()


def gateway_config(aimock_url: str) -> str:
    """A gateway in front of it: Anthropic's protocol to one provider, the rest to another."""
    return f"""\
providers:
  mock: {{kind: openai-compatible, base_url: "{aimock_url}/v1", api_key: "{AIMOCK_KEY}"}}
  claude: {{kind: anthropic-compatible, base_url: "{aimock_url}", api_key: "{AIMOCK_KEY}"}}
routes:
  messages: {{match: {{path: "/v1/messages*"}}, targets: [{{provider: claude}}]}}
  rest: {{match: {{model: "*"}}, targets: [{{provider: mock}}]}}
health: {{every_s: 0}}
"""
