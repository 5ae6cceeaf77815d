"""`llmgate up` as a person meets it: on a terminal, without one, and in every way it can fail."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.commands.terminal import CHECKOUT, PROGRAM, children, environment, gone, on_terminal, ran
from tests.support.gateway import free_port, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, drives a pty")


def demo(folder: Path, port: int) -> list[str]:
    return ["up", "--demo", "--port", str(port), "--data-dir", str(folder / "data")]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def has_child(pid: int) -> bool:
    return bool(children(pid))


# -- on a terminal -------------------------------------------------------------


async def test_the_demo_draws_the_terminal_and_q_ends_both_processes(tmp_path: Path) -> None:
    port = free_port()
    began = time.perf_counter()
    async with on_terminal(tmp_path, *demo(tmp_path, port)) as terminal:
        await terminal.shows("No traffic yet")
        print(f"drawn after {time.perf_counter() - began:.2f} s")  # noqa: T201 - never asserted
        (gateway,) = children(terminal.process.pid)
        served = listens(port)
        terminal.press(b"q")
        code = await terminal.ended()
        await gone(gateway)

    assert served
    assert code == 0
    assert not listens(port)


async def test_the_gateway_ends_soon_after_its_terminal_was_killed(tmp_path: Path) -> None:
    port = free_port()
    async with on_terminal(tmp_path, *demo(tmp_path, port)) as terminal:
        await terminal.shows("No traffic yet")
        (gateway,) = children(terminal.process.pid)
        terminal.process.send_signal(signal.SIGKILL)
        await terminal.ended()
        await gone(gateway)

    assert not listens(port)


async def test_ctrl_c_during_the_start_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    async with on_terminal(tmp_path, *demo(tmp_path, port)) as terminal:
        pid = terminal.process.pid
        await until(lambda: has_child(pid), every_s=0.005)
        (gateway,) = children(pid)
        terminal.press(b"\x03")
        code = await terminal.ended()
        await gone(gateway)

    assert code in {0, 130}
    assert b"Traceback" not in terminal.drawn
    assert not listens(port)


async def test_a_problem_of_the_start_is_one_line_on_the_terminal_too(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        async with on_terminal(tmp_path, *demo(tmp_path, port)) as terminal:
            code = await terminal.ended()
            await terminal.shows("--port")

    assert code == 2
    assert terminal.drawn.count(b"\n") == 1
    assert f"llmgate: port {port} is in use".encode() in terminal.drawn


async def test_a_detached_gateway_goes_on_and_says_how_to_stop_it(tmp_path: Path) -> None:
    port = free_port()
    async with on_terminal(tmp_path, *demo(tmp_path, port), "--detach") as terminal:
        await terminal.shows("No traffic yet")
        terminal.press(b"q")
        code = await terminal.ended()
        await terminal.shows("stop it with: kill ")
    found = re.search(rb"kill (\d+)", terminal.drawn)
    assert found is not None
    pid = int(found.group(1))
    goes_on = listens(port)
    os.kill(pid, signal.SIGTERM)
    await gone(pid)

    assert code == 0
    assert goes_on


# -- without a terminal --------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("headless", [(), ("--headless",)])
async def test_without_a_terminal_it_prints_ready_lines_and_ends_well_on_a_signal(
    tmp_path: Path, how: signal.Signals, headless: tuple[str, ...]
) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *demo(tmp_path, port),
        *headless,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        lines = [(await process.stdout.readline()).decode() for _ in range(5)]
        process.send_signal(how)
        _, err = await process.communicate()

    assert lines[0].endswith(f"ready on http://127.0.0.1:{port}\n")
    assert [line.split()[0] for line in lines[1:]] == ["config", "providers", "keys", "data"]
    assert process.returncode == 0
    assert "Traceback" not in err.decode()


async def test_a_second_gateway_on_the_same_data_is_refused_in_one_line(tmp_path: Path) -> None:
    first = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *demo(tmp_path, free_port()),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert first.stdout is not None
    await first.stdout.readline()
    code, out, err = await ran(tmp_path, *demo(tmp_path, free_port()))
    first.terminate()
    await first.communicate()

    assert (code, out) == (2, "")
    assert err.startswith("llmgate: another llmgate uses the data folder ")
    assert "llmgate tui" in err
    assert err.count("\n") == 1


# -- what can be wrong ---------------------------------------------------------

BROKEN = "providers:\n  up: {kind: openai-compatible, base_url: 'http://x/v1'}\nprovders: {}\n"
MISSING = "providers:\n  up: {kind: openai-compatible, base_url: '${NOT_SET_ANYWHERE}'}\n"
OPEN = "server: {host: 0.0.0.0}\n"


@pytest.mark.parametrize(
    ("files", "arguments", "words"),
    [
        ({}, ["--config", "nope.yaml"], "--config names .*nope.yaml, which does not exist"),
        ({"c.yaml": BROKEN}, ["--config", "c.yaml"], r"`provders`.*\(.*c.yaml, line 3\)"),
        ({"c.yaml": "a: [\n"}, ["--config", "c.yaml"], r"not YAML.*c.yaml, line \d"),
        ({"c.yaml": MISSING}, ["--config", "c.yaml"], "NOT_SET_ANYWHERE is not set.*line 2"),
        ({"config.yaml": BROKEN}, [], r"`provders`.*config.yaml, line 3"),
        ({}, ["--config", "."], "this is a folder"),
        ({}, ["--demo", "--env-file", "nope.env"], "--env-file names nope.env, which does not"),
        ({}, ["--demo", "--env-file", "."], "--env-file names ., which is not a file"),
        ({"c.yaml": "", "e": "="}, ["--config", "c.yaml", "--env-file", "e"], "NAME=value.*line 1"),
        ({}, ["--demo", "--host", "0.0.0.0"], "configure at least one key under `keys:` first"),
        (
            {"c.yaml": OPEN},
            ["--config", "c.yaml"],
            "0.0.0.0 is open to other machines: add at least one key",
        ),
        ({}, ["--demo", "--host", "no.such.host.invalid"], "configure at least one key"),
        ({}, ["--demo", "--port", "70000"], "there is no port 70000"),
        ({"data": "a file"}, ["--demo"], "data folder .*data"),
    ],
)
async def test_what_stops_a_start_is_one_line_with_what_to_do(
    tmp_path: Path, files: dict[str, str], arguments: list[str], words: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    code, out, err = await ran(tmp_path, "up", "--data-dir", "data", "--port", "0", *arguments)

    assert (code, out) == (2, "")
    assert re.search(words, err)
    assert err.startswith("llmgate: ")
    assert err.count("\n") == 1


async def test_several_mistakes_are_one_line_that_says_how_to_see_them_all(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("one: 1\ntwo: 2\nthree: 3\n", encoding="utf-8")
    code, _, err = await ran(tmp_path, "up", "--config", "c.yaml", "--data-dir", "data")

    assert code == 2
    assert err.endswith("; 2 more: `llmgate check` lists them\n")


async def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        code, _, err = await ran(tmp_path, *demo(tmp_path, busy.getsockname()[1]))

    assert code == 2
    assert "choose another with --port" in err
    assert err.count("\n") == 1


# -- the command table ---------------------------------------------------------


async def test_the_version_and_the_help_are_printed(tmp_path: Path) -> None:
    version, helped = await asyncio.gather(ran(tmp_path, "--version"), ran(tmp_path, "--help"))

    assert version == (0, f"llmgate {_version()}\n", "")
    assert helped[0] == 0
    assert helped[1].startswith("usage: llmgate COMMAND")


async def test_an_unknown_command_is_named_and_the_known_ones_are_listed(tmp_path: Path) -> None:
    code, out, err = await ran(tmp_path, "frobnicate")

    assert (code, out) == (2, "")
    assert err.startswith("llmgate: no command is called 'frobnicate'")
    assert "llmgate check" in err


def _version() -> str:
    found = re.search(r'^version = "(.*)"', (CHECKOUT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found is not None
    return found.group(1)
