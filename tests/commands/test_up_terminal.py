"""The gateway as a child process: what it prints, why it never came up, how it ended."""

import sys
from collections.abc import Callable, Iterator

import pytest

from llmgate.commands.child import Child
from llmgate.errors import StartupProblem

READY = 'print(\'{"url": "http://127.0.0.1:1", "token_file": "t"}\', flush=True)'
WAIT = "sys.stdin.read()"

Start = Callable[..., Child]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts children of a few lines of Python, and ends them."""
    children: list[Child] = []

    def begin(*lines: str) -> Child:
        script = "\n".join(["import os, signal, sys", *lines])
        children.append(Child([sys.executable, "-c", script], detach=False))
        return children[-1]

    yield begin
    for child in children:
        child.stop()


def test_a_talkative_child_is_never_held_up(start: Start) -> None:
    child = start("sys.stderr.write('word ' * 100_000 + '\\n')", READY, WAIT)

    assert child.wait_ready().url == "http://127.0.0.1:1"
    assert child.ending() == ""


def test_a_child_that_cannot_start_says_why(start: Start) -> None:
    child = start("sys.exit('llmgate: port 1 is taken')")

    with pytest.raises(StartupProblem, match=r"^port 1 is taken$"):
        child.wait_ready()


def test_a_killed_child_is_told_apart_from_one_that_gave_up(start: Start) -> None:
    killed = start(READY, "os.kill(os.getpid(), signal.SIGKILL)")
    gave_up = start(READY, "sys.exit('disk full')")
    for child in (killed, gave_up):
        child.wait_ready()
        child._process.wait()

    assert killed.ending() == "the gateway ended (SIGKILL)"
    assert gave_up.ending() == "the gateway ended (exit code 1: disk full)"
