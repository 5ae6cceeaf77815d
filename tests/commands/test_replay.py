"""`llmgate replay`: what a person and a script see of it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from llmgate.wire.replays import Matrix, ReplayView
from tests.commands.terminal import PROGRAM, environment, on_terminal, ran
from tests.flows.configs import CHAT, chat_answer, raw
from tests.flows.replaying import chat, config
from tests.support.answers import Answer, Hang, respond
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Request, Upstream

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="drives a pty, needs flock")


class Stand:
    """A gateway that has recorded two requests, and how to run the command on it."""

    def __init__(self, gateway: GatewayProcess, two: Upstream, ids: list[str]) -> None:
        self.gateway, self.two, self.ids = gateway, two, ids

    def line(self, *arguments: str) -> tuple[str, ...]:
        return ("replay", *arguments, "--data-dir", str(self.gateway.data_dir))

    async def ran(self, *arguments: str) -> tuple[int, str, str]:
        return await ran(self.gateway.folder, *self.line(*arguments))


@asynccontextmanager
async def stand(two_answers: object = chat) -> AsyncIterator[Stand]:
    async with Upstream(chat) as one, Upstream(two_answers) as two:  # type: ignore[arg-type]
        async with GatewayProcess(config(one, two)) as gateway:
            for number in range(2):
                body = {**CHAT, "user": str(number)}
                await raw(gateway.url, "/v1/chat/completions", body)
            rows = await gateway.exchanges(2)
            yield Stand(gateway, two, [row.id for row in rows])


async def test_it_sends_what_was_named_and_prints_what_came_of_it() -> None:
    async with stand() as at:
        code, out, err = await at.ran(at.ids[0], "--to", "two/other", "--times", "2", "--yes")
        listed = await at.ran("--list")

    lines = out.splitlines()
    assert code == 0
    assert "two/other: 2 requests, about 24 tokens in and 6 out, about $0.0300" in err
    assert lines[0].split() == [
        "REQUEST",
        "AT",
        "ST",
        "TTFT",
        "TOTAL",
        "TOK/S",
        "IN",
        "OUT",
        "$",
        "ALIKE",
    ]
    assert lines[1].startswith("say hi   original   200")
    assert lines[2].split()[:2] == ["two/other", "200"]
    assert lines[2].endswith("1.00")
    assert [json.loads(request.raw_body)["model"] for request in at.two.requests] == ["other"] * 2
    assert "finished" in listed[1]
    assert "two/other" in listed[1]


async def test_filters_choose_and_fields_are_set() -> None:
    async with stand() as at:
        code, out, _ = await at.ran(
            *("--model", "gpt-*", "--limit", "1", "--to", "two", "--set", "temperature=0"),
            *("--set", "reasoning.effort=low", "--set", "user=null", "--yes", "--json"),
        )

    matrix = msgspec.json.decode(out, type=Matrix)
    body = json.loads(at.two.requests[0].raw_body)
    assert code == 0
    assert [row.source.id for row in matrix.rows] == at.ids[1:]
    assert (body["temperature"], body["reasoning"], "user" in body) == (0, {"effort": "low"}, False)


async def test_a_script_must_say_that_money_may_be_spent() -> None:
    async with stand() as at:
        estimate = await at.ran(at.ids[0], "--to", "two", "--estimate", "--timing", "x4")
        code, out, err = await at.ran(at.ids[0], "--to", "two")
        limited = await at.ran(at.ids[0], "--to", "two", "--limit-usd", "0.02", "--times", "3")

    assert (code, out) == (2, "")
    assert "--yes" in err
    assert limited[0] == 3
    assert "1 of 3 are done, the next would go over $0.02" in limited[2]
    assert "--limit-usd USD` goes on with another limit" in limited[2]
    assert estimate[0] == 0
    assert "about $0.0150" in estimate[2]
    assert "note: at 4 times the recorded speed it takes about 1 s" in estimate[2]
    assert len(at.two.requests) == 1


async def test_a_person_is_asked() -> None:
    async with stand() as at:
        async with on_terminal(at.gateway.folder, *at.line(at.ids[0], "--to", "two")) as terminal:
            await terminal.shows("send 1 request? [y/N]")
            terminal.press(b"n\n")
            refused = await terminal.ended()
        before = len(at.two.requests)
        async with on_terminal(at.gateway.folder, *at.line(at.ids[0], "--to", "two")) as terminal:
            await terminal.shows("send 1 request? [y/N]")
            terminal.press(b"y\n")
            agreed = await terminal.ended()
            await terminal.shows("ALIKE")

    assert (refused, before, agreed) == (0, 0, 0)
    assert len(at.two.requests) == 1


async def test_ctrl_c_stops_the_replay_and_says_how_to_go_on() -> None:
    calls = 0

    def second_hangs(request: Request) -> Answer:
        nonlocal calls
        calls += 1
        return [Hang()] if calls == 2 else chat(request)

    async with stand(second_hangs) as at:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *at.line(*at.ids, "--to", "two", "--times", "2", "--yes"),
            cwd=at.gateway.folder,
            env=environment(at.gateway.folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        await at.two.request(1)
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
        listed = await at.ran("--list", "--json")
        assert listed[0] == 0, (listed, err)
        view = msgspec.json.decode(listed[1], type=ReplayView)
        code, out, _ = await at.ran("--resume", view.id, "--json")

    said = err.decode()
    matrix = msgspec.json.decode(out, type=Matrix)
    assert process.returncode == 130
    assert "1 of 4 are done" in said
    assert f"llmgate replay --resume {view.id}" in said
    assert "Traceback" not in said
    assert (view.state, view.done) == ("stopped", 1)
    assert (code, matrix.replay.state, matrix.replay.done) == (0, "finished", 4)
    assert len(at.two.requests) == 5


async def test_without_a_gateway_one_is_started_for_it() -> None:
    async with Upstream(chat) as one, Upstream(chat) as two:
        async with GatewayProcess(config(one, two)) as gateway:
            await raw(gateway.url, "/v1/chat/completions", CHAT)
            (row,) = await gateway.exchanges(1)
            await gateway.stop()
            arguments = ("replay", row.id, "--to", "two", "--yes", "--config", "config.yaml")
            code, out, err = await ran(
                gateway.folder, *arguments, "--data-dir", str(gateway.data_dir)
            )

    assert (code, "1.00" in out) == (0, True), err
    assert len(two.requests) == 1


def burning(_: Request) -> Answer:
    return respond({"error": {"message": "the provider is on fire"}}, status=500)


async def test_where_nothing_ends_well_the_reason_is_told_and_it_is_exit_code_1() -> None:
    async with stand(burning) as at:
        code, out, err = await at.ran("--model", "*", "--to", "two", "--yes")

    assert code == 1
    assert "two: the provider is on fire (2 times)" in out
    assert err.splitlines()[-1] == "llmgate: nothing ended well"


async def test_a_rule_that_cannot_be_read_is_not_one_that_is_broken() -> None:
    async with stand() as at:
        code, out, err = await at.ran(at.ids[0], "--to", "two", "--yes", "--fail-if", "likeness<1")

    assert (code, out, at.two.requests) == (2, "", [])
    assert "expected a figure" in err


WRONG = [
    (("--to", "two"), "which exchanges?"),
    (("ID", "--to", "claude", "--yes"), "recorded as openai.chat, provider 'claude' speaks"),
    (("ID", "--to", "tow", "--yes"), "did you mean 'two'?"),
    (("ID", "--to", "/x"), "names no provider"),
    (("ID", "--set", "temperature"), "sets nothing"),
    (("ID", "--timing", "slow"), "is none of: fast, recorded, x2"),
    (("ID", "--marked"), "not both"),
    (("nosuch",), "no exchange has the id 'nosuch', or several begin with it"),
    (("no/such.har",), "there is no file no/such.har"),
    (("--resume", "nosuch"), "no replay has the id 'nosuch'"),
    (("--matrix", "nosuch"), "no replay has the id 'nosuch'"),
    (("--since", "soon"), "is neither a span"),
]


@pytest.mark.timeout(180)
async def test_what_cannot_be_done_is_one_line() -> None:
    said = []
    async with stand() as at:
        for arguments, _ in WRONG:
            given = [at.ids[0] if word == "ID" else word for word in arguments]
            said.append(await at.ran(*given))

    for (_, words), (code, out, err) in zip(WRONG, said, strict=True):
        assert (code, out) == (2, ""), err
        assert words in err.splitlines()[-1]
        assert err.splitlines()[-1].startswith("llmgate: ")


async def test_a_reader_that_goes_away_is_no_error_and_a_broken_rule_is_told_all_the_same() -> None:
    async with stand() as at:
        await at.ran(at.ids[0], "--to", "two", "--yes", "--name", "kept")
        listed = await unread_by_anyone(at, "--list")
        name = json.loads((await at.ran("--list", "--json"))[1])["id"]
        broken = await unread_by_anyone(at, "--matrix", name, "--fail-if", "similarity>0")

    assert listed == (0, "")
    assert broken[0] == 1
    assert broken[1].startswith("llmgate: ")
    assert "similarity" in broken[1]
    assert "Error" not in broken[1]


async def unread_by_anyone(at: Stand, *arguments: str) -> tuple[int | None, str]:
    """Runs it into a pipe that nobody reads; its code and what it complained of."""
    reader, writer = os.pipe()
    os.close(reader)
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *at.line(*arguments),
        cwd=at.gateway.folder,
        env=environment(at.gateway.folder),
        stdout=writer,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writer)
    _, err = await process.communicate()
    return process.returncode, err.decode()


async def test_a_rule_that_is_broken_is_exit_code_1_and_the_report_is_markdown() -> None:
    def other(_request: Request) -> Answer:
        return respond(chat_answer("something else"))

    async with stand(other) as at:
        line = (at.ids[0], "--to", "two", "--yes", "--fail-if")
        broken = await at.ran(*line, "similarity<0.9", "--markdown")
        holds = await at.ran(*line, "cost>5x")
        unread = await at.ran(*line, "similarity<<1")
        as_json = await at.ran(*line, "similarity<0.9 or cost>5x", "--json")
        unruled = await at.ran(at.ids[0], "--to", "two", "--yes", "--json")

    report = json.loads(as_json[1])
    assert broken[0] == as_json[0] == 1
    assert report["fail_if"] == "similarity<0.9 or cost>5x"
    assert "similarity is 0" in report["judgement"]["broken"][0]
    assert report["judgement"]["unjudged"] == []
    assert len(report["rows"]) == 1
    assert "judgement" not in json.loads(unruled[1])
    assert "similarity" in broken[2]
    assert "| " in broken[1]
    assert holds[0] == 0, holds[2]
    assert unread[0] == 2
    assert len(at.two.requests) == 4  # a rule that cannot be read is said before anything is sent


async def test_a_folder_of_recordings_is_taken_in_first(tmp_path: Path) -> None:
    recordings = Path(__file__).parents[2] / "recordings"
    files = sorted(recordings.glob("chat-*.llmrec.jsonl"))[:3]
    folder = tmp_path / "some"
    folder.mkdir()
    for file in files:
        (folder / file.name).write_bytes(file.read_bytes())
    async with stand() as at:
        said = [await at.ran(str(folder), "--to", "two", "--yes", "--json") for _ in range(2)]

    for code, out, err in said:  # in a store that is kept they are there already
        assert code == 0, err
        assert len(msgspec.json.decode(out, type=Matrix).rows) == len(files)
    assert len(at.two.requests) == 2 * len(files)
