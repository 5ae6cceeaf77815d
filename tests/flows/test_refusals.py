"""What the gateway refuses: the right status, in the caller's shape, recorded, others go on."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.flows.configs import CHAT, MESSAGES, anthropic, chat_answer, ended, openai, raw
from tests.support.answers import Answer, respond
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Request, Upstream

KEYS = (
    "keys:\n"
    "  ide: {key: ide-key-000111, models: ['gpt-*'], limits: {requests_per_second: 1, burst: 2}}\n"
)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"model": "gpt-test", "messages": [', "JSON"),
        (b'{"model": "gpt-\xff\xfe", "messages": []}', "UTF-8"),
        (b"[1, 2]", "object"),
        (b"", "no body"),
        (b'{"messages": []}', "model"),
        (b'{"model": "m", "x": ' + b"[" * 2000 + b"]" * 2000 + b"}", "deep"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_400_that_says_why(body: bytes, says: str) -> None:
    async with Upstream([respond(chat_answer())]) as up, GatewayProcess(openai(up.url)) as gateway:
        answer = await raw(gateway.url, "/v1/chat/completions", body)
        rows = await ended(gateway)

    assert answer.status_code == 400
    assert says.lower() in answer.json()["error"]["message"].lower()
    assert rows[0]["error_type"] == "caller_invalid_request"
    assert not [r for r in up.requests if r.method == "POST"]


async def test_a_body_over_the_limit_is_a_413_and_others_are_served() -> None:
    big = b'{"model":"gpt-test","messages":[' + b" " * 3_000_000 + b"]}"
    rest = "server: {max_body_mb: 1}\n"
    async with (
        Upstream([respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, rest=rest)) as gateway,
    ):
        declared, counted, small = await asyncio.gather(
            raw(gateway.url, "/v1/chat/completions", big),
            _in_pieces(f"{gateway.url}/v1/chat/completions", big),
            raw(gateway.url, "/v1/chat/completions", CHAT),
        )

    assert declared.status_code == counted.status_code == 413
    assert "max_body_mb" in declared.json()["error"]["message"]
    assert small.status_code == 200


async def test_two_callers_with_200_mb_at_once_are_refused_while_others_are_served() -> None:
    async with Upstream([respond(chat_answer())]) as up, GatewayProcess(openai(up.url)) as gateway:
        answers = await asyncio.gather(
            _huge(gateway.port, declared=True),
            _huge(gateway.port, declared=False),
            *(raw(gateway.url, "/v1/chat/completions", CHAT) for _ in range(20)),
        )
        rows = await ended(gateway, 22)

    assert answers[0] == answers[1] == b"HTTP/1.1 413 Request Entity Too Large"
    assert {a.status_code for a in answers[2:] if isinstance(a, httpx.Response)} == {200}
    assert [row["error_type"] for row in rows if row["state"] == "failed"] == [
        "caller_too_large",
        "caller_too_large",
    ]


async def _huge(port: int, *, declared: bool) -> bytes:
    """Sends 200 MB, as far as it is let, and gives the status line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 200_000_000
    framing = f"content-length: {size}" if declared else "transfer-encoding: chunked"
    writer.write(
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n{framing}\r\n\r\n".encode()
    )
    piece = b" " * 1_000_000
    framed = piece if declared else b"f4240\r\n" + piece + b"\r\n"
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(reader.readline())
        for _ in range(size // len(piece)):
            if answer.done():
                break
            try:
                writer.write(framed)
                await writer.drain()
            except ConnectionError:
                break
    writer.close()
    return answer.result().rstrip()


async def _in_pieces(url: str, body: bytes) -> httpx.Response:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 65_536):
            yield body[at : at + 65_536]

    async with httpx.AsyncClient(timeout=20) as client:
        return await client.post(url, content=pieces())


CLAUDES = "  claudes: {{kind: anthropic-compatible, base_url: '{url}', api_key: key-of-claudes}}\n"


