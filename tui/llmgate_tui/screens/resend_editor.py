"""A request body in the person's own editor, as often as it takes to be JSON."""

import asyncio
import os
import tempfile
from pathlib import Path

from textual.app import SuspendNotSupported

from llmgate_tui import editor, resend
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.review import asked, say
from llmgate_tui.screens.traffic_seek import TrafficSeek


async def typed_body(screen: TrafficSeek, before: bytes, text: bytes) -> bytes | None:
    """What was made of a text; None when it is still what was ``before``, or it was dropped."""
    file = await asyncio.to_thread(_private_file, text)
    try:
        return await _until_json(screen, file, before)
    finally:
        await asyncio.to_thread(file.unlink, missing_ok=True)


async def _until_json(screen: TrafficSeek, file: Path, before: bytes) -> bytes | None:
    line = 1
    while _opened(screen, file, line):
        text = await asyncio.to_thread(file.read_bytes)
        problem, line = resend.mistake(text)
        if text == before:
            say(screen, "nothing was changed, so nothing is sent")
            return None
        if not problem:
            return text
        if not await _again(screen, f"Line {line}: {problem}"):
            return None
    return None


async def _again(screen: TrafficSeek, problem: str) -> bool:
    choices = [("e", "go on there: what you typed is kept", "again"), ("d", "drop it", "drop")]
    while (answer := await asked(screen, Menu(problem, choices))) is None:
        if await asked(screen, Confirm("Drop what you typed?", "drop")):
            return False
    return answer == "again"


def _private_file(text: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="llmgate-", suffix=".json")
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return Path(name)


def _opened(screen: TrafficSeek, file: Path, line: int) -> bool:
    """Runs the editor; False, with the reason said, when it cannot be."""
    try:
        argv = editor.command(file, line)
    except ValueError as error:
        say(screen, f"$EDITOR cannot be read: {error}", "error")
        return False
    if not argv:
        say(screen, "$EDITOR is not set: export EDITOR=nano, or use the form", "warning")
        return False
    try:
        with screen.app.suspend():
            problem = editor.run(argv)
    except SuspendNotSupported:
        say(screen, "no editor can be opened in this terminal: use the form", "warning")
        return False
    screen.app.refresh()
    if problem:
        say(screen, problem, "warning")
    return True
