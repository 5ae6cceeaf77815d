"""Every way an answer can end badly: no caller sees a proper ending, every record says why."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.flows.configs import (
    CHAT,
    MESSAGES,
    STREAMED,
    anthropic,
    chat_answer,
    chat_chunks,
    ended,
    feed_events,
    message_chunks,
    openai,
    raw,
    until,
)
from tests.support.answers import End, Hang, Step, Wait, cut, garbage, respond, size, stream
from tests.support.gateway import GatewayProcess, free_port
from tests.support.upstream import Upstream

WHOLE = stream(chat_chunks("one ", "two ", "three"), framing="close")
SHORT = "    timeout: {connect_s: 1, first_byte_s: 0.4, idle_s: 0.4}\n"


async def read_all(url: str, path: str, body: object) -> tuple[int, bytes, str]:
    """Status, bytes, and the error that ended the reading."""
    got, status = b"", 0
    async with httpx.AsyncClient(timeout=20) as client:
        try:
            async with client.stream("POST", f"{url}{path}", json=body) as answer:
                status = answer.status_code
                async for piece in answer.aiter_raw():
                    got += piece
        except httpx.HTTPError as error:
            return status, got, type(error).__name__
    return status, got, ""


async def test_a_stream_cut_at_any_byte_is_cut_for_the_caller_too() -> None:
    head = size(stream([], framing="close"))
    last_event = size(WHOLE) - len(b"data: [DONE]\n\n")
    points = [*range(head + 1, last_event - 200, 97), last_event - 180]
    script = [cut(WHOLE, at) for at in points]
    async with Upstream(script) as up, GatewayProcess(openai(up.url)) as gateway:
        results = [await read_all(gateway.url, "/v1/chat/completions", STREAMED) for _ in points]
        rows = await ended(gateway, len(points))

    for status, got, error in results:
        assert status == 200
        assert b"[DONE]" not in got
        assert error == "RemoteProtocolError"
    assert {row["state"] for row in rows} == {"cut"}
    assert {row["error_type"] for row in rows} == {"upstream_cut"}


async def test_a_cut_between_events_is_said_in_words_before_the_connection_breaks() -> None:
    chunks = message_chunks("one ", "two ")[:4]
    async with Upstream([stream([*chunks, End()], framing="close")]) as up:
        async with GatewayProcess(anthropic(up.url)) as gateway:
            status, got, error = await read_all(
                gateway.url, "/v1/messages", {**MESSAGES, "stream": True}
            )
            rows = await ended(gateway)

    assert status == 200
    assert got.startswith(b"".join(chunks))
    assert b"event: error" in got
    assert b"message_stop" not in got
    assert error == "RemoteProtocolError"
    assert rows[0]["state"] == "cut"
    assert rows[0]["usage_basis"] == "estimated"


async def test_a_reset_in_the_middle_of_an_answer_is_a_cut() -> None:
    whole = stream(chat_chunks("one ", "two "))
    async with Upstream([cut(whole, size(whole) - 150, "rst")]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            _, got, error = await read_all(gateway.url, "/v1/chat/completions", STREAMED)
            rows = await ended(gateway)

    assert b"[DONE]" not in got
    assert error
    assert rows[0]["state"] == "cut"


async def test_a_whole_body_that_comes_short_is_a_cut() -> None:
    async with Upstream([respond(chat_answer(), content_length=5000)]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            _, _, error = await read_all(gateway.url, "/v1/chat/completions", CHAT)
            rows = await ended(gateway)

    assert error == "RemoteProtocolError"
    assert rows[0]["state"] == "cut"


async def test_a_complete_body_that_is_no_json_passes_and_is_recorded_as_failed() -> None:
    async with (
        Upstream([respond(b'{"choices": [')]) as up,
        GatewayProcess(openai(up.url)) as gateway,
    ):
        answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
        rows = await ended(gateway)

    assert answer.content == b'{"choices": ['
    assert rows[0]["state"] == "failed"
    assert rows[0]["error_type"] == "upstream_invalid"


async def test_an_error_event_in_mid_stream_passes_and_is_recorded_as_failed() -> None:
    chunks = [*chat_chunks("one ")[:2], b'data: {"error":{"message":"overloaded","code":529}}\n\n']
    async with Upstream([stream(chunks)]) as up, GatewayProcess(openai(up.url)) as gateway:
        _, got, _ = await read_all(gateway.url, "/v1/chat/completions", STREAMED)
        rows = await ended(gateway)

    assert got == b"".join(chunks)
    assert rows[0]["state"] == "failed"
    assert rows[0]["error_type"] == "upstream_stream_error"
    assert rows[0]["error"] == "overloaded"


@pytest.mark.parametrize(
    ("path", "body", "shape"),
    [
        ("/v1/chat/completions", STREAMED, "error"),
        ("/v1/messages", {**MESSAGES, "stream": True}, "type"),
    ],
)
async def test_nobody_there_is_a_502_in_the_callers_shape(
    path: str, body: dict[str, object], shape: str
) -> None:
    make = openai if "chat" in path else anthropic
    async with GatewayProcess(make(f"http://127.0.0.1:{free_port()}")) as gateway:
        answer = await raw(gateway.url, path, body)
        rows = await ended(gateway)

    assert answer.status_code == 502
    assert shape in answer.json()
    assert "provider 'up' is unreachable" in answer.json()["error"]["message"]
    assert rows[0]["error_type"] == "upstream_unreachable"


async def test_silence_before_the_first_byte_is_a_504() -> None:
    async with Upstream([[Hang()]]) as up, GatewayProcess(openai(up.url, SHORT)) as gateway:
        answer = await raw(gateway.url, "/v1/chat/completions", STREAMED)
        await up.closed()
        rows = await ended(gateway)

    assert answer.status_code == 504
    assert "sent nothing for 0.4 s" in answer.json()["error"]["message"]
    assert rows[0]["state"] == "failed"
    assert rows[0]["error_type"] == "upstream_timeout"


async def test_silence_between_chunks_is_an_error_inside_the_stream() -> None:
    steps: list[bytes | Step] = [*chat_chunks("one ")[:2], Hang()]
    async with Upstream([stream(steps)]) as up:
        async with GatewayProcess(openai(up.url, SHORT)) as gateway:
            status, got, error = await read_all(gateway.url, "/v1/chat/completions", STREAMED)
            rows = await ended(gateway)

    assert status == 200
    assert b'"error"' in got
    assert b"[DONE]" not in got
    assert error == "RemoteProtocolError"
    assert rows[0]["error_type"] == "upstream_timeout"


async def test_garbage_instead_of_http_is_a_502() -> None:
    async with Upstream([garbage()]) as up, GatewayProcess(openai(up.url)) as gateway:
        answer = await raw(gateway.url, "/v1/chat/completions", CHAT)

    assert answer.status_code == 502


async def test_a_caller_that_leaves_cancels_the_upstream() -> None:
    gate = asyncio.Event()
    steps: list[bytes | Step] = [*chat_chunks("one ", "two ")[:3], Wait(gate)]
    async with Upstream([stream(steps)]) as up, GatewayProcess(openai(up.url)) as gateway:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as answer,
        ):
            await anext(answer.aiter_raw())
            await until(gateway, lambda rows: bool(rows) and rows[0]["state"] == "streaming")
        left_at = asyncio.get_running_loop().time()
        await up.closed()
        took_s = asyncio.get_running_loop().time() - left_at
        rows = await ended(gateway)

    assert took_s < 5  # the promise is one second; a loaded machine gets more
    assert rows[0]["state"] == "cancelled"
    assert rows[0]["error_type"] == "caller_cancelled"
    assert rows[0]["chunks"] == 3
    assert rows[0]["usage_basis"] == "estimated"


async def test_a_caller_that_leaves_at_the_last_event_has_its_whole_answer() -> None:
    """SDKs close at ``[DONE]``, whether or not the body has ended by then."""
    gate = asyncio.Event()
    steps: list[bytes | Step] = [*chat_chunks("one ", "two "), Wait(gate)]
    async with Upstream([stream(steps)]) as up, GatewayProcess(openai(up.url)) as gateway:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as answer,
        ):
            async for line in answer.aiter_lines():
                if line == "data: [DONE]":
                    break
        await up.closed()
        rows = await ended(gateway)

    assert rows[0]["state"] == "finished"
    assert rows[0]["usage_basis"] == "reported"


async def test_a_running_answer_shows_an_estimate_of_its_tokens() -> None:
    gate = asyncio.Event()
    chunks = chat_chunks("many words that are worth some tokens ", "and more")
    steps: list[bytes | Step] = [*chunks[:2], Wait(gate), *chunks[2:]]
    async with Upstream([stream(steps)]) as up, GatewayProcess(openai(up.url)) as gateway:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as answer,
        ):
            rows: list[dict[str, Any]] = []
            async for event in feed_events(gateway):
                rows = event.get("exchanges", [])
                if rows and rows[0].get("output_tokens"):
                    break
            gate.set()
            await answer.aread()

    assert rows[0]["state"] == "streaming"
    assert rows[0]["usage_basis"] == "estimated"
    assert rows[0]["output_tokens"] > 3


async def test_a_caller_that_leaves_before_the_first_byte_cancels_too() -> None:
    async with Upstream([[Hang()]]) as up, GatewayProcess(openai(up.url)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        body = b'{"model":"m","messages":[]}'
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(body), body)
        )
        await up.request()
        writer.close()
        await up.closed()
        rows = await ended(gateway)

    assert not await reader.read()
    assert rows[0]["state"] == "cancelled"


async def test_html_from_a_cdn_passes_and_is_named_by_its_title() -> None:
    page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    script = [respond(page, status=502, headers=[("content-type", "text/html")])]
    async with Upstream(script) as up, GatewayProcess(openai(up.url)) as gateway:
        answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
        rows = await ended(gateway)

    assert answer.content == page
    assert rows[0]["error"] == "502 Bad Gateway"
