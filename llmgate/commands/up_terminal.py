"""The foreground half of `llmgate up`: starts the gateway as a child, opens the TUI, stops the
child.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from llmgate.errors import StartupProblem

_STOP_S = 8


class Ready(msgspec.Struct, frozen=True):
    """The line a gateway prints when it serves."""

    url: str
    token_file: str


def run_terminal(args: argparse.Namespace) -> int:
    """Runs gateway and TUI; gives the exit code."""
    child = _start(args)
    try:
        ready = _wait(child)
        from llmgate_tui.main import run as run_tui  # noqa: PLC0415 - after the child is on its way

        token = Path(ready.token_file).read_text(encoding="ascii").strip()
        code = run_tui(ready.url, token)
    finally:
        if not args.detach:
            _stop(child)
    if args.detach:
        print(f"llmgate goes on at {ready.url}; stop it with: kill {child.pid}")
    return code


def _start(args: argparse.Namespace) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "llmgate", "up", "--child"]
    for flag in ("config", "host", "port", "data_dir", "env_file"):
        value = getattr(args, flag)
        if value is not None:
            command += [f"--{flag.replace('_', '-')}", str(value)]
    if args.demo:
        command.append("--demo")
    return subprocess.Popen(  # noqa: S603 - our own command line
        command,
        stdin=subprocess.DEVNULL if args.detach else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if not args.detach else subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal is for the TUI
        env={**os.environ, "LLMGATE_TIED": "" if args.detach else "1"},
    )


def _wait(child: "subprocess.Popen[bytes]") -> Ready:
    assert child.stdout is not None
    for line in child.stdout:
        try:
            return msgspec.json.decode(line, type=Ready)
        except msgspec.DecodeError:
            continue
    said = child.stderr.read().decode(errors="replace").strip() if child.stderr else ""
    child.wait()
    last = said.splitlines()[-1] if said else "the gateway ended before it was ready"
    raise StartupProblem(last.removeprefix("llmgate: "))


def _stop(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
