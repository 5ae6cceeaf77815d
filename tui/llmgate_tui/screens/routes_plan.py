"""The routes as they would be with the draft applied, beside what they are now (no Textual)."""

from collections.abc import Container, Iterable, Sequence
from typing import Any, Final

import msgspec

from llmgate.wire.editing import Edit
from llmgate.wire.gateway import RouteView, TargetView
from llmgate_tui.edited import edited

_WAS: Final = ""  # marks what a value was before the edits; no field of the file has this name


class PlannedTarget(msgspec.Struct, frozen=True, kw_only=True):
    """``was``: the running target that it is, None for a new one."""

    index: int
    provider: str
    model: str
    weight: int
    share: float = 0.0
    was: TargetView | None = None


class PlannedRoute(msgspec.Struct, frozen=True, kw_only=True):
    """``was``: the running route that it is, None for a new one; ``place`` counts from 0."""

    place: int
    name: str
    match: dict[str, str]
    strategy: str
    streaming: str
    enabled: bool
    targets: list[PlannedTarget]
    was: RouteView | None = None


def planned(
    routes: Sequence[RouteView], edits: Iterable[Edit], away: Container[str] = ()
) -> list[PlannedRoute]:
    """Every route after the edits, in the order they would be tried; providers that are ``away``
    take nothing of what is shared.
    """
    tree = {"routes": {route.name: _tree(at, route) for at, route in enumerate(routes)}}
    after = edited(tree, edits).get("routes")
    if not isinstance(after, dict):
        return []
    found = [(name, value) for name, value in after.items() if isinstance(value, dict)]
    plans = [_route(at, name, value, routes) for at, (name, value) in enumerate(found)]
    return [_shared(plan, away) for plan in plans]


def _tree(at: int, route: RouteView) -> dict[str, Any]:
    targets = [
        {"provider": t.provider, "model": t.model, "weight": t.weight, _WAS: index}
        for index, t in enumerate(route.targets)
    ]
    return {
        "match": dict(route.match),
        "strategy": route.strategy,
        "streaming": route.streaming,
        "enabled": route.enabled,
        "targets": targets,
        _WAS: at,
    }


def _route(
    place: int, name: str, tree: dict[str, Any], routes: Sequence[RouteView]
) -> PlannedRoute:
    was = routes[tree[_WAS]] if _WAS in tree else None
    match, targets = tree.get("match"), tree.get("targets")
    return PlannedRoute(
        place=place,
        name=str(name),
        match={k: line(v) for k, v in match.items() if v} if isinstance(match, dict) else {},
        strategy=str(tree.get("strategy", "weighted")),
        streaming=str(tree.get("streaming", "any")),
        enabled=tree.get("enabled", True) is not False,
        targets=_targets(targets if isinstance(targets, list) else [], was),
        was=was,
    )


def _targets(trees: list[Any], was: RouteView | None) -> list[PlannedTarget]:
    known = [tree for tree in trees if isinstance(tree, dict)]
    return [
        PlannedTarget(
            index=index,
            provider=str(tree.get("provider", "")),
            model=str(tree.get("model") or ""),
            weight=weight(tree.get("weight", 1)),
            was=was.targets[tree[_WAS]] if was is not None and _WAS in tree else None,
        )
        for index, tree in enumerate(known)
    ]


def _shared(route: PlannedRoute, away: Container[str]) -> PlannedRoute:
    """The route with the share that each target has of its traffic."""
    takes = [0 if t.provider in away else t.weight for t in route.targets]
    if not route.enabled:
        takes = [0] * len(takes)
    if route.strategy == "priority":
        first = next((at for at, weight in enumerate(takes) if weight), -1)
        takes = [int(at == first) for at in range(len(takes))]
    total = sum(takes)
    targets = [
        msgspec.structs.replace(target, share=taken / total if total else 0.0)
        for target, taken in zip(route.targets, takes, strict=True)
    ]
    return msgspec.structs.replace(route, targets=targets)


def weight(value: object) -> int:
    """A weight of the file or of a form; what is none counts as 0."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() else 0
    return value if isinstance(value, int) and value > 0 else 0


def line(value: object) -> str:
    """What a route asks for in a field, as one line."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {pattern}" for name, pattern in value.items())
    return str(value)
