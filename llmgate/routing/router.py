"""From what is asked to where it is sent: routes first, then the providers themselves.

A provider that drains takes nothing new: routes pass its targets over as if it was disabled, and a
name that reaches no other provider is refused with the reason.
"""

from collections.abc import Set

from llmgate.config.model import Config
from llmgate.errors import ModelNotFound, NotTranslated
from llmgate.routing.ask import Ask, Choice, Plan
from llmgate.routing.direct import Direct, Found, Listed
from llmgate.routing.offer import Offer
from llmgate.routing.rule import Rule, Usable, drains

__all__ = ["Ask", "Choice", "Listed", "Plan", "Router"]

_MOST_REMEMBERED = 4096
_NOBODY: frozenset[str] = frozenset()


class Router:
    """Plans requests on one config; the wheels of routes that stay turn on after a reload."""

    def __init__(self, config: Config, previous: "Router | None" = None) -> None:
        self.config = config
        before = previous.rules if previous else {}
        self.rules: dict[str, Rule] = {
            name: Rule(name, route, config, before.get(name))
            for name, route in config.routes.items()
        }
        self.offers = {
            name: Offer(name, provider)
            for name, provider in config.providers.items()
            if provider.enabled
        }
        prefix = config.server.model_prefix
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        self._live = tuple(rule for rule in self.rules.values() if rule.enabled and rule.targets)
        self._direct = Direct(self.offers, self.names)
        self.reads_headers = any(rule.matcher.reads_headers for rule in self._live)
        self._by_model: dict[str, tuple[Rule, ...]] = {}

    def plan(self, ask: Ask, listed: Listed, usable: Usable, draining: Set[str] = _NOBODY) -> Plan:
        """Decides where a request goes. Raises ``ModelNotFound``, ``NotTranslated``, and
        ``UpstreamUnreachable`` where only providers that drain could take it.

        ``listed`` is what providers' own lists name, ``usable`` whether a provider is worth trying
        now.
        """
        ask = self._without_prefix(ask)
        asked = ask.model or ""
        for rule in self._candidates(asked):
            if rule.takes(ask, draining):
                return Plan(rule.name, rule.choose(ask, usable, self.named, draining), asked)
        share = 1.0
        choices: list[Choice] = []
        for offer, model in self._found(ask, listed, usable, draining):
            choices.append(Choice(offer.name, model, 1, share))
            share = 0.0
        return Plan("", tuple(choices), asked)

    def names(self) -> list[str]:
        """The models that routes and ``models:`` name literally, in the order of the file."""
        routed = [name for rule in self._live for name in rule.matcher.names]
        mapped = [name for offer in self.offers.values() for name in offer.renames.exact]
        return list(dict.fromkeys([*routed, *mapped]))

    def rule_for(self, ask: Ask, draining: Set[str] = _NOBODY) -> Rule | None:
        """The route that takes a request, without turning its wheel."""
        ask = self._without_prefix(ask)
        candidates = self._candidates(ask.model or "")
        return next((rule for rule in candidates if rule.takes(ask, draining)), None)

    def stripped(self, model: str) -> str:
        """The model without ``server.model_prefix``."""
        return model.removeprefix(self._prefix)

    def _without_prefix(self, ask: Ask) -> Ask:
        if not self._prefix or not ask.model or not ask.model.startswith(self._prefix):
            return ask
        model = self.stripped(ask.model)
        return Ask(model, ask.path, ask.key, ask.headers, ask.protocol, ask.stream)

    def _candidates(self, model: str) -> tuple[Rule, ...]:
        rules = self._by_model.get(model)
        if rules is None:
            rules = tuple(rule for rule in self._live if rule.matcher.takes_model(model))
            if len(self._by_model) >= _MOST_REMEMBERED:
                self._by_model.clear()  # callers choose the names: memory stays bounded
            if len(model) <= 256:
                self._by_model[model] = rules
        return rules

    def named(self, provider: str, model: str) -> str:
        """A provider's own name of a model."""
        offer = self.offers.get(provider)
        return model if offer is None else offer.named(model)

    def _found(self, ask: Ask, listed: Listed, usable: Usable, draining: Set[str]) -> Found:
        """The providers for a request that no route takes, none of which drains."""
        if not draining:
            return self._direct.find(ask, listed, usable)
        awake = {name: offer for name, offer in self.offers.items() if name not in draining}
        prefix, slash, rest = (ask.model or "").partition("/")
        if slash and rest and prefix in self.offers and prefix not in awake:
            raise drains(prefix)
        try:
            return Direct(awake, self.names).find(ask, listed, usable)
        except (ModelNotFound, NotTranslated):
            asleep = self._direct.find(ask, listed, usable)  # raises what draining did not cause
            raise drains(asleep[0][0].name) from None
