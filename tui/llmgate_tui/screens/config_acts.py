"""What can be done on the Config screen: check the file, open it, look at a revision, go back."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from textual.app import SuspendNotSupported

from llmgate.wire.editing import RevisionDetail, Verdict
from llmgate.wire.gateway import ConfigView
from llmgate_tui import editor
from llmgate_tui.api import ApiProblem
from llmgate_tui.screens.config_history import detail_lines, title
from llmgate_tui.screens.drafting import Drafting
from llmgate_tui.screens.review import Review, Told, asked, failed, say
from llmgate_tui.steering import Refused, Stale
from llmgate_tui.verdict_text import running, where

_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


async def check(screen: Drafting) -> None:
    """Lets the gateway read the file now; says what is wrong or what runs."""
    before = screen.config.version if screen.config is not None else None
    try:
        view = await screen.desk.steering.reload()
    except ApiProblem as problem:
        failed(screen, "the file was not read", problem)
        return
    if view.problems:
        first = view.problems[0]
        place = where(first)
        say(screen, f"not applied: {first.message}" + (f" ({place})" if place else ""), "error")
    elif view.version == before:
        say(screen, f"the file is good; config v{view.version} is running")
    else:
        say(screen, f"config v{view.version} is running: u undoes it")
    screen.steered()


def edit_file(screen: Drafting, config: ConfigView, line: int) -> bool:
    """Opens the person's editor at a line; False, with the reason said, when it cannot be."""
    file = config.file
    try:
        argv = editor.command(Path(file), line)
    except ValueError as error:
        say(screen, f"$EDITOR cannot be read: {error}", "error")
        return False
    if not argv:
        say(screen, f"$EDITOR is not set: export EDITOR=nano, or edit {file}", "warning")
    elif urlsplit(screen.desk.api.url).hostname not in _LOCAL or not Path(file).is_file():
        say(screen, f"{file} is not on this machine: edit it where it is", "warning")
    else:
        return _open(screen, argv, file)
    return False


def _open(screen: Drafting, argv: list[str], file: str) -> bool:
    try:
        with screen.app.suspend():
            problem = editor.run(argv)
    except SuspendNotSupported:
        say(screen, f"no editor can be opened in this terminal: edit {file}", "warning")
        return False
    screen.app.refresh()
    if problem:
        say(screen, problem, "warning")
    return True


async def show_revision(screen: Drafting, number: int) -> None:
    """What it changed."""
    detail = await _detail(screen, number)
    if detail is not None:
        await asked(screen, Told(title(detail.revision), detail_lines(detail), screen.desk))


async def roll_back(screen: Drafting, number: int, config: ConfigView) -> None:
    """Back to a revision, after its difference and a yes."""
    detail = await _detail(screen, number)
    if detail is None:
        return
    if detail.revision.current:
        say(screen, f"revision {number} is running already")
        return
    would = Verdict(ok=True, etag=config.etag, version=config.version, diff=detail.to_current)
    page = Review(f"Roll back to revision {number}", would, screen.desk, verb="roll back")
    if not await asked(screen, page):
        return
    try:
        verdict = await screen.desk.steering.roll_back(number, config.etag)
    except Stale:
        say(screen, "the file has just changed: look at it, then roll back again", "warning")
    except Refused as refused:
        say(screen, f"not rolled back: {refused}", "error")
    except ApiProblem as problem:
        failed(screen, "not rolled back", problem)
    else:
        say(screen, running(verdict))
    screen.steered()


async def _detail(screen: Drafting, number: int) -> RevisionDetail | None:
    try:
        return await screen.desk.steering.revision(number)
    except ApiProblem as problem:
        failed(screen, f"revision {number}", problem)
        return None
