"""A gateway killed while it records loses the last moment, and nothing that was there before."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from tests.flows.configs import chat_answer, openai
from tests.store.sessions import session
from tests.support.answers import respond
from tests.support.gateway import GatewayProcess, until
from tests.support.upstream import Upstream

PATH = "/v1/chat/completions"
JSON = {"content-type": "application/json"}


async def talk(url: str, seed: int) -> None:
    """A conversation of large requests, until the gateway is gone."""
    async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
        for turn in session("chat", 60, 120_000, seed):
            body = turn.request.replace(b'"model":"gpt-5"', b'"model":"gpt-test"', 1)
            body = body.replace(b'"stream":true', b'"stream":false', 1)
            try:
                await client.post(PATH, content=body, headers=JSON)
            except httpx.TransportError:
                return


async def whole(gateway: GatewayProcess) -> dict[str, int]:
    """Every exchange with the length of its request: its body is there, and as long as that."""
    found: dict[str, int] = {}
    page = (await gateway.admin.get("/admin/v1/exchanges", params={"limit": 1000})).json()
    for row in page["exchanges"]:
        answer = await gateway.admin.get(f"/admin/v1/exchanges/{row['id']}/body?part=request")
        assert answer.status_code == 200
        assert len(answer.content) == row["request_bytes"]
        found[row["id"]] = row["request_bytes"]
    return found


@pytest.mark.parametrize("after", [15, 60])
async def test_a_gateway_killed_under_load_starts_again_with_every_body_whole(
    after: int, tmp_path: Path
) -> None:
    async with Upstream(lambda _: respond(chat_answer())) as up:
        config = openai(up.url)
        async with GatewayProcess(config, folder=tmp_path) as gateway:
            async with asyncio.TaskGroup() as group:
                for seed in range(3):
                    group.create_task(talk(gateway.url, seed))

                async def enough() -> bool:  # asking has what has ended written
                    return len(await whole(gateway)) >= after

                await until(enough)
                await gateway.stop(signal.SIGKILL)
        async with GatewayProcess(config, folder=tmp_path) as gateway:
            first = await whole(gateway)
            await talk(gateway.url, 9)

            async def more() -> bool:
                return len(await whole(gateway)) >= len(first) + 60

            await until(more, every_s=0.3)
            health = (await gateway.admin.get("/health/detailed")).json()

    assert len(first) >= after
    assert health["recording"].get("state", "recording") == "recording"
    assert not list((tmp_path / "data").glob("*damaged*"))
