"""An exchange that is followed while it lives, and read back as a conversation."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec

from llmgate.wire import sse
from llmgate.wire.exchanges import Growth
from tests.flows.configs import MESSAGES, STREAMED, anthropic, chat_chunks, message_chunks, openai
from tests.support.answers import End, Wait, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Upstream

CHUNKS = chat_chunks("one ", "two ", "three")


async def growths(gateway: Inside, exchange: str, start: int = 0) -> AsyncIterator[Growth]:
    """What is said of a live exchange until it is done."""
    decoder = sse.Decoder()
    path = f"/admin/v1/exchanges/{exchange}/stream?start={start}"
    async with gateway.admin.stream("GET", path) as answer:
        async for piece in answer.aiter_raw():
            for event in decoder.feed(piece):
                yield msgspec.json.decode(event.data, type=Growth)


async def followed(gateway: Inside, gate: asyncio.Event, start: int) -> list[Growth]:
    """Everything a viewer hears who came in the middle of a stream; the gate lets it go on."""
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as answer,
    ):
        heard = []
        async for growth in growths(gateway, answer.headers["x-llmgate-id"], start):
            heard.append(growth)
            if len(growth.chunks) + start >= 3 and not gate.is_set():
                live = await gateway.admin.get(
                    f"/admin/v1/exchanges/{answer.headers['x-llmgate-id']}/chat"
                )
                assert live.json()["answer"][0]["text"] == "one two "
                assert live.json()["request"]["messages"][0]["role"] == "user"
                gate.set()
        await answer.aread()
    return heard


async def test_a_viewer_who_comes_late_hears_the_missing_chunks_and_the_whole_text(
    tmp_path: Path,
) -> None:
    for start in (0, 2):
        gate = asyncio.Event()
        script = [stream([*CHUNKS[:3], Wait(gate), *CHUNKS[3:]])]
        async with Upstream(script) as up, inside(openai(up.url), tmp_path) as gateway:
            heard = await followed(gateway, gate, start)

        numbers = [chunk.n for growth in heard for chunk in growth.chunks]
        texts = [getattr(block, "text", "") for growth in heard for block in growth.blocks]
        assert numbers == list(range(start, len(CHUNKS)))
        assert "".join(texts) == "one two three"
        assert [growth.done for growth in heard].count(True) == 1
        assert heard[-1].summary.state == "finished"


async def test_an_exchange_that_is_cut_while_it_is_followed_says_so(tmp_path: Path) -> None:
    gate = asyncio.Event()
    chunks = message_chunks("one ")[:3]
    script = [stream([*chunks, Wait(gate), End()], framing="close")]
    async with Upstream(script) as up, inside(anthropic(up.url), tmp_path) as gateway:
        body = {**MESSAGES, "stream": True}
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", f"{gateway.url}/v1/messages", json=body) as answer,
        ):
            heard = []
            async for growth in growths(gateway, answer.headers["x-llmgate-id"]):
                heard.append(growth)
                gate.set()

    assert heard[-1].done
    assert heard[-1].summary.state == "cut"


async def test_a_body_that_is_no_conversation_is_said_to_be_none(tmp_path: Path) -> None:
    async with Upstream([respond(b"<html>")]) as up:
        async with inside(openai(up.url), tmp_path) as gateway:
            async with httpx.AsyncClient() as client:
                answer = await client.post(
                    f"{gateway.url}/v1/chat/completions", content=b"[1, 2", timeout=20
                )
            path = f"/admin/v1/exchanges/{answer.headers['x-llmgate-id']}"
            view = (await gateway.admin.get(f"{path}/chat")).json()
            kept = await gateway.admin.get(f"{path}/body?part=request")
            unknown = (await gateway.admin.get("/admin/v1/exchanges/nope/chat")).json()

    assert answer.status_code == 400
    assert "cannot be read" in view["problem"]
    assert kept.content == b"[1, 2"
    assert unknown["problem"] == "this exchange is not kept"
