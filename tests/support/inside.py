"""The whole gateway inside the test's own event loop, on a real socket: its pace can be set.

async with inside(CONFIG, folder, pace=Pace(early_head_s=0.1)) as gateway:
    ...                       # gateway.url, gateway.admin.get("/admin/v1/status")
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from llmgate.config.find import Source
from llmgate.config.load import from_text
from llmgate.config.watch import ConfigHolder
from llmgate.relay.minder import Pace
from llmgate.server.listen import listen
from llmgate.server.runtime import Options
from llmgate.server.serve import serve

TOKEN = "a-token-of-the-tests-0123456789"


@dataclass
class Inside:
    """A running gateway."""

    url: str
    admin: httpx.AsyncClient


@asynccontextmanager
async def inside(
    config: str, folder: Path, *, pace: Pace | None = None, written: bool = True
) -> AsyncIterator[Inside]:
    """Runs the gateway while the block runs; without ``written`` its config has no file yet."""
    file = folder / "config.yaml"
    if written:
        file.write_text(config, encoding="utf-8")
    snapshot = from_text(config, str(file) if written else "", {})
    source = Source(snapshot, file, (folder / ".env",))
    holder = ConfigHolder(source, environ={})
    options = Options(data_folder=folder, token=TOKEN, quiet=True, pace=pace or Pace())
    sock = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    ready, until = asyncio.Event(), asyncio.Event()
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with (
        asyncio.TaskGroup() as group,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as admin,
    ):
        group.create_task(serve(holder, options, sock, ready.set, until))
        await ready.wait()
        try:
            yield Inside(url, admin)
        finally:
            until.set()
