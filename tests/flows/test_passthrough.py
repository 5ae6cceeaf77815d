"""The same protocol on both sides: bytes arrive as they were sent, in both directions."""

import asyncio

import httpx

from tests.flows.configs import (
    CHAT,
    MESSAGES,
    STREAMED,
    anthropic,
    chat_answer,
    chat_chunks,
    ended,
    message_chunks,
    openai,
    raw,
)
from tests.support.answers import Wait, respond, stream
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Upstream

ODD = (
    b'{ "zeta":1.0,\n "model" : "alias","messages":[{"role":"user","content":"caf\\u00e9 \\ud83d",'
    b'"model":"not this one"}],"big":123456789012345678901234567890,"e":1e2, "unknown":[1,2 ] }'
)


async def test_a_request_arrives_byte_for_byte_but_for_the_models_name() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        config = openai(up.url, "    models: {alias: gpt-real-name}\n")
        async with GatewayProcess(config) as gateway:
            answer = await raw(gateway.url, "/v1/chat/completions", ODD)
        sent = up.requests[-1]

    assert answer.status_code == 200
    assert sent.raw_body == ODD.replace(b'"alias"', b'"gpt-real-name"')
    assert sent.target == "/v1/chat/completions"
    assert sent.header("authorization") == "Bearer sk-upstream-secret-1234"


async def test_an_answer_arrives_byte_for_byte_with_its_headers() -> None:
    body = b'{"id":"x",  "choices": [ ], "odd":1.50}'
    headers = [
        ("content-type", "application/json"),
        ("x-ratelimit-remaining-requests", "17"),
        ("x-request-id", "req_theirs"),
        ("x-unknown", "kept"),
        ("connection", "keep-alive"),
    ]
    async with Upstream([respond(body, headers=headers)]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            answer = await raw(gateway.url, "/v1/chat/completions", CHAT)

    assert answer.content == body
    assert answer.headers["x-ratelimit-remaining-requests"] == "17"
    assert answer.headers["x-request-id"] == "req_theirs"
    assert answer.headers["x-unknown"] == "kept"
    assert answer.headers["x-llmgate-provider"] == "up"
    assert answer.headers["request-id"] == "req_theirs"
    assert answer.headers["x-llmgate-id"] not in {"", "req_theirs"}
    assert answer.headers["server-timing"].startswith("gateway;dur=")


async def test_a_stream_leaves_chunk_for_chunk_and_at_once() -> None:
    """The upstream holds after each chunk until the caller has seen it."""
    chunks = chat_chunks("one ", "two ", "thr\u00e9e \U0001f600")
    gates = [asyncio.Event() for _ in chunks]
    steps = [
        step for chunk, gate in zip(chunks, gates, strict=True) for step in (chunk, Wait(gate))
    ]
    got: list[bytes] = []
    async with Upstream([stream(steps)]) as up, GatewayProcess(openai(up.url)) as gateway:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as answer,
        ):
            async for piece in answer.aiter_raw():
                got.append(piece)
                gates[len(got) - 1].set()
        rows = await ended(gateway)

    assert got == chunks
    assert rows[0]["state"] == "finished"
    assert rows[0]["input_tokens"] == 12
    assert rows[0]["output_tokens"] == 3
    assert rows[0]["usage_basis"] == "reported"
    assert rows[0]["chunks"] == len(chunks)


async def test_messages_pass_with_their_query_and_their_own_headers() -> None:
    body = b"".join(message_chunks("hel", "lo"))
    async with Upstream([stream(message_chunks("hel", "lo"))]) as up:
        async with GatewayProcess(anthropic(up.url)) as gateway:
            answer = await raw(
                gateway.url,
                "/v1/messages?beta=true",
                {**MESSAGES, "stream": True},
                **{
                    "x-api-key": "the callers own",
                    "anthropic-version": "2023-06-01",
                    "anthropic-beta": "a-1,b-2",
                    "x-claude-code-session-id": "5f2c",
                    "user-agent": "claude-cli/2.1.329 (external, cli)",
                    "x-stainless-os": "Linux",
                    "cookie": "secret=1",
                },
            )
            rows = await ended(gateway)
        sent = up.requests[-1]

    assert answer.content == body
    assert sent.target == "/v1/messages?beta=true"
    assert sent.header("x-api-key") == "sk-ant-secret-1234"
    assert sent.header("anthropic-beta") == "a-1,b-2"
    assert sent.header("cookie") is None
    assert sent.header("x-stainless-os") is None
    assert rows[0]["client"] == "claude-code"
    assert rows[0]["session"] == "5f2c"
    assert rows[0]["input_tokens"] == 49
    assert rows[0]["cache_read_tokens"] == 40


