"""A replay is stopped, resumed, interrupted by a crash; providers fail or leave in the middle."""

import asyncio
import json
import signal
from pathlib import Path

from llmgate.relay.minder import Pace
from tests.flows.configs import CHAT, chat_answer, chat_chunks, raw
from tests.flows.replaying import TWO, Stage, chat, config, staged
from tests.support.answers import Answer, End, Hang, Send, Wait, head, respond
from tests.support.gateway import GatewayProcess, until
from tests.support.upstream import Request, Upstream

REPLAYS = "/admin/v1/replays"


async def test_a_stop_lets_end_what_is_under_way_and_a_resume_sends_the_rest(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()

    def slow(request: Request) -> Answer:
        return [Wait(go), *chat(request)]

    async with staged(tmp_path, two=slow) as stage:
        ids = [await stage.recorded({**CHAT, "user": str(n)}) for n in range(6)]
        view = await stage.ask("POST", "replays", {"ids": ids, "targets": [TWO], "concurrency": 2})
        name = view["id"]
        await stage.two.request(1)
        stopped = await stage.ask("POST", f"replays/{name}/stop")
        early = await stage.ask("POST", f"replays/{name}/resume", code=409)
        go.set()
        view = await stage.ended(name)
        await stage.ask("POST", f"replays/{name}/stop", code=409)
        resumed = await stage.ask("POST", f"replays/{name}/resume")
        over = await stage.ended(name)
        nothing = await stage.ask("POST", f"replays/{name}/resume", code=409)
        users = [json.loads(request.raw_body)["user"] for request in stage.two.requests]

    assert (stopped["state"], stopped["running"]) == ("stopped", 2)
    assert "under way" in early["error"]["message"]
    assert (view["state"], view["done"]) == ("stopped", 2)
    assert (resumed["state"], resumed["done"], resumed["total"]) == ("running", 2, 6)
    assert (over["state"], over["done"]) == ("finished", 6)
    assert "nothing left" in nothing["error"]["message"]
    assert users == ["0", "1", "2", "3", "4", "5"]


async def test_a_second_stop_cancels_and_a_resume_sends_those_again(tmp_path: Path) -> None:
    answers: list[Answer] = [[*_begun(), Hang()], [Hang()]]

    def silent(request: Request) -> Answer:
        return answers.pop(0) if answers else chat(request)

    async with staged(tmp_path, two=silent) as stage:
        source = await stage.recorded({**CHAT, "stream": True})
        spec = {"ids": [source], "targets": [TWO], "times": 3, "concurrency": 2}
        name = (await stage.ask("POST", "replays", spec))["id"]
        await stage.two.request(1)
        await stage.ask("POST", f"replays/{name}/stop")
        await stage.ask("POST", f"replays/{name}/stop")
        view = await stage.ended(name)
        cancelled = [row["state"] for row in await stage.rows(replay=name)]
        await stage.two.closed(1)
        await stage.ask("POST", f"replays/{name}/resume")
        over = await stage.ended(name)
        cell = (await stage.ask("GET", f"replays/{name}/matrix"))["rows"][0]["cells"][1]

    assert cancelled == ["cancelled", "cancelled"]
    assert (cell["state"], cell["ok"], len(cell["ids"])) == ("finished", 3, 3)
    assert (view["state"], view.get("done", 0)) == ("stopped", 0)
    assert (over["state"], over["done"], over.get("failed", 0)) == ("finished", 3, 0)
    assert len(stage.two.requests) == 5


async def test_one_exchange_of_a_replay_is_cancelled_like_any_other(tmp_path: Path) -> None:
    async with staged(tmp_path, two=lambda _: [Hang()]) as stage:
        source = await stage.recorded(CHAT)
        name = (await stage.ask("POST", "replays", {"ids": [source], "targets": [TWO]}))["id"]
        await stage.two.request(0)
        (live,) = await stage.rows(replay=name)
        await stage.ask("POST", f"exchanges/{live['id']}/cancel")
        view = await stage.ended(name)
        (row,) = await stage.rows(replay=name)

    assert row["state"] == "cancelled"
    assert view["state"] == "finished"


async def test_a_provider_that_fails_in_the_middle_fails_those_only(tmp_path: Path) -> None:
    answers: list[Answer] = [
        respond(chat_answer()),
        respond({"error": {"message": "busy"}}, status=429),
        [Send(head(200, [("content-type", "application/json")])), End("rst")],
        [*_begun(), End("rst")],
        respond(chat_answer()),
    ]
    async with staged(tmp_path, two=answers) as stage:
        source = await stage.recorded({**CHAT, "stream": True})
        view = await stage.replayed(ids=[source], targets=[TWO], times=5)
        rows = (await stage.rows(replay=view["id"]))[::-1]

    assert (view["state"], view["done"], view["failed"]) == ("finished", 5, 3)
    assert rows[1]["status"] == 429
    assert rows[3]["state"] == "cut"
    assert rows[4]["state"] == "finished"


def _begun() -> Answer:
    first = chat_chunks("hel", "lo")[0]
    return [Send(head(200, [("content-type", "text/event-stream")])), Send(first)]


async def test_a_provider_that_is_taken_out_in_the_middle_is_said_of_the_rest(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()

    def slow(request: Request) -> Answer:
        return [Wait(go), *chat(request)]

    async with staged(tmp_path, two=slow) as stage:
        source = await stage.recorded(CHAT)
        spec = {"ids": [source], "targets": [TWO], "times": 3}
        name = (await stage.ask("POST", "replays", spec))["id"]
        await stage.two.request(0)
        text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
        await stage.reload(text.replace("  two: {", "  three: {"))
        go.set()
        view = await stage.ended(name)
        rows = (await stage.rows(replay=name))[::-1]
        await stage.ask("POST", f"replays/{name}/resume", code=400)

    assert (view["state"], view["done"], view["failed"]) == ("finished", 3, 2)
    assert [row["state"] for row in rows] == ["finished", "failed", "failed"]
    assert "no enabled provider is called 'two'" in rows[1]["error"]


async def test_a_source_that_is_gone_by_then_is_left_out_of_the_rest(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        ids = [await stage.recorded(CHAT), await stage.recorded(CHAT)]
        view = await stage.replayed(ids=[*ids, "gone"], targets=[TWO])
        matrix = await stage.ask("GET", f"replays/{view['id']}/matrix")

    assert (view["state"], view["done"], len(matrix["rows"])) == ("finished", 2, 2)


async def test_after_a_crash_nothing_that_had_ended_is_sent_again(tmp_path: Path) -> None:
    hold = asyncio.Event()
    seen: list[str] = []

    def fourth_hangs(request: Request) -> Answer:
        seen.append(json.loads(request.raw_body)["user"])
        return [Wait(hold), *chat(request)] if len(seen) == 4 else chat(request)

    async with Upstream(chat) as one, Upstream(fourth_hangs) as two:
        text = config(one, two)
        async with GatewayProcess(text, folder=tmp_path) as gateway:
            for number in range(8):
                body = {**CHAT, "user": str(number)}
                await raw(gateway.url, "/v1/chat/completions", body)
            ids = [row.id for row in await gateway.exchanges(8)]
            answer = await gateway.admin.post(REPLAYS, json={"ids": ids, "targets": [TWO]})
            name = answer.json()["id"]
            await two.request(3)
            await until(lambda: three_are_kept(gateway, name))
            await gateway.stop(signal.SIGKILL)
        hold.set()
        async with GatewayProcess(text, folder=tmp_path) as gateway:
            (before,) = (await gateway.admin.get(REPLAYS)).json()
            await gateway.admin.post(f"{REPLAYS}/{name}/resume")
            await until(lambda: finished(gateway, name))
            after = (await gateway.admin.get(f"{REPLAYS}/{name}")).json()
            matrix = (await gateway.admin.get(f"{REPLAYS}/{name}/matrix")).json()

    assert [row["cells"][1]["state"] for row in matrix["rows"]] == ["finished"] * 8
    assert (before["state"], before["done"], before["total"]) == ("stopped", 3, 8)
    assert "can be resumed" in before["problem"]
    assert seen == ["0", "1", "2", "3", "3", "4", "5", "6", "7"]
    assert (after["done"], after.get("problem", "")) == (8, "")


async def three_are_kept(gateway: GatewayProcess, name: str) -> bool:
    found = (await gateway.admin.get(f"/admin/v1/exchanges?replay={name}")).json()
    return [row["state"] for row in found["exchanges"]].count("finished") == 3


async def finished(gateway: GatewayProcess, name: str) -> bool:
    view = (await gateway.admin.get(f"{REPLAYS}/{name}")).json()
    return str(view["state"]) == "finished"


async def test_a_gateway_that_is_stopped_leaves_a_replay_that_can_go_on(tmp_path: Path) -> None:
    async with staged(tmp_path, two=lambda _: [Hang()]) as stage:
        source = await stage.recorded(CHAT)
        spec = {"ids": [source], "targets": [TWO], "times": 2}
        name = (await stage.ask("POST", "replays", spec))["id"]
        await stage.two.request(0)
    async with staged(tmp_path) as stage:
        before = await stage.ask("GET", f"replays/{name}")
        await stage.ask("POST", f"replays/{name}/resume")
        after = await stage.ended(name)

    assert (before["state"], before.get("done", 0)) == ("stopped", 0)
    assert (after["state"], after["done"]) == ("finished", 2)


async def test_a_replay_is_forgotten_while_it_runs_and_its_exchanges_stay(tmp_path: Path) -> None:
    async with staged(tmp_path, two=lambda _: [Hang()]) as stage:
        source = await stage.recorded(CHAT)
        name = (await stage.ask("POST", "replays", {"ids": [source], "targets": [TWO]}))["id"]
        await stage.two.request(0)
        await stage.ask("DELETE", f"replays/{name}")
        await stage.over()
        rows = await stage.rows(replay=name)
        await stage.ask("GET", f"replays/{name}", code=404)
        listed = await stage.ask("GET", "replays")

    assert [row["state"] for row in rows] == ["cancelled"]
    assert listed == []


async def test_nobody_waits_for_an_early_head_so_a_late_refusal_keeps_its_status(
    tmp_path: Path,
) -> None:
    go = asyncio.Event()

    def late(_request: Request) -> Answer:
        return [Wait(go), *respond({"error": {"message": "overloaded"}}, status=503)]

    looks = 0

    async def looked_at_often(stage: Stage, name: str) -> bool:
        nonlocal looks
        looks += bool((await stage.ask("GET", f"replays/{name}")).get("running"))
        return looks > 8  # and the minder as often: it ticks faster than anybody asks

    pace = Pace(tick_s=0.001, early_head_s=0.002, keep_alive_s=0.002)
    async with staged(tmp_path, two=late, pace=pace) as stage:
        source = await stage.recorded(CHAT)
        spec = {"ids": [source], "targets": [TWO], "set": {"stream": True}}
        name = (await stage.ask("POST", "replays", spec))["id"]
        await stage.two.request(0)
        await until(lambda: looked_at_often(stage, name), every_s=0.005)
        go.set()
        view = await stage.ended(name)
        (row,) = await stage.rows(replay=name)

    assert (view["failed"], row["state"], row["status"]) == (1, "failed", 503)


async def test_what_was_scrubbed_beyond_use_is_not_sent(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        tags = {"ids": [source], "add_tags": ["not_resendable"]}
        await stage.ask("POST", "exchanges/annotate", tags)
        estimate = await stage.ask("POST", "replays/estimate", {"ids": [source]})

    assert estimate["refused"][0]["reason"].startswith("parts of it that are signed were scrubbed")
