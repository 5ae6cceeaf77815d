"""Configs and answers that the whole-gateway tests share."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from llmgate.wire.exchanges import LIVE
from tests.support.answers import named_sse, sse
from tests.support.gateway import GatewayProcess

CHAT = {"model": "gpt-test", "messages": [{"role": "user", "content": "say hi"}]}
STREAMED = {**CHAT, "stream": True}
MESSAGES = {
    "model": "claude-test",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "say hi"}],
}


def openai(url: str, extra: str = "", rest: str = "") -> str:
    """One OpenAI-compatible provider at ``url``; ``extra`` is indented under it."""
    return (
        "providers:\n  up:\n    kind: openai-compatible\n"
        f"    base_url: {url}/v1\n    api_key: sk-upstream-secret-1234\n{extra}"
        f"health: {{every_s: 0}}\n{rest}"
    )


def anthropic(url: str, extra: str = "", rest: str = "") -> str:
    """One Anthropic-compatible provider at ``url``."""
    return (
        "providers:\n  up:\n    kind: anthropic-compatible\n"
        f"    base_url: {url}\n    api_key: sk-ant-secret-1234\n{extra}"
        f"health: {{every_s: 0}}\n{rest}"
    )


def chat_answer(text: str = "hello there") -> dict[str, Any]:
    """A Chat Completions answer with usage."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-test-2026",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    }


def chat_chunks(*texts: str, usage: bool = True) -> list[bytes]:
    """A streamed Chat Completions answer, one chunk an event."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-t"}

    def piece(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    events: list[object] = [piece({"role": "assistant", "content": ""})]
    events += [piece({"content": text}) for text in texts]
    events.append(piece({}, "stop"))
    if usage:
        counted = {"prompt_tokens": 12, "completion_tokens": len(texts), "total_tokens": 15}
        events.append({**base, "choices": [], "usage": counted})
    return sse(*events)


def message_chunks(*texts: str) -> list[bytes]:
    """A streamed Messages answer."""
    usage = {"input_tokens": 9, "output_tokens": 1, "cache_read_input_tokens": 40}
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    block = {"type": "text", "text": ""}
    return named_sse(
        ("message_start", {"type": "message_start", "message": message}),
        (
            "content_block_start",
            {"type": "content_block_start", "index": 0, "content_block": block},
        ),
        *(
            (
                "content_block_delta",
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": text},
                },
            )
            for text in texts
        ),
        ("content_block_stop", {"type": "content_block_stop", "index": 0}),
        (
            "message_delta",
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"output_tokens": len(texts)},
            },
        ),
        ("message_stop", {"type": "message_stop"}),
    )


async def ended(gateway: GatewayProcess, count: int = 1) -> list[dict[str, Any]]:
    """The kept exchanges, newest first, once ``count`` of them have ended."""

    def enough(rows: list[dict[str, Any]]) -> bool:
        over = [row for row in rows if row["state"] not in LIVE]
        return len(over) >= count

    return await until(gateway, enough)


async def until(
    gateway: GatewayProcess, enough: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    """The kept exchanges once they are as wanted: asked again at each change of the live feed."""
    async with gateway.admin.stream("GET", "/admin/v1/events") as feed:
        lines = feed.aiter_lines()
        while True:
            await _next_event(lines)
            page = (await gateway.admin.get("/admin/v1/exchanges?limit=1000")).json()
            rows: list[dict[str, Any]] = page["exchanges"]
            if enough(rows):
                return rows


async def feed_events(gateway: GatewayProcess) -> AsyncIterator[dict[str, Any]]:
    """The live feed's events, decoded, until the caller has seen enough."""
    async with gateway.admin.stream("GET", "/admin/v1/events") as feed:
        async for line in feed.aiter_lines():
            if line.startswith("data:"):
                event: dict[str, Any] = json.loads(line.removeprefix("data:"))
                yield event


async def _next_event(lines: AsyncIterator[str]) -> None:
    async for line in lines:
        if line.startswith("data:"):
            return


async def raw(url: str, path: str, body: object, **headers: str) -> httpx.Response:
    """Posts a body as it is (bytes) or as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with httpx.AsyncClient(timeout=20) as client:
        return await client.post(
            f"{url}{path}", content=data, headers={"content-type": "application/json", **headers}
        )
