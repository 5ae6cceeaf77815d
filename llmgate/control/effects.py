"""What a new config does: which routes change and what share moves, and the rest in sentences."""

from collections.abc import Iterator
from typing import Final

from llmgate.config.changes import Change, changes, moved, numbered
from llmgate.config.model import Config, RouteConfig, Target
from llmgate.wire.editing import RouteEffect, Share

MOST_ROUTES: Final = 100
MOST_SENTENCES: Final = 50
MOST_SHARES: Final = 100

_SWITCHED: Final = {
    ("providers", False): "it takes no more requests",
    ("providers", True): "it takes requests again",
    ("routes", False): "it takes no more requests",
    ("routes", True): "it takes requests again",
    ("keys", False): "its callers are refused from now on",
    ("keys", True): "its callers are let in again",
}
_MEANS: Final = {
    ("server", "host", ""): "restart llmgate to listen there",
    ("server", "port", ""): "restart llmgate to listen there",
    ("keys", "key", ""): "the old key is refused from now on",
    ("recording", "bodies", "off"): "nothing is kept any more",
    ("recording", "bodies", "metadata"): "bodies are kept no more",
}


def route_effects(old: Config, new: Config) -> list[RouteEffect]:
    """Every route that is added, removed, moved, or sends elsewhere; in the new order."""
    order = set(moved(old.routes, new.routes))
    found = []
    for name in [*new.routes, *(name for name in old.routes if name not in new.routes)]:
        before, after = old.routes.get(name), new.routes.get(name)
        shares = _shares(_sends(before, old), _sends(after, new))
        if before is None:
            found.append(RouteEffect(route=name, change="added", shares=shares))
        elif after is None:
            found.append(RouteEffect(route=name, change="removed", shares=shares))
        elif before != after or any(share.before != share.after for share in shares):
            found.append(RouteEffect(route=name, change="changed", shares=shares))
        elif name in order:
            found.append(RouteEffect(route=name, change="moved"))
    return found[:MOST_ROUTES]


def sentences(old: Config, new: Config, restart: list[str]) -> list[str]:
    """What starts, stops and needs a restart; ``restart`` says what of it is due already."""
    found = [_sentence(change) for change in changes(old, new)]
    if bool(old.keys) != bool(new.keys):
        found.append(
            "callers need a key from now on"
            if new.keys
            else "callers on this machine need no key from now on"
        )
    found += [line for line in restart if line not in found]
    return list(dict.fromkeys(found))[:MOST_SENTENCES]


def _sentence(change: Change) -> str:
    consequence = _consequence(change)
    return f"{change.phrase}: {consequence}" if consequence else change.phrase


def _consequence(change: Change) -> str:
    match change:
        case Change(what="removed" | "changed", section="providers" | "routes" | "keys") if (
            not change.field or change.field == "enabled"
        ):
            return _SWITCHED[change.section, change.after == "true"]
        case Change(what="changed"):
            return _MEANS.get((change.section, change.field, change.after)) or _MEANS.get(
                (change.section, change.field, ""), ""
            )
        case _:
            return ""


_Sends = dict[tuple[str, str, int], tuple[Target, float]]


def _sends(route: RouteConfig | None, config: Config) -> _Sends:
    """The targets of a route with their shares of its traffic."""
    if route is None:
        return {}
    takes = [target.weight if _takes(target, route, config) else 0 for target in route.targets]
    if route.strategy == "priority":
        first = next((index for index, weight in enumerate(takes) if weight), -1)
        takes = [int(index == first) for index in range(len(takes))]
    total = sum(takes)
    shares = [weight / total if total else 0.0 for weight in takes]
    return {
        key: (target, share)
        for (key, target), share in zip(numbered(route.targets).items(), shares, strict=True)
    }


def _takes(target: Target, route: RouteConfig, config: Config) -> bool:
    provider = config.providers.get(target.provider)
    return route.enabled and provider is not None and provider.enabled


def _shares(old: _Sends, new: _Sends) -> list[Share]:
    return list(_each_share(old, new))[:MOST_SHARES]


def _each_share(old: _Sends, new: _Sends) -> Iterator[Share]:
    for key in dict.fromkeys([*new, *old]):
        before, after = old.get(key), new.get(key)
        yield Share(
            provider=key[0],
            model=key[1],
            weight_before=before[0].weight if before else None,
            weight_after=after[0].weight if after else None,
            before=before[1] if before else None,
            after=after[1] if after else None,
        )
