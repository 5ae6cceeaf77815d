"""What is kept of an exchange, and what the control API, metrics and health say of it."""

import asyncio
import re
import signal
from pathlib import Path

import httpx

from tests.flows.configs import (
    CHAT,
    STREAMED,
    chat_answer,
    chat_chunks,
    ended,
    openai,
    raw,
    until,
)
from tests.support.answers import Answer, Hang, Step, respond, stream
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Request, Upstream


async def test_both_sides_of_an_exchange_are_kept_and_no_secret_is() -> None:
    request = {
        **CHAT,
        "messages": [{"role": "user", "content": "my key is sk-upstream-secret-1234, keep it"}],
    }
    config = openai(up_url := "http://127.0.0.1:1", "    models: {gpt-test: gpt-real}\n")
    async with Upstream([stream(chat_chunks("sk-upstream-", "secret-1234"))]) as up:
        async with GatewayProcess(config.replace(up_url, up.url)) as gateway:
            await raw(
                gateway.url,
                "/v1/chat/completions",
                {**request, "stream": True},
                authorization="Bearer callers-own-secret",
            )
            row = (await ended(gateway))[0]
            base = f"/admin/v1/exchanges/{row['id']}"
            detail = (await gateway.admin.get(base)).json()
            parts = {
                part: (await gateway.admin.get(f"{base}/body?part={part}")).content
                for part in ("request", "sent", "answer")
            }
            chunks = (await gateway.admin.get(f"{base}/chunks")).json()
            chat = (await gateway.admin.get(f"{base}/chat")).json()
            files = b"".join(
                p.read_bytes()
                for p in gateway.data_dir.iterdir()
                # the token; and literal keys of config.yaml, which an undo must bring back
                if p.name not in {"admin-token", "config-secrets.json"}
            )
            sent = up.requests[-1].raw_body

    assert row["model"] == "gpt-test"
    assert row["served"] == "gpt-real"
    assert b"sk-upstream-secret-1234" in sent  # the provider gets what the caller wrote
    assert b"sk-upstream-secret-1234" not in b"".join(parts.values()) + files
    assert b"callers-own-secret" not in files
    assert len(parts["request"]) == len(sent) + len("gpt-test") - len("gpt-real")
    assert b'"gpt-real"' in parts["sent"]
    assert len(chunks) == row["chunks"] == len(chat_chunks("a", "b"))
    assert [chunk["n"] for chunk in chunks] == list(range(len(chunks)))
    assert [m["name"] for m in detail["marks"]] == [
        "body",
        "planned",
        "sent",
        "head",
        "first_byte",
        "last_byte",
        "done",
    ]
    assert detail["attempts"][0]["provider"] == "up"
    assert dict(detail["sent_headers"])["content-type"] == "application/json"
    assert "authorization" not in dict(detail["sent_headers"])
    assert dict(detail["received_headers"])["content-type"] == "text/event-stream"
    assert chat["request"]["messages"][0]["role"] == "user"
    assert chat["answer"][0]["kind"] == "text"
    assert row["own_us"] < row["total_us"]


