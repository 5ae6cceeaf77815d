"""Every endpoint of the control API, as its own OpenAPI document describes it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from llmgate.wire import sse
from llmgate.wire.exchanges import Growth
from llmgate.wire.feed import Changes, FeedEvent, Snapshot
from tests.control.openapi import Document, misfits
from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, openai, raw
from tests.support.answers import Answer, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

REST = """
routes:
  fast: {match: {model: "gpt-*", header: {x-team: "a*"}}, targets: [{provider: up, weight: 3}]}
keys:
  ide: {key: "ide-key-000111", limits: {requests_per_second: 5, burst: 9}}
"""
KEY = {"authorization": "Bearer ide-key-000111"}


def answers(request: Request) -> Answer:
    if request.target == "/v1/models":
        return respond({"data": [{"id": "gpt-test"}]})
    if b'"stream"' in request.raw_body:
        return stream(chat_chunks("one ", "two "))
    if b"please fail" in request.raw_body:
        return respond({"error": {"message": "too many"}}, status=429)
    return respond(chat_answer())


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Inside]:
    """A gateway that has carried an answer, a stream, an error and a refusal."""
    async with Upstream(answers) as up, inside(openai(up.url, rest=REST), tmp_path) as running:
        failing = {**CHAT, "messages": [{"role": "user", "content": "please fail"}]}
        for body in (CHAT, STREAMED, failing):
            await raw(running.url, "/v1/chat/completions", body, **KEY)
        await raw(running.url, "/v1/chat/completions", CHAT)
        yield running


async def rows(gateway: Inside, **params: str) -> list[dict[str, Any]]:
    page = await gateway.admin.get("/admin/v1/exchanges", params=params)
    found: list[dict[str, Any]] = page.json()["exchanges"]
    return found


def schema_of(document: Document, method: str, path: str, status: int) -> Document:
    """The schema of an answer."""
    content = document["paths"][path][method]["responses"][str(status)]["content"]
    schema: Document = next(iter(content.values()))["schema"]
    return schema


def names_in(path: str) -> dict[str, str]:
    """Names that this gateway has, for the blanks of a path."""
    name = next((known for part, known in NAMES.items() if part in path), "up")
    return {"name": name, "of": "key", "number": "1"}


NAMES = {"/routes/": "fast", "/keys/": "ide", "/limits/": "ide"}
STREAMS = {"/admin/v1/events", "/admin/v1/exchanges/{exchange_id}/stream"}
PAGES = {"/schema", "/schema/openapi.json", "/schema/{path}", "/metrics"}


async def test_every_endpoint_answers_as_the_document_says(gateway: Inside) -> None:
    document = (await gateway.admin.get("/schema/openapi.json")).json()
    streamed = (await rows(gateway, state="finished"))[0]["id"]
    sent = await gateway.admin.post("/admin/v1/replays", json={"ids": [streamed]})
    replay = sent.json()["id"]
    asked = 0
    for path, operations in document["paths"].items():
        if "get" in operations and path not in STREAMS | PAGES:
            filled = path.format(**names_in(path), exchange_id=streamed, replay_id=replay)
            answer = await gateway.admin.get(filled, params={"to": streamed})
            asked += 1
            assert answer.status_code == 200, (path, answer.text)
            if "json" in answer.headers["content-type"]:
                schema = schema_of(document, "get", path, 200)
                assert misfits(document, schema, answer.json()) == [], path

    assert asked == 30


async def test_every_kind_of_exchange_fits_its_document(gateway: Inside) -> None:
    document = (await gateway.admin.get("/schema/openapi.json")).json()
    kept = await rows(gateway)
    assert {row.get("error_type", "") for row in kept} == {
        "",
        "caller_auth",
        "upstream_rate_limited",
    }
    for row in kept:
        for part in ("", "/chunks", "/chat"):
            path = f"/admin/v1/exchanges/{{exchange_id}}{part}"
            answer = await gateway.admin.get(path.format(exchange_id=row["id"]))
            schema = schema_of(document, "get", path, 200)
            assert misfits(document, schema, answer.json()) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/admin/v1/nothing", 404, "Not Found"),
        ("GET", "/admin", 404, "Not Found"),
        ("POST", "/admin/v1/status", 405, "Not Allowed"),
        ("GET", "/admin/v1/providers/nobody", 404, "no provider is called 'nobody'"),
        ("POST", "/admin/v1/providers/nobody/health", 404, "no provider is called"),
        ("GET", "/admin/v1/exchanges/nope", 404, "no exchange has the id 'nope'"),
        ("GET", "/admin/v1/exchanges/nope/body", 404, "is not kept"),
        ("GET", "/admin/v1/exchanges/nope/body?part=all", 400, "part"),
        ("GET", "/admin/v1/exchanges?limit=0", 400, "limit"),
        ("GET", "/admin/v1/exchanges?limit=1001", 400, "limit"),
        ("GET", "/admin/v1/exchanges?limit=x", 400, "limit"),
        ("GET", "/admin/v1/exchanges?status=often", 400, "429, 4xx, >=400"),
        ("GET", "/admin/v1/exchanges?cursor=nonsense", 400, "first page"),
        ("GET", "/admin/v1/exchanges?since_ms=yesterday", 400, "since_ms"),
        ("GET", "/admin/v1/exchanges/x/chunks?start=-1", 400, "start"),
        ("GET", f"/admin/v1/exchanges/{'x' * 9000}", 404, "no exchange"),
        ("GET", "/admin/v1/exchanges/%00%1b[31m", 404, "no exchange"),
        ("GET", "/admin/v1/exchanges/..%2f..%2fstatus", 404, ""),
    ],
)
async def test_what_cannot_be_answered_is_said_in_one_shape(
    gateway: Inside, method: str, path: str, status: int, words: str
) -> None:
    document = (await gateway.admin.get("/schema/openapi.json")).json()
    answer = await gateway.admin.request(method, path)
    schema = {"$ref": "#/components/schemas/Refusal"}

    assert answer.status_code == status
    assert misfits(document, schema, answer.json()) == []
    assert answer.json()["error"]["status"] == status
    assert words in answer.text
    assert len(answer.text) < 10_000


async def test_the_list_filters_pages_and_counts(gateway: Inside) -> None:
    first = (await gateway.admin.get("/admin/v1/exchanges?limit=3&count=true")).json()
    second = (
        await gateway.admin.get("/admin/v1/exchanges", params={"cursor": first["cursor"]})
    ).json()

    assert first["total"] == 4
    assert len(first["exchanges"]) == 3
    assert len(second["exchanges"]) == 1
    assert "cursor" not in second
    assert len(await rows(gateway, status="4xx")) == 2
    assert len(await rows(gateway, state="finished", key="ide", model="gpt*")) == 2
    assert len(await rows(gateway, search="too many")) == 1


async def test_bodies_are_what_went_over_the_wire(gateway: Inside) -> None:
    identifier = (await rows(gateway, state="finished"))[0]["id"]
    url = f"/admin/v1/exchanges/{identifier}"
    sent = await gateway.admin.get(f"{url}/body?part=request")
    answer = await gateway.admin.get(f"{url}/body")
    chunks = (await gateway.admin.get(f"{url}/chunks?start=1&limit=2")).json()

    assert sent.json() == STREAMED
    assert answer.content == b"".join(chat_chunks("one ", "two "))
    assert [chunk["n"] for chunk in chunks] == [1, 2]


async def test_an_exchange_that_is_over_streams_once_and_ends(gateway: Inside) -> None:
    identifier = (await rows(gateway, state="finished"))[0]["id"]
    answer = await gateway.admin.get(f"/admin/v1/exchanges/{identifier}/stream")
    events = sse.Decoder().feed(answer.content)
    growth = msgspec.json.decode(events[0].data, type=Growth)

    assert [event.name for event in events] == ["growth"]
    assert growth.done
    assert len(growth.chunks) == 6


async def test_no_answer_holds_a_secret(gateway: Inside) -> None:
    paths = ["status", "config", "providers", "providers/up", "routes", "keys", "exchanges"]
    texts = [(await gateway.admin.get(f"/admin/v1/{path}")).text for path in paths]
    texts += [(await gateway.admin.get(path)).text for path in ("/health/detailed", "/metrics")]

    assert not any("sk-upstream-secret-1234" in text for text in texts)
    assert not any("ide-key-000111" in text for text in texts)
    assert json.loads(texts[5])[0]["tokens_left"] <= 9


async def test_a_probe_refreshes_the_providers_models(gateway: Inside) -> None:
    view = (await gateway.admin.post("/admin/v1/providers/up/health")).json()

    assert view["models"] == ["gpt-test"]
    assert view["probe"]["ok"] is True
    assert view["errors_by_type"] == {"upstream_rate_limited": 1}


async def test_a_reload_of_a_broken_file_is_refused_with_its_line(
    gateway: Inside, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(file.read_text("utf-8") + "nonsense: 1\n", "utf-8")
    view = (await gateway.admin.post("/admin/v1/config/reload")).json()
    health = (await gateway.admin.get("/health/detailed")).json()

    assert view["version"] == 1
    assert view["problems"][0]["line"] > 5
    assert "nonsense" in view["problems"][0]["message"]
    assert health["status"] == "degraded"
    assert "nonsense" in health["config_problem"]


class Watching:
    """One viewer of the live feed."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self._decoder = sse.Decoder()
        self._events: list[FeedEvent] = []
        self._pieces = answer.aiter_raw()

    async def until(self, kind: type) -> Any:
        """The next event of a kind."""
        while True:
            while self._events:
                if isinstance(found := self._events.pop(0), kind):
                    return found
            for event in self._decoder.feed(await anext(self._pieces)):
                self._events.append(msgspec.json.decode(event.data, type=FeedEvent))


async def test_ten_viewers_see_the_same_and_disturb_nobody(gateway: Inside) -> None:
    async with AsyncExitStack() as stack:
        viewers = []
        for _ in range(10):
            feed = gateway.admin.stream("GET", "/admin/v1/events")
            viewers.append(Watching(await stack.enter_async_context(feed)))
        snapshots = [await viewer.until(Snapshot) for viewer in viewers]
        answer = await raw(gateway.url, "/v1/chat/completions", CHAT, **KEY)
        async with asyncio.timeout(10):
            changes = [await viewer.until(Changes) for viewer in viewers]

    assert answer.status_code == 200
    assert {len(snapshot.exchanges) for snapshot in snapshots} == {4}
    assert len({change.seq for change in changes}) == 1
    assert all(change == changes[0] for change in changes)
