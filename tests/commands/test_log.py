"""`llmgate log` lists, shows and tails what a gateway has recorded, while it runs or not."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from llmgate.commands import log
from llmgate.commands.log_filter import STATES
from llmgate.commands.log_show import summary_lines
from llmgate.commands.log_table import table
from llmgate.commands.log_tail import Follower
from llmgate.errors import LlmgateError, StartupProblem
from llmgate.store.filters import Filter
from llmgate.store.queries import Queries
from llmgate.store.writer import Store
from llmgate.wire.blocks import Basis
from tests.store.making import NOW_MS, begin, fail, finish

ESCAPE = "\x1b[31mred\x1b]0;title\x07"


async def fill(folder: Path) -> Store:
    """Three that ended, one that has not; the store stays open, as a gateway's does."""
    store = await Store.open(folder / "exchanges.sqlite")
    chat = finish(begin(1), b'{"choices":[{"message":{"role":"assistant","content":"hi"}}]}')
    chat.received_headers = [("content-type", "application/json")]
    evil = fail(begin(2), 429, "upstream_rate_limited", ESCAPE)
    evil.model = ESCAPE
    guess = finish(begin(3), b"data: a\n\n", b"data: \x1b[2J\n\n")
    guess.usage_basis, guess.cost_usd = "estimated", None
    for one in (chat, evil, guess):
        store.begun(one)
        store.ended(one)
    store.begun(begin(4))
    await store.flush()
    return store


def parse(folder: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    log.add_arguments(parser)
    return parser.parse_args([*words, "--data-dir", str(folder)])


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    await (await fill(tmp_path)).close()
    return tmp_path


def run(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert log.run(parse(folder, *words)) == 0
    return capsys.readouterr().out


def test_the_list_ends_with_the_newest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(folder, capsys).splitlines()

    assert lines[0].split()[:3] == ["TIME", "ID", "STATUS"]
    assert [line.split()[2] for line in lines[1:]] == ["x000001", "x000002", "x000003", "x000004"]
    assert "live" in lines[4]


def test_estimates_have_a_tilde_and_what_is_unknown_a_dash(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = run(folder, capsys, "--search", "gpt", "--limit", "2").splitlines()[1].split()

    assert cells[2] == "x000003"
    assert "10~" in cells
    assert cells[-1] == "-"


def test_filters_narrow_the_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def ids(*words: str) -> list[str]:
        out = run(folder, capsys, "--json", *words)
        return [msgspec.json.decode(line)["id"] for line in out.splitlines()]

    assert ids("--status", "4xx") == ["x000002"]
    assert ids("--error", "*") == ["x000002"]
    assert ids("--state", "live") == ["x000004"]
    assert ids("--model", "gpt*", "--limit", "2") == ["x000003", "x000004"]
    assert ids("--since", "2001-01-01") == [f"x00000{n}" for n in range(1, 5)]
    assert ids("--since", "2100-01-01") == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("show", "x000002"),
        ("show", "x000003", "--part", "all"),
        ("show", "x000003", "--part", "answer"),
        ("show", "x000003", "--part", "chunks"),
    ],
)
def test_nothing_recorded_can_steer_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    out = run(folder, capsys, *words)

    assert out
    assert not any(ord(character) < 32 and character != "\n" for character in out)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
async def test_the_table_fits_the_terminal(folder: Path, width: int) -> None:
    queries = Queries(folder / "exchanges.sqlite")
    found = await queries.newest(10)
    await queries.close()

    lines = table(found, width)

    assert len(lines) == 5
    assert max(map(len, lines)) <= width
    assert all(one.id in line for one, line in zip(found, lines[1:], strict=True))


def test_show_tells_the_parts_of_an_exchange(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "10 in (- cached), 4 out  reported" in run(folder, capsys, "show", "x000001")
    assert '"model": "m"' in run(folder, capsys, "show", "x000001", "--part", "request")
    assert "content-type" in run(folder, capsys, "show", "x000001", "--part", "headers")
    chunks = run(folder, capsys, "show", "x000003", "--part", "chunks").splitlines()
    assert [line.split()[0] for line in chunks] == ["0", "1"]
    shown = msgspec.json.decode(run(folder, capsys, "show", "x000001", "--part", "all", "--json"))
    assert shown["request"] == '{"model":"m"}'
    assert shown["summary"]["id"] == "x000001"
    assert len(shown["chunks"]) == 1


@pytest.mark.parametrize(
    ("cost", "basis", "source", "said"),
    [
        (0.5, "reported", "table", "tokens reported, priced by table"),
        (0.5, "reported", "config", "tokens reported, priced by config"),
        (0.5, "reported", "provider", "reported by the provider"),
        (0.5, "estimated", "table", "estimated, priced by table"),
        (None, "unknown", "", "unknown"),
    ],
)
def test_show_says_where_a_cost_comes_from(
    cost: float | None, basis: Basis, source: str, said: str
) -> None:
    one = finish(begin(1))
    one.cost_usd, one.cost_basis, one.price_source = cost, basis, source

    line = next(line for line in summary_lines(one.detail()) if line.startswith("cost"))

    assert line.endswith(f" USD  {said}")


def test_what_a_limit_held_is_found_and_shown() -> None:
    one = fail(begin(1), 429, "policy_rate_limited")
    one.limited_by, one.queued_us = "key ide: concurrency", 1_500_000

    lines = [line for line in summary_lines(one.detail()) if line.startswith("limited")]

    assert lines == ["limited    by key ide: concurrency, waited 1.5s"]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("--body", "data: a"), ["x000003"]),
        (("--body", "data: a", "--model", "claude*"), []),
        (("--header", "content-type=json"), ["x000001", "x000002", "x000003", "x000004"]),
        (("--limited", "*"), []),
    ],
)
def test_bodies_headers_and_limits_are_searched(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], ids: list[str]
) -> None:
    lines = run(folder, capsys, "--json", *words).splitlines()

    assert [msgspec.json.decode(line)["id"] for line in lines] == ids


