"""Comparisons over the control API, of exchanges that a gateway has carried or is carrying."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llmgate.wire.compare import Comparison, PromptDiff
from tests.control.openapi import Document, misfits
from tests.flows.configs import chat_answer, chat_chunks, openai, raw
from tests.support.answers import Answer, Wait, respond, stream
from tests.support.gateway import until
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

PLAIN = {"model": "gpt-test", "messages": [{"role": "user", "content": "hello"}]}
SESSION = {"x-session-id": "s-1"}
SECRET = "sk-upstream-secret-1234"  # of the config


def answers(request: Request) -> Answer:
    if b'"stream"' in request.raw_body:
        return stream(chat_chunks("one ", "two "))
    if b"please fail" in request.raw_body:
        return respond({"error": {"message": "too many"}}, status=429)
    return respond(chat_answer())


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Inside]:
    async with Upstream(answers) as up, inside(openai(up.url), tmp_path) as running:
        yield running


def said(*texts: str, **more: Any) -> dict[str, Any]:
    """A conversation: user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"model": "gpt-test", "messages": messages, **more}


async def ask(gateway: Inside, *bodies: Any, **headers: str) -> list[str]:
    """Sends requests one after the other; the ids of their exchanges."""
    for body in bodies:
        await raw(gateway.url, "/v1/chat/completions", body, **headers)
    page = await gateway.admin.get("/admin/v1/exchanges")
    return [str(row["id"]) for row in page.json()["exchanges"][: len(bodies)]][::-1]


async def compared(gateway: Inside, left: str, right: str, **params: str) -> Comparison:
    path = f"/admin/v1/exchanges/{left}/compare"
    answer = await gateway.admin.get(path, params={"to": right, **params})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.content, type=Comparison)


async def prompt(gateway: Inside, exchange_id: str, **params: str) -> PromptDiff:
    answer = await gateway.admin.get(f"/admin/v1/exchanges/{exchange_id}/prompt", params=params)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=PromptDiff)


async def test_a_stream_and_a_whole_answer_are_compared_by_what_they_say(gateway: Inside) -> None:
    plain, streamed = await ask(gateway, PLAIN, {**PLAIN, "stream": True})
    found = await compared(gateway, plain, streamed)

    assert (found.left.id, found.right.id) == (plain, streamed)
    assert "".join(span.text for span in found.text if span.kind != "removed") == "one two "
    assert found.similarity is not None
    assert 0 <= found.similarity < 1
    assert "id" in found.ignored
    assert found.problems == [
        "one answer is a stream and the other is not: their events do not line up"
    ]
    assert (await compared(gateway, plain, streamed, volatile="true")).ignored == []


async def test_an_answer_equals_itself(gateway: Inside) -> None:
    (streamed,) = await ask(gateway, {**PLAIN, "stream": True})
    found = await compared(gateway, streamed, streamed)

    assert found.similarity == 1.0
    assert found.events
    assert all(pair.same for pair in found.events)
    assert all(fact.same for fact in found.facts)


async def test_a_failure_has_nothing_to_compare_and_says_why(gateway: Inside) -> None:
    failing = {**PLAIN, "messages": [{"role": "user", "content": "please fail"}]}
    well, failed = await ask(gateway, PLAIN, failing)
    found = await compared(gateway, well, failed)

    assert found.similarity is None
    assert any("too many" in problem for problem in found.problems)


async def test_an_exchange_that_still_lives_is_compared_as_far_as_it_has_come(
    tmp_path: Path,
) -> None:
    go_on = asyncio.Event()
    chunks = chat_chunks("one ", "two ")
    slow = [stream([*chunks[:2], Wait(go_on), *chunks[2:]])]
    async with (
        Upstream(slow) as up,
        inside(openai(up.url), tmp_path) as gateway,
        asyncio.TaskGroup() as group,
    ):
        body = {**PLAIN, "stream": True}
        group.create_task(raw(gateway.url, "/v1/chat/completions", body))
        rows: list[dict[str, Any]] = []

        async def begun() -> bool:
            page = await gateway.admin.get("/admin/v1/exchanges")
            rows[:] = page.json()["exchanges"]
            return bool(rows) and rows[0].get("chunks", 0) > 1

        await until(begun)
        found = await compared(gateway, rows[0]["id"], rows[0]["id"])
        go_on.set()

    assert "".join(span.text for span in found.text) == "one "
    assert "the left exchange is still streaming: what has come so far is compared" in (
        found.problems
    )


