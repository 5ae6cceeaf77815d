"""What a cassette records of answers that end in any way: whole, broken, silent, or left."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from llmgate.recording.format import SUFFIX, read
from llmgate.recording.recording import Recording
from llmgate.relay.minder import Pace
from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks
from tests.support.answers import Answer, Hang, respond, stream
from tests.support.gateway import until
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

CONFIG = """
providers:
  up: {kind: openai-compatible, base_url: "%s/v1", api_key: sk-upstream-secret-1234}
  tape: {kind: recording, recordings: tapes, speed: 0, mode: %s, source: up, timeout: %s}
routes:
  all: {targets: [{provider: tape}]}
health: {every_s: 0}
"""
PATIENT = "{first_byte_s: 20, idle_s: 20}"
BRIEF = "{first_byte_s: 0.2, idle_s: 0.2}"
WATCHFUL = Pace(tick_s=0.001)  # notices at once who leaves
MANY = 20


def config(mode: str, url: str, timeout: str = PATIENT) -> str:
    return CONFIG % (url, mode, timeout)


def numbered(number: int, **more: Any) -> dict[str, Any]:
    return CHAT | {"messages": [{"role": "user", "content": f"question {number}"}]} | more


def tapes(folder: Path) -> list[Recording]:
    return [read(p.read_bytes(), p.name) for p in sorted((folder / "tapes").glob("*" + SUFFIX))]


def echo(request: Request) -> Answer:
    """Says what was asked; a stream where one is wanted."""
    body = json.loads(request.raw_body)
    text = body["messages"][0]["content"]
    if body.get("stream"):
        return stream(chat_chunks(text))
    return respond(chat_answer(text))


async def ask(gateway: Inside, body: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:  # leaves as soon as it has its answer
        return await client.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=20)


async def state(gateway: Inside) -> tuple[str, str]:
    """The state and the kind of error of the last exchange, once it is over."""
    found: list[tuple[str, str]] = []

    async def over() -> bool:
        (row, *_) = (await gateway.admin.get("/admin/v1/exchanges?limit=1")).json()["exchanges"]
        found.append((row["state"], row.get("error_type", "")))
        return found[-1][0] not in {"waiting", "streaming", "queued"}

    await until(over)
    return found[-1]


@pytest.mark.parametrize("streamed", [False, True])
async def test_every_complete_answer_is_recorded_however_soon_its_caller_leaves(
    tmp_path: Path, streamed: bool
) -> None:
    bodies = [numbered(number, stream=streamed) for number in range(MANY)]
    async with Upstream(echo) as up:
        async with inside(config("new_episodes", up.url), tmp_path, pace=WATCHFUL) as gateway:
            for body in bodies:
                answer = await ask(gateway, body)
                assert answer.headers["x-llmgate-recording"] == "recorded"
    async with inside(config("none", up.url), tmp_path) as gateway:
        played = [await ask(gateway, body) for body in bodies]

    assert sorted(tape.text for tape in tapes(tmp_path)) == sorted(
        f"question {number}" for number in range(MANY)
    )
    assert {answer.status_code for answer in played} == {200}


async def test_what_is_complete_when_the_gateway_stops_is_written_before_it_is_gone(
    tmp_path: Path,
) -> None:
    async with Upstream(echo) as up:
        async with inside(config("new_episodes", up.url), tmp_path, pace=WATCHFUL) as gateway:
            await asyncio.gather(*(ask(gateway, numbered(number)) for number in range(MANY)))

    assert len(tapes(tmp_path)) == MANY


async def test_a_source_that_falls_silent_is_recorded_and_played_as_silent(tmp_path: Path) -> None:
    parts = chat_chunks("one ", "two ")[:2]
    source = config("new_episodes", "%s", BRIEF)
    async with Upstream([stream([*parts, Hang()])]) as up:
        async with inside(source % up.url, tmp_path, pace=WATCHFUL) as gateway:
            with pytest.raises(httpx.TransportError):
                await ask(gateway, STREAMED)
    async with inside(config("none", "http://127.0.0.1:9", BRIEF), tmp_path) as gateway:
        with pytest.raises(httpx.TransportError):
            await ask(gateway, STREAMED)
        played = await state(gateway)

    (tape,) = tapes(tmp_path)
    assert (tape.how, b"".join(tape.chunks)) == ("timeout", b"".join(parts))
    assert "sent nothing more" in (tape.error or "")
    assert played == ("failed", "upstream_timeout")


async def test_the_store_too_gives_a_recording_that_falls_silent(tmp_path: Path) -> None:
    parts = chat_chunks("one ", "two ")[:2]
    async with Upstream([stream([*parts, Hang()])]) as up:
        text = config("none", up.url).replace("sk-upstream-secret-1234", "k1, timeout: " + BRIEF)
        text = text.replace("provider: tape", "provider: up")
        async with inside(text, tmp_path, pace=WATCHFUL) as gateway:
            with pytest.raises(httpx.TransportError):
                await ask(gateway, STREAMED)
            ended = await state(gateway)
            (row,) = (await gateway.admin.get("/admin/v1/exchanges")).json()["exchanges"]
            told = await gateway.admin.get(f"/admin/v1/exchanges/{row['id']}/export")

    assert ended == ("failed", "upstream_timeout")
    assert read(told.content).how == "timeout"


async def test_an_error_that_was_passed_on_stays_one_though_its_caller_leaves(
    tmp_path: Path,
) -> None:
    limited = respond({"error": {"message": "slow down"}}, status=429)
    async with Upstream([limited]) as up:
        async with inside(config("new_episodes", up.url), tmp_path, pace=WATCHFUL) as gateway:
            states = set()
            for number in range(MANY):
                await ask(gateway, numbered(number))
                states.add(await state(gateway))

    assert states == {("failed", "upstream_rate_limited")}
    assert {tape.how for tape in tapes(tmp_path)} == {"eof"}
