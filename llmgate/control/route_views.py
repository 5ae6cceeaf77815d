"""Routes as the control API shows them: what is configured, and what really happened of late."""

from collections import Counter
from collections.abc import Callable, Mapping

from llmgate.config.model import Match, RouteConfig, Target
from llmgate.routing.observed import Sent
from llmgate.wire.gateway import RouteView, TargetView

Named = Callable[[str, str], str]
"""A provider's own name of a model."""


def route_views(
    routes: Mapping[str, RouteConfig], counts: Counter[Sent], named: Named
) -> list[RouteView]:
    """Every route in the order they are tried, disabled ones too."""
    return [_view(name, route, counts, named) for name, route in routes.items()]


def _view(name: str, route: RouteConfig, counts: Counter[Sent], named: Named) -> RouteView:
    own = {(sent[1], sent[2]): count for sent, count in counts.items() if sent[0] == name}
    observed = observed_by_target(route.targets, own, named)
    requests = sum(own.values())
    weights = sum(target.weight for target in route.targets)
    return RouteView(
        name=name,
        match=shown_match(route.match),
        strategy=route.strategy,
        targets=[
            TargetView(
                provider=target.provider,
                model=target.model or "",
                weight=target.weight,
                share=target.weight / weights if weights else 0.0,
                observed_share=count / requests if requests else None,
                observed=count,
            )
            for target, count in zip(route.targets, observed, strict=True)
        ],
        enabled=route.enabled,
        observed=requests,
        streaming=route.streaming,
    )


def observed_by_target(
    targets: list[Target], sent: Mapping[tuple[str, str], int], named: Named
) -> list[int]:
    """How many requests each target took. One that names its model has those sent for it; one that
    does not has the provider's others. Of two that cannot be told apart the first has them.
    """
    left = dict(sent)
    taken = {
        index: left.pop((target.provider, named(target.provider, target.model)), 0)
        for index, target in enumerate(targets)
        if target.model
    }
    for index, target in enumerate(targets):
        if index not in taken:
            others = [key for key in left if key[0] == target.provider]
            taken[index] = sum(left.pop(key) for key in others)
    return [taken[index] for index in range(len(targets))]


def shown_match(match: Match) -> dict[str, str]:
    """What a route asks for, by field, as one line each."""
    fields = (
        ("model", match.model),
        ("path", match.path),
        ("key", match.key),
        ("header", [f"{name}: {pattern}" for name, pattern in match.header.items()]),
    )
    return {field: _line(value) for field, value in fields if value}


def _line(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
