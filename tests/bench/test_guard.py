"""A request and a chunk may not grow dearer unseen: function calls are counted, not time.

The counts are the same on every machine. When a change has a good reason to need more, raise the
bound in the same commit and say the reason there.
"""

import asyncio
import signal
from pathlib import Path

import msgspec
import pytest

from llmgate.bench.load import Job, Load, Target
from llmgate.bench.mock import Mock
from llmgate.bench.payloads import stream_model
from llmgate.store.queries import Queries
from llmgate.store.unindexed import not_indexed
from llmgate.wire.gateway import HealthDetail
from tests.support.gateway import GatewayProcess, until

COUNTED = str(Path(__file__).with_name("counted.py"))
CONFIG = """\
providers:
  mock: {{kind: openai-compatible, base_url: "http://127.0.0.1:{port}/v1", api_key: sk-up}}
  spare: {{kind: openai-compatible, base_url: "http://127.0.0.1:{port}/v1", api_key: sk-up}}
routes:
  all: {{targets: [{{provider: mock, weight: 3}}, {{provider: spare, weight: 1}}]}}
keys:
  guard: {{key: sk-guard-123456, limits: {{requests_per_second: 100000, burst: 100000}}}}
health: {{every_s: 0}}
"""
CALLS_PER_REQUEST = 1150  # 990 to carry and record it, 75 to 105 to index its words later
CALLS_PER_CHUNK = 80  # 72 when this was written, and 1.5 to index its words


class Counts:
    """Asks the gateway how much it has called so far."""

    def __init__(self, gateway: GatewayProcess, file: Path) -> None:
        self._gateway = gateway
        self._file = file
        self._store = Queries(gateway.data_dir / "exchanges.sqlite")
        self._asked = 0

    async def calls(self, kept: int) -> int:
        """Python and C calls since its start, once that many exchanges are recorded and indexed."""
        await until(lambda: self._kept(kept), every_s=0.2)
        await until(self._indexed, every_s=0.2)
        self._gateway.process.send_signal(signal.SIGUSR1)
        self._asked += 1
        await until(self._told)
        return sum(int(number) for number in self._lines()[-1].split())

    async def _kept(self, count: int) -> bool:
        answer = await self._gateway.admin.get("/health/detailed")
        return msgspec.json.decode(answer.content, type=HealthDetail).recording.kept >= count

    async def _indexed(self) -> bool:
        """Nothing is left to do: whose turn the index of words has is a matter of time."""
        return await not_indexed(self._store.rows) == 0

    async def _told(self) -> bool:
        return self._file.exists() and len(self._lines()) >= self._asked

    def _lines(self) -> list[str]:
        return [line for line in self._file.read_text().splitlines(keepends=True) if "\n" in line]


@pytest.mark.timeout(120)
async def test_a_request_and_a_chunk_need_no_more_calls_than_before(tmp_path: Path) -> None:
    server = await asyncio.get_running_loop().create_server(Mock, "127.0.0.1", 0)
    config = CONFIG.format(port=server.sockets[0].getsockname()[1])
    file = tmp_path / "counts"
    async with (
        server,
        GatewayProcess(config, env={"COUNTS": str(file)}, program=(COUNTED,)) as gateway,
    ):
        counts = Counts(gateway, file)
        plain = Target(gateway.port, "bench", "sk-guard-123456")
        stream = Target(gateway.port, stream_model(200, 500), "sk-guard-123456", True)
        await Load(Job(targets=[plain, stream], requests=5)).run()  # warm
        before = await counts.calls(10)
        requests = (await Load(Job(targets=[plain], requests=300)).run()).outcomes[0].requests
        between = await counts.calls(310)
        chunks = (await Load(Job(targets=[stream], connections=5, requests=5)).run()).outcomes[0]
        after = await counts.calls(315)

    assert (requests, chunks.chunks) == (300, 1000)
    assert (between - before) / 300 <= CALLS_PER_REQUEST
    assert (after - between) / 1000 <= CALLS_PER_CHUNK