async def test_the_turn_before_is_that_of_the_same_conversation(gateway: Inside) -> None:
    first, side, _other, second = await ask(
        gateway,
        said("fix the bug"),
        said("find a title for: fix the bug"),
        said("what is in the folder?", "files", "which?"),  # a sub-agent's
        said("fix the bug", "it is done", "thanks"),
        **SESSION,
    )
    found = await prompt(gateway, second)

    assert found.before == first
    assert [(entry.kind, entry.title) for entry in found.entries] == [
        ("kept", "fix the bug"),
        ("added", "it is done"),
        ("added", "thanks"),
    ]
    assert found.turn == 2
    assert (await prompt(gateway, first)).before == ""
    assert (await prompt(gateway, second, before=side)).before == side


async def test_a_conversation_of_another_session_is_not_the_one_before(gateway: Inside) -> None:
    await ask(gateway, said("fix the bug"), **SESSION)
    (second,) = await ask(gateway, said("fix the bug", "done", "ok"), **{"x-session-id": "s-2"})

    assert (await prompt(gateway, second)).before == ""


async def test_a_session_named_like_a_pattern_finds_only_its_own(gateway: Inside) -> None:
    await ask(gateway, said("fix the bug"), **SESSION)
    (own,) = await ask(gateway, said("fix the bug"), **{"x-session-id": "s-*"})
    (second,) = await ask(gateway, said("fix the bug", "ok", "go"), **{"x-session-id": "s-*"})

    assert (await prompt(gateway, second)).before == own


async def test_what_is_not_there_is_a_404_that_names_it(gateway: Inside) -> None:
    (known,) = await ask(gateway, PLAIN)
    for path in (
        f"{known}/compare?to=nothing-of-the-sort",
        f"nothing-of-the-sort/compare?to={known}",
        "nothing-of-the-sort/prompt",
        f"{known}/prompt?before=nothing-of-the-sort",
    ):
        answer = await gateway.admin.get(f"/admin/v1/exchanges/{path}")
        assert answer.status_code == 404
        assert "nothing-of-the-sort" in answer.json()["error"]["message"]
    assert (await gateway.admin.get(f"/admin/v1/exchanges/{known}/compare")).status_code == 400


async def test_answers_fit_the_document(gateway: Inside) -> None:
    document: Document = (await gateway.admin.get("/schema/openapi.json")).json()
    first, second = await ask(gateway, said("one"), said("one", "two", "three"), **SESSION)
    for operation, path in (
        ("compare", f"{first}/compare?to={second}"),
        ("prompt", f"{second}/prompt"),
    ):
        described = document["paths"][f"/admin/v1/exchanges/{{exchange_id}}/{operation}"]["get"]
        schema = described["responses"]["200"]["content"]["application/json"]["schema"]
        value = (await gateway.admin.get(f"/admin/v1/exchanges/{path}")).json()
        assert misfits(document, schema, value) == []


async def test_a_secret_in_an_answer_is_in_no_comparison(tmp_path: Path) -> None:
    async with (
        Upstream(lambda _: respond(chat_answer(f"the key is {SECRET}"))) as up,
        inside(openai(up.url), tmp_path) as gateway,
    ):
        body = said(f"my key is {SECRET}")
        (known,) = await ask(gateway, body)
        for path in (f"{known}/compare?to={known}&volatile=true", f"{known}/prompt"):
            answer = await gateway.admin.get(f"/admin/v1/exchanges/{path}")
            assert answer.status_code == 200
            assert SECRET not in answer.text
