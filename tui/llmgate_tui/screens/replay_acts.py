"""What is done to replays: start, stop, resume, delete, choose a result, write the matrix down."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec
from textual.widget import Widget

from llmgate.wire.replays import Cell, Matrix, ReplaySpec, ReplayView
from llmgate_tui import replay_text
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.replay_plan import check
from llmgate_tui.replay_report import check_name, markdown
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.form import Field, Form, Values
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.review import asked, failed, say
from llmgate_tui.screens.spend_export import write_new
from llmgate_tui.text import clean

Steer = Literal["stop", "resume"]

RESUMABLE: Final = frozenset({"stopped", "limit"})
_KEYS: Final = "123456789abcdefghilmnopstuvwxyz"


def resumable(replay: ReplayView) -> bool:
    """Whether something of it is left that can be sent."""
    return replay.state in RESUMABLE


async def start(where: Widget, desk: Desk, spec: ReplaySpec) -> ReplayView | None:
    """Asks what it costs, then the person, then starts it; None when nothing was started."""
    try:
        estimate = await desk.replaying.estimate(spec)
    except ApiProblem as problem:
        failed(where, "not started", problem)
        return None
    if not estimate.requests:
        reason = (
            clean(estimate.refused[0].reason) if estimate.refused else "there is nothing to send"
        )
        say(where, f"not started: {reason}", "warning")
        return None
    question = replay_text.question(spec, estimate)
    if not replay_text.free(estimate) and not await asked(where, Confirm(question, "send")):
        return None
    try:
        return await desk.replaying.start(spec)
    except ApiProblem as problem:
        failed(where, "not started", problem)
        return None


async def steer(
    where: Widget,
    desk: Desk,
    replay: ReplayView,
    what: Steer,
    tell: Callable[[ReplayView], None],
) -> None:
    """Stops or resumes; one that came to its limit goes on with another one."""
    limit = None
    if what == "resume" and replay.state == "limit":
        limit = await _new_limit(where, replay)
        if limit is None:
            return
    try:
        if what == "stop":
            tell(await desk.replaying.stop(replay.id))
        else:
            tell(await desk.replaying.resume(replay.id, limit))
    except ApiProblem as problem:
        failed(where, "not stopped" if what == "stop" else "not resumed", problem)


async def _new_limit(where: Widget, replay: ReplayView) -> float | None:
    field = Field("limit_usd", f"limit in $ for all of it; {replay_text.spent(replay)} are spent")

    def verify(values: Values) -> str:
        text = values["limit_usd"]
        return check("limit_usd", text) if text else "limit in $: how much may it spend?"

    values = await asked(where, Form("Resume with another limit", [field], verify, verb="resume"))
    return None if values is None else float(values["limit_usd"].removeprefix("$"))


async def delete(where: Widget, desk: Desk, replay: ReplayView) -> bool:
    """Forgets it after a question; True when it is gone."""
    question = f"Delete the replay of {replay_text.about(replay)} to {replay_text.targets(replay)}?"
    question += "\nIts exchanges stay in Traffic; the matrix goes and cannot be had back."
    if not await asked(where, Confirm(question, "delete")):
        return False
    try:
        await desk.replaying.delete(replay.id)
    except ApiProblem as problem:
        failed(where, "not deleted", problem)
        return False
    return True


async def pick(where: Widget, cell: Cell | None) -> str:
    """The exchange of a cell; asks which one when it was sent several times, or says why none."""
    if cell is None or not cell.ids:
        said = "nothing has come of it yet"
        if cell is not None and cell.state == "refused":
            said = (
                f"it was not sent: {clean(cell.error) or 'the target does not speak its protocol'}"
            )
        say(where, said)
        return ""
    if len(cell.ids) == 1:
        return cell.ids[0]
    choices = [
        (key, f"result {at}", id_)
        for at, (key, id_) in enumerate(zip(_KEYS, cell.ids, strict=False), 1)
    ]
    return await asked(where, Menu("Which of the results?", choices)) or ""


async def export(where: Widget, matrix: Matrix) -> None:
    """Writes the matrix into the working folder, as Markdown or JSON by the name's end."""
    name = f"replay-{clean(matrix.replay.id)}.md".replace("/", "-")
    field = Field("name", "file in the working folder: .md or .json", name)
    form = Form("Write the matrix", [field], lambda values: check_name(values["name"]))
    values = await asked(where, form)
    if values is None:
        return
    stem, _, end = values["name"].rpartition(".")
    data = msgspec.json.format(msgspec.json.encode(matrix)) if end == "json" else b""
    try:
        path = write_new(Path.cwd(), stem, data or markdown(matrix).encode(), f".{end}")
    except OSError as problem:
        say(where, f"not written: {problem}", "error")
        return
    where.notify(clean(f"written to {path}"), timeout=10, markup=False)
