"""Edit and resend: a form or the person's editor, what it costs, the result beside the original.

Whatever refuses (the gateway, a mistake in the JSON, a no to the cost) leads back to what was
typed.
"""

import asyncio
from typing import Final

import msgspec

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.keeping import EDITED, Annotation
from llmgate.wire.replays import ReplayEstimate, ReplaySpec, ReplayTarget
from llmgate_tui import replay_text, resend
from llmgate_tui.api import ApiProblem
from llmgate_tui.screens.body import OpenCompare
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.resend import Resend
from llmgate_tui.screens.resend_editor import typed_body
from llmgate_tui.screens.review import asked, failed, say
from llmgate_tui.screens.traffic_seek import TrafficSeek
from llmgate_tui.text import clean

_PACE_S: Final = 0.5


class _Wish(msgspec.Struct, frozen=True):
    """What is to be sent, and where to."""

    body: bytes
    target: ReplayTarget


async def edit(screen: TrafficSeek, row: ExchangeSummary) -> None:
    """From the recorded request to the answer to another one."""
    if row.state in LIVE:
        say(screen, "it is still running: edit it when it has ended", "warning")
        return
    try:
        body = await screen.desk.api.body(row.id, "request")
    except ApiProblem as problem:
        failed(screen, "there is nothing to edit", problem)
        return
    if not body:
        say(screen, "there is nothing to edit: the request has no body, or it was not kept")
        return
    choices = [("e", "the whole body, in your editor", "editor")]
    try:
        fields: resend.Values | None = resend.read(row.protocol, body)
        choices.insert(0, ("f", "model, sampling and what it says, in a form", "form"))
    except resend.NotEditable:
        fields = None
    choice = await asked(screen, Menu("Edit and send again", choices))
    if choice == "form" and fields is not None:
        await _by_form(screen, row, body, fields)
    elif choice == "editor":
        await _by_editor(screen, row, body)


async def _by_form(
    screen: TrafficSeek, row: ExchangeSummary, body: bytes, fields: resend.Values
) -> None:
    before = {**fields, "provider": row.provider, "model": row.served or fields["model"]}
    has = frozenset(before) - ({"system"} if row.protocol == "openai.completions" else set())
    known = {name: sorted(screen.desk.traffic.values(name)) for name in ("provider", "model")}
    typed, problem = None, ""
    while True:
        form = Resend(before, typed, known=known, fields=has, problem=problem)
        typed = await asked(screen, form)
        if typed is None:
            return
        try:
            wish = _wish(row.protocol, body, fields, before, typed)
        except resend.NotEditable as error:
            problem = str(error)
            continue
        told = await _send(screen, row, wish)
        if told is None:
            return
        problem = told


def _wish(
    protocol: str, body: bytes, fields: resend.Values, before: resend.Values, typed: resend.Values
) -> _Wish:
    """A model that nobody touched stays what was asked for; the target names what was served."""
    touched = typed["model"] != before["model"]
    model = typed["model"] if touched else fields["model"]
    after = {name: typed[name] for name in fields} | {"model": model}
    target = ReplayTarget(
        provider=typed["provider"],
        model=typed["model"] if typed["provider"] and typed["model"] != model else "",
    )
    return _Wish(resend.write(protocol, body, fields, after), target)


async def _by_editor(screen: TrafficSeek, row: ExchangeSummary, body: bytes) -> None:
    before = text = resend.pretty(body)
    while True:
        typed = await typed_body(screen, before, text)
        if typed is None:
            return
        text = typed
        problem = await _send(screen, row, _Wish(typed, _same_place(row, body, typed)))
        if problem is None:
            return
        if not await _once_more(screen, problem):
            return


async def _once_more(screen: TrafficSeek, problem: str) -> bool:
    title = problem or "Not sent. What you typed is still there."
    choices = [("e", "edit it again", "again"), ("d", "drop what was typed", "drop")]
    while (answer := await asked(screen, Menu(title, choices))) is None:
        if await asked(screen, Confirm("Drop what you typed?", "drop")):
            return False
    return answer == "again"


def _same_place(row: ExchangeSummary, before: bytes, after: bytes) -> ReplayTarget:
    """Where it went; a model that was edited counts, not the one that was served."""
    same = resend.model(before) == resend.model(after)
    served = row.served if same and row.served != row.model else ""
    return ReplayTarget(provider=row.provider, model=served if row.provider else "")


# -- sending -------------------------------------------------------------------


async def _send(screen: TrafficSeek, row: ExchangeSummary, wish: _Wish) -> str | None:
    """None when it was sent; else why not, empty when the person said no."""
    body = wish.body.decode("utf-8", "replace")
    spec = ReplaySpec(ids=[row.id], targets=[wish.target], body=body)
    try:
        estimate = await screen.desk.replaying.estimate(spec)
        if not estimate.requests:
            reason = estimate.refused[0].reason if estimate.refused else "nothing to send"
            return f"not sent: {reason}"
        if not await asked(screen, Confirm(_question(estimate), "send")):
            return ""
        replay = await screen.desk.replaying.start(spec)
    except ApiProblem as problem:
        return f"not sent: {problem.message}"
    say(screen, "sent: the answer appears in the list")
    screen.run_worker(_follow(screen, row, replay.id), group="resent", exit_on_error=False)
    return None


def _question(estimate: ReplayEstimate) -> str:
    target = estimate.targets[0].target if estimate.targets else ""
    unpriced = sum(one.unpriced for one in estimate.targets)
    cost = replay_text.money(estimate.usd, unpriced)
    to = f" to {clean(target)}" if target else ""
    notes = "".join(f"\n{note}" for note in estimate.notes[:2])
    return f"Send the edited request{to}? It costs {cost}.{notes}"


async def _follow(screen: TrafficSeek, row: ExchangeSummary, replay: str) -> None:
    """Waits for the answer; shows it beside the original if the reader is still there."""
    try:
        view = await screen.desk.replaying.replay(replay)
        while view.state == "running":
            await asyncio.sleep(_PACE_S)
            view = await screen.desk.replaying.replay(replay)
        matrix = await screen.desk.replaying.matrix(replay)
        cells = matrix.rows[0].cells if matrix.rows else []
        ids = cells[1].ids if len(cells) > 1 else []
        if ids:
            change = Annotation(ids=list(ids), add_tags=[EDITED])
            screen.take(await screen.desk.keeping.annotate(change))
    except ApiProblem as problem:
        failed(screen, "the answer to the edited request", problem)
        return
    if not ids:
        why = clean(view.problem or (cells[1].error if len(cells) > 1 else "") or view.state)
        say(screen, f"the edited request came to nothing: {why}", "warning")
    elif _still_there(screen, {row.id, ids[0]}):
        screen.post_message(OpenCompare(row.id, ids[0]))
    else:
        screen.table.redraw(ids[0])
        say(screen, "the answer to the edited request is there: d on it compares")


def _still_there(screen: TrafficSeek, ids: set[str]) -> bool:
    """Nothing lies over the list, and the cursor is where it was, or followed to the answer."""
    in_sight = screen.app.screen is screen.screen and not screen.has_class("-away")
    return in_sight and screen.table.selected in ids
