"""Limits over real sockets: refused with the right words, settled, gone around, kept."""

from typing import Any

import anthropic as anthropic_sdk
import openai as openai_sdk
import pytest

from tests.flows.configs import (
    CHAT,
    MESSAGES,
    anthropic,
    chat_answer,
    ended,
    openai,
    raw,
)
from tests.flows.test_reload import version
from tests.support.answers import respond
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Upstream

IDE = {"x-api-key": "ide-key-000111"}
PATH = "/v1/chat/completions"


def key(limits: str) -> str:
    """A key ``ide`` with these limits."""
    return f"keys:\n  ide: {{key: ide-key-000111, limits: {{{limits}}}}}\n"


def of(rows: list[dict[str, Any]], error_type: str) -> dict[str, Any]:
    """The one exchange that ended with this error."""
    (row,) = [row for row in rows if row.get("error_type") == error_type]
    return row


async def used(gateway: GatewayProcess, scope: str, name: str) -> dict[str, float]:
    """What a holder has used, by limit."""
    view = (await gateway.admin.get(f"/admin/v1/limits/{scope}/{name}")).json()
    return {limit["name"]: limit.get("used", 0) for limit in view["limits"]}


REFUSED = [
    ("requests_per_minute: 1", "policy_rate_limited", "1 requests per minute", True),
    ("requests_per_hour: 1", "policy_rate_limited", "1 requests per hour", False),
    ("requests_per_day: 1", "policy_rate_limited", "1 requests per day", False),
    ("tokens_per_minute: 12", "policy_rate_limited", "12 tokens per minute", True),
    ("tokens_per_day: 12", "policy_rate_limited", "12 tokens per day", False),
    ("budget_usd_per_day: 0.001", "policy_budget", "budget of $0.001 per day", False),
    ("budget_usd_per_month: 0.001", "policy_budget", "budget of $0.001 per month", False),
]
PRICES = "prices: {'gpt-test': {input_per_mtok: 1000, output_per_mtok: 1000}}\n"


@pytest.mark.parametrize(("limit", "error_type", "says", "soon"), REFUSED)
async def test_every_limit_refuses_what_is_over_it(
    limit: str, error_type: str, says: str, soon: bool
) -> None:
    config = key(limit) + PRICES
    async with (
        Upstream([respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, rest=config)) as gateway,
    ):
        first = await raw(gateway.url, PATH, CHAT, **IDE)
        await ended(gateway)
        second = await raw(gateway.url, PATH, CHAT, **IDE)
        rows = await ended(gateway, 2)
        metrics = (await gateway.admin.get("/metrics")).text

    name = limit.partition(":")[0]
    assert (first.status_code, second.status_code) == (200, 429)
    assert "key 'ide' " in second.json()["error"]["message"]
    assert says in second.json()["error"]["message"]
    assert second.json()["error"]["code"] == "rate_limit_exceeded"
    assert second.headers["x-llmgate-limit"] == f"key ide: {name}"
    assert int(second.headers["retry-after"]) >= (1 if soon else 60)
    assert ("x-should-retry" in second.headers) is not soon
    assert of(rows, error_type)["limited_by"] == f"key ide: {name}"
    assert f'limit="{name}",name="ide",scope="key"' in metrics
    assert len(up.requests) == 1


async def test_the_callers_protocol_says_what_is_left_and_when() -> None:
    config = key("requests_per_minute: 1")
    async with (
        Upstream([respond({"type": "message"})]) as up,
        GatewayProcess(anthropic(up.url, rest=config)) as gateway,
    ):
        await raw(gateway.url, "/v1/messages", MESSAGES, **IDE)
        messages = await raw(gateway.url, "/v1/messages", MESSAGES, **IDE)

    assert messages.status_code == 429
    assert messages.json()["error"]["type"] == "rate_limit_error"
    assert messages.headers["anthropic-ratelimit-requests-limit"] == "1"
    assert messages.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert messages.headers["anthropic-ratelimit-requests-reset"].endswith("Z")


async def test_a_limit_of_ours_and_one_of_theirs_are_told_apart() -> None:
    theirs = respond({"error": {"message": "slow down"}}, status=429)
    async with (
        Upstream([theirs]) as up,
        GatewayProcess(openai(up.url, rest=key("requests_per_minute: 1"))) as gateway,
    ):
        first = await raw(gateway.url, PATH, CHAT, **IDE)
        second = await raw(gateway.url, PATH, CHAT, **IDE)
        rows = await ended(gateway, 2)

    assert first.status_code == second.status_code == 429
    assert "x-llmgate-limit" not in first.headers
    assert first.json() == {"error": {"message": "slow down"}}
    assert "x-llmgate-limit" in second.headers
    assert "limited_by" not in of(rows, "upstream_rate_limited")
    assert of(rows, "policy_rate_limited")["limited_by"] == "key ide: requests_per_minute"


async def test_a_body_over_a_keys_size_is_a_413_and_costs_nothing() -> None:
    config = key("max_request_bytes: 200, requests_per_minute: 1")
    big = {**CHAT, "user": "x" * 300}
    async with (
        Upstream([respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, rest=config)) as gateway,
    ):
        large = await raw(gateway.url, PATH, big, **IDE)
        small = await raw(gateway.url, PATH, CHAT, **IDE)
        rows = await ended(gateway, 2)

    assert (large.status_code, small.status_code) == (413, 200)
    assert "up to 200 bytes" in large.json()["error"]["message"]
    assert large.headers["x-should-retry"] == "false"
    assert of(rows, "policy_too_large")["limited_by"] == "key ide: max_request_bytes"


