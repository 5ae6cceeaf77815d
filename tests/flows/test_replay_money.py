"""What a replay costs: foreseen, bounded, added up."""

import asyncio
from pathlib import Path

import pytest

from tests.flows.configs import CHAT, chat_answer
from tests.flows.replaying import TWO, chat, staged
from tests.support.answers import Answer, Wait, respond
from tests.support.upstream import Request

COST = 0.015  # of an answer of the scripted provider: 12 tokens in, 3 out, at $1 a thousand


async def test_the_estimate_is_what_the_provider_reports_in_the_end(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        ids = [await stage.recorded({**CHAT, "user": str(n)}) for n in range(3)]
        spec = {"ids": ids, "targets": [TWO, {"provider": "one"}], "times": 2}
        estimate = await stage.ask("POST", "replays/estimate", spec)
        sent = len(stage.two.requests)
        view = await stage.replayed(**spec)

    two, one = estimate["targets"]
    assert sent == 0
    assert (estimate["sources"], estimate["requests"]) == (3, 12)
    assert (one["input_tokens"], one["output_tokens"]) == (72, 18)  # of the same family
    assert one["usd"] == pytest.approx(6 * COST)
    assert two["output_tokens"] == 18
    assert two["input_tokens"] == 72  # nothing is known of that model yet
    assert estimate["usd"] == pytest.approx(12 * COST)
    assert view["spent_usd"] == pytest.approx(12 * COST)
    assert view["spent_basis"] == "reported"


async def test_a_longer_request_and_a_bounded_answer_are_foreseen(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        spec = {"ids": [source], "targets": [{"provider": "one"}]}
        longer = {**spec, "set": {"messages.0.content": "word " * 1000}}
        bounded = {**spec, "set": {"max_tokens": 2}}
        (plain,) = (await stage.ask("POST", "replays/estimate", spec))["targets"]
        (long,) = (await stage.ask("POST", "replays/estimate", longer))["targets"]
        (short,) = (await stage.ask("POST", "replays/estimate", bounded))["targets"]

    assert long["input_tokens"] > 20 * plain["input_tokens"]
    assert (plain["output_tokens"], short["output_tokens"]) == (3, 2)


@pytest.mark.parametrize("concurrency", [1, 7])
async def test_the_limit_is_never_gone_over_and_used_to_the_last_request(
    tmp_path: Path, concurrency: int
) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        view = await stage.replayed(
            ids=[source],
            targets=[{"provider": "one"}],
            times=20,
            concurrency=concurrency,
            limit_usd=10.5 * COST,
        )
        sent = len(stage.one.requests) - 1
        notices = await stage.notices("replay")
        again = await stage.ask("POST", f"replays/{view['id']}/resume?limit_usd=1")
        again = await stage.ended(again["id"])

    assert (view["state"], view["done"], sent) == ("limit", 10, 10)
    assert view["spent_usd"] == pytest.approx(10 * COST)
    assert "the next would go over $0.1575" in notices[-1]
    assert (again["state"], again["done"]) == ("finished", 20)
    assert again["spent_usd"] == pytest.approx(20 * COST)


async def test_answers_dearer_than_foreseen_end_the_replay(tmp_path: Path) -> None:
    answer = chat_answer()
    answer["usage"] = {"prompt_tokens": 12, "completion_tokens": 88, "total_tokens": 100}
    calls = 0

    def dearer(_request: Request) -> Answer:
        nonlocal calls
        calls += 1
        return respond(chat_answer() if calls == 1 else answer)

    async with staged(tmp_path, one=dearer) as stage:
        source = await stage.recorded(CHAT)
        view = await stage.replayed(
            ids=[source], targets=[{"provider": "one"}], times=20, limit_usd=0.15
        )

    assert (view["state"], view["done"]) == ("limit", 2)
    assert view["spent_usd"] == pytest.approx(0.2)


async def test_what_is_under_way_counts_before_it_has_ended(tmp_path: Path) -> None:
    go = asyncio.Event()

    def slow(request: Request) -> Answer:
        return [Wait(go), *chat(request)]

    async with staged(tmp_path, two=slow) as stage:
        source = await stage.recorded(CHAT)
        estimate = await stage.ask("POST", "replays/estimate", {"ids": [source], "targets": [TWO]})
        limit = 3.5 * estimate["usd"]
        spec = {"ids": [source], "targets": [TWO], "times": 9, "concurrency": 9}
        view = await stage.ask("POST", "replays", {**spec, "limit_usd": limit})
        await stage.two.request(2)
        view = await stage.ask("GET", f"replays/{view['id']}")
        under_way = (view["state"], view["running"], len(stage.two.requests))
        go.set()
        view = await stage.ended(view["id"])

    assert under_way == ("running", 3, 3)
    assert view["spent_usd"] <= limit
    assert view["state"] == "limit"


async def test_with_a_limit_nothing_is_sent_whose_price_nobody_knows(tmp_path: Path) -> None:
    async with staged(
        tmp_path, prices="gpt-test: {input_per_mtok: 1, output_per_mtok: 1}"
    ) as stage:
        source = await stage.recorded(CHAT)
        targets = [{"provider": "one"}, TWO]  # which calls it by a name that has no price
        free = await stage.replayed(ids=[source], targets=targets)
        bound = await stage.replayed(ids=[source], targets=targets, limit_usd=1)
        none = await stage.ask(
            "POST", "replays", {"ids": [source], "targets": [TWO], "limit_usd": 1}
        )

    assert (free["done"], free["unpriced"], free["estimate"]["usd"] > 0) == (2, 1, True)
    assert (bound["state"], bound["done"]) == ("finished", 1)
    assert (
        "no price of 'other-model' at 'two' is known" in bound["estimate"]["refused"][0]["reason"]
    )
    assert none["state"] == "failed"


async def test_a_refusal_of_the_provider_costs_nothing(tmp_path: Path) -> None:
    def busy(_request: Request) -> Answer:
        return respond({"error": {"message": "slow down"}}, status=429)

    async with staged(tmp_path, two=busy) as stage:
        source = await stage.recorded(CHAT)
        view = await stage.replayed(ids=[source], targets=[TWO], times=5, limit_usd=0.05)

    assert (view["state"], view["done"], view["failed"]) == ("finished", 5, 5)
    assert view.get("spent_usd") is None