async def test_only_allowlisted_headers_of_an_answer_are_kept() -> None:
    headers = [
        ("content-type", "application/json"),
        ("set-cookie", "session=very-secret-cookie"),
        ("x-secret-thing", "zzz"),
        ("x-ratelimit-remaining-requests", "17"),
    ]
    async with Upstream([respond(chat_answer(), headers=headers)]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
            row = (await ended(gateway))[0]
            detail = (await gateway.admin.get(f"/admin/v1/exchanges/{row['id']}")).json()

    kept = dict(detail["received_headers"]) | dict(detail["response_headers"])
    assert answer.headers["x-secret-thing"] == "zzz"
    assert kept["x-ratelimit-remaining-requests"] == "17"
    assert kept.keys().isdisjoint({"set-cookie", "x-secret-thing"})


async def test_the_list_is_filtered_and_paged() -> None:
    async with Upstream([respond(chat_answer())]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            for n in range(5):
                await raw(gateway.url, "/v1/chat/completions", {**CHAT, "model": f"m-{n}"})
            await ended(gateway, 5)
            get = gateway.admin.get
            one = (await get("/admin/v1/exchanges?model=m-3")).json()
            some = (await get("/admin/v1/exchanges?model=m-*&limit=2&count=true")).json()
            rest = (await get(f"/admin/v1/exchanges?limit=9&cursor={some['cursor']}")).json()
            wrong = await get("/admin/v1/exchanges?status=nonsense")
            nobody = await get("/admin/v1/exchanges/zzzz")

    assert [row["model"] for row in one["exchanges"]] == ["m-3"]
    assert [row["model"] for row in some["exchanges"]] == ["m-4", "m-3"]
    assert some["total"] == 5
    assert [row["model"] for row in rest["exchanges"]] == ["m-2", "m-1", "m-0"]
    assert wrong.status_code == 400
    assert nobody.status_code == 404


async def test_cost_follows_the_configured_price_and_unknown_is_not_zero() -> None:
    rest = "prices: {gpt-test: {input_per_mtok: 1000, output_per_mtok: 2000}}\n"
    async with Upstream([respond(chat_answer())]) as up:
        async with GatewayProcess(openai(up.url, rest=rest)) as gateway:
            await raw(gateway.url, "/v1/chat/completions", CHAT)
            await raw(gateway.url, "/v1/chat/completions", {**CHAT, "model": "nobody-prices-me"})
            unknown, known = await ended(gateway, 2)
            status = (await gateway.admin.get("/admin/v1/status")).json()

    assert known["cost_usd"] == 0.018
    assert known["cost_basis"] == "reported"
    assert known["price_source"] == "config"
    assert "cost_usd" not in unknown
    assert unknown.get("cost_basis", "unknown") == "unknown"
    assert status["today"]["unpriced"] == 1


async def test_a_killed_gateway_leaves_what_ended_and_shows_the_rest_as_cut(tmp_path: Path) -> None:
    """kill -9 with streams under way: finished ones are kept, the others are cut, and it opens."""
    many = 100

    def script(request: Request) -> Answer:
        body = request.raw_body
        steps: list[bytes | Step] = [*chat_chunks("one ")[:2], Hang()]
        return stream(steps) if b'"stream"' in body else respond(chat_answer())

    async with Upstream(script) as up:
        config = openai(up.url)
        async with GatewayProcess(config, folder=tmp_path) as gateway:
            async with httpx.AsyncClient(
                timeout=20, limits=httpx.Limits(max_connections=None)
            ) as client:
                url = f"{gateway.url}/v1/chat/completions"
                async with asyncio.TaskGroup() as group:
                    open_streams = [group.create_task(_begin(client, url)) for _ in range(many)]
                await raw(gateway.url, "/v1/chat/completions", CHAT)
                await until(gateway, lambda rows: len(rows) == many + 1)
                await ended(gateway)
                await gateway.stop(signal.SIGKILL)
                for task in open_streams:
                    await task.result().aclose()
        async with GatewayProcess(config, folder=tmp_path) as again:
            rows = (await again.admin.get("/admin/v1/exchanges?limit=1000")).json()["exchanges"]

    states = sorted(row["state"] for row in rows)
    assert states == ["cut"] * many + ["finished"]


async def _begin(client: httpx.AsyncClient, url: str) -> httpx.Response:
    request = client.build_request("POST", url, json=STREAMED)
    return await client.send(request, stream=True)


async def test_a_store_that_cannot_be_written_does_not_stop_serving(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "exchanges.sqlite").mkdir()  # a folder where the file should be
    async with Upstream([respond(chat_answer())]) as up:
        async with GatewayProcess(openai(up.url), folder=tmp_path) as gateway:
            answer = await raw(gateway.url, "/v1/chat/completions", CHAT)
            status = (await gateway.admin.get("/admin/v1/status")).json()
            metrics = (await gateway.admin.get("/metrics")).text
            health = (await gateway.admin.get("/health/detailed")).json()
            lines = list(gateway.log_lines)

    assert answer.status_code == 200
    assert status["recording"]["state"] == "stopped"
    assert status["recording"]["problem"]
    assert "llmgate_store_recording 0.0" in metrics
    assert health["status"] == "degraded"
    assert any("recording has stopped" in line for line in lines)


async def test_metrics_have_the_names_of_the_field_and_count_what_happened() -> None:
    async with Upstream([stream(chat_chunks("one ", "two "))]) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            await raw(gateway.url, "/v1/chat/completions", STREAMED)
            await ended(gateway)
            text = (await gateway.admin.get("/metrics")).text

    assert re.search(r'llmgate_requests_total\{.*provider="up".*state="finished".*\} 1\.0', text)
    assert (
        'llmgate_tokens_total{basis="reported",model="gpt-test",provider="up",type="input"} 12.0'
        in text
    )
    for name in (
        "llmgate_request_duration_seconds_count",
        "llmgate_time_to_first_byte_seconds_count",
        "llmgate_inter_chunk_gap_seconds_count",
        "llmgate_overhead_seconds_count",
        "llmgate_in_flight 0.0",
        "llmgate_store_recording 1.0",
        "llmgate_store_dropped_total",
        "llmgate_config_version 1.0",
    ):
        assert name in text


async def test_provider_health_follows_traffic_and_probes() -> None:
    listed = {"object": "list", "data": [{"id": "gpt-test"}, {"id": "gpt-other"}]}

    def script(request: Request) -> Answer:
        if "models" in request.target:
            return respond(listed)
        return respond({"error": {"message": "boom"}}, status=500)

    async with Upstream(script) as up:
        async with GatewayProcess(openai(up.url)) as gateway:
            probed = (await gateway.admin.post("/admin/v1/providers/up/health")).json()
            for _ in range(3):
                await raw(gateway.url, "/v1/chat/completions", CHAT)
            await ended(gateway, 3)
            ill = (await gateway.admin.get("/admin/v1/providers/up")).json()

    assert probed["state"] == "up"
    assert probed["probe"]["models"] == 2
    assert probed["models"] == ["gpt-test", "gpt-other"]
    assert ill["state"] == "down"
    assert ill["errors_by_type"] == {"upstream_server_error": 3}
    assert ill["last_errors"][-1]["message"] == "boom"
    assert ill.get("in_flight", 0) == 0
