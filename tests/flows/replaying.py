"""A gateway between two providers, for the tests of replays."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from llmgate.relay.minder import Pace
from llmgate.wire.exchanges import LIVE
from tests.flows.configs import chat_answer, chat_chunks, raw
from tests.support.answers import Answer, respond, stream
from tests.support.gateway import until
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

ADMIN = "/admin/v1"
TWO = {"provider": "two"}
PRICES = '"*": {input_per_mtok: 1000, output_per_mtok: 1000}'


def chat(request: Request) -> Answer:
    if b'"stream": true' in request.raw_body or b'"stream":true' in request.raw_body:
        return stream(chat_chunks("hello ", "there"))
    return respond(chat_answer())


def config(
    one: Upstream,
    two: Upstream,
    *,
    extra: str = "",
    two_extra: str = "",
    by_key: str = "",
    prices: str = PRICES,
) -> str:
    key = f", key: {by_key}" if by_key else ""
    return f"""
providers:
  one: {{kind: openai-compatible, base_url: "{one.url}/v1", api_key: sk-of-one-1234567}}
  two: {{kind: openai-compatible, base_url: "{two.url}/v1", api_key: sk-of-two-1234567,
         models: {{gpt-test: other-model}}, {two_extra}}}
  claude: {{kind: anthropic-compatible, base_url: "{two.url}", api_key: sk-ant-1234567}}
routes:
  all: {{match: {{model: "gpt-*"{key}}}, targets: [{{provider: one}}]}}
prices: {{{prices}}}
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

        async def nothing_live() -> bool:
            return all(row["state"] not in LIVE for row in await self.rows())

        await until(nothing_live, every_s=0)

    async def rows(self, **params: str) -> list[dict[str, Any]]:
        """The exchanges, newest first."""
        answer = await self.gateway.admin.get(
            f"{ADMIN}/exchanges", params={"limit": 1000, **params}
        )
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

    async def reload(self, text: str) -> None:
        """Has another config run."""
        before = (await self.ask("GET", "status"))["config_version"]
        await self.gateway.admin.patch(
            f"{ADMIN}/config", headers={"if-match": "*"}, json={"text": text}
        )
        assert (await self.ask("GET", "status"))["config_version"] > before

    async def notices(self, kind: str) -> list[str]:
        """What viewers are told of a kind, oldest first."""
        async with self.gateway.admin.stream("GET", f"{ADMIN}/events") as feed:
            async for line in feed.aiter_lines():
                if line.startswith("data:"):
                    notices = json.loads(line.removeprefix("data:"))["notices"]
                    return [one["text"] for one in notices if one["kind"] == kind]
        return []

    async def replayed(self, **spec: object) -> dict[str, Any]:
        """Starts a replay and waits for its end."""
        return await self.ended((await self.ask("POST", "replays", spec))["id"])


Script = list[Answer] | Callable[[Request], Answer]


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    one: Script = chat,
    two: Script = chat,
    extra: str = "",
    two_extra: str = "",
    by_key: str = "",
    prices: str = PRICES,
    pace: Pace | None = None,
) -> AsyncIterator[Stage]:
    """Runs them while the block runs."""
    async with Upstream(one) as first, Upstream(two) as second:
        text = config(first, second, extra=extra, two_extra=two_extra, by_key=by_key, prices=prices)
        async with inside(text, folder, pace=pace) as gateway:
            yield Stage(gateway, first, second)