def test_raw_gives_the_bytes_as_they_were(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    log.run(parse(folder, "show", "x000003", "--part", "answer", "--raw"))

    assert capfdbinary.readouterr().out == b"data: a\n\ndata: \x1b[2J\n\n"


def test_an_unknown_id_and_a_bad_date_say_what_to_do(folder: Path) -> None:
    with pytest.raises(LlmgateError, match="llmgate log"):
        log.run(parse(folder, "show", "nothing"))
    with pytest.raises(LlmgateError, match="5m, 2h"):
        log.run(parse(folder, "--since", "yesterday"))


def test_a_word_finds_the_error_types_that_contain_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ids(*words: str) -> list[str]:
        out = run(folder, capsys, "--json", *words)
        return [msgspec.json.decode(line)["id"] for line in out.splitlines()]

    assert ids("--error", "limited") == ["x000002"]
    assert ids("--error", "timeout, Rate limited") == ["x000002"]
    assert ids("--error", "upstream_rate_limited") == ["x000002"]
    assert ids("--error", "upstream_*") == ["x000002"]
    assert ids("--error", "timeout") == ids("--error", "limited*") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--state", "foo"),
            "'foo' is none of: queued, waiting, streaming, finished, failed, cut, canc",
        ),
        (("--state", "finished,canceled"), "'canceled' is none of"),
        (("--state", "z*"), "'z[*]' is none of"),
        (("--error", "timout"), "'timout' is part of no error type; near are: upstream_timeout$"),
        (("--error", "limited,overlaoded"), "near are: upstream_overloaded$"),
        (("--error", "qqq"), "the types are: caller_invalid_request, "),
        (("--error", ","), "',' is part of no error type"),
    ],
)
def test_states_and_errors_that_do_not_exist_are_refused_with_those_that_do(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(LlmgateError, match=said):
        log.run(parse(folder, *words))


@pytest.mark.parametrize("state", ["live", "Finished", "c*", "waiting, cut", *STATES])
def test_every_state_can_be_asked_for(state: str, folder: Path) -> None:
    assert log.run(parse(folder, "--state", state)) == 0


def test_without_a_store_it_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(StartupProblem, match="llmgate up"):
        log.run(parse(tmp_path))


@pytest.mark.parametrize(
    ("text", "ago_ms"), [("5m", 300_000), ("2h", 7_200_000), ("1.5d", 129_600_000)]
)
def test_since_reads_spans(text: str, ago_ms: int) -> None:
    assert log.moment_ms(text, NOW_MS) == NOW_MS - ago_ms


async def test_a_follower_gives_each_exchange_once_when_it_ends(tmp_path: Path) -> None:
    store = await fill(tmp_path)
    queries = Queries(tmp_path / "exchanges.sqlite")
    follower = Follower(queries, Filter(model="gpt*"))
    await follower.start()
    assert await follower.ended() == []

    late, other = begin(5), begin(6)
    other.model = other.served = "claude"
    live = store.pending("x000004")
    assert live is not None
    store.begun(late)
    await store.flush()
    assert await follower.ended() == []
    for one in (live, late, other):
        store.ended(finish(one))
    await store.flush()

    assert [one.id for one in await follower.ended()] == ["x000004", "x000005"]
    assert await follower.ended() == []
    await queries.close()
    await store.close()


def test_tail_ends_quietly_on_ctrl_c_and_a_closed_pipe_is_no_error(folder: Path) -> None:
    command = [sys.executable, "-m", "llmgate", "log"]
    place = ["--data-dir", str(folder)]
    with subprocess.Popen(
        [*command, "tail", *place],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as tailing:
        wait_until_it_reads(tailing.pid)
        tailing.send_signal(signal.SIGINT)
        _, said = tailing.communicate(timeout=20)
    reader, writer = os.pipe()
    os.close(reader)
    piped = subprocess.run([*command, *place], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)

    assert (tailing.returncode, said) == (0, b"")
    assert (piped.returncode, piped.stderr) == (0, b"")


def wait_until_it_reads(pid: int) -> None:
    """Returns once the process has the store open."""
    folder = Path(f"/proc/{pid}/fd")
    if not folder.exists():
        pytest.skip("needs /proc to see what a process has open")
    while not any("exchanges.sqlite" in target for target in _targets(folder)):
        pass


def _targets(folder: Path) -> list[str]:
    """What the process has open; a file may be closed while we look."""
    found: list[str] = []
    for link in folder.iterdir():
        with contextlib.suppress(OSError):
            found.append(str(link.readlink()))
    return found
