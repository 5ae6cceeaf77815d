"""The nine steps of a request, in order. Reading ``carry`` is the tour; each step lives in its
folder.
"""

import asyncio
from functools import partial

import msgspec

from llmgate.access.access import Access
from llmgate.config.snapshot import Snapshot
from llmgate.errors import CallError, Cancelled, UpstreamUnreachable
from llmgate.exchange import Exchange
from llmgate.relay.accept import accept, ask, prepare, read_request, straight_to
from llmgate.relay.admit import admit
from llmgate.relay.after import Aftermath
from llmgate.relay.call import Call
from llmgate.relay.caller import Caller, CallerGone
from llmgate.relay.errand import Errand
from llmgate.relay.minder import Minder
from llmgate.relay.models import answer_models
from llmgate.relay.refuse import fail, interrupted, leave
from llmgate.relay.repeats import Repeats
from llmgate.relay.stream import Broken, relay
from llmgate.routing.router import Choice, Plan, Router
from llmgate.upstream.providers import Provider, Providers
from llmgate.wire.paths import Place


class Running(msgspec.Struct, frozen=True):
    """What one accepted config gives; read once per request, replaced as a whole by a reload."""

    snapshot: Snapshot
    access: Access
    router: Router


class Gateway:
    """Carries requests."""

    def __init__(
        self, running: Running, providers: Providers, minder: Minder, after: Aftermath
    ) -> None:
        self.running = running
        self.providers = providers
        self.minder = minder
        self._after = after
        self.foresight = after.foresight
        self._repeats = Repeats()

    async def carry(self, caller: Caller, place: Place) -> None:
        """Carries one request from its head to the last byte of its answer."""
        running = self.running
        call = accept(caller, place, running.snapshot)  # 1 accept
        asked: Provider | None = None
        try:
            await self._let_in(call, running)  # 2 who is calling, and may they
            self.minder.add(call)
            if place.protocol == "openai.models" and not place.provider:
                allowed = partial(running.access.allows, call.exchange.key)
                return await answer_models(call, running.router, self.providers, allowed)
            plan = self._plan(call, place, running)  # 3 which route, 4 which targets
            choice = await admit(call, running.access, plan, self.providers, self._after)
            provider = self._provider(choice)
            outbound = prepare(call, plan, choice, provider)  # 5 translate
            asked = provider
            self._after.begun(call.exchange, provider)
            await relay(call, provider.sender, outbound)  # 6 send, 7 stream back
        except CallError as error:
            await fail(call, error)
        except CallerGone:
            leave(call)
        except asyncio.CancelledError:
            if not await interrupted(call):
                raise
        except Broken:
            pass  # an answer that is not complete: the server closes its connection
        finally:
            self.minder.remove(call)
            self._after.ended(call, asked)  # 8 record, 9 publish

    async def resend(self, errand: Errand) -> Exchange:
        """Carries a recorded request once more, like any other; gives what came of it."""
        try:
            await self.carry(errand, errand.place)
        finally:
            errand.close()
        return errand.exchange

    def cancel(self, exchange_id: str) -> bool:
        """Ends a live or queued call from outside; False when there is none that can be ended."""
        call = self.minder.calls.get(exchange_id)
        if call is None or not call.active:
            return False
        reason = Cancelled("cancelled from the terminal")
        call.interrupt(reason)
        return call.reason is reason

    async def turn_away(self, caller: Caller, place: Place, error: CallError) -> None:
        """Refuses a request that is not carried at all, and records that it was."""
        call = accept(caller, place, self.running.snapshot)
        try:
            await fail(call, error)
        finally:
            self._after.ended(call, None)

    async def _let_in(self, call: Call, running: Running) -> None:
        """Reads the body, which may be large, once it is known who sends it."""
        exchange, caller, access = call.exchange, call.caller, running.access
        if isinstance(caller, Errand):
            await caller.begin(call)  # ours: it needs no key
            return
        exchange.key = access.identify(caller.headers, caller.query, caller.loopback)
        await read_request(call)
        exchange.repeat = self._repeats.count(exchange)
        if exchange.model:
            access.allow_model(exchange.key, exchange.model)

    def _provider(self, choice: Choice) -> Provider:
        provider = self.providers.get(choice.provider)
        if provider is None:
            raise UpstreamUnreachable(
                f"provider '{choice.provider}' was taken out of the config while the request waited"
            )
        return provider

    def _plan(self, call: Call, place: Place, running: Running) -> Plan:
        if place.provider:
            return straight_to(place.provider, call, self.providers)
        listed, usable = self.providers.listed(), self.providers.usable
        asked = ask(call, running.router)
        plan = running.router.plan(asked, listed, usable, self.providers.draining)
        call.exchange.mark("planned", call.now_us())
        return plan
