"""One exchange sent again to where it went, with a word when it is back."""

import asyncio
from typing import Final

from textual.widget import Widget

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import Cell, Matrix, ReplaySpec, ReplayTarget, ReplayView
from llmgate_tui import replay_text
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.replay_cells import dollars, similarity
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.review import asked, failed, say
from llmgate_tui.text import clean

_PACE_S: Final = 0.5


def spec_of(row: ExchangeSummary) -> ReplaySpec:
    """To the provider and model that served it; where none did, through the routes as before."""
    model = row.served if row.served != row.model else ""
    target = ReplayTarget(provider=row.provider, model=model if row.provider else "")
    return ReplaySpec(ids=[row.id], targets=[target])


async def again(where: Widget, desk: Desk, row: ExchangeSummary) -> None:
    """Asks, sends, waits, tells."""
    try:
        replay = await _begun(where, desk, row)
    except ApiProblem as problem:
        failed(where, "not sent again", problem)
        return
    if replay is None:
        return
    try:
        while replay_text.active(replay):
            await asyncio.sleep(_PACE_S)
            replay = await desk.replaying.replay(replay.id)
        _tell(where, desk, await desk.replaying.matrix(replay.id))
    except ApiProblem as problem:
        failed(where, "sent again, what came of it is not known", problem)


async def _begun(where: Widget, desk: Desk, row: ExchangeSummary) -> ReplayView | None:
    """The replay, once it is sent; None with a word on the screen, or after a no."""
    spec = spec_of(row)
    estimate = await desk.replaying.estimate(spec)
    if not estimate.requests:
        reason = clean(estimate.refused[0].reason) if estimate.refused else "nothing to send"
        say(where, f"not sent again: {reason}", "warning")
        return None
    what = clean(row.served or row.model) or clean(row.path)
    to = f" to {clean(row.provider)}" if row.provider else ""
    cost = replay_text.money(estimate.usd, sum(one.unpriced for one in estimate.targets))
    if not await asked(where, Confirm(f"Send {what} again{to}? It costs {cost}.", "send")):
        return None
    return await desk.replaying.start(spec)


def _tell(where: Widget, desk: Desk, matrix: Matrix) -> None:
    cells = matrix.rows[0].cells if matrix.rows else []
    if len(cells) > 1 and cells[1].ok:
        where.notify(told(cells[0], cells[1], desk.glyphs), timeout=10, markup=False)
        return
    error = cells[1].error if len(cells) > 1 else ""
    said = clean(error or matrix.replay.problem or matrix.replay.state)
    say(where, f"sent again, it went wrong: {said}", "warning")


def told(original: Cell, result: Cell, glyphs: Glyphs) -> str:
    """similarity 0.93 · $0.0020 vs $0.0040; d compares."""
    cost = dollars(result.cost_usd, result.cost_basis)
    before = dollars(original.cost_usd, original.cost_basis)
    dot = glyphs.middot
    return f"similarity {similarity(result.similarity)} {dot} {cost} vs {before}; d on it compares"
