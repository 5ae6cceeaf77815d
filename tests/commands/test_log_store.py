"""`llmgate log stats|gc|vacuum`, through the gateway that runs and on a file nobody holds."""

import argparse
import os
from pathlib import Path

import msgspec
import pytest

from llmgate.commands import log
from llmgate.commands.log_store import act
from llmgate.server.run_file import announce, withdraw
from llmgate.server.token import TOKEN_FILE, sole_owner
from llmgate.store.writer import Store
from llmgate.wire.keeping import Cleaned, StoreStats
from tests.flows.configs import CHAT, chat_answer, openai, raw
from tests.store.making import begin, finish
from tests.support.answers import respond
from tests.support.inside import TOKEN, inside
from tests.support.upstream import Upstream


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    store = await Store.open(tmp_path / "exchanges.sqlite", keep_mb=0)
    for number in range(60):
        one = begin(number, request=os.urandom(30_000))
        store.begun(one)
        store.ended(finish(one))
    await store.flush()
    await store.write("DELETE FROM exchanges WHERE seq <= 50")
    await store.write("DELETE FROM parts WHERE id < 51 * 8")
    await store.close()
    return tmp_path


def parse(folder: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    log.add_arguments(parser)
    return parser.parse_args([*words, "--data-dir", str(folder)])


def run(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert log.run(parse(folder, *words)) == 0
    return capsys.readouterr().out


def test_on_a_file_that_nobody_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = msgspec.json.decode(run(folder, capsys, "stats", "--json"), type=StoreStats)
    cleaned = msgspec.json.decode(run(folder, capsys, "gc", "--json"), type=Cleaned)
    packed = msgspec.json.decode(run(folder, capsys, "vacuum", "--json"), type=Cleaned)
    after = msgspec.json.decode(run(folder, capsys, "stats", "--json"), type=StoreStats)

    assert (before.exchanges, before.pieces, after.exchanges, after.pieces) == (10, 60, 10, 10)
    assert (cleaned.removed, cleaned.pieces) == (0, 50)
    assert cleaned.freed_bytes > 1_000_000
    assert packed.file_bytes == after.file_bytes < 600_000
    assert after.free_bytes == 0


def test_what_is_printed_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(folder, capsys, "stats")
    assert "exchanges   10, of them kept for good: 0" in said
    assert "pieces      60 with 1.8 MB" in said
    assert "removed  0 exchanges, 50 pieces" in run(folder, capsys, "gc")
    assert "on disk" in run(folder, capsys, "vacuum")


async def test_a_gateway_that_runs_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        Upstream(lambda _: respond(chat_answer())) as up,
        inside(openai(up.url), tmp_path) as gateway,
    ):
        await raw(gateway.url, "/v1/chat/completions", CHAT)
        (tmp_path / TOKEN_FILE).write_text(TOKEN)
        with sole_owner(tmp_path):
            announce(tmp_path, gateway.url)
            path = tmp_path / "exchanges.sqlite"
            for action in ("gc", "vacuum"):
                assert await act(parse(tmp_path, action, "--json"), path) == 0
                msgspec.json.decode(capsys.readouterr().out, type=Cleaned)
            assert await act(parse(tmp_path, "stats", "--json"), path) == 0
            withdraw(tmp_path)
        stats = msgspec.json.decode(capsys.readouterr().out, type=StoreStats)

    assert stats.exchanges == 1
    assert stats.raw_bytes > 0
    assert stats.keep_mb > 0
