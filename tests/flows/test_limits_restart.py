"""What limits have counted survives a restart, also one nobody was warned of."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from llmgate.store.folder import store_file
from tests.flows.configs import CHAT, chat_answer, ended, feed_events, openai, raw
from tests.support.answers import respond
from tests.support.gateway import GatewayProcess, until
from tests.support.upstream import Upstream

IDE = {"x-api-key": "ide-key-000111"}
PATH = "/v1/chat/completions"
CONFIG = (
    "keys:\n  ide: {key: ide-key-000111, limits: {requests_per_day: 2, budget_usd_per_day: 1}}\n"
    "prices: {'gpt-test': {input_per_mtok: 1000, output_per_mtok: 1000}}\n"
)


async def counted(gateway: GatewayProcess) -> list[dict[str, Any]]:
    """The limits of the key, now."""
    view = (await gateway.admin.get("/admin/v1/limits/key/ide")).json()
    limits: list[dict[str, Any]] = view["limits"]
    return [{name: limit.get(name) for name in ("name", "used", "resets_ms")} for limit in limits]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_counts_survive_a_restart(how: signal.Signals, tmp_path: Path) -> None:
    async with Upstream([respond(chat_answer())]) as up:
        config = openai(up.url, rest=CONFIG)
        async with GatewayProcess(config, folder=tmp_path) as gateway:
            first = await raw(gateway.url, PATH, CHAT, **IDE)
            await ended(gateway)
            before = await counted(gateway)
            if how is signal.SIGKILL:
                await until(lambda: _kept(tmp_path))
            await gateway.stop(how)
        async with GatewayProcess(config, folder=tmp_path) as gateway:
            after = await counted(gateway)
            second = await raw(gateway.url, PATH, CHAT, **IDE)
            third = await raw(gateway.url, PATH, CHAT, **IDE)

    assert before[0]["used"] == 1
    assert after == before
    assert [r.status_code for r in (first, second, third)] == [200, 200, 429]


async def _kept(folder: Path) -> bool:
    """The counters are in the file."""
    with closing(sqlite3.connect(store_file(folder / "data"))) as db:
        return bool(db.execute("SELECT count(*) FROM counters").fetchone()[0])


async def test_a_budget_that_is_used_up_is_news_for_viewers() -> None:
    config = CONFIG.replace("budget_usd_per_day: 1", "budget_usd_per_day: 0.015, warn_at: 0.5")
    async with (
        Upstream([respond(chat_answer())]) as up,
        GatewayProcess(openai(up.url, rest=config)) as gateway,
    ):
        await raw(gateway.url, PATH, CHAT, **IDE)
        texts: list[str] = []
        async for event in feed_events(gateway):
            texts = [n["text"] for n in event.get("notices", []) if n["kind"] == "budget"]
            if texts:
                break

    assert texts == [
        "key 'ide' has spent its budget of $0.015 per day ($0.0150): requests are refused until the"
        " day ends"
    ]
