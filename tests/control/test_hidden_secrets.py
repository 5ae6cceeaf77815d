"""A configured secret that shows only as a body is read is shown by no view and kept in no file."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.configs import CHAT, openai
from tests.support.answers import EVENTS, Answer, Wait, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Upstream

KEY = "skofprovider0123456789abcdef"
VIEWS = [
    "",
    "/chat",
    "/chunks",
    "/body?part=request",
    "/body?part=answer",
    "/prompt",
    "/compare?to={}",
    "/stream",
]


def config(url: str) -> str:
    return openai(url).replace("  up:\n", f"  up:\n    headers: {{x-tenant: {KEY}}}\n")


def events(size: int) -> list[bytes]:
    """A stream that says the key in pieces."""
    parts = ["it", "is ", *(KEY[at : at + size] for at in range(0, len(KEY), size)), " yes"]
    deltas = [{"id": "c", "choices": [{"index": 0, "delta": {"content": one}}]} for one in parts]
    return [f"data: {json.dumps(one)}\n\n".encode() for one in deltas] + [b"data: [DONE]\n\n"]


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
INNER = json.dumps({"env": "PLACE"}).replace("PLACE", ESCAPED)  # JSON in JSON
QUOTED = "".join(f"%{ord(letter):02x}" if at % 3 else letter for at, letter in enumerate(KEY))

ANSWERS: dict[str, Answer] = {
    "letters": stream(events(1), headers=EVENTS),
    "threes": stream(events(3), headers=EVENTS),
    "escaped": respond(f'{{"choices":[{{"message":{{"content":"{ESCAPED}"}}}}]}}'.encode()),
    "arguments": respond({"choices": [{"message": {"content": INNER}}]}),
    "quoted": respond({"choices": [{"message": {"content": f"see https://x.test/?q={QUOTED}"}}]}),
    "error": respond(f'{{"error":{{"message":"no such key {ESCAPED}"}}}}'.encode(), status=401),
}


async def seen(gateway: Inside, exchange: str) -> str:
    answers = [
        await gateway.admin.get(f"/admin/v1/exchanges/{exchange}{one.format(exchange)}")
        for one in VIEWS
    ]
    assert {answer.status_code for answer in answers} == {200}
    listed = await gateway.admin.get("/admin/v1/exchanges")
    return "".join(answer.text for answer in [*answers, listed])


def kept(folder: Path) -> bytes:
    """Every byte of the store and the log."""
    files = [one for one in folder.iterdir() if not one.name.startswith("config")]
    assert len(files) >= 2
    return b"".join(one.read_bytes() for one in files)


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_that_hides_a_secret_is_kept_and_shown_without_it(
    tmp_path: Path, name: str
) -> None:
    async with Upstream([ANSWERS[name]]) as up, inside(config(up.url), tmp_path) as gateway:
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{gateway.url}/v1/chat/completions", json=CHAT)
        exchange = answer.headers["x-llmgate-id"]
        found = await gateway.admin.get("/admin/v1/exchanges?text=skofprovider")
        shown = await seen(gateway, exchange)
        body = await gateway.admin.get(f"/admin/v1/exchanges/{exchange}/body")

    assert len(body.content) == len(answer.content)
    assert found.json()["exchanges"] == []
    assert not reads(shown)
    assert not reads(kept(tmp_path).decode("latin-1"))
    assert "{{s" in body.text or name in {"letters", "threes"}


def reads(text: str) -> bool:
    return KEY in text or ESCAPED in text or QUOTED in text or json.dumps(ESCAPED)[1:-1] in text


@pytest.mark.parametrize("written", [ESCAPED, QUOTED, json.dumps(INNER)[1:-1]])
async def test_a_request_that_hides_a_secret_is_kept_and_shown_without_it(
    tmp_path: Path, written: str
) -> None:
    body = json.dumps(CHAT).replace("say hi", f"PLACE {'x ' * 3000}").replace("PLACE", written)
    async with Upstream([respond({})]) as up, inside(config(up.url), tmp_path) as gateway:
        async with httpx.AsyncClient() as client:
            answer = await client.post(
                f"{gateway.url}/v1/chat/completions", content=body, headers={"x-session-id": QUOTED}
            )
        shown = await seen(gateway, answer.headers["x-llmgate-id"])

    assert written in body
    assert written.encode() in up.requests[0].raw_body
    assert not reads(shown)
    assert not reads(kept(tmp_path).decode("latin-1"))


async def test_a_row_is_shown_live_without_the_secrets_in_it(tmp_path: Path) -> None:
    gate = asyncio.Event()
    body: dict[str, Any] = {**CHAT, "stream": True, "model": f"m-{KEY}"}
    script = [stream([*events(1)[:-2], Wait(gate), *events(1)[-2:]], headers=EVENTS)]
    async with (
        Upstream(script) as up,
        inside(config(up.url), tmp_path) as gateway,
        httpx.AsyncClient(timeout=20) as client,
        client.stream(
            "POST",
            f"{gateway.url}/v1/chat/completions",
            json=body,
            headers={"x-session-id": KEY},
        ) as answer,
    ):
        exchange = answer.headers["x-llmgate-id"]
        pieces = answer.aiter_raw()
        heard = b""
        while heard.count(b"\n\n") < len(events(1)) - 2:
            heard += await anext(pieces)
        live = await first_of(gateway, f"/admin/v1/exchanges/{exchange}/stream")
        live += await first_of(gateway, "/admin/v1/events")
        paths = ["", "/chat", "/chunks", "/body?part=answer", f"/compare?to={exchange}"]
        for path in paths:
            live += (await gateway.admin.get(f"/admin/v1/exchanges/{exchange}{path}")).text
        live += (await gateway.admin.get("/admin/v1/exchanges")).text
        gate.set()
        async for _ in pieces:
            pass

    assert exchange in live
    assert KEY not in live


async def first_of(gateway: Inside, path: str) -> str:
    """The first event of a feed."""
    async with gateway.admin.stream("GET", path) as answer:
        heard = ""
        async for piece in answer.aiter_text():
            heard += piece
            if "\n\n" in heard:
                break
        return heard
