"""An enabled provider as the router sees it: what it speaks and how it calls a model."""

from collections.abc import Collection

from llmgate.config.catalog import KINDS, protocols_of
from llmgate.config.model import ProviderConfig
from llmgate.config.patterns import Patterns, Renames

_MOST_REMEMBERED = 4096


class Offer:
    """What one provider can be asked for."""

    __slots__ = ("_list", "_listed", "_named", "_owns", "name", "protocols", "recorded", "renames")

    def __init__(self, name: str, provider: ProviderConfig) -> None:
        kind = KINDS[provider.kind]
        self.name = name
        self.protocols = protocols_of(provider)
        self.recorded = kind.name == "recording"
        self.renames = Renames(provider.models)
        self._owns = Patterns(() if provider.base_url else kind.owns)
        self._named: dict[str, str] = {}
        self._list: Collection[str] = ()
        self._listed: frozenset[str] = frozenset()

    def owns(self, model: str) -> bool:
        """True when only this vendor makes the model (and the provider is the vendor itself)."""
        return self._owns.match(model)

    def listed(self, models: Collection[str]) -> frozenset[str]:
        """The provider's list as a set, made once for each list that is handed in."""
        if models is not self._list:
            self._list, self._listed = models, frozenset(models)
        return self._listed

    def named(self, model: str) -> str:
        """The provider's name of a model."""
        name = self._named.get(model)
        if name is None:
            found = self.renames.find(model)
            name = model if found is None else found
            if len(self._named) >= _MOST_REMEMBERED:
                self._named.clear()
            if len(model) <= 256:
                self._named[model] = name
        return name
