"""Waiting for a slot and being cancelled, over real sockets: in order, bounded, clean to leave."""

import asyncio
import json
from functools import partial
from typing import Any

import httpx
import pytest

from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, ended, openai, raw, until
from tests.flows.test_limits import IDE, PATH, key, of, used
from tests.support.answers import Hang, Wait, respond, stream
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Upstream


async def test_a_request_waits_for_a_slot_and_is_shown_as_queued() -> None:
    gate = asyncio.Event()
    script = [stream([*chat_chunks("one ")[:1], Wait(gate), *chat_chunks("one ")[1:]])]
    async with (
        Upstream([*script, respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, rest=key("concurrency: 1"))) as gateway,
        asyncio.TaskGroup() as group,
    ):
        first = group.create_task(raw(gateway.url, PATH, STREAMED, **IDE))
        await up.request(0)
        second = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await until(gateway, lambda rows: any(row["state"] == "queued" for row in rows))
        status = (await gateway.admin.get("/admin/v1/status")).json()
        metrics = (await gateway.admin.get("/metrics")).text
        asked = len(up.requests)
        gate.set()
        await asyncio.wait([first, second])
        rows = await ended(gateway, 2)

    assert asked == 1
    assert status["queued"] == 1
    assert "llmgate_queued 1.0" in metrics
    assert (first.result().status_code, second.result().status_code) == (200, 200)
    waited = next(row for row in rows if row.get("queued_us"))
    assert waited["limited_by"] == "key ide: concurrency"
    assert waited["state"] == "finished"
    assert waited["own_us"] <= waited["total_us"] - waited["queued_us"]


async def test_a_queue_is_served_in_the_order_of_arrival() -> None:
    gates = [asyncio.Event() for _ in range(7)]
    script = [[Wait(gate), *respond(chat_answer())] for gate in gates]
    async with (
        Upstream([*script]) as up,
        GatewayProcess(openai(up.url, rest=key("concurrency: 2, queue: 9"))) as gateway,
        asyncio.TaskGroup() as group,
    ):
        tasks = []
        for n in range(7):
            body = {**CHAT, "user": str(n)}
            tasks.append(group.create_task(raw(gateway.url, PATH, body, **IDE)))
            if n < 2:
                await up.request(n)
            else:
                await until(gateway, partial(_waiting, n - 1))
        for n, gate in enumerate(gates):
            gate.set()
            await up.request(min(n + 2, 6))
        await asyncio.wait(tasks)
        order = [json.loads(request.raw_body)["user"] for request in up.requests]

    assert sorted(order[:2]) == ["0", "1"]
    assert order[2:] == ["2", "3", "4", "5", "6"]
    assert {task.result().status_code for task in tasks} == {200}
    assert up.connections <= 2


def _waiting(count: int, rows: list[dict[str, Any]]) -> bool:
    return [row["state"] for row in rows].count("queued") == count


async def test_a_provider_that_is_disabled_gets_nothing_that_waited_for_it() -> None:
    gate = asyncio.Event()
    async with (
        Upstream([[Wait(gate), *respond(chat_answer())]]) as up,
        GatewayProcess(openai(up.url, rest=key("concurrency: 1"))) as gateway,
        asyncio.TaskGroup() as group,
    ):
        first = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await up.request(0)
        second = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await until(gateway, lambda rows: any(row["state"] == "queued" for row in rows))
        disabled = [{"op": "set", "path": ["providers", "up", "enabled"], "value": False}]
        done = await gateway.admin.patch(
            "/admin/v1/config", json={"edits": disabled}, headers={"if-match": "*"}
        )
        gate.set()
        await asyncio.wait([first, second])
        limits = (await gateway.admin.get("/admin/v1/limits")).json()

    assert (done.status_code, len(up.requests)) == (200, 1)
    assert (first.result().status_code, second.result().status_code) == (200, 502)
    assert "was disabled or taken out" in second.result().text
    assert not any(one.get("in_flight") or one.get("queued") for one in limits)


async def test_a_full_queue_and_a_long_wait_are_429s() -> None:
    config = key("concurrency: 1, queue: 1, queue_wait_s: 0.3")
    async with (
        Upstream([[Hang()]]) as up,
        GatewayProcess(openai(up.url, rest=config)) as gateway,
        httpx.AsyncClient(timeout=20, headers=IDE) as client,
        asyncio.TaskGroup() as group,
    ):
        running = group.create_task(client.post(f"{gateway.url}{PATH}", json=CHAT))
        await up.request(0)
        waiting = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await until(gateway, lambda rows: any(row["state"] == "queued" for row in rows))
        full = await raw(gateway.url, PATH, CHAT, **IDE)
        long = await waiting
        rows = await ended(gateway, 2)
        running.cancel()

    assert (full.status_code, long.status_code) == (429, 429)
    assert "1 wait (queue 1)" in full.json()["error"]["message"]
    assert "within 0.3 s" in long.json()["error"]["message"]
    assert {row["error_type"] for row in rows if row.get("error_type")} == {"policy_queue_full"}
    assert len(up.requests) == 1


