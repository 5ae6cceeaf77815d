"""The control API's own document, put to the test: requests made up from it, every answer held to
it; and nobody without the token.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation

from tests.control.openapi import Document
from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, openai, raw
from tests.support.answers import Answer, respond, stream
from tests.support.inside import TOKEN, Inside, inside
from tests.support.upstream import Request, Upstream

REST = """
  spare: {kind: openai-compatible, base_url: "http://127.0.0.1:9/v1"}
routes:
  fast:
    match: {model: "gpt-*"}   # the first one
    targets:
      - {provider: up, weight: 50}
      - {provider: spare, weight: 0}
  other: {match: {model: x}, targets: [{provider: spare}]}
keys:
  ide: {key: "ide-key-000111", limits: {requests_per_day: 1000}}
  bot: {key: "bot-key-000111", enabled: false}
limits:
  "org/model-*": {requests_per_day: 9}
"""
KEY = {"authorization": "Bearer ide-key-000111"}
NAMES = {
    "/providers": ["up", "spare", "groq", ".."],
    "/routes": ["fast", "other", "explain", "a b%2f"],
    "/keys": ["ide", "bot", "new"],
    "/limits": ["up", "ide", "org/model-*", "new"],
}
SETTINGS = [
    {"kind": "openai-compatible", "base_url": "http://127.0.0.1:9/v1"},
    {"targets": [{"provider": "up"}], "match": {"model": "y"}},
    {"provider": "spare", "weight": 3},
]
PATHS = [
    ["routes", "fast", "targets", 0, "weight"],
    ["routes", "fast", "targets"],
    ["providers", "spare"],
    ["routes", "other"],
    ["limits", "org/model-*", "requests_per_day"],
    [],
]
EDITS = ("Set", "Remove", "Rename", "Insert", "Move")
OPEN_ENDED = {"/admin/v1/events"}
HELD_TO = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


def answers(request: Request) -> Answer:
    if b'"stream"' in request.raw_body:
        return stream(chat_chunks("one ", "two "))
    return respond(chat_answer())


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Inside]:
    """A gateway on a config of its own that has carried something."""
    async with Upstream(answers) as up:
        config = openai(up.url, rest="").replace("health:", REST.lstrip("\n") + "health:")
        async with inside(config, tmp_path) as running:
            for body in (CHAT, STREAMED):
                await raw(running.url, "/v1/chat/completions", body, **KEY)
            yield running


@pytest.mark.timeout(300)  # every operation many times: there are more of them now
async def test_nothing_is_answered_without_the_token(gateway: Inside) -> None:
    document = (await gateway.admin.get("/schema/openapi.json")).json()
    asked = 0
    async with httpx.AsyncClient() as stranger:
        for method, path in guarded(document):
            for headers in (
                {},
                {"authorization": "Bearer another-token"},
                {"authorization": f"Basic {TOKEN}"},
            ):
                answer = await stranger.request(
                    method, f"{gateway.url}{path}", headers=headers, json={}
                )
                asked += 1
                assert answer.status_code == 401, (method, path)
                assert list(answer.json()) == ["error"]

    assert asked > 150


def guarded(document: Document) -> Iterator[tuple[str, str]]:
    """Every operation that wants the token, and spellings of it that must want it as well."""
    for path, operations in document["paths"].items():
        if path.startswith(("/admin", "/schema")):
            filled = path.replace("{of}", "key").replace("{", "").replace("}", "")
            for method in operations:
                yield method.upper(), filled
                yield method.upper(), f"/{filled}"
                yield method.upper(), filled.replace("/a", "/%61").replace("/s", "/%73")


@pytest.mark.timeout(300)  # every operation many times: there are more of them now
async def test_every_answer_is_one_that_the_document_knows(gateway: Inside, tmp_path: Path) -> None:
    await hold_to_the_document(gateway, tmp_path / "config.yaml", examples=3)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_every_one_of_many_answers_is_one_that_the_document_knows(
    gateway: Inside, tmp_path: Path
) -> None:
    await hold_to_the_document(gateway, tmp_path / "config.yaml", examples=60)


async def hold_to_the_document(gateway: Inside, file: Path, *, examples: int) -> None:
    """Asks every operation so often on the same config, with data that fits and that does not."""
    begin = {"text": await asyncio.to_thread(file.read_text, "utf-8")}
    document = (await gateway.admin.get("/schema/openapi.json")).json()
    kept = (await gateway.admin.get("/admin/v1/exchanges")).json()["exchanges"]
    ids = [row["id"] for row in kept]
    replay = (await gateway.admin.post("/admin/v1/replays", json={"ids": ids[:1]})).json()["id"]
    schema = schemathesis.openapi.from_dict(knowing(document, ids, replay))
    asked, wrong = 0, []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path.startswith("/admin") and operation.path not in OPEN_ENDED:
            config = "/admin/v1/config"
            await gateway.admin.patch(config, headers={"if-match": "*"}, json=begin)
            for mode in GenerationMode:
                wrong += await asyncio.to_thread(hold, operation, gateway.url, mode, examples)
            asked += 1

    assert not wrong, "\n\n".join(wrong)
    assert asked > 50


def hold(
    operation: APIOperation[Any, Any, Any, Any], url: str, mode: GenerationMode, examples: int
) -> list[str]:
    """Asks one operation, and holds every answer to the document; says what is wrong."""
    load_all_checks()
    checks: Any = CHECKS.get_by_names(HELD_TO)
    headers = {"authorization": f"Bearer {TOKEN}"}

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def ask(case: Case[Any]) -> None:
        case.call_and_validate(base_url=url, session=session, headers=headers, checks=checks)

    with requests.Session() as session, suppress(Unsatisfiable):  # nothing in it can be wrong
        try:
            ask()
        except FailureGroup as found:
            return [str(found)]
    return []


def knowing(document: Document, exchanges: list[str], replay: str) -> Document:
    """The document with the names of this gateway among the values that are made up."""
    told = {
        "exchange_id": {"enum": exchanges},
        "replay_id": {"enum": ["nosuch", replay]},
        "index": {"enum": [0, 1, 2]},
        "number": {"enum": [1, 2, 3]},
        "If-Match": {"anyOf": [{"const": "*"}, {"const": "*"}, {"const": '"of another text"'}]},
    }
    for path, operations in document["paths"].items():
        names = next((some for part, some in NAMES.items() if part in path), [])
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                known = {**told, "name": {"enum": names}}.get(parameter["name"])
                if known is not None:
                    parameter |= {"schema": known, "required": True}
    every = {"enum": [name for some in NAMES.values() for name in some]}
    for part, field, known in (
        ("NewEntry", "name", every),
        ("NewEntry", "settings", {"enum": SETTINGS}),
        ("NewTarget", "settings", {"enum": SETTINGS}),
        ("NewName", "to", every),
        ("NewKey", "name", every),
        ("NewPlace", "to", {"enum": [0, 1]}),
        ("ReplayForm", "ids", {"type": "array", "items": {"enum": exchanges}, "maxItems": 2}),
        ("RouteQuestion", "model", {"enum": ["gpt-4", "x", "up/m"]}),
        *(
            (edit, "path", {"enum": PATHS})
            for edit in ("Set", "Remove", "Rename", "Insert", "Move")
        ),
    ):
        properties = document["components"]["schemas"][part]["properties"]
        properties[field] = known if known == every else {"anyOf": [known, properties[field]]}
    return document
