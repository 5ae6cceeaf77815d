"""One route, compiled: does it take a request, and which of its targets can carry it."""

from collections.abc import Callable, Iterable, Mapping, Set

from llmgate.config.catalog import protocols_of
from llmgate.config.model import Config, Match, RouteConfig, Target
from llmgate.config.patterns import Patterns, is_literal
from llmgate.errors import NotTranslated, UpstreamUnreachable
from llmgate.routing.ask import Ask, Choice
from llmgate.routing.weighted import Wheel

Usable = Callable[[str], bool]


def speaks(protocols: Iterable[str], protocol: str) -> bool:
    """Whether a provider of these protocols carries the caller's as it is."""
    return protocol in protocols or protocol == "raw"


def not_translated(protocol: str, spoken: Mapping[str, Iterable[str]]) -> NotTranslated:
    """The refusal that names both sides' protocols."""
    names = list(spoken)[:4]
    told = "; ".join(f"provider '{name}' speaks {', '.join(spoken[name])}" for name in names)
    return NotTranslated(
        f"the caller speaks {protocol}, {told}: translation is not in this version,"
        " send the request in the provider's own protocol"
    )


def drains(provider: str) -> UpstreamUnreachable:
    """The refusal of a request that only a provider that drains could take."""
    return UpstreamUnreachable(
        f"provider '{provider}' is draining and takes nothing new: resume it in the terminal or"
        f" with POST /admin/v1/providers/{provider}/resume, or ask another provider"
    )


class Matcher:
    """A route's ``match``: everything given must fit."""

    __slots__ = ("_headers", "_key", "_model", "_path", "names")

    def __init__(self, match: Match) -> None:
        self.names = tuple(name for name in _listed(match.model) if is_literal(name))
        self._model = _patterns(match.model)
        self._path = _patterns(match.path)
        self._key = _patterns(match.key)
        self._headers = tuple(
            (name.lower(), Patterns([pattern])) for name, pattern in match.header.items()
        )

    @property
    def reads_headers(self) -> bool:
        """True when a header decides."""
        return bool(self._headers)

    def takes_model(self, model: str) -> bool:
        """True when the model fits, or when the route does not look at it."""
        return self._model is None or self._model.match(model)

    def takes_rest(self, ask: Ask) -> bool:
        """True when path, key and headers fit."""
        if self._path is not None and not self._path.match(ask.path):
            return False
        if self._key is not None and not self._key.match(ask.key):
            return False
        for name, pattern in self._headers:
            value = ask.headers.get(name)
            if value is None or not pattern.match(value):
                return False
        return True


class Rule:
    """A route with its enabled targets. Targets of weight 0 are switched off."""

    __slots__ = (
        "_by_protocol",
        "_priority",
        "_spoken",
        "_streaming",
        "enabled",
        "matcher",
        "name",
        "targets",
        "wheel",
    )

    def __init__(
        self, name: str, route: RouteConfig, config: Config, previous: "Rule | None"
    ) -> None:
        self.name = name
        self.enabled: bool = route.enabled
        self.matcher = Matcher(route.match)
        self.targets: tuple[Target, ...] = tuple(
            target
            for target in route.targets
            if target.weight > 0 and config.providers[target.provider].enabled
        )
        self._spoken = {
            t.provider: protocols_of(config.providers[t.provider]) for t in self.targets
        }
        self._priority = route.strategy == "priority"
        self._streaming = route.streaming
        self._by_protocol: dict[str, tuple[int, ...]] = {}
        self.wheel: Wheel = Wheel(
            [f"{target.provider}/{target.model or ''}" for target in self.targets],
            [target.weight for target in self.targets],
            previous.wheel if previous else None,
        )

    def takes(self, ask: Ask, draining: Set[str]) -> bool:
        """Everything but the model, which the router has looked at."""
        if draining and all(target.provider in draining for target in self.targets):
            return False
        if self._streaming != "any" and ask.stream != (self._streaming == "only"):
            return False
        return self.matcher.takes_rest(ask)

    def choose(
        self,
        ask: Ask,
        usable: Usable,
        named: Callable[[str, str], str],
        draining: Set[str],
    ) -> tuple[Choice, ...]:
        """The targets, best first. Raises ``NotTranslated`` when none speaks the protocol, and
        ``UpstreamUnreachable`` when those that do drain.

        Unusable providers come last: with nothing better, their own answer says why. ``named``
        gives a provider's name of a model.
        """
        targets = self.targets
        able = self._awake(ask.protocol, draining) if draining else self.able(ask.protocol)
        fit = [entry for entry in able if usable(targets[entry].provider)]
        pool = fit or able
        first = pool[0] if self._priority else self.wheel.pick(pool)
        order = [first, *self._rest(pool, first)]
        if len(pool) < len(able):
            order += [entry for entry in able if entry not in pool]
        total = sum(targets[entry].weight for entry in pool)
        asked = ask.model or ""
        return tuple(
            Choice(
                targets[entry].provider,
                named(targets[entry].provider, targets[entry].model or asked),
                targets[entry].weight,
                self._share(entry, first, total) if entry in pool else 0.0,
            )
            for entry in order
        )

    def able(self, protocol: str) -> tuple[int, ...]:
        """The targets that speak the protocol. Raises ``NotTranslated`` when there are none."""
        able = self._by_protocol.get(protocol)
        if able is None:
            able = tuple(
                entry
                for entry, target in enumerate(self.targets)
                if speaks(self._spoken[target.provider], protocol)
            )
            if len(self._by_protocol) < 64:
                self._by_protocol[protocol] = able
        if not able:
            raise not_translated(protocol, self._spoken)
        return able

    def _awake(self, protocol: str, draining: Set[str]) -> tuple[int, ...]:
        """Those of them whose provider does not drain. Raises ``UpstreamUnreachable``."""
        able = self.able(protocol)
        awake = tuple(n for n in able if self.targets[n].provider not in draining)
        if not awake:
            raise drains(self.targets[able[0]].provider)
        return awake

    def _rest(self, pool: "tuple[int, ...] | list[int]", first: int) -> list[int]:
        rest = [entry for entry in pool if entry != first]
        if len(rest) > 1 and not self._priority:
            rest.sort(key=lambda entry: -self.targets[entry].weight)
        return rest

    def _share(self, entry: int, first: int, total: int) -> float:
        if self._priority:
            return 1.0 if entry == first else 0.0
        return self.targets[entry].weight / total


def _listed(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def _patterns(value: str | list[str] | None) -> Patterns | None:
    return None if value is None else Patterns(_listed(value))
