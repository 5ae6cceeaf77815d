"""What the control API does to a running gateway without touching its file."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.configs import CHAT, STREAMED, chat_answer, chat_chunks, openai, raw
from tests.support.answers import Answer, Hang, Wait, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

KEY = {"authorization": "Bearer ide-key-000111"}
LIVE = {**CHAT, "messages": [{"role": "user", "content": "never answer"}]}


def answers(request: Request) -> Answer:
    if b"never answer" in request.raw_body:
        return [Hang()]
    if b'"stream"' in request.raw_body:
        return stream(chat_chunks("one ", "two "))
    return respond(chat_answer())


def config(url: str) -> str:
    return openai(
        url,
        extra=f"  spare: {{kind: openai-compatible, base_url: '{url}/v1'}}\n",
        rest="""
routes:
  fast: {match: {model: "gpt-*"}, targets: [{provider: up, weight: 3}, {provider: spare}]}
  off: {enabled: false, match: {model: "old-*"}, targets: [{provider: up}]}
keys:
  ide:
    key: "ide-key-000111"
    limits: {requests_per_day: 100, budget_usd_per_day: 5}
limits:
  "org/gpt-*": {requests_per_day: 9}
prices: {gpt-test: {input_per_mtok: 1, output_per_mtok: 2}}
""",
    )


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Inside]:
    async with Upstream(answers) as up, inside(config(up.url), tmp_path) as running:
        yield running


async def asked(gateway: Inside, model: str = "gpt-test", path: str = "/v1") -> httpx.Response:
    return await raw(gateway.url, f"{path}/chat/completions", {**CHAT, "model": model}, **KEY)


async def get(gateway: Inside, path: str) -> Any:
    answer = await gateway.admin.get(f"/admin/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(gateway: Inside, path: str, body: object = None) -> Any:
    answer = await gateway.admin.post(f"/admin/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_draining_provider_takes_nothing_new_until_it_is_resumed(gateway: Inside) -> None:
    view = await post(gateway, "providers/up/drain")
    routed = {(await asked(gateway)).headers["x-llmgate-provider"] for _ in range(4)}
    direct = await asked(gateway, "up/m")
    straight = await asked(gateway, "m", path="/p/up/v1")
    shown = await get(gateway, "providers/up")
    await post(gateway, "providers/up/resume")
    again = await asked(gateway, "up/m")

    assert (view["state"], shown["draining"]) == ("draining", True)
    assert routed == {"spare"}
    assert (direct.status_code, straight.status_code, again.status_code) == (502, 502, 200)
    assert "'up' is draining" in direct.json()["error"]["message"]
    assert "'up' is draining" in straight.json()["error"]["message"]
    assert "draining" not in await get(gateway, "providers/up")


async def test_what_is_in_flight_goes_on_while_a_provider_drains(tmp_path: Path) -> None:
    chunks, gate = chat_chunks("one ", "two "), asyncio.Event()
    slow: Answer = [*stream(chunks)[:2], Wait(gate), *stream(chunks)[2:]]
    async with Upstream([slow]) as up, inside(openai(up.url), tmp_path) as gateway:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as answer,
        ):
            drained = await post(gateway, "providers/up/drain")
            gate.set()
            body = await answer.aread()

    assert drained["in_flight"] == 1
    assert body == b"".join(chunks)


async def test_a_route_shows_what_it_was_told_and_what_it_did(gateway: Inside) -> None:
    for _ in range(8):
        await asked(gateway)
    fast, off = await get(gateway, "routes")

    assert [(t["share"], t["observed_share"]) for t in fast["targets"]] == [
        (0.75, 0.75),
        (0.25, 0.25),
    ]
    assert fast["observed"] == 8
    assert off["enabled"] is False
    assert (await asked(gateway, "old-1")).status_code == 404
    assert (await get(gateway, "routes/off"))["name"] == "off"


async def test_a_provider_shows_how_fast_it_was_of_late(gateway: Inside) -> None:
    await asked(gateway, "up/m")
    view = await get(gateway, "providers/up")

    assert len(view["spark"]) == 30
    assert view["spark"][-1] == pytest.approx(view["ttfb"]["p50_ms"])


async def test_limits_are_shown_and_counted_anew(gateway: Inside) -> None:
    for _ in range(3):
        await asked(gateway)
    before = await get(gateway, "limits/key/ide")
    after = await post(gateway, "limits/key/ide/reset")
    every = await get(gateway, "limits")

    assert used(before, "requests_per_day") == 3
    assert used(after, "requests_per_day") == 0
    assert [(view["scope"], view["name"]) for view in every] == [
        ("key", "ide"),
        ("model", "org/gpt-*"),
    ]
    assert (await get(gateway, "limits/model/org%2Fgpt-*"))["name"] == "org/gpt-*"


def used(view: dict[str, Any], name: str) -> float:
    return next(float(one.get("used", 0)) for one in view["limits"] if one["name"] == name)


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "limits/key/nobody", 404, "key 'nobody' has no limits"),
        ("GET", "limits/model/gpt-*", 404, "model 'gpt-*' has no limits"),
        ("POST", "limits/provider/nobody/reset", 404, "has no limits"),
        ("GET", "limits/team/ide", 400, "of"),
        ("POST", "providers/nobody/drain", 404, "no provider is called 'nobody'"),
        ("POST", "providers/nobody/resume", 404, "no provider is called"),
        ("GET", "routes/nobody", 404, "no route is called 'nobody'"),
        ("GET", "keys/nobody", 404, "no key is called 'nobody'"),
        ("GET", "keys/a%2Fb", 404, "no key is called 'a/b'"),
        ("GET", "spend?period=ever", 400, "period"),
        ("GET", "spend?period=range", 400, "since_ms"),
        ("GET", "spend?period=range&since_ms=9&until_ms=8", 400, "must come before"),
        ("GET", "spend?period=range&since_ms=1", 400, "up to 400 days"),
        ("GET", "exchanges?cursor=99999999999999999999-1", 400, "is larger than"),
        ("GET", "exchanges?header=%3Dvalue", 400, "name=value"),
        ("POST", "exchanges/nope/cancel", 404, "no exchange has the id 'nope'"),
        ("GET", "config/history/7000000000000000000000", 404, "no revision has the number"),
        ("POST", "routes/explain", 400, ""),
    ],
)
async def test_what_cannot_be_answered_says_what_to_do(
    gateway: Inside, method: str, path: str, status: int, words: str
) -> None:
    answer = await gateway.admin.request(method, f"/admin/v1/{path}")

    assert answer.status_code == status, answer.text
    assert words in answer.text


async def test_spend_is_told_by_every_name_and_adds_up(gateway: Inside) -> None:
    for model in ("gpt-test", "gpt-test", "up/unpriced"):
        await asked(gateway, model)
    reports = {
        by: await get(gateway, f"spend?by={by}")
        for by in ("provider", "model", "key", "route", "client")
    }
    report = reports["model"]

    assert {row["name"] for row in report["rows"]} == {"gpt-test", "unpriced"}
    assert report["unpriced_models"] == ["unpriced"]
    assert report["total"]["cost_usd"] == pytest.approx(2 * 18e-6)
    assert report["total"]["exchanges"] == 3
    for report in reports.values():
        assert sum(row.get("exchanges", 0) for row in report["rows"]) == 3
        assert sum(slot.get("exchanges", 0) for slot in report["slots"]) == 3
        assert report["budgets"][0]["limits"][0]["name"] == "budget_usd_per_day"
        assert len(report["budgets"][0]["limits"]) == 1
        assert report["prices_as_of"].startswith("genai-prices")


@pytest.mark.parametrize(("period", "slots", "slot_s"), [("7d", 7, 86_400), ("30d", 30, 86_400)])
async def test_longer_periods_are_told_by_the_day(
    gateway: Inside, period: str, slots: int, slot_s: int
) -> None:
    await asked(gateway)
    report = await get(gateway, f"spend?period={period}")

    assert len(report["slots"]) == slots
    assert report.get("slot_s", 3600) == slot_s
    assert report["slots"][-1]["exchanges"] == 1
    assert "projected_usd" not in report


async def test_spend_is_exported_as_csv_that_no_spreadsheet_runs(gateway: Inside) -> None:
    await asked(gateway)
    await asked(gateway, "up/=cmd()")
    answer = await gateway.admin.get("/admin/v1/spend/export?by=model")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "llmgate-spend-today-by-model.csv" in answer.headers["content-disposition"]
    assert [row["model"] for row in rows] == ["gpt-test", "'=cmd()"]
    assert float(rows[0]["cost_usd"]) == pytest.approx(18e-6)


async def test_a_live_exchange_is_cancelled_once(gateway: Inside) -> None:
    caller = asyncio.ensure_future(raw(gateway.url, "/v1/chat/completions", LIVE, **KEY))
    while not (live := (await get(gateway, "exchanges?state=live"))["exchanges"]):
        pass
    path = f"/admin/v1/exchanges/{live[0]['id']}/cancel"
    first = await gateway.admin.post(path)
    answer = await caller
    second = await gateway.admin.post(path)
    kept = (await get(gateway, "exchanges"))["exchanges"][0]

    assert (first.status_code, first.json()) == (200, {"cancelled": True})
    assert second.status_code == 409
    assert answer.status_code == 503
    assert kept["state"] == "cancelled"
    assert kept["error_type"] == "policy_cancelled"


async def test_a_dry_run_says_where_a_request_would_go_and_why(gateway: Inside) -> None:
    answer = await post(gateway, "routes/explain", {"model": "gpt-5", "key": "ide"})
    turned = [(await asked(gateway)).headers["x-llmgate-provider"] for _ in range(4)]

    assert answer["route"] == "fast"
    assert [(t["provider"], t["after"]) for t in answer["targets"]] == [
        ("up", 0.75),
        ("spare", 0.25),
    ]
    assert "route fast: takes it" in answer["why"]
    assert sorted(turned) == ["spare", "up", "up", "up"]


@pytest.mark.parametrize(
    ("question", "route", "providers", "problem"),
    [
        ({"model": "gpt-5", "key": "nobody"}, "", [], "no key is called 'nobody'"),
        ({"model": "m", "path": "/p/spare/v1/chat/completions"}, "", ["spare"], ""),
        ({"model": "m", "path": "/p/nobody/v1/x"}, "", [], "no enabled provider is called"),
        ({"model": "m", "path": "/nowhere"}, "", [], "nothing is served at '/nowhere'"),
        ({"model": "spare/x"}, "", ["spare"], ""),
        ({"model": "old-1"}, "", [], "no route and no provider knows the model"),
        ({"model": "gpt-5", "path": "/v1/messages"}, "", [], "translation is not"),
        ({"model": ""}, "", ["up", "spare"], ""),
    ],
)
async def test_a_dry_run_has_an_answer_for_every_question(
    gateway: Inside, question: dict[str, Any], route: str, providers: list[str], problem: str
) -> None:
    answer = await post(gateway, "routes/explain", question)

    assert answer.get("route", "") == route
    assert [target["provider"] for target in answer.get("targets", [])] == providers
    assert problem in answer.get("problem", "")


async def test_a_route_called_explain_is_one_like_any_other(tmp_path: Path) -> None:
    text = openai("http://127.0.0.1:9", rest="routes: {explain: {targets: [{provider: up}]}}\n")
    async with inside(text, tmp_path) as gateway:
        view = await get(gateway, "routes/explain")
        answer = await post(gateway, "routes/explain", {"model": "m"})

    assert view["name"] == answer["route"] == "explain"


async def test_a_config_without_a_file_gets_one_and_can_be_edited_then(tmp_path: Path) -> None:
    text = openai("http://127.0.0.1:9")
    async with inside(text, tmp_path, written=False) as gateway:
        before = await get(gateway, "config")
        path, body = "/admin/v1/providers/up", {"enabled": False}
        refused = await gateway.admin.patch(path, headers={"if-match": "*"}, json=body)
        made = await post(gateway, "config/file")
        again = await gateway.admin.post("/admin/v1/config/file")
        edited = await gateway.admin.patch(path, headers={"if-match": made["etag"]}, json=body)
        after = await get(gateway, "config")

    assert before["editable"] is False
    assert (refused.status_code, again.status_code, edited.status_code) == (409, 409, 200)
    assert "POST /admin/v1/config/file" in refused.json()["error"]["message"]
    assert "editable" not in after
    assert (tmp_path / "config.yaml").read_text("utf-8").count("enabled: false") == 1
