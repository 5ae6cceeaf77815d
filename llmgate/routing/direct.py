"""Requests that no route takes: which of the providers themselves they go to.

The order is: ``provider/model``; a provider whose ``models:`` names it; one that lists it; one
whose ``models:`` patterns take it; the vendor that alone makes it; the only provider that speaks
the protocol, while its list is not known. A request without a model goes to the first provider that
speaks its protocol.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NoReturn

from llmgate.errors import ModelNotFound
from llmgate.routing.ask import Ask
from llmgate.routing.near import near_misses
from llmgate.routing.offer import Offer
from llmgate.routing.rule import Usable, not_translated, speaks

Listed = Mapping[str, Collection[str]]
Found = list[tuple[Offer, str]]


class Direct:
    """Finds providers among some offers; ``names`` are the models that routes name."""

    __slots__ = ("_names", "offers")

    def __init__(self, offers: Mapping[str, Offer], names: Callable[[], Sequence[str]]) -> None:
        self.offers = offers
        self._names = names

    def find(self, ask: Ask, listed: Listed, usable: Usable) -> Found:
        """The providers and their models, best first. Raises ``ModelNotFound`` and
        ``NotTranslated``.
        """
        model = ask.model
        if model is None:
            found = [(offer, "") for offer in self._speakers(ask)]
            return _usable_first(found, usable) if found else self._nobody_speaks(ask)
        prefix, slash, rest = model.partition("/")
        if slash and rest and prefix in self.offers:
            offer = self.offers[prefix]
            return _spoken(ask, [(offer, offer.named(rest))])
        for having in _havings(model, listed):
            if found := [(o, o.named(model)) for o in self.offers.values() if having(o)]:
                return _usable_first(_spoken(ask, found), usable)
        if only := self._only(ask, listed):
            return [(only, only.named(model))]
        if not self._speakers(ask):
            self._nobody_speaks(ask)  # no model would help: the protocol is what is missing
        raise self._not_found(model, listed)

    def _only(self, ask: Ask, listed: Listed) -> Offer | None:
        """The one provider that could have a model nobody is known to have."""
        speakers = self._speakers(ask)
        if speakers and all(offer.recorded for offer in self.offers.values()):
            return speakers[0]  # recordings answer for any model
        real = [offer for offer in speakers if not offer.recorded]
        return real[0] if len(real) == 1 and not listed.get(real[0].name) else None

    def _speakers(self, ask: Ask) -> list[Offer]:
        wanted = ask.protocol
        if wanted == "raw" and ask.path.startswith("/v1/messages"):
            wanted = "anthropic.messages"  # batches and the like
        return [offer for offer in self.offers.values() if speaks(offer.protocols, wanted)]

    def _nobody_speaks(self, ask: Ask) -> NoReturn:
        if self.offers:
            raise not_translated(ask.protocol, {o.name: o.protocols for o in self.offers.values()})
        raise self._not_found("", {})

    def _not_found(self, model: str, listed: Listed) -> ModelNotFound:
        if not self.offers:
            return ModelNotFound(
                "no provider is configured and enabled: add one under `providers:` in config.yaml"
            )
        known = (name for names in (self._names(), *listed.values()) for name in names)
        return ModelNotFound(near_misses(model, known))


def _havings(model: str, listed: Listed) -> Iterable[Callable[[Offer], bool]]:
    """The ways a provider can have a model, the surest first."""
    yield lambda offer: model in offer.renames.exact
    yield lambda offer: model in offer.listed(listed.get(offer.name, ()))
    yield lambda offer: offer.renames.find(model) is not None
    yield lambda offer: offer.owns(model)


def _spoken(ask: Ask, found: Found) -> Found:
    able = [(offer, model) for offer, model in found if speaks(offer.protocols, ask.protocol)]
    if not able:
        raise not_translated(ask.protocol, {o.name: o.protocols for o, _ in found})
    return able


def _usable_first(found: Found, usable: Usable) -> Found:
    return found if len(found) < 2 else sorted(found, key=lambda item: not usable(item[0].name))
