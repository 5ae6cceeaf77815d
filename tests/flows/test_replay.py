"""Recorded requests are sent again through the whole gateway, to other providers."""

import json
from pathlib import Path

import pytest

from tests.flows.configs import CHAT, MESSAGES, STREAMED, raw
from tests.flows.replaying import TWO, Stage, config, staged
from tests.support.inside import inside
from tests.support.upstream import Upstream

ODD = b'{ "model":"gpt-9",\n "messages":[{"role":"user","content":"s\\u00e4g \\ud83d hi"}] }'


async def test_a_request_is_sent_again_byte_for_byte_to_another_provider(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(ODD)
        view = await stage.ask("POST", f"exchanges/{source}/replay", {"targets": [TWO]})
        view = await stage.ended(view["id"])
        (made,) = await stage.rows(replay=view["id"])
        (sent,) = stage.two.requests

    assert (view["state"], view["total"], view["done"]) == ("finished", 1, 1)
    assert sent.raw_body == ODD
    assert sent.header("authorization") == "Bearer sk-of-two-1234567"
    assert (made["parent"], made["provider"], made["client"]) == (source, "two", "llmgate-replay")
    assert (made["state"], made["model"], made.get("session", "")) == ("finished", "gpt-9", "")
    assert made["cost_usd"] == view["spent_usd"] == pytest.approx(0.015)


async def test_a_stream_is_a_stream_again(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(STREAMED)
        view = await stage.replayed(ids=[source], targets=[TWO])
        (made,) = await stage.rows(replay=view["id"])
        path = f"/admin/v1/exchanges/{made['id']}/body"
        answer = await stage.gateway.admin.get(path)

    assert made["transport"] == "sse"
    assert made["chunks"] > 1
    assert answer.content.endswith(b"data: [DONE]\n\n")


async def test_only_headers_that_change_the_answer_are_sent_again(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        answer = await raw(
            stage.gateway.url,
            "/v1/messages?beta=true",
            MESSAGES,
            **{
                "anthropic-version": "2023-06-01",
                "anthropic-beta": "tools-2026",
                "x-claude-code-session-id": "a-session",
                "user-agent": "claude-cli/2",
                "openai-organization": "org-of-another",
            },
        )
        await stage.over()
        view = await stage.replayed(
            ids=[answer.headers["x-llmgate-id"]], targets=[{"provider": "claude"}]
        )
        (made,) = await stage.rows(replay=view["id"])
        sent = stage.two.requests[-1]

    assert sent.target == "/v1/messages?beta=true"
    assert sent.header("anthropic-beta") == "tools-2026"
    assert sent.header("x-api-key") == "sk-ant-1234567"
    assert sent.header("x-claude-code-session-id") is None
    assert sent.header("openai-organization") is None
    assert (sent.header("user-agent") or "").startswith("llmgate-replay/")
    assert made.get("session", "") == ""


async def test_fields_are_set_and_taken_away(tmp_path: Path) -> None:
    body = {**CHAT, "temperature": 1, "top_p": 0.5, "reasoning": {"effort": "high", "x": 1}}
    fields = {"temperature": 0, "top_p": None, "reasoning.effort": "low", "messages.0.content": "b"}
    async with staged(tmp_path) as stage:
        source = await stage.recorded(body)
        await stage.replayed(ids=[source], targets=[{"provider": "one"}], set=fields)
        sent = json.loads(stage.one.requests[-1].raw_body)

    assert sent == {
        **CHAT,
        "messages": [{"role": "user", "content": "b"}],
        "temperature": 0,
        "reasoning": {"effort": "low", "x": 1},
    }


async def test_a_whole_body_can_be_edited_and_sent(tmp_path: Path) -> None:
    body = '{"model": "gpt-test",  "messages": [{"role": "user", "content": "edited"}]}'
    async with staged(tmp_path) as stage:
        source, other = await stage.recorded(CHAT), await stage.recorded(CHAT)
        view = await stage.ask("POST", f"exchanges/{source}/replay", {"body": body})
        await stage.ended(view["id"])
        (made,) = await stage.rows(replay=view["id"])
        both = {"ids": [source, other], "body": body}
        refused = await stage.ask("POST", "replays", both, code=400)
        broken = await stage.ask("POST", f"exchanges/{source}/replay", {"body": '{"model":'})

    assert stage.one.requests[-1].raw_body == body.encode()
    assert (made["parent"], made["tags"]) == (source, "edited")
    assert "for one exchange only" in refused["error"]["message"]
    assert (broken["state"], "not valid JSON" in broken["problem"]) == ("failed", True)


async def test_a_target_that_speaks_another_protocol_is_refused_with_both_named(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        spec = {"ids": [source], "targets": [{"provider": "claude", "model": "claude-x"}]}
        estimate = await stage.ask("POST", "replays/estimate", spec)
        view = await stage.ask("POST", "replays", spec)
        matrix = await stage.ask("GET", f"replays/{view['id']}/matrix")

    reason = "recorded as openai.chat, provider 'claude' speaks"
    assert estimate["refused"][0]["reason"].startswith(reason)
    assert "anthropic.messages" in estimate["refused"][0]["reason"]
    assert estimate["refused"][0]["target"] == "claude/claude-x"
    assert view["state"] == "failed"
    assert reason in view["problem"]
    assert matrix["rows"][0]["cells"][1]["state"] == "refused"
    assert stage.two.requests == []


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"targets": [{"provider": "tow"}]}, "did you mean 'two'?"),
        ({"targets": [{"provider": "off"}]}, "provider 'off' is disabled"),
        ({"targets": [{"provider": "two"}, {"provider": "two"}]}, "given twice"),
        ({"times": 0}, "`times` is a number from 1 to 100"),
        ({"concurrency": 33}, "`concurrency`"),
        ({"speed": 0}, "`speed`"),
        ({"limit_usd": -1}, "`limit_usd`"),
        ({"set": {"a..b": 1}}, "names no field"),
        ({"filter": {"model": "x"}}, "not by both"),
        ({"ids": []}, "name the exchanges"),
        ({"ids": [], "filter": {"colour": "red"}}, "the filter knows no 'colour'"),
        ({"ids": [], "filter": {"since_ms": "soon"}}, "the filter cannot be read"),
        ({"ids": ["x"] * 5 + [str(n) for n in range(2_001)]}, "too many"),
        ({"targets": [{"provider": "two", "model": str(n)} for n in range(17)]}, "too many"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_the_reason(
    tmp_path: Path, spec: dict[str, object], words: str
) -> None:
    extra = "  off: {kind: openai-compatible, base_url: 'http://127.0.0.1:9/v1', enabled: false}\n"
    async with Upstream([]) as up:
        text = f"providers:\n  two: {{kind: openai-compatible, base_url: '{up.url}/v1'}}\n{extra}"
        async with inside(f"{text}health: {{every_s: 0}}\n", tmp_path) as gateway:
            stage = Stage(gateway, up, up)
            answer = await stage.ask("POST", "replays/estimate", {"ids": ["x"], **spec}, code=400)

    assert words in answer["error"]["message"]


async def test_the_models_of_a_provider_name_what_was_asked_for(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        mapped, named = await stage.recorded(CHAT), await stage.recorded({**CHAT, "model": "one/m"})
        await stage.replayed(ids=[mapped], targets=[TWO])
        await stage.replayed(ids=[mapped], targets=[{"provider": "two", "model": "given"}])
        await stage.replayed(ids=[named], targets=[TWO])
        models = [json.loads(request.raw_body)["model"] for request in stage.two.requests]

    assert models == ["other-model", "given", "m"]


async def test_a_name_that_only_a_route_knows_is_sent_as_what_it_stood_for(tmp_path: Path) -> None:
    quick = "quick: {match: {model: quick}, targets: [{provider: one, model: real-model}]}"
    async with staged(tmp_path) as stage:
        text = config(stage.one, stage.two).replace("routes:", f"routes:\n  {quick}")
        await stage.reload(text)
        source = await stage.recorded({**CHAT, "model": "quick"})
        await stage.replayed(ids=[source], targets=[TWO, {"provider": "one"}])
        await stage.replayed(ids=[source], targets=[TWO], set={"model": "another"})
        models = [json.loads(request.raw_body)["model"] for request in stage.two.requests]

    assert models == ["real-model", "another"]
    assert json.loads(stage.one.requests[-1].raw_body)["model"] == "real-model"


async def test_without_a_provider_it_goes_through_the_routes_of_the_one_who_asked(
    tmp_path: Path,
) -> None:
    extra = "keys: {ide: {key: ide-key-0001, limits: {requests_per_day: 2}}}\n"
    async with staged(tmp_path, extra=extra, by_key="ide") as stage:
        headers = {"authorization": "Bearer ide-key-0001"}
        answer = await raw(stage.gateway.url, "/v1/chat/completions", CHAT, **headers)
        await stage.over()
        view = await stage.replayed(ids=[answer.headers["x-llmgate-id"]], times=5)
        rows = await stage.rows(replay=view["id"])
        renamed = await stage.replayed(
            ids=[answer.headers["x-llmgate-id"]], targets=[{"model": "gpt-other"}]
        )

    assert view.get("failed", 0) == 0  # the key's limits are those of its callers
    assert {(row["route"], row["provider"], row.get("key", "")) for row in rows} == {
        ("all", "one", "")
    }
    assert renamed["state"] == "finished"
    assert json.loads(stage.one.requests[-1].raw_body) == {**CHAT, "model": "gpt-other"}


async def test_the_provider_s_own_limits_hold(tmp_path: Path) -> None:
    limits = "limits: {requests_per_day: 2}"
    async with staged(tmp_path, two_extra=limits) as stage:
        source = await stage.recorded(CHAT)
        view = await stage.replayed(ids=[source], targets=[TWO], times=4)
        rows = await stage.rows(replay=view["id"])

    assert (view["done"], view["failed"]) == (4, 2)
    assert sorted(row["status"] for row in rows) == [200, 200, 429, 429]
    assert len(stage.two.requests) == 2


async def test_a_filter_takes_the_newest_oldest_first_without_earlier_replays(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        ids = [await stage.recorded({**CHAT, "user": str(n)}) for n in range(4)]
        await stage.replayed(ids=[ids[0]])
        before = len(stage.one.requests)
        view = await stage.replayed(filter={"model": "gpt-*"}, newest=2)
        users = [json.loads(one.raw_body)["user"] for one in stage.one.requests[before:]]
        matrix = await stage.ask("GET", f"replays/{view['id']}/matrix")

    assert users == ["2", "3"]
    assert [row["source"]["id"] for row in matrix["rows"]] == ids[2:]


async def test_a_replay_of_a_replay_names_the_one_it_repeats(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        first = await stage.replayed(ids=[source])
        (child,) = await stage.rows(replay=first["id"])
        second = await stage.replayed(ids=[child["id"]])
        (grandchild,) = await stage.rows(replay=second["id"])
        by_filter = await stage.replayed(filter={"replay": first["id"]})

    assert grandchild["parent"] == child["id"]
    assert by_filter["done"] == 1


async def test_what_is_not_there_or_not_kept_is_said(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        config = tmp_path / "config.yaml"
        text = config.read_text(encoding="utf-8")
        await stage.reload(text + "recording: {bodies: metadata}\n")
        bare = await stage.recorded(CHAT)
        await raw(stage.gateway.url, "/v1/models", b"")
        await stage.reload(text)
        models = (await stage.rows(protocol="openai.models"))[0]["id"]
        ids = [source, bare, models, "nosuch"]
        estimate = await stage.ask("POST", "replays/estimate", {"ids": ids})
        await stage.ask("POST", "replays/estimate", {"ids": ["nosuch"]}, code=404)

    reasons = {one["source"]: one["reason"] for one in estimate["refused"]}
    assert estimate["requests"] == 1
    assert reasons[bare] == "the request body is not kept"
    assert "was recorded as openai.models" in reasons[models]
    assert reasons["nosuch"] == "no exchange has this id"
    assert "1 body is not kept" in estimate["notes"]


async def test_it_is_said_that_tools_are_not_executed(tmp_path: Path) -> None:
    turns = [
        *CHAT["messages"],
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {}}]},
        {"role": "tool", "tool_call_id": "c", "content": "12 files"},
    ]
    async with staged(tmp_path) as stage:
        ids = [await stage.recorded(CHAT), await stage.recorded({**CHAT, "messages": turns})]
        estimate = await stage.ask("POST", "replays/estimate", {"ids": ids})

    note = "tools are not executed: 1 of 2 requests carry tool results as recorded"
    assert note in estimate["notes"]


async def test_it_is_said_how_long_the_recorded_time_is(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        recorded = {"ids": [source], "timing": "recorded", "speed": 0.5}
        slow = await stage.ask("POST", "replays/estimate", recorded)
        fast = await stage.ask("POST", "replays/estimate", {"ids": [source]})
        (row,) = await stage.rows()

    assert slow["takes_s"] == pytest.approx(row["total_us"] / 1e6)
    assert slow["notes"][0] == "at 0.5 times the recorded speed it takes about 1 s"
    assert "takes_s" not in fast


async def test_it_is_said_that_recordings_cost_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        demo = "providers:\n  taped: {kind: recording}"
        await stage.reload(config(stage.one, stage.two).replace("providers:", demo))
        source = await stage.recorded(CHAT)
        spec = {"ids": [source], "targets": [{"provider": "taped"}]}
        estimate = await stage.ask("POST", "replays/estimate", spec)

    note = "'taped' answers from recordings: its cost is what it would be, not spent"
    assert estimate["notes"] == [note]
