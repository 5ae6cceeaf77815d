"""`llmgate log mark|unmark|tag|note` says it through the gateway that runs, else into the file."""

import argparse
import asyncio
from pathlib import Path

import msgspec
import pytest

from llmgate.commands import log
from llmgate.commands.log_annotate import say
from llmgate.commands.log_show import summary_lines
from llmgate.errors import LlmgateError
from llmgate.server.run_file import announce, withdraw
from llmgate.server.token import TOKEN_FILE, sole_owner
from llmgate.store.queries import Queries
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeDetail, ExchangeSummary
from tests.flows.configs import CHAT, chat_answer, openai, raw
from tests.store.making import begin, finish
from tests.support.answers import respond
from tests.support.inside import TOKEN, inside
from tests.support.upstream import Upstream


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    store = await Store.open(tmp_path / "exchanges.sqlite")
    for number in range(1, 4):
        one = begin(number)
        store.begun(one)
        store.ended(finish(one))
    await store.close()
    return tmp_path


def parse(folder: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    log.add_arguments(parser)
    return parser.parse_args([*words, "--data-dir", str(folder)])


def run(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[ExchangeSummary]:
    capsys.readouterr()
    code = log.run(parse(folder, *words, "--json"))
    said = capsys.readouterr()
    assert code == (1 if said.err else 0)
    return [msgspec.json.decode(line, type=ExchangeSummary) for line in said.out.splitlines()]


def test_what_is_said_is_in_the_list_and_found_by_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(folder, capsys, "mark", "x000001", "x000002")
    run(folder, capsys, "tag", "Bug, slow", "x000002")
    run(folder, capsys, "note", "ask them", "x000003")
    run(folder, capsys, "unmark", "x000001")
    (told,) = run(folder, capsys, "tag", "--remove", "slow", "x000002")

    assert (told.id, told.marked, told.tags) == ("x000002", True, "bug")
    for words, number in (
        (["--marked"], 2),
        (["--tag", "bug"], 2),
        (["--note", "ask"], 3),
    ):
        assert [one.id for one in run(folder, capsys, *words)] == [f"x{number:06d}"]


def test_an_id_of_none_is_told_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [one.id for one in run(folder, capsys, "mark", "x000001", "nope")] == ["x000001"]


def test_what_cannot_be_said_is_refused(folder: Path) -> None:
    with pytest.raises(LlmgateError, match="one word"):
        log.run(parse(folder, "tag", "two words", "x000001"))


def test_a_folder_that_another_holds_is_not_written_beside_it(folder: Path) -> None:
    (folder / "lock").touch()
    with sole_owner(folder):
        announce(folder, "http://127.0.0.1:9")
        (folder / TOKEN_FILE).write_text(TOKEN)
        with pytest.raises(LlmgateError, match="lost"):
            log.run(parse(folder, "mark", "x000001"))
        withdraw(folder)
    queries = Queries(folder / "exchanges.sqlite")

    async def marked() -> bool:
        try:
            detail = await queries.detail("x000001")
            return detail is not None and detail.summary.marked
        finally:
            await queries.close()

    assert not asyncio.run(marked())


async def test_a_gateway_that_runs_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        Upstream(lambda _: respond(chat_answer())) as up,
        inside(openai(up.url), tmp_path) as gateway,
    ):
        await raw(gateway.url, "/v1/chat/completions", CHAT)
        (row,) = (await gateway.admin.get("/admin/v1/exchanges")).json()["exchanges"]
        (tmp_path / TOKEN_FILE).write_text(TOKEN)
        with sole_owner(tmp_path):
            announce(tmp_path, gateway.url)
            args = parse(tmp_path, "note", "seen", row["id"], "--json")
            assert await say(args, tmp_path / "exchanges.sqlite") == 0
        (row,) = (await gateway.admin.get("/admin/v1/exchanges")).json()["exchanges"]

    assert row["note"] == "seen"
    assert '"note":"seen"' in capsys.readouterr().out


async def test_words_are_searched_and_what_is_not_indexed_yet_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = await Store.open(folder / "exchanges.sqlite")
    await store.indexing.catch_up()
    late = begin(4)
    store.begun(late)
    store.ended(finish(late))
    await store.close()

    assert await asyncio.to_thread(log.run, parse(folder, "--text", "GPT 4o")) == 0

    said = capsys.readouterr()
    assert [line.split()[2] for line in said.out.splitlines()[1:]] == [
        "x000001",
        "x000002",
        "x000003",
    ]
    assert "1 exchanges are not in the index" in said.err


def test_show_tells_what_was_said_and_what_is_sent_again() -> None:
    one = finish(begin(1))
    one.parent, one.replay, one.marked, one.exported = "x000000", "r1", True, True
    one.tags, one.note = "bug,slow", "a \x1b[31mnote"

    lines = summary_lines(ExchangeDetail(summary=one.summary()))

    assert "replay     r1, sends x000000 again" in lines
    assert "kept       marked, a recording was made of it" in lines
    assert "tags       bug, slow" in lines
    assert not any("\x1b" in line for line in lines)
