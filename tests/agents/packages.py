"""Programs from npm and the package index, installed once into a folder outside the checkout.

``LLMGATE_AGENTS`` names the folder. Without npm, or when an install fails, the tests say why and
skip; with ``CI=true`` a failed install is a failed test.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

FOLDER = Path(os.environ.get("LLMGATE_AGENTS") or Path(tempfile.gettempdir(), "llmgate-agents"))
INSTALL_S = 300


class Package(msgspec.Struct, frozen=True):
    """A program: the version tried, where it comes from, where it is after the install."""

    name: str
    spec: str
    program: str
    source: str = "npm"


AIMOCK = Package(
    "aimock", "@copilotkit/aimock@1.43.0", "node_modules/@copilotkit/aimock/dist/cli.js"
)
CLAUDE = Package("claude", "@anthropic-ai/claude-code@2.1.197", "node_modules/.bin/claude")
CODEX = Package("codex", "@openai/codex@0.169.0", "node_modules/.bin/codex")
OPENCODE = Package("opencode", "opencode-ai@1.18.33", "node_modules/.bin/opencode")
COPILOT = Package("copilot", "@github/copilot@1.0.102", "node_modules/.bin/copilot")
CONTINUE = Package("cn", "@continuedev/cli@1.5.47", "node_modules/.bin/cn")
AIDER = Package("aider", "aider-chat==0.86.2", "bin/aider", "pip")


def program(package: Package) -> Path:
    """The installed program; installs it when it is not there."""
    if package.source == "npm" and shutil.which("npm") is None:
        pytest.skip("npm is not on this machine")
    folder = FOLDER / package.name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = folder / package.program
        if not path.exists():
            _install(package, folder)
    if not path.exists():
        _give_up(f"{package.spec} was installed without {package.program}")
    return path


def _install(package: Package, folder: Path) -> None:
    if package.source == "npm":
        (folder / "package.json").write_text("{}")
        commands = [["npm", "install", "--no-audit", "--no-fund", package.spec]]
    else:
        pip = str(folder / "bin" / "pip")
        commands = [[sys.executable, "-m", "venv", "."], [pip, "install", "-q", package.spec]]
    for command in commands:
        _carry_out(command, folder, package.spec)


def _carry_out(command: list[str], folder: Path, spec: str) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        _give_up(f"{spec} could not be installed within {INSTALL_S} s")
    if done.returncode != 0:
        _give_up(f"{spec} could not be installed: {done.stderr.strip()[-300:]}")


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
