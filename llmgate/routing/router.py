"""From what is asked to where it is sent: routes first, then the providers themselves.

Without a matching route the order is: ``provider/model``; a provider whose ``models:`` names it;
one that lists it; one whose ``models:`` patterns take it; the vendor that alone makes it; the only
provider that speaks the protocol, while its list is not known. A request without a model goes to
the first provider that speaks its protocol.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from llmgate.config.model import Config
from llmgate.errors import ModelNotFound
from llmgate.routing.ask import Ask, Choice, Plan
from llmgate.routing.near import near_misses
from llmgate.routing.offer import Offer
from llmgate.routing.rule import Rule, Usable, not_translated, speaks

__all__ = ["Ask", "Choice", "Listed", "Plan", "Router"]

Listed = Mapping[str, Collection[str]]

_MOST_REMEMBERED = 4096


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
        self._live = tuple(rule for rule in self.rules.values() if rule.targets)
        self.reads_headers = any(rule.matcher.reads_headers for rule in self._live)
        self._by_model: dict[str, tuple[Rule, ...]] = {}

    def plan(self, ask: Ask, listed: Listed, usable: Usable) -> Plan:
        """Decides where a request goes. Raises ``ModelNotFound`` and ``NotTranslated``.

        ``listed`` is what providers' own lists name, ``usable`` whether a provider is worth trying
        now.
        """
        ask = self._without_prefix(ask)
        asked = ask.model or ""
        for rule in self._candidates(asked):
            if rule.takes(ask):
                return Plan(rule.name, rule.choose(ask, usable, self._named), asked)
        offers = self._direct(ask, listed, usable)
        share = 1.0
        choices: list[Choice] = []
        for offer, model in offers:
            choices.append(Choice(offer.name, model, 1, share))
            share = 0.0
        return Plan("", tuple(choices), asked)

    def names(self) -> list[str]:
        """The models that routes and ``models:`` name literally, in the order of the file."""
        routed = [name for rule in self._live for name in rule.matcher.names]
        mapped = [name for offer in self.offers.values() for name in offer.renames.exact]
        return list(dict.fromkeys([*routed, *mapped]))

    def rule_for(self, ask: Ask) -> Rule | None:
        """The route that takes a request, without turning its wheel."""
        ask = self._without_prefix(ask)
        return next((r for r in self._candidates(ask.model or "") if r.takes(ask)), None)

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

    def _named(self, provider: str, model: str) -> str:
        return self.offers[provider].named(model)

    def _direct(self, ask: Ask, listed: Listed, usable: Usable) -> list[tuple[Offer, str]]:
        """The enabled providers for a request that no route takes, best first."""
        model = ask.model
        if model is None:
            found = [(offer, "") for offer in self._speakers(ask)]
            return _usable_first(found, usable) if found else self._nobody_speaks(ask)
        prefix, slash, rest = model.partition("/")
        if slash and rest and prefix in self.offers:
            offer = self.offers[prefix]
            return self._spoken(ask, [(offer, offer.named(rest))])
        for having in self._havings(model, listed):
            if found := [(o, o.named(model)) for o in self.offers.values() if having(o)]:
                return _usable_first(self._spoken(ask, found), usable)
        if only := self._only(ask, listed):
            return [(only, only.named(model))]
        if not self._speakers(ask):
            return self._nobody_speaks(ask)  # no model would help: the protocol is what is missing
        raise self._not_found(model, listed)

    def _havings(self, model: str, listed: Listed) -> Iterable[Callable[[Offer], bool]]:
        """The ways a provider can have a model, the surest first."""
        yield lambda offer: model in offer.renames.exact
        yield lambda offer: model in offer.listed(listed.get(offer.name, ()))
        yield lambda offer: offer.renames.find(model) is not None
        yield lambda offer: offer.owns(model)

    def _only(self, ask: Ask, listed: Listed) -> Offer | None:
        """The one provider that could have a model nobody is known to have."""
        speakers = self._speakers(ask)
        if len(self.offers) == 1 and speakers and speakers[0].recorded:
            return speakers[0]  # recordings answer for any model
        real = [offer for offer in speakers if not offer.recorded]
        return real[0] if len(real) == 1 and not listed.get(real[0].name) else None

    def _speakers(self, ask: Ask) -> list[Offer]:
        wanted = ask.protocol
        if wanted == "raw" and ask.path.startswith("/v1/messages"):
            wanted = "anthropic.messages"  # batches and the like
        return [offer for offer in self.offers.values() if speaks(offer.protocols, wanted)]

    def _spoken(self, ask: Ask, found: list[tuple[Offer, str]]) -> list[tuple[Offer, str]]:
        able = [(offer, model) for offer, model in found if speaks(offer.protocols, ask.protocol)]
        if not able:
            raise not_translated(ask.protocol, {o.name: o.protocols for o, _ in found})
        return able

    def _nobody_speaks(self, ask: Ask) -> list[tuple[Offer, str]]:
        if self.offers:
            raise not_translated(ask.protocol, {o.name: o.protocols for o in self.offers.values()})
        raise self._not_found("", {})

    def _not_found(self, model: str, listed: Listed) -> ModelNotFound:
        if not self.offers:
            return ModelNotFound(
                "no provider is configured and enabled: add one under `providers:` in config.yaml"
            )
        known = (name for names in (self.names(), *listed.values()) for name in names)
        return ModelNotFound(near_misses(model, known))


def _usable_first(found: list[tuple[Offer, str]], usable: Usable) -> list[tuple[Offer, str]]:
    return found if len(found) < 2 else sorted(found, key=lambda item: not usable(item[0].name))