async def test_the_callers_credential_goes_on_only_when_nobody_has_another() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        config = openai(up.url).replace("    api_key: sk-upstream-secret-1234\n", "")
        keyed = config.replace("openai-compatible", "openai") + (
            "keys: {me: {key: my-gateway-key-1}}\n"
        )
        lent = config.replace("openai-compatible", "openai")
        async with GatewayProcess(lent) as gateway:
            await raw(gateway.url, "/v1/chat/completions", CHAT, authorization="Bearer own")
        async with GatewayProcess(keyed) as gateway:
            await raw(
                gateway.url, "/v1/chat/completions", CHAT, authorization="Bearer my-gateway-key-1"
            )
        lent_to, kept_back = (r for r in up.requests if r.method == "POST")

    assert lent_to.header("authorization") == "Bearer own"
    assert kept_back.header("authorization") is None


async def test_other_paths_pass_raw_with_their_body_and_encoded_path() -> None:
    body = b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n\xff\xfe\r\n--x--\r\n"
    async with Upstream(
        [respond(b"\x00\x01binary", headers=[("content-type", "audio/mpeg")])]
    ) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            async with httpx.AsyncClient(timeout=20) as client:
                speech = await client.post(
                    f"{gateway.url}/v1/audio/transcriptions?x=1",
                    content=body,
                    headers={"content-type": "multipart/form-data; boundary=x"},
                )
                files = await client.get(f"{gateway.url}/p/up/v1/files/a%2Fb")
        first, second = (r for r in up.requests if "models" not in r.target)

    assert speech.content == b"\x00\x01binary"
    assert first.raw_body == body
    assert first.target == "/v1/audio/transcriptions?x=1"
    assert files.status_code == 200
    assert second.target == "/v1/files/a%2Fb"


async def test_a_compressed_answer_is_passed_as_it_is_and_still_read() -> None:
    async with Upstream([respond(chat_answer(), encoding="gzip")]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
            rows = await ended(gateway)
        sent = up.requests[-1]

    assert answer.json() == chat_answer()
    assert answer.headers["content-encoding"] == "gzip"
    assert sent.header("accept-encoding") == "identity"
    assert rows[0]["output_tokens"] == 3


async def test_an_upstreams_error_reaches_the_caller_unchanged() -> None:
    body = b'{"error":{"message":"Rate limit reached for requests","type":"requests","code":"x"}}'
    headers = [("content-type", "application/json"), ("retry-after", "7")]
    async with Upstream([respond(body, status=429, headers=headers)]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            answer = await raw(gateway.url, "/v1/chat/completions", STREAMED)
            rows = await ended(gateway)
            detail = (await gateway.admin.get(f"/admin/v1/exchanges/{rows[0]['id']}")).json()

    assert answer.status_code == 429
    assert answer.content == body
    assert answer.headers["retry-after"] == "7"
    assert rows[0]["state"] == "failed"
    assert rows[0]["error_type"] == "upstream_rate_limited"
    assert rows[0]["error"] == "Rate limit reached for requests"
    assert detail["attempts"][0]["retry_after_s"] == 7


async def test_aliases_and_doubled_prefixes_reach_the_same_place() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            for path in ("/chat/completions", "/v1/v1/chat/completions", "/v1/chat/completions/"):
                assert (await raw(gateway.url, path, CHAT)).status_code == 200
            rows = await ended(gateway, 3)
            detail = (await gateway.admin.get(f"/admin/v1/exchanges/{rows[1]['id']}")).json()
        targets = {r.target for r in up.requests if r.method == "POST"}

    assert targets == {"/v1/chat/completions"}
    assert "twice" in detail["hints"][0]
