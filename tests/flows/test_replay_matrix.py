"""What came of a replay: a row for each request, a column for each place."""

import asyncio
from pathlib import Path

import pytest

from tests.flows.configs import CHAT, chat_answer
from tests.flows.replaying import TWO, chat, staged
from tests.support.answers import Answer, Wait, respond
from tests.support.upstream import Request


def parrot(request: Request) -> Answer:
    """Says something else than the others."""
    return respond(chat_answer("nothing of the kind"))


async def test_a_cell_holds_the_figures_and_how_alike_the_answers_are(tmp_path: Path) -> None:
    async with staged(tmp_path, two=parrot) as stage:
        ids = [await stage.recorded({**CHAT, "user": str(n)}) for n in range(2)]
        view = await stage.replayed(ids=ids, targets=[{"provider": "one"}, TWO], times=3)
        matrix = await stage.ask("GET", f"replays/{view['id']}/matrix")
        rows = {row["id"]: row for row in await stage.rows(replay=view["id"])}

    original, same, other = matrix["rows"][0]["cells"]
    assert matrix["columns"] == ["original", "one", "two"]
    assert [row["source"]["id"] for row in matrix["rows"]] == ids
    assert matrix["rows"][0]["title"] == "say hi"
    assert original["ids"] == [ids[0]]
    assert (same["status"], same["ok"], same["similarity"]) == (200, 3, 1.0)
    assert other["similarity"] < 0.9
    assert {rows[one]["provider"] for one in same["ids"]} == {"one"}
    assert {rows[one]["provider"] for one in other["ids"]} == {"two"}
    assert {rows[one]["parent"] for one in (*same["ids"], *other["ids"])} == {ids[0]}
    assert same["cost_usd"] == pytest.approx(0.015)
    assert [cell["cost_usd"] for cell in matrix["totals"]] == pytest.approx([0.03, 0.09, 0.09])
    assert matrix["replay"]["spent_usd"] == pytest.approx(0.18)
    assert matrix["replay"]["done"] == 12


async def test_it_fills_while_the_replay_runs(tmp_path: Path) -> None:
    go = asyncio.Event()
    calls = 0

    def second_waits(request: Request) -> Answer:
        nonlocal calls
        calls += 1
        return [Wait(go), *chat(request)] if calls == 2 else chat(request)

    async with staged(tmp_path, two=second_waits) as stage:
        ids = [await stage.recorded({**CHAT, "user": str(n)}) for n in range(3)]
        name = (await stage.ask("POST", "replays", {"ids": ids, "targets": [TWO]}))["id"]
        await stage.two.request(1)
        early = await stage.ask("GET", f"replays/{name}/matrix")
        again = await stage.ask("GET", f"replays/{name}/matrix")
        go.set()
        await stage.ended(name)
        late = await stage.ask("GET", f"replays/{name}/matrix")

    def states(matrix: dict[str, list[dict[str, list[dict[str, str]]]]]) -> list[str]:
        return [row["cells"][1].get("state", "pending") for row in matrix["rows"]]

    assert states(early) == states(again) == ["finished", "waiting", "pending"]
    assert states(late) == ["finished", "finished", "finished"]


async def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async with staged(tmp_path, two=parrot) as stage:
        source = await stage.recorded(CHAT)
        view = await stage.replayed(ids=[source], targets=[TWO])
        before = await stage.ask("GET", f"replays/{view['id']}/matrix")
    async with staged(tmp_path) as stage:
        after = await stage.ask("GET", f"replays/{view['id']}/matrix")
        (listed,) = await stage.ask("GET", "replays")

    assert after == before
    assert listed["id"] == view["id"]


async def test_the_list_is_bounded_and_the_newest_come_first(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        claude = {"ids": [source], "targets": [{"provider": "claude"}]}  # which sends nothing
        names = [(await stage.ask("POST", "replays", claude))["id"] for _ in range(205)]
        listed = await stage.ask("GET", "replays")
        await stage.ask("GET", f"replays/{names[0]}", code=404)
    async with staged(tmp_path) as stage:
        again = await stage.ask("GET", "replays")

    assert [view["id"] for view in listed] == names[5:][::-1]
    assert [view["id"] for view in again] == names[5:][::-1]
