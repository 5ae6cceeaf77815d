"""The live feed and the stream of an open exchange."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, openai, raw
from tests.support.answers import Wait, respond, stream
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Upstream


async def events(feed: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The feed's events, decoded."""
    async for line in feed.aiter_lines():
        if line.startswith("data: "):
            event: dict[str, Any] = json.loads(line[6:])
            yield event


async def test_a_viewer_gets_a_snapshot_then_changes_and_at_last_goodbye() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            await raw(gateway.url, "/v1/chat/completions", CHAT)
            async with gateway.admin.stream("GET", "/admin/v1/events") as feed:
                coming = events(feed)
                snapshot = await anext(coming)
                await raw(gateway.url, "/v1/chat/completions", CHAT)
                changes = await anext(e async for e in coming if e["k"] == "changes")
                async with asyncio.TaskGroup() as group:
                    stopping = group.create_task(gateway.stop())
                    last = [event async for event in coming][-1]
                assert stopping.result() == 0

    assert snapshot["k"] == "snapshot"
    assert len(snapshot["exchanges"]) == 1
    assert snapshot["status"]["config_version"] == 1
    assert [row["state"] for row in changes["exchanges"]] == ["finished"]
    assert changes["seq"] == snapshot["seq"] + 1
    assert last["k"] == "bye"


async def test_a_viewer_that_comes_back_gets_what_it_missed() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            async with gateway.admin.stream("GET", "/admin/v1/events") as feed:
                await raw(gateway.url, "/v1/chat/completions", CHAT)
                coming = events(feed)
                seen = await anext(e async for e in coming if e["k"] == "changes")
                await raw(gateway.url, "/v1/chat/completions", CHAT)
                await anext(e async for e in coming if e["k"] == "changes")
            again = {"last-event-id": str(seen["seq"])}
            async with gateway.admin.stream("GET", "/admin/v1/events", headers=again) as feed:
                missed = await anext(events(feed))

    assert missed["k"] == "changes"
    assert missed["seq"] == seen["seq"] + 1


async def test_an_open_exchange_streams_its_chunks_and_its_text() -> None:
    gate = asyncio.Event()
    chunks = chat_chunks("one ", "two ")
    script = [stream([*chunks[:2], Wait(gate), *chunks[2:]])]
    async with Upstream(script) as up, GatewayProcess(openai(up.url)) as gateway:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as answer,
        ):
            exchange = answer.headers["x-llmgate-id"]
            path = f"/admin/v1/exchanges/{exchange}/stream"
            async with gateway.admin.stream("GET", path) as feed:
                coming = events(feed)
                growths = [await anext(coming)]
                gate.set()
                growths += [growth async for growth in coming]
            await answer.aread()

    text = "".join(
        block["text"]
        for growth in growths
        for block in growth.get("blocks", [])
        if block["k"] == "delta"
    )
    got = [chunk for growth in growths for chunk in growth.get("chunks", [])]
    assert growths[0]["summary"]["state"] == "streaming"
    assert growths[-1]["done"] is True
    assert text == "one two "
    assert [chunk["text"].encode() for chunk in got] == chunks
