"""The live feed and the stream of an open exchange."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

from llmgate.relay.minder import Pace
from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, openai, raw
from tests.support.answers import Wait, respond, stream
from tests.support.gateway import GatewayProcess
from tests.support.inside import inside
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


async def gathered(coming: AsyncIterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The feed's events until ``count`` exchanges have ended on it."""
    got: list[dict[str, Any]] = []
    done: set[str] = set()
    async for event in coming:
        got.append(event)
        rows = event.get("exchanges", [])
        done |= {row["id"] for row in rows if row["state"] == "finished"}
        if len(done) >= count:
            return got
    raise AssertionError(f"the feed ended after {len(done)} of {count}")


async def deaf(gateway: GatewayProcess) -> socket.socket:
    """A viewer that opens the feed and never reads."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    made.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(made, ("127.0.0.1", gateway.port))
    head = f"GET /admin/v1/events HTTP/1.1\r\nhost: 127.0.0.1:{gateway.port}\r\n"
    await loop.sock_sendall(made, f"{head}authorization: Bearer {gateway.token}\r\n\r\n".encode())
    return made


async def test_viewers_that_never_read_or_are_killed_cost_no_request_and_no_other_viewer() -> None:
    async with Upstream([respond(chat_answer())]) as up, AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(GatewayProcess(openai(up.url)))
        feeds = [
            events(await stack.enter_async_context(gateway.admin.stream("GET", "/admin/v1/events")))
            for _ in range(10)
        ]
        snapshots = [await anext(feed) for feed in feeds]
        silent = stack.enter_context(await deaf(gateway))
        killed = await deaf(gateway)
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(gathered(feed, 60)) for feed in feeds]
            for number in range(6):
                sent = [
                    group.create_task(raw(gateway.url, "/v1/chat/completions", CHAT))
                    for _ in range(10)
                ]
                answers = [await answer for answer in sent]
                assert {answer.status_code for answer in answers} == {200}
                if number == 2:
                    killed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    killed.close()
        kept = await gateway.exchanges(60, limit="100")
        alive = await gateway.admin.get("/admin/v1/status")
        assert silent.fileno() >= 0

    assert alive.status_code == 200
    assert len(kept) == 60
    assert {snapshot["k"] for snapshot in snapshots} == {"snapshot"}
    changes = [[event for event in task.result() if event["k"] == "changes"] for task in watching]
    assert all(seen == changes[0] for seen in changes)
    numbers = [event["seq"] for event in changes[0]]
    assert numbers == list(range(snapshots[0]["seq"] + 1, numbers[-1] + 1))


async def test_chunks_alone_put_nothing_on_the_feed(tmp_path: Path) -> None:
    """Only the minder's beat does: its tests hold it to two a second."""
    texts = [f"word{number} " for number in range(200)]
    async with Upstream([stream(chat_chunks(*texts))]) as up:
        pace = Pace(tick_s=3600)
        async with inside(openai(up.url), tmp_path, pace=pace) as gateway:
            async with gateway.admin.stream("GET", "/admin/v1/events") as feed:
                coming = events(feed)
                await anext(coming)
                await raw(gateway.url, "/v1/chat/completions", STREAMED)
                seen = await gathered(coming, 1)

    rows = [row for event in seen for row in event.get("exchanges", [])]
    assert len(rows) <= 3  # begun, its answer begins, ended
    assert rows[-1]["state"] == "finished"
