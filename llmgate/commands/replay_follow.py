"""The estimate, the question, the progress of `llmgate replay`; Ctrl-C stops the replay itself."""

import argparse
import asyncio
import sys
from typing import Final

import httpx

from llmgate.commands.attached import ask
from llmgate.commands.log_table import money
from llmgate.commands.replay_table import estimate_lines, plain, requests
from llmgate.errors import LlmgateError, Misuse
from llmgate.wire.replays import ReplayEstimate, ReplaySpec, ReplayView

_EVERY_S: Final = 0.2


async def agreed(client: httpx.AsyncClient, spec: ReplaySpec, args: argparse.Namespace) -> bool:
    """Shows what it will cost; whether to go on."""
    estimate = await ask(client, "POST", "replays/estimate", ReplayEstimate, body=spec)
    for line in estimate_lines(estimate):
        print(plain(line), file=sys.stderr)
    if args.estimate:
        return False
    if not estimate.requests:
        why = estimate.refused[0].reason if estimate.refused else "nothing is left of it"
        raise Misuse(f"nothing can be sent: {plain(why)}")
    if args.yes:
        return True
    if sys.stdin.isatty() and sys.stderr.isatty():
        return await _answered(f"send {requests(estimate.requests)}? [y/N] ")
    if spec.limit_usd is None:
        raise Misuse(
            "this may cost money and nobody can be asked: add --yes, or --limit-usd with the most"
            " it may spend"
        )
    return True


async def _answered(question: str) -> bool:
    print(question, end="", file=sys.stderr, flush=True)
    answer = await asyncio.to_thread(sys.stdin.readline)
    return answer.strip().lower() in {"y", "yes"}


async def started(client: httpx.AsyncClient, spec: ReplaySpec) -> ReplayView:
    """Begins; a Ctrl-C before the gateway has said which replay it is must not leave it running."""
    asking = asyncio.ensure_future(ask(client, "POST", "replays", ReplayView, body=spec))
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        await _stop(client, await asking)
        raise


async def resumed(client: httpx.AsyncClient, replay_id: str, limit_usd: float | None) -> ReplayView:
    """Goes on with a replay."""
    params = {} if limit_usd is None else {"limit_usd": limit_usd}
    return await ask(client, "POST", f"replays/{replay_id}/resume", ReplayView, params=params)


async def followed(client: httpx.AsyncClient, view: ReplayView) -> ReplayView:
    """The replay once it is over; Ctrl-C stops it first."""
    try:
        while view.state == "running" or view.running:
            _progress(view)
            await asyncio.sleep(_EVERY_S)
            view = await ask(client, "GET", f"replays/{view.id}", ReplayView)
    except asyncio.CancelledError:
        await _stop(client, view)
        raise
    _progress(view)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return view


async def _stop(client: httpx.AsyncClient, view: ReplayView) -> None:
    """What is under way is given up, too: it is sent again when the replay is resumed."""
    for _ in range(2):
        try:
            view = await ask(client, "POST", f"replays/{view.id}/stop", ReplayView)
        except LlmgateError:
            break  # it is over, or the gateway is
    print(f"\nllmgate: {unfinished(view)}", file=sys.stderr)


def unfinished(view: ReplayView) -> str:
    """Why it is not complete, and how to go on."""
    sent = f"{view.done} of {view.total} are done"
    again = f"`llmgate replay --resume {view.id}`"
    if view.state == "limit":
        limit = view.spec.limit_usd
        told = "the limit" if limit is None else f"${money(limit, 'reported')}"
        more = again.replace(view.id, f"{view.id} --limit-usd USD")
        return f"{sent}, the next would go over {told}: {more} goes on with another limit"
    return f"stopped, {sent}: {again} sends the rest"


def _progress(view: ReplayView) -> None:
    """One line that is drawn over, on a terminal only."""
    if not sys.stderr.isatty():
        return
    spent = "" if view.spent_usd is None else f"  ${view.spent_usd:.4f}"
    failed = f"  {view.failed} failed" if view.failed else ""
    line = f"{view.done} of {view.total}  {view.running} under way{failed}{spent}"
    print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)
