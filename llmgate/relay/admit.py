"""Step 2, the limits: the first choice of a plan that has room takes the request, or it waits."""

import asyncio
from functools import partial
from time import perf_counter_ns, time
from typing import Final

from llmgate.access.access import Access
from llmgate.access.admission import Grant, Ticket
from llmgate.errors import UpstreamUnreachable
from llmgate.relay.after import Aftermath
from llmgate.relay.call import Call
from llmgate.routing.router import Choice, Plan
from llmgate.upstream.providers import Providers

_FREE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def admit(
    call: Call, access: Access, plan: Plan, providers: Providers, after: Aftermath
) -> Choice:
    """Reserves for the request and gives the choice that takes it. Raises ``LimitReached``,
    ``RequestTooLarge``, and ``UpstreamUnreachable`` when its provider is gone by then.
    """
    exchange = call.exchange
    if not access.limited or exchange.method in _FREE:
        return plan.choices[0]
    choices = plan.choices
    if len(choices) > 1:
        choices = (choices[0], *[c for c in choices[1:] if providers.usable(c.provider)])
    key, asked, foresee = exchange.key, plan.asked, after.foresight.foresee
    tries = [
        foresee(call, access.way(key, c.provider, asked, c.model), c, providers.get(c.provider))
        for c in choices
    ]
    messages = exchange.protocol.startswith("anthropic")
    found = access.admit(tries, time(), messages=messages)
    if isinstance(found, Ticket):
        found = await _wait(call, access, found, after)
    call.grant = found
    choice = choices[found.index]
    if not providers.usable(choice.provider):
        raise UpstreamUnreachable(
            f"provider '{choice.provider}' was disabled or taken out of the config"
            " while the request waited"
        )
    if found.around:
        exchange.hints.append(f"{found.around}: took provider '{choice.provider}'")
    return choice


async def _wait(call: Call, access: Access, ticket: Ticket, after: Aftermath) -> Grant:
    """Waits until its turn has come and everything has room."""
    exchange = call.exchange
    before_ns = perf_counter_ns()
    exchange.state, exchange.limited_by = "queued", ticket.limit
    after.queued(exchange)
    try:
        return await _turn(access, ticket)
    finally:
        ticket.leave()
        exchange.queued_us = (perf_counter_ns() - before_ns) // 1000
        if exchange.state == "queued":
            exchange.state = "waiting"
        after.unqueued(exchange)


async def _turn(access: Access, ticket: Ticket) -> Grant:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    while True:
        woken: asyncio.Future[None] = loop.create_future()
        ticket.on_wake(partial(_wake, woken))
        try:
            async with asyncio.timeout_at(began_s + ticket.patience_s):
                await woken
        except TimeoutError:
            if not ticket.awake:
                raise access.waited_out(ticket, time()) from None
        found = access.again(ticket, time())
        if isinstance(found, Grant):
            return found


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