async def test_an_unknown_model_is_a_404_with_near_misses() -> None:
    rest = "routes:\n  fast: {match: {model: gpt-fast}, targets: [{provider: up}]}\n"
    listed = {"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model"}]}

    def script(request: Request) -> Answer:
        return respond(listed if "models" in request.target else chat_answer())

    async with (
        Upstream(script) as up,
        GatewayProcess(openai(up.url, CLAUDES.format(url=up.url), rest)) as gateway,
    ):
        for name in ("up", "claudes"):
            await gateway.admin.post(f"/admin/v1/providers/{name}/health")
        openai_shape = await raw(
            gateway.url, "/v1/chat/completions", {**CHAT, "model": "gpt-4o-mni"}
        )
        anthropic_shape = await raw(gateway.url, "/v1/messages", {**MESSAGES, "model": "gpt-fas"})

    assert openai_shape.status_code == 404
    assert openai_shape.json()["error"]["code"] == "model_not_found"
    assert "gpt-4o-mini" in openai_shape.json()["error"]["message"]
    assert anthropic_shape.status_code == 404
    assert anthropic_shape.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"x-api-key": "wrong"},
        {"authorization": "Basic aWRlLWtleS0wMDAxMTE="},
    ],
)
async def test_a_wrong_key_is_a_401_that_never_repeats_it(headers: dict[str, str]) -> None:
    async with (
        Upstream([respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, rest=KEYS)) as gateway,
    ):
        answer = await raw(gateway.url, "/v1/chat/completions", CHAT, **headers)
        rows = await ended(gateway)
        body = await gateway.admin.get(f"/admin/v1/exchanges/{rows[0]['id']}/body?part=request")

    assert answer.status_code == 401
    assert "wrong" not in answer.text
    assert rows[0]["error_type"] == "caller_auth"
    assert body.status_code == 404 or body.content == b""


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer ide-key-000111"},
        {"x-api-key": "ide-key-000111"},
        {"api-key": "ide-key-000111"},
        {"x-goog-api-key": "ide-key-000111"},
        {},
    ],
)
async def test_the_right_key_is_taken_from_any_header_on_any_path(headers: dict[str, str]) -> None:
    query = "" if headers else "?key=ide-key-000111"
    async with (
        Upstream([respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, rest=KEYS)) as gateway,
    ):
        answer = await raw(gateway.url, f"/v1/chat/completions{query}", CHAT, **headers)
        rows = await ended(gateway)
        sent = up.requests[-1]

    assert answer.status_code == 200
    assert rows[0]["key"] == "ide"
    assert b"ide-key-000111" not in sent.raw_head


async def test_a_model_that_is_not_allowed_is_a_403() -> None:
    async with GatewayProcess(anthropic("http://127.0.0.1:9", rest=KEYS)) as gateway:
        answer = await raw(gateway.url, "/v1/messages", MESSAGES, **{"x-api-key": "ide-key-000111"})

    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "permission_error"


async def test_a_limit_of_ours_is_a_429_with_retry_after_and_count_tokens_is_free() -> None:
    key = {"x-api-key": "ide-key-000111"}
    counted = {**MESSAGES, "model": "gpt-x"}
    async with (
        Upstream([respond({"input_tokens": 3})]) as up,
        GatewayProcess(anthropic(up.url, rest=KEYS)) as gateway,
    ):
        free = [
            await raw(gateway.url, "/v1/messages/count_tokens", counted, **key) for _ in range(6)
        ]
        first, second, third = [
            await raw(gateway.url, "/v1/messages", counted, **key) for _ in range(3)
        ]
        metrics = (await gateway.admin.get("/metrics")).text
        rows = await ended(gateway, 9)

    assert {answer.status_code for answer in free} == {200}
    assert (first.status_code, second.status_code) == (200, 200)
    assert third.status_code == 429
    assert third.headers["retry-after"] == "1"
    assert third.json()["error"]["type"] == "rate_limit_error"
    assert rows[0]["error_type"] == "policy_rate_limited"
    refused = 'llmgate_limit_refusals_total{limit="requests_per_second",name="ide",scope="key"} 1.0'
    assert refused in metrics


