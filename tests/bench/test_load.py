"""The load generator counts what the mock really sent; the two are tried on each other."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from llmgate.bench.load import Job, Load, Target, quantile
from llmgate.bench.mock import Mock
from llmgate.bench.payloads import stream_model
from tests.support.answers import cut, respond
from tests.support.upstream import Upstream


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The mock, in this process."""
    server = await asyncio.get_running_loop().create_server(Mock, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_closed_loop_counts_its_requests(port: int) -> None:
    result = await Load(Job(targets=[Target(port, "bench", "k")], connections=3, requests=50)).run()

    [outcome] = result.outcomes
    assert (outcome.requests, outcome.errors, outcome.chunks) == (50, 0, 0)
    assert 0 < outcome.first_byte_p50_us <= outcome.total_p99_us


async def test_every_chunk_of_every_stream_is_counted_and_timed(port: int) -> None:
    target = Target(port, stream_model(20, 1000), "k", True)
    result = await Load(Job(targets=[target], connections=5, requests=5)).run()

    [outcome] = result.outcomes
    assert (outcome.requests, outcome.errors, outcome.chunks) == (5, 0, 100)
    assert 0 < outcome.late_p50_us <= outcome.late_p99_us <= outcome.late_max_us


async def test_targets_take_turns(port: int) -> None:
    targets = [Target(port, "bench", "k"), Target(port, stream_model(1, 1), "k", True)]
    result = await Load(Job(targets=targets, requests=4)).run()

    assert [(o.requests, o.chunks) for o in result.outcomes] == [(4, 0), (4, 4)]


async def test_requests_can_be_paced(port: int) -> None:
    job = Job(targets=[Target(port, "bench", "k")], connections=4, requests=40, per_second=200)
    result = await Load(job).run()

    assert result.outcomes[0].requests == 40
    assert result.seconds >= 39 / 200


async def test_errors_and_cut_answers_are_no_requests_served() -> None:
    async with Upstream([respond(status=503), cut(respond(b"abcdef"), 60)]) as up:
        result = await Load(Job(targets=[Target(up.port, "bench", "k")], requests=2)).run()

    assert (result.outcomes[0].requests, result.outcomes[0].errors) == (0, 2)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_the_mock_speaks_both_protocols_whole_and_streamed(port: int, path: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        whole = await client.post(path, json={"model": "bench"})
        stream = await client.post(path, json={"model": stream_model(3, 1000)})
        models = await client.get("/v1/models")

    assert whole.json()["usage"]
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.text.count("@") == 6
    assert stream.text.endswith(("data: [DONE]\n\n", 'data: {"type":"message_stop"}\n\n'))
    assert models.json()["data"][0]["id"] == "bench"


def test_quantiles_of_nothing_are_zero() -> None:
    assert quantile([], 0.99) == 0
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([1, 2], 1.0) == 2
