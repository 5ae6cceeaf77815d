"""What the data plane answers by itself, and what it makes of odd paths, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.flows.configs import CHAT, MESSAGES, STREAMED, chat_answer, chat_chunks, openai, raw
from tests.support.answers import Answer, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

REST = """
routes:
  fast: {match: {model: quick}, targets: [{provider: up, model: gpt-test}]}
"""
EXTRA = '    models: {"alias": gpt-test, "glob-*": gpt-test}\n'


def answers(request: Request) -> Answer:
    if request.target == "/v1/models":
        return respond({"data": [{"id": "gpt-test"}, {"id": "org/model"}]})
    if b'"stream"' in request.raw_body:
        return stream(chat_chunks("one "))
    return respond(chat_answer())


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[tuple[Inside, Upstream]]:
    """A gateway that knows its provider's models."""
    async with Upstream(answers) as up:
        async with inside(openai(up.url, EXTRA, REST), tmp_path) as gateway:
            await gateway.admin.post("/admin/v1/providers/up/health")
            yield gateway, up


async def test_the_models_list_names_routes_aliases_and_the_providers_own(
    stage: tuple[Inside, Upstream],
) -> None:
    gateway, _ = stage
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        listed = (await client.get("/v1/models")).json()
        found = {entry["id"]: entry for entry in listed["data"]}
        one = await client.get("/v1/models/org%2Fmodel")
        alias = await client.get("/models/alias")
        none = await client.get("/v1/models/nothing-of-the-kind")

    assert list(found) == ["quick", "alias", "gpt-test", "org/model"]
    assert found["quick"]["owned_by"] == "llmgate"
    assert one.json()["id"] == "org/model"
    assert alias.status_code in {200, 404}  # only the list itself has an alias without /v1
    assert none.status_code == 404
    assert "nothing-of-the-kind" in none.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/", 200, "llmgate"),
        ("HEAD", "/", 200, ""),
        ("HEAD", "/api/hello", 200, ""),
        ("GET", "/ping", 200, "llmgate"),
        ("GET", "/nowhere", 404, "base URL"),
        ("POST", "/", 404, ""),
        ("TRACE", "/v1/models", 404, "TRACE"),
        ("POST", "/v1beta/models/g:generateContent", 501, "/p/PROVIDER/v1beta"),
        ("POST", "/api/chat", 501, "ollama"),
        ("POST", "/p/nobody/v1/files", 404, "configured: up"),
        ("POST", "/v1/chat/completions", 400, "model"),
    ],
)
async def test_what_is_answered_here_says_what_to_do(
    stage: tuple[Inside, Upstream], method: str, path: str, status: int, words: str
) -> None:
    gateway, _ = stage
    async with httpx.AsyncClient() as client:
        request = client.build_request(method, gateway.url, json={} if method == "POST" else None)
        request.url = request.url.copy_with(raw_path=path.encode())
        answer = await client.send(request)

    assert answer.status_code == status
    assert words in answer.text


async def test_a_websocket_is_refused_before_anything_is_read(
    stage: tuple[Inside, Upstream],
) -> None:
    gateway, up = stage
    asked = len(up.requests)
    headers = {"connection": "upgrade", "upgrade": "WebSocket"}
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{gateway.url}/v1/responses", headers=headers)

    assert answer.status_code == 426
    assert len(up.requests) == asked


async def test_a_provider_named_in_the_path_gets_any_protocol_as_it_is(
    stage: tuple[Inside, Upstream],
) -> None:
    gateway, up = stage
    body = b'{"contents":[]}'
    answer = await raw(gateway.url, "/p/up/v1beta/models/g:generateContent?alt=sse", body)

    assert answer.status_code == 200
    assert up.requests[-1].raw_body == body
    assert up.requests[-1].target.endswith("/v1beta/models/g:generateContent?alt=sse")


async def test_an_alias_and_a_route_change_the_models_name_and_nothing_else(
    stage: tuple[Inside, Upstream],
) -> None:
    gateway, up = stage
    for asked in ("quick", "alias", "glob-7", "up/alias"):
        body = json.dumps({**CHAT, "model": asked}).encode()
        answer = await raw(gateway.url, "/v1/chat/completions", body)

        assert answer.headers["x-llmgate-upstream-model"] == "gpt-test"
        assert up.requests[-1].raw_body == body.replace(asked.encode(), b"gpt-test", 1)


async def test_another_protocol_of_a_provider_is_named_on_both_sides(
    stage: tuple[Inside, Upstream],
) -> None:
    gateway, _ = stage
    answer = await raw(gateway.url, "/v1/messages", {**MESSAGES, "model": "quick"})

    assert answer.status_code == 501
    assert "anthropic.messages" in answer.json()["error"]["message"]
    assert "openai.chat" in answer.json()["error"]["message"]


async def test_the_callers_own_key_in_the_query_goes_nowhere(
    stage: tuple[Inside, Upstream],
) -> None:
    gateway, up = stage
    await raw(gateway.url, "/v1/chat/completions?key=secret-1&beta=true&x=%20", CHAT)
    page = (await gateway.admin.get("/admin/v1/exchanges")).json()
    detail = await gateway.admin.get(f"/admin/v1/exchanges/{page['exchanges'][0]['id']}")

    assert up.requests[-1].target == "/v1/chat/completions?beta=true&x=%20"
    assert "secret-1" not in detail.text


async def test_many_callers_at_once_each_get_their_own_answer(
    stage: tuple[Inside, Upstream],
) -> None:
    gateway, _ = stage
    bodies = [STREAMED if n % 2 else CHAT for n in range(40)]
    answers = await asyncio.gather(
        *(raw(gateway.url, "/v1/chat/completions", body) for body in bodies)
    )
    page = (await gateway.admin.get("/admin/v1/exchanges")).json()

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["x-llmgate-id"] for answer in answers}) == 40
    assert len(page["exchanges"]) == 40
    for n, answer in enumerate(answers):
        assert (b"[DONE]" in answer.content) is bool(n % 2)