async def test_other_hosts_and_web_pages_are_refused_everywhere() -> None:
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            rebound = await client.get("/v1/models", headers={"host": "evil.example"})
            page = await client.get("/v1/models", headers={"origin": "https://evil.example"})
            preflight = await client.options(
                "/v1/messages",
                headers={
                    "origin": "https://evil.example",
                    "access-control-request-method": "POST",
                },
            )
            control = await client.get(
                "/admin/v1/status",
                headers={
                    "origin": "https://evil.example",
                    "authorization": f"Bearer {gateway.token}",
                },
            )
            named = await client.get("/v1/models", headers={"host": "localhost:1"})

    assert [r.status_code for r in (rebound, page, preflight, control)] == [403] * 4
    assert sum("policy_origin" in line for line in gateway.log_lines) == 4
    assert named.status_code == 200


async def test_a_configured_page_may_come_and_its_preflight_needs_no_key() -> None:
    rest = KEYS + "server: {cors_origins: ['https://my.page']}\n"
    async with GatewayProcess(openai("http://127.0.0.1:9", rest=rest)) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            preflight = await client.options(
                "/v1/messages",
                headers={
                    "origin": "https://my.page",
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "x-stainless-os,x-api-key",
                },
            )
            listed = await client.get(
                "/v1/models",
                headers={"origin": "https://my.page", "x-api-key": "ide-key-000111"},
            )

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "x-stainless-os,x-api-key"
    assert listed.headers["access-control-allow-origin"] == "https://my.page"


async def test_the_control_api_answers_nobody_without_its_token() -> None:
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            answers = [
                await client.get(path)
                for path in ("/admin/v1/status", "/admin/v1/nothing", "/admin", "/schema")
            ]
        page = await gateway.admin.get("/schema")

    assert {answer.status_code for answer in answers} == {401}
    assert "/admin/v1/exchanges" in page.text


async def test_a_websocket_attempt_is_answered_426_before_it_is_accepted() -> None:
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            answer = await client.get(
                "/v1/responses",
                headers={
                    "connection": "Upgrade",
                    "upgrade": "websocket",
                    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
                    "sec-websocket-version": "13",
                },
            )

        rows = await ended(gateway)

    assert answer.status_code == 426
    assert rows[0]["error_type"] == "caller_upgrade"
    assert rows[0]["path"] == "/v1/responses"


async def test_a_key_sees_the_models_it_may_use_and_no_others() -> None:
    rest = KEYS + (
        "routes:\n"
        "  a: {match: {model: gpt-seen}, targets: [{provider: up}]}\n"
        "  b: {match: {model: hidden}, targets: [{provider: up}]}\n"
    )
    async with GatewayProcess(openai("http://127.0.0.1:9", rest=rest)) as gateway:
        key = {"x-api-key": "ide-key-000111"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=key) as client:
            listed = (await client.get("/v1/models")).json()
            hidden = await client.get("/v1/models/hidden")

    assert [model["id"] for model in listed["data"]] == ["gpt-seen"]
    assert hidden.status_code == 404


async def test_another_protocol_is_a_501_that_names_both() -> None:
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        messages = await raw(gateway.url, "/v1/messages", {**MESSAGES, "model": "up/x"})
        unknown = await raw(gateway.url, "/v1/messages", {**MESSAGES, "model": "claude-x"})
        gemini = await raw(gateway.url, "/v1beta/models/g:generateContent", {"contents": []})

    assert messages.status_code == unknown.status_code == 501
    assert "openai.chat" in unknown.json()["error"]["message"]
    assert "anthropic.messages" in messages.json()["error"]["message"]
    assert "openai.chat" in messages.json()["error"]["message"]
    assert gemini.status_code == 501


async def test_probes_of_agents_are_answered() -> None:
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            heads = [await client.head(path) for path in ("/", "/api/hello")]
            pings = [await client.get(path) for path in ("/", "/ping", "/healthz", "/health")]
            nothing = await client.get("/nothing/here")

    assert {r.status_code for r in (*heads, *pings)} == {200}
    assert nothing.status_code == 404
    assert "base URL" in json.loads(nothing.content)["error"]["message"]
