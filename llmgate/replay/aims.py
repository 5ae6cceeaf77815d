"""Where a target takes a recorded request: to a provider by name, or through the routes."""

import difflib

import msgspec

from llmgate.errors import CallError, NotTranslated
from llmgate.gateway import Gateway
from llmgate.relay.accept import check_spoken
from llmgate.replay.problems import BadReplay
from llmgate.routing.router import Ask, Router
from llmgate.upstream.providers import Provider
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.paths import Place
from llmgate.wire.replays import MAX_TARGETS, ReplayTarget, target_name

_LONGEST = 300


class Aim(msgspec.Struct, frozen=True):
    """A provider and the model it will be asked for."""

    provider: Provider
    model: str


class Aims:
    """Answers for the running config, on wheels of its own: those that carry requests stay."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._router = Router(gateway.running.snapshot.config)

    def check(self, targets: list[ReplayTarget]) -> None:
        """Raises ``BadReplay`` for a target that takes no request at all."""
        if len(targets) > MAX_TARGETS:
            raise BadReplay(f"{len(targets)} targets are too many: at most {MAX_TARGETS} at once")
        names = [target_name(target) for target in targets]
        for at, target in enumerate(targets):
            if names[at] in names[:at]:
                raise BadReplay(f"the target '{names[at][:80]}' is given twice")
            if max(len(target.provider), len(target.model)) > _LONGEST:
                raise BadReplay(f"the name of a target is over {_LONGEST} characters long")
            if not names[at].isprintable():
                raise BadReplay("the name of a target holds control characters")
            if target.provider:
                self._check_provider(target.provider)

    def aim(self, row: ExchangeSummary, target: ReplayTarget, asked: str) -> Aim:
        """Where this request would go, ``asked`` being its model. Raises ``CallError``."""
        providers = self._gateway.providers
        if target.provider:
            provider = providers[target.provider]
            check_spoken(provider, row.protocol, "recorded as")
            return Aim(provider, target.model or self.own_name(row, target.provider, asked))
        ask = Ask(target.model or asked or None, row.path, row.key, {}, row.protocol, row.stream)
        listed, usable = providers.listed(), providers.usable
        choice = self._router.plan(ask, listed, usable, providers.draining).choices[0]
        return Aim(providers[choice.provider], choice.model)

    def place(self, row: ExchangeSummary, target: ReplayTarget) -> Place:
        """The same for the gateway, which decides when it is sent."""
        return Place(row.path, row.protocol, target.provider)

    def own_name(self, row: ExchangeSummary, provider: str, asked: str) -> str:
        """A provider's name of the model that was asked for, be it as ``provider/model``.

        A name that only a route gave its sense is nobody's model: what it stood for is meant.
        """
        router = self._gateway.running.router
        model = router.stripped(asked)
        own = router.named(provider, model.removeprefix(f"{row.provider}/") or model)
        if not row.route or not row.served or asked != row.model or own != model:
            return own
        offer = self._router.offers[provider]
        listed = self._gateway.providers.listed().get(provider, ())
        has = model in listed or offer.owns(model) or model == row.served
        return own if has else router.named(provider, row.served)

    def _check_provider(self, name: str) -> None:
        providers = self._gateway.providers
        if providers.usable(name):
            return
        if name in providers:
            raise BadReplay(f"provider '{name}' is disabled: enable it, or choose another target")
        known = sorted(providers)
        near = difflib.get_close_matches(name[:80], known, n=1)
        listed = f"configured: {', '.join(known) or 'none'}"
        meant = f"did you mean '{near[0]}'?" if near else listed
        raise BadReplay(f"no provider is called '{name[:60]}'; {meant}")


def reason_of(error: CallError, row: ExchangeSummary) -> str:
    """Why a target does not take a request, said of a recorded one."""
    if isinstance(error, NotTranslated):
        return error.message.replace("the caller speaks", "recorded as", 1)
    return f"recorded for model '{row.model[:80]}': {error.message}"
