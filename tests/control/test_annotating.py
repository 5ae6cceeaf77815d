"""What is said of exchanges over the control API is kept, filtered by, and told to viewers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llmgate.wire import sse
from llmgate.wire.feed import Changes, FeedEvent
from tests.flows.configs import CHAT, chat_answer, openai, raw
from tests.support.answers import Answer, respond
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

URL = "/admin/v1/exchanges"


def answers(_request: Request) -> Answer:
    return respond(chat_answer())


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Inside]:
    """A gateway that has carried two answers."""
    async with Upstream(answers) as up, inside(openai(up.url), tmp_path) as running:
        for _ in range(2):
            await raw(running.url, "/v1/chat/completions", CHAT)
        yield running


async def rows(gateway: Inside, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await gateway.admin.get(URL, params=params)).json()["exchanges"]
    return found


async def test_one_is_marked_and_found_by_it(gateway: Inside) -> None:
    newer, older = await rows(gateway)
    said = {"marked": True, "note": "why?", "add_tags": ["Bug"]}

    answer = await gateway.admin.patch(f"{URL}/{older['id'][:-1]}", json=said)
    assert answer.status_code in {200, 404}  # the beginning may be of both
    told = (await gateway.admin.patch(f"{URL}/{older['id']}", json=said)).json()

    assert (told["marked"], told["note"], told["tags"]) == (True, "why?", "bug")
    for params in ({"marked": "true"}, {"tag": "bug"}, {"note": "WHY"}):
        assert [row["id"] for row in await rows(gateway, **params)] == [older["id"]]
    assert [row["id"] for row in await rows(gateway)] == [newer["id"], older["id"]]
    detail = (await gateway.admin.get(f"{URL}/{older['id']}")).json()
    assert detail["summary"]["note"] == "why?"


async def test_many_are_tagged_at_once(gateway: Inside) -> None:
    ids = [row["id"] for row in await rows(gateway)]

    told = await gateway.admin.post(
        f"{URL}/annotate", json={"ids": [*ids, "gone"], "add_tags": ["both"]}
    )

    assert [row["id"] for row in told.json()] == ids
    assert len(await rows(gateway, tag="both")) == 2


async def test_what_cannot_be_said_is_refused(gateway: Inside) -> None:
    one = (await rows(gateway))[0]["id"]

    wrong = await gateway.admin.patch(f"{URL}/{one}", json={"add_tags": ["two words"]})
    gone = await gateway.admin.patch(f"{URL}/nope", json={"marked": True})

    assert (wrong.status_code, gone.status_code) == (400, 404)
    assert "one word" in wrong.json()["error"]["message"]


async def test_viewers_see_what_another_says(gateway: Inside) -> None:
    one = (await rows(gateway))[0]["id"]
    decoder = sse.Decoder()
    async with gateway.admin.stream("GET", "/admin/v1/events") as feed:
        async for data in feed.aiter_bytes():
            for event in decoder.feed(data):
                change = msgspec.json.decode(event.data, type=FeedEvent)
                if event.name == "snapshot":
                    await gateway.admin.patch(f"{URL}/{one}", json={"marked": True})
                if isinstance(change, Changes) and change.exchanges:
                    assert [(row.id, row.marked) for row in change.exchanges] == [(one, True)]
                    return
