"""What providers and callers repeat of a configured secret is seen by no viewer and never kept."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.configs import CHAT, STREAMED, chat_chunks, openai
from tests.support.answers import Wait, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Upstream

KEY = "sk-of-the-provider-0123456789"
PARTS = ["", "/chat", "/chunks", "/body?part=request", "/body?part=answer"]


def config(url: str) -> str:
    return openai(url).replace("  up:\n", f"  up:\n    headers: {{x-tenant: {KEY}}}\n")


async def seen(gateway: Inside, exchange: str) -> str:
    """Everything there is to read of an exchange."""
    answers = [await gateway.admin.get(f"/admin/v1/exchanges/{exchange}{one}") for one in PARTS]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(answer.text for answer in answers)


async def edit(gateway: Inside, path: list[str], value: Any) -> None:
    answer = await gateway.admin.patch(
        "/admin/v1/config",
        json={"edits": [{"op": "set", "path": path, "value": value}]},
        headers={"if-match": "*"},
    )
    assert answer.status_code == 200


async def test_the_error_of_a_provider_that_repeats_a_key_is_shown_without_it(
    tmp_path: Path,
) -> None:
    refused = respond({"error": {"message": f"Incorrect API key provided: {KEY}"}}, status=401)
    async with Upstream([refused]) as up, inside(config(up.url), tmp_path) as gateway:
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{gateway.url}/v1/chat/completions", json=CHAT)
        views = [await gateway.admin.get(path) for path in ("/admin/v1/providers", VIEW)]

    assert KEY in answer.text
    assert "Incorrect API key" in views[0].text
    assert not any(KEY in view.text for view in views)


VIEW = "/health/detailed"


@pytest.mark.parametrize("rotated", [False, True])
async def test_a_live_exchange_is_read_without_the_secrets_in_it(
    tmp_path: Path, rotated: bool
) -> None:
    gate = asyncio.Event()
    chunks = chat_chunks(KEY, "two")
    head, tail = chunks[1][:70], chunks[1][70:]
    body = json.loads(json.dumps(STREAMED)) | {"user": f"of {KEY}"}
    script = [stream([chunks[0], head, tail, Wait(gate), *chunks[2:]])]
    async with (
        Upstream(script) as up,
        inside(config(up.url), tmp_path) as gateway,
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", f"{gateway.url}/v1/chat/completions", json=body) as answer,
    ):
        exchange = answer.headers["x-llmgate-id"]
        heard = b""
        pieces = answer.aiter_raw()
        while KEY.encode() not in heard:
            heard += await anext(pieces)
        if rotated:
            await edit(gateway, ["providers", "up", "headers"], {"x-tenant": "another-secret-1"})
        live = await seen(gateway, exchange)
        gate.set()
        async for _ in pieces:
            pass
        await gateway.admin.get("/admin/v1/exchanges")
        kept = await seen(gateway, exchange)

    assert "two" not in live
    assert "two" in kept
    assert KEY not in live
    assert KEY not in kept
    assert "{{secret:providers.up}}" in live