async def test_names_that_reach_a_provider_directly_are_limited_too() -> None:
    limits = "limits: {'gpt-*': {requests_per_minute: 2}}\n"
    extra = "    models: {alias: gpt-real}\n"
    async with (
        Upstream([respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, extra, limits)) as gateway,
    ):
        direct = await raw(gateway.url, PATH, {**CHAT, "model": "up/gpt-x"})
        renamed = await raw(gateway.url, PATH, {**CHAT, "model": "alias"})
        straight = await raw(gateway.url, f"/p/up{PATH}", {**CHAT, "model": "gpt-y"})
        other = await raw(gateway.url, PATH, {**CHAT, "model": "llama"})

    assert [r.status_code for r in (direct, renamed, straight, other)] == [200, 200, 429, 200]
    assert straight.headers["x-llmgate-limit"] == "model gpt-*: requests_per_minute"


async def test_what_was_used_is_settled_and_what_failed_costs_no_tokens() -> None:
    config = key("tokens_per_day: 100000, budget_usd_per_day: 500, requests_per_day: 9") + PRICES
    script = [respond(chat_answer()), respond({"error": "no"}, status=500)]
    async with Upstream(script) as up, GatewayProcess(openai(up.url, rest=config)) as gateway:
        await raw(gateway.url, PATH, CHAT, **IDE)
        await raw(gateway.url, PATH, CHAT, **IDE)
        await raw(gateway.url, PATH, {**CHAT, "model": "nobody/x"}, **IDE)
        await ended(gateway, 3)
        now = await used(gateway, "key", "ide")

    assert now["tokens_per_day"] == 15
    assert now["budget_usd_per_day"] == pytest.approx(0.015)
    assert now["requests_per_day"] in {2, 3}  # a model that nobody is known to have is sent


def two(a: str, b: str, limits: str) -> str:
    """Two providers, the first one limited, behind one route."""
    return (
        "providers:\n"
        f"  a: {{kind: openai-compatible, base_url: {a}/v1, api_key: key-aaaa,"
        f" limits: {{{limits}}}}}\n"
        f"  b: {{kind: openai-compatible, base_url: {b}/v1, api_key: key-bbbb}}\n"
        "routes:\n  fast:\n    match: {model: 'gpt-*'}\n    strategy: priority\n"
        "    targets: [{provider: a}, {provider: b}]\n"
        "health: {every_s: 0}\n"
    )


async def test_a_route_goes_around_a_provider_that_is_full() -> None:
    async with (
        Upstream([respond(chat_answer("a"))]) as a,
        Upstream([respond(chat_answer("b"))]) as b,
        GatewayProcess(two(a.url, b.url, "requests_per_minute: 1")) as gateway,
    ):
        first = await raw(gateway.url, PATH, CHAT)
        second = await raw(gateway.url, PATH, CHAT)
        rows = await ended(gateway, 2)
        detail = (await gateway.admin.get(f"/admin/v1/exchanges/{rows[0]['id']}")).json()

    assert first.headers["x-llmgate-provider"] == "a"
    assert second.headers["x-llmgate-provider"] == "b"
    assert detail["hints"] == [
        "provider 'a' is over its limit of 1 requests per minute: took provider 'b'"
    ]
    assert "limited_by" not in rows[0]


async def test_counts_survive_a_reload_whatever_the_figure_is_now() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        config = openai(up.url, rest=key("requests_per_day: 5"))
        async with GatewayProcess(config) as gateway:
            for _ in range(3):
                await raw(gateway.url, PATH, CHAT, **IDE)
            gateway.write_config(config.replace("requests_per_day: 5", "requests_per_day: 4"))
            await version(gateway, 2)
            fits = await raw(gateway.url, PATH, CHAT, **IDE)
            over = await raw(gateway.url, PATH, CHAT, **IDE)

    assert (fits.status_code, over.status_code) == (200, 429)
    assert "4 requests per day" in over.json()["error"]["message"]


async def test_a_disabled_key_is_refused_and_told_so() -> None:
    config = "keys:\n  ide: {key: ide-key-000111, enabled: false}\n"
    async with GatewayProcess(openai("http://127.0.0.1:9", rest=config)) as gateway:
        answer = await raw(gateway.url, PATH, CHAT, **IDE)

    assert answer.status_code == 401
    assert "'ide' is disabled" in answer.json()["error"]["message"]


async def test_official_sdks_do_not_hammer_a_limit_that_lasts() -> None:
    config = (
        "providers:\n  demo: {kind: recording, speed: 0}\nhealth: {every_s: 0}\n"
        "keys:\n  ide: {key: ide-key-000111, limits: {requests_per_day: 2}}\n"
    )
    async with GatewayProcess(config) as gateway:
        chat = openai_sdk.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="ide-key-000111")
        claude = anthropic_sdk.AsyncAnthropic(base_url=gateway.url, api_key="ide-key-000111")
        async with chat, claude:
            for _ in range(2):
                await chat.chat.completions.create(
                    model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}]
                )
            with pytest.raises(openai_sdk.RateLimitError, match="2 requests per day") as theirs:
                await chat.chat.completions.create(
                    model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}]
                )
            with pytest.raises(anthropic_sdk.RateLimitError, match="2 requests per day"):
                await claude.messages.create(
                    model="claude-demo",
                    max_tokens=9,
                    messages=[{"role": "user", "content": "hi"}],
                )
        rows = await ended(gateway, 4)

    assert theirs.value.code == "rate_limit_exceeded"
    assert [row["status"] for row in rows] == [429, 429, 200, 200]
