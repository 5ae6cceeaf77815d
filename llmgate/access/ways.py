"""Which limiters stand on a way: the key's, the provider's, and those of every entry of ``limits:``
that names the model.
"""

from collections.abc import Mapping
from typing import Final

from llmgate.access.admission import Way
from llmgate.access.limiter import Limiter
from llmgate.config.model import Config, Limits
from llmgate.config.patterns import Patterns
from llmgate.wire.limits import Scope

_MOST_REMEMBERED: Final = 4096
_NONE: Final = Limits()

Limiters = Mapping[tuple[Scope, str], Limiter]


class Ways:
    """Finds them once for each key, provider and pair of model names."""

    def __init__(self, config: Config, limiters: Limiters) -> None:
        self._limiters = limiters
        self._providers = frozenset(config.providers)
        self._entries = [
            (Patterns([pattern]), limiters["model", pattern]) for pattern in config.limits
        ]
        self._ways: dict[tuple[str, str, str, str], Way] = {}

    def way(self, key: str, provider: str, asked: str, sent: str) -> Way:
        """The way of a key to a provider, for a model by the name asked for and the name sent."""
        names = (key, provider, asked, sent)
        way = self._ways.get(names)
        if way is None:
            way = self._find(key, provider, asked, sent)
            if len(self._ways) >= _MOST_REMEMBERED:
                self._ways.clear()  # callers choose the names: memory stays bounded
            if len(asked) <= 256:
                self._ways[names] = way
        return way

    def _find(self, key: str, provider: str, asked: str, sent: str) -> Way:
        models = {asked, sent, self._bare(asked)} - {""}
        found = [
            self._limiters.get(("key", key)),
            self._limiters.get(("provider", provider)),
            *(limiter for entry, limiter in self._entries if any(map(entry.match, models))),
        ]
        limiters = tuple(limiter for limiter in found if limiter is not None)
        return Way(
            limiters=limiters,
            budgeted=tuple(limiter for limiter in limiters if limiter.budgets),
            weighs_tokens=any(limiter.token_windows for limiter in limiters),
            weighs_money=any(limiter.budgets for limiter in limiters),
        )

    def _bare(self, asked: str) -> str:
        """The model without the provider it was asked of directly."""
        prefix, slash, rest = asked.partition("/")
        return rest if slash and prefix in self._providers else asked


def limiters_for(config: Config, before: Limiters) -> dict[tuple[Scope, str], Limiter]:
    """Every holder's limiter; one that was there keeps its counts, whatever its figures are now.

    Keys have one without limits, too: it counts what is in flight.
    """
    wanted: dict[tuple[Scope, str], Limits] = {
        **{("key", name): key.limits for name, key in config.keys.items()},
        **{
            ("provider", name): provider.limits
            for name, provider in config.providers.items()
            if provider.limits != _NONE
        },
        **{("model", pattern): limits for pattern, limits in config.limits.items()},
    }
    found: dict[tuple[Scope, str], Limiter] = {}
    for (scope, name), limits in wanted.items():
        limiter = before.get((scope, name))
        if limiter is None:
            limiter = Limiter(scope, name, limits)
        else:
            limiter.configure(limits)
        found[scope, name] = limiter
    return found
