"""Exchanges into files: which form, where to, what came of it."""

from pathlib import Path
from typing import Final

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate_tui import exporting
from llmgate_tui.api import ApiProblem
from llmgate_tui.exporting import FORMATS, Written
from llmgate_tui.screens.form import Field, Form, Values
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.review import asked, say
from llmgate_tui.screens.traffic_seek import TrafficSeek

CHOICES: Final = [
    ("r", "recording: secrets blanked, can be served and replayed", "recording"),
    ("h", "HAR", "har"),
    ("c", "curl", "curl"),
    ("p", "Python", "python"),
    ("j", "JSONL for fine-tuning and evals", "jsonl"),
    ("b", "request body as it came", "body"),
    ("a", "answer as it came", "answer"),
]


async def export(screen: TrafficSeek, rows: list[ExchangeSummary]) -> None:
    """Asks for the form and the place, writes, tells."""
    ended = [row for row in rows if row.state not in LIVE]
    if not ended:
        say(screen, "it is still running: it can be exported when it has ended", "warning")
        return
    what = "this exchange" if len(ended) == 1 else f"{len(ended):,} marked exchanges"
    choice = await asked(screen, Menu(f"Export {what} as", CHOICES))
    if choice is None:
        return
    place = await _place(screen, choice, ended)
    if place is None:
        return
    written = Written()
    if len(rows) > len(ended):
        written.skip(len(rows) - len(ended), "still running")
    try:
        await _write(screen, choice, ended, place, written)
    except ApiProblem as problem:
        written.skip(0, problem.message)
        say(screen, f"not exported: {problem.message}. {written.words()}", "error")
        return
    except OSError as error:
        said = f"not written: {error.filename or place}: {error.strerror or error}"
        say(screen, f"{said}. {written.words()}" if written.files else said, "error")
        return
    say(screen, written.words(), "information" if written.files else "warning")


async def _place(screen: TrafficSeek, choice: str, rows: list[ExchangeSummary]) -> Path | None:
    folder = exporting.many_files(choice, len(rows))
    label = "Folder" if folder else "File"
    field = Field("place", label, exporting.usual_place(choice, rows))
    values = await asked(screen, Form("Write to", [field], _no_place, verb="write"))
    if values is None:
        return None
    return exporting.named(values["place"])


def _no_place(values: Values) -> str:
    return "" if values["place"] else "name a file or a folder"


async def _write(
    screen: TrafficSeek, choice: str, rows: list[ExchangeSummary], place: Path, written: Written
) -> None:
    """Every file as soon as it is there: what fails later loses nothing."""
    if choice == "recording":
        await _each(screen, choice, rows, place, written)
    elif choice in FORMATS:
        made = await screen.desk.keeping.export([row.id for row in rows], FORMATS[choice])
        written.skip(made.skipped, made.why)
        if made.skipped < len(rows):
            target = exporting.within(place, made.name or "exchanges")
            _keep(written, target, made.data, choice)
    elif exporting.many_files(choice, len(rows)):
        await _each(screen, choice, rows, place, written)
    else:
        made = await exporting.body(screen.desk.api, rows[0], choice)
        _keep(written, exporting.within(place, made.name), made.data, choice)


async def _each(
    screen: TrafficSeek, choice: str, rows: list[ExchangeSummary], folder: Path, written: Written
) -> None:
    for row in rows:
        try:
            if choice == "recording":
                made = await exporting.recording(screen.desk.keeping, row)
            else:
                made = await exporting.body(screen.desk.api, row, choice)
        except ApiProblem as problem:
            if not problem.status:  # nobody answers: the others fail the same way
                raise
            written.skip(1, problem.message)
            continue
        _keep(written, folder / made.name, made.data, choice)


def _keep(written: Written, path: Path, data: bytes, choice: str) -> None:
    written.files.append(exporting.write(path, data, private=choice not in FORMATS))
    written.size += len(data)
