"""Recorded requests are sent again through the whole gateway, to other providers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from llmgate.wire.exchanges import LIVE
from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, raw
from tests.support.answers import Answer, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

ADMIN = "/admin/v1"


def chat(request: Request) -> Answer:
    if b'"stream": true' in request.raw_body or b'"stream":true' in request.raw_body:
        return stream(chat_chunks("hello ", "there"))
    return respond(chat_answer())


def config(one: Upstream, two: Upstream, extra: str = "") -> str:
    return f"""
providers:
  one: {{kind: openai-compatible, base_url: "{one.url}/v1", api_key: sk-of-one-1234567}}
  two: {{kind: openai-compatible, base_url: "{two.url}/v1", api_key: sk-of-two-1234567,
         models: {{gpt-test: other-model}}}}
  claude: {{kind: anthropic-compatible, base_url: "{two.url}", api_key: sk-ant-1234567}}
routes:
  all: {{match: {{model: "gpt-*"}}, targets: [{{provider: one}}]}}
prices: {{"*": {{input_per_mtok: 1000, output_per_mtok: 1000}}}}
health: {{every_s: 0}}
{extra}
"""


class Stage:
    """A gateway between two providers."""

    def __init__(self, gateway: Inside, one: Upstream, two: Upstream) -> None:
        self.gateway, self.one, self.two = gateway, one, two

    async def ask(self, method: str, path: str, body: object = None, code: int = 200) -> Any:
        answer = await self.gateway.admin.request(method, f"{ADMIN}/{path}", json=body)
        assert answer.status_code == code, answer.text
        return answer.json()

    async def recorded(self, body: object, path: str = "/v1/chat/completions") -> str:
        """Sends a request; the id it was recorded under."""
        answer = await raw(self.gateway.url, path, body)
        await self.over()
        return answer.headers["x-llmgate-id"]

    async def over(self) -> None:
        """Waits until nothing is live."""
        while any(row["state"] in LIVE for row in await self.rows()):
            await asyncio.sleep(0)

    async def rows(self, **params: str) -> list[dict[str, Any]]:
        """The exchanges, newest first."""
        answer = await self.gateway.admin.get(f"{ADMIN}/exchanges", params={"limit": 1000, **params})
        rows: list[dict[str, Any]] = answer.json()["exchanges"]
        return rows

    async def ended(self, replay: str) -> dict[str, Any]:
        """The replay once it is over."""
        async with asyncio.timeout(20):
            while True:
                view: dict[str, Any] = await self.ask("GET", f"replays/{replay}")
                if view["state"] != "running" and not view.get("running"):
                    return view
                await asyncio.sleep(0)

    async def replayed(self, **spec: object) -> dict[str, Any]:
        """Starts a replay and waits for its end."""
        return await self.ended((await self.ask("POST", "replays", spec))["id"])


Script = Callable[[Request], Answer]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(Upstream(chat))
        two = await stack.enter_async_context(Upstream(chat))
        gateway = await stack.enter_async_context(inside(config(one, two), tmp_path))
        yield Stage(gateway, one, two)


async def test_an_exchange_is_sent_again_byte_for_byte_to_another_provider(stage: Stage) -> None:
    body = b'{ "model":"gpt-9",\n "messages":[{"role":"user","content":"s\\u00e4g \\ud83d hi"}] }'
    source = await stage.recorded(body)

    view = await stage.ask(
        "POST", f"exchanges/{source}/replay", {"targets": [{"provider": "two"}]}
    )
    view = await stage.ended(view["id"])
    (made,) = await stage.rows(replay=view["id"])

    assert view["state"] == "finished"
    assert stage.two.requests[0].raw_body == body
    assert stage.two.requests[0].header("authorization") == "Bearer sk-of-two-1234567"
    assert (made["parent"], made["provider"], made["client"]) == (source, "two", "llmgate-replay")
    assert made["state"] == "finished"
    assert made["cost_usd"] == pytest.approx(0.015)
    assert view["spent_usd"] == pytest.approx(0.015)