async def test_a_caller_that_leaves_the_queue_leaves_it_clean() -> None:
    gate = asyncio.Event()
    script = [[Wait(gate), *respond(chat_answer())], respond(chat_answer())]
    async with (
        Upstream(script) as up,
        GatewayProcess(openai(up.url, rest=key("concurrency: 1, queue: 1"))) as gateway,
        asyncio.TaskGroup() as group,
    ):
        running = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await up.request(0)
        leaving = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await until(gateway, lambda rows: any(row["state"] == "queued" for row in rows))
        leaving.cancel()
        rows = await until(gateway, lambda rows: any(r["state"] == "cancelled" for r in rows))
        last = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await until(gateway, lambda rows: any(row["state"] == "queued" for row in rows))
        gate.set()
        await asyncio.wait([running, last])
        now = await used(gateway, "key", "ide")

    gone = of(rows, "caller_cancelled")
    assert gone["limited_by"] == "key ide: concurrency"
    assert (running.result().status_code, last.result().status_code) == (200, 200)
    assert now["concurrency"] == 0
    assert len(up.requests) == 2


async def cancel(gateway: GatewayProcess, state: str) -> None:
    """Cancels the one exchange that is in that state, from outside."""
    rows = await until(gateway, lambda rows: any(row["state"] == state for row in rows))
    (row,) = [row for row in rows if row["state"] == state]
    answer = await gateway.admin.post(f"/admin/v1/exchanges/{row['id']}/cancel")
    assert answer.status_code == 200


async def test_a_live_request_is_cancelled_before_its_head() -> None:
    async with (
        Upstream([[Hang()]]) as up,
        GatewayProcess(openai(up.url, rest=key("concurrency: 1, queue: 0"))) as gateway,
        asyncio.TaskGroup() as group,
    ):
        asking = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await up.request(0)
        await cancel(gateway, "waiting")
        await up.closed(0)
        answer = await asking
        rows = await ended(gateway)
        again = await gateway.admin.post(f"/admin/v1/exchanges/{rows[0]['id']}/cancel")
        now = await used(gateway, "key", "ide")

    assert answer.status_code == 503
    assert answer.headers["x-should-retry"] == "false"
    assert "cancelled from the terminal" in answer.json()["error"]["message"]
    assert (rows[0]["state"], rows[0]["error_type"]) == ("cancelled", "policy_cancelled")
    assert again.status_code == 409
    assert now["concurrency"] == 0


async def test_a_stream_is_cancelled_in_the_middle() -> None:
    chunks = chat_chunks("one ", "two ")[:2]
    async with (
        Upstream([stream([*chunks, Hang()])]) as up,
        GatewayProcess(openai(up.url)) as gateway,
        httpx.AsyncClient(timeout=20) as client,
    ):
        async with client.stream("POST", f"{gateway.url}{PATH}", json=STREAMED) as answer:
            pieces = answer.aiter_raw()
            got = await anext(pieces)
            await cancel(gateway, "streaming")
            while not got.endswith(b"}}\n\n"):
                got += await anext(pieces)
            with pytest.raises(httpx.RemoteProtocolError):
                await anext(pieces)
        await up.closed(0)
        rows = await ended(gateway)

    told = json.loads(got.removeprefix(b"".join(chunks)).removeprefix(b"data: "))
    assert "cancelled from the terminal" in told["error"]["message"]
    assert (rows[0]["state"], rows[0]["error_type"]) == ("cancelled", "policy_cancelled")


async def test_a_queued_request_is_cancelled_and_was_never_sent() -> None:
    config = key("concurrency: 1, requests_per_day: 9")
    async with (
        Upstream([[Hang()]]) as up,
        GatewayProcess(openai(up.url, rest=config)) as gateway,
        asyncio.TaskGroup() as group,
    ):
        running = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await up.request(0)
        queued = group.create_task(raw(gateway.url, PATH, CHAT, **IDE))
        await cancel(gateway, "queued")
        answer = await queued
        now = await used(gateway, "key", "ide")
        running.cancel()

    assert answer.status_code == 503
    assert now == {"requests_per_day": 1, "concurrency": 1}
    assert len(up.requests) == 1
