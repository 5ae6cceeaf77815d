"""Editing config.yaml while requests stream: effect at once, running streams untouched."""

import asyncio

import httpx

from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, ended, openai, raw
from tests.support.answers import Wait, respond, stream
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Upstream


async def version(gateway: GatewayProcess, wanted: int) -> dict[str, object]:
    """The config view once that version runs; the feed tells when to look."""
    return await _config_when(gateway, lambda view: view["version"] == wanted)


async def rejected(gateway: GatewayProcess) -> dict[str, object]:
    """The config view once an edit was refused."""
    return await _config_when(gateway, lambda view: bool(view.get("problems")))


async def _config_when(gateway: GatewayProcess, enough: object) -> dict[str, object]:
    assert callable(enough)
    async with asyncio.timeout(10), gateway.admin.stream("GET", "/admin/v1/events") as feed:
        async for line in feed.aiter_lines():
            if line.startswith("data:"):
                view: dict[str, object] = (await gateway.admin.get("/admin/v1/config")).json()
                if enough(view):
                    return view
    raise AssertionError("the feed ended")


async def test_an_edit_takes_effect_and_leaves_running_streams_alone() -> None:
    gate = asyncio.Event()
    chunks = chat_chunks("one ", "two ")
    slow = [stream([*chunks[:2], Wait(gate), *chunks[2:]])]
    async with Upstream(slow) as old, Upstream([respond(chat_answer("from new"))]) as new:
        async with GatewayProcess(openai(old.url)) as gateway:
            async with httpx.AsyncClient(timeout=20) as client:
                url = f"{gateway.url}/v1/chat/completions"
                async with client.stream("POST", url, json=STREAMED) as streaming:
                    pieces = streaming.aiter_raw()
                    got = [await anext(pieces), await anext(pieces)]
                    gateway.write_config(openai(new.url))
                    await version(gateway, 2)
                    answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
                    gate.set()
                    got += [piece async for piece in pieces]
            rows = await ended(gateway, 2)

    assert b"".join(got) == b"".join(chunks)
    assert answer.json()["choices"][0]["message"]["content"] == "from new"
    assert {row["state"] for row in rows} == {"finished"}


async def test_a_broken_edit_is_reported_with_its_line_and_the_old_config_stays() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        good = openai(up.url)
        async with GatewayProcess(good) as gateway:
            gateway.write_config(good + "routes:\n  fast:\n    targetz: []\n")
            view = await rejected(gateway)
            status = (await gateway.admin.get("/admin/v1/status")).json()
            answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
            metrics = (await gateway.admin.get("/metrics")).text
            lines = list(gateway.log_lines)
            gateway.write_config(good + "# mended\n")
            mended = await version(gateway, 2)

    problem = view["problems"][0]  # type: ignore[index]
    assert view["version"] == 1
    assert problem["line"] == good.count("\n") + 3
    assert "targetz" in problem["message"]
    assert "targets" in problem["message"]
    assert str(problem["line"]) in status["config_problem"]
    assert answer.status_code == 200
    assert 'llmgate_config_reloads_total{result="rejected"} 1.0' in metrics
    assert any("refused" in line and "targetz" in line for line in lines)
    assert not mended.get("problems")


async def test_weights_are_kept_exactly_and_survive_a_reload() -> None:
    def config(a: str, b: str, weight: int) -> str:
        return (
            "providers:\n"
            f"  a: {{kind: openai-compatible, base_url: {a}/v1, api_key: key-aaaa}}\n"
            f"  b: {{kind: openai-compatible, base_url: {b}/v1, api_key: key-bbbb}}\n"
            "routes:\n  fast:\n    match: {model: 'gpt-*'}\n    targets:\n"
            f"      - {{provider: a, weight: {weight}}}\n      - {{provider: b, weight: 1}}\n"
            "health: {every_s: 0}\n"
        )

    async with (
        Upstream([respond(chat_answer("a"))]) as a,
        Upstream([respond(chat_answer("b"))]) as b,
        GatewayProcess(config(a.url, b.url, 3)) as gateway,
    ):
        first = [await _who(gateway) for _ in range(8)]
        gateway.write_config(config(a.url, b.url, 1))
        await version(gateway, 2)
        second = [await _who(gateway) for _ in range(8)]
        routes = (await gateway.admin.get("/admin/v1/routes")).json()

    assert first.count("a") == 6
    assert first[:4].count("a") == 3
    assert second.count("a") == 4
    assert [target["share"] for target in routes[0]["targets"]] == [0.5, 0.5]


async def _who(gateway: GatewayProcess) -> str:
    answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
    text: str = answer.json()["choices"][0]["message"]["content"]
    return text
