"""What the keys of the Routes screen do to the file: edits, each with a note (no Textual)."""

import re
from collections.abc import Mapping
from typing import Any, Final

from llmgate.wire.editing import Edit, Insert, Move, Path, Remove, Rename, Set
from llmgate_tui.screens.routes_plan import PlannedRoute, PlannedTarget

Drafted = tuple[Edit, str]
Values = dict[str, str]

HEAVIEST: Final = 100_000
STRATEGIES: Final = ("weighted", "priority")
STREAMING: Final = ("any", "only", "never")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
MATCHES: Final = ("model", "path", "key", "header")


def path_of(route: PlannedRoute, target: PlannedTarget | None = None) -> Path:
    """Where a route or a target stands in the file."""
    path: Path = ["routes", route.name]
    return path if target is None else [*path, "targets", target.index]


def named(target: PlannedTarget) -> str:
    """``openai``, ``openai gpt-4o``."""
    return f"{target.provider} {target.model}".strip()


# -- weights -----------------------------------------------------------------


def weigh(route: PlannedRoute, target: PlannedTarget, weight: int) -> Drafted | None:
    """Another weight, kept in its bounds; None when it is the one it has."""
    weight = max(0, min(weight, HEAVIEST))
    if weight == target.weight:
        return None
    before = target.was.weight if target.was is not None else target.weight
    note = f"{route.name}: {named(target)} {before} to {weight}"
    return Set([*path_of(route, target), "weight"], weight), note


def equalise(route: PlannedRoute) -> list[Drafted]:
    """The same weight for all: what they have on average, so that the sum stays about the same."""
    if not route.targets:
        return []
    mean = round(sum(target.weight for target in route.targets) / len(route.targets))
    found = [weigh(route, target, max(1, mean)) for target in route.targets]
    return [drafted for drafted in found if drafted is not None]


# -- order and being ---------------------------------------------------------


def move(
    routes: list[PlannedRoute], route: PlannedRoute, target: PlannedTarget | None, by: int
) -> tuple[Drafted, int] | None:
    """A place up or down, with the place it comes to; None at the end."""
    at = route.place if target is None else target.index
    count = len(routes) if target is None else len(route.targets)
    to = at + by
    if not 0 <= to < count:
        return None
    what = f"{route.name}: {named(target)}" if target is not None else route.name
    way = "up" if by < 0 else "down"
    return (Move(path_of(route, target), to), f"{what} {way}"), to


def remove(route: PlannedRoute, target: PlannedTarget | None) -> Drafted:
    """A route or a target goes."""
    if target is None:
        return Remove(path_of(route)), f"route {route.name} removed"
    return Remove(path_of(route, target)), f"{route.name}: {named(target)} removed"


def switch(route: PlannedRoute) -> Drafted:
    """On or off."""
    word = "off" if route.enabled else "on"
    return Set([*path_of(route), "enabled"], not route.enabled), f"route {route.name} {word}"


# -- forms -------------------------------------------------------------------


def target_values(target: PlannedTarget | None) -> Values:
    """What the form of a target holds at first."""
    if target is None:
        return {"provider": "", "model": "", "weight": "1"}
    return {"provider": target.provider, "model": target.model, "weight": str(target.weight)}


def check_target(values: Values) -> str:
    """What is wrong with a target; empty when nothing is."""
    if not values["provider"]:
        return "provider: which one? (Providers, 2, lists them)"
    return check_weight(values["weight"])


def check_weight(text: str) -> str:
    """What is wrong with a weight."""
    if not text.isdecimal() or not text.isascii() or int(text) > HEAVIEST:
        return f"weight: {text!r} is not a whole number from 0 to {HEAVIEST}"
    return ""


def new_target(route: PlannedRoute, values: Values) -> tuple[Drafted, int]:
    """One more target, at the end; and where that is."""
    at = len(route.targets)
    note = f"{route.name}: {values['provider']} {values['model']}".strip() + " added"
    return (Insert([*path_of(route), "targets"], at, _target(values)), note), at


def _target(values: Values) -> dict[str, Any]:
    made: dict[str, Any] = {"provider": values["provider"], "weight": int(values["weight"])}
    if values["model"]:
        made["model"] = values["model"]
    return made


def change_target(route: PlannedRoute, target: PlannedTarget, after: Values) -> list[Drafted]:
    """What differs, field by field, so that everything else stays as it is written."""
    before, path = target_values(target), path_of(route, target)
    found: list[Drafted] = []
    for field in ("provider", "model", "weight"):
        old, new = before[field], after[field]
        if old == new:
            continue
        note = f"{route.name}: {target.provider} {field} {old or '-'} to {new or '-'}"
        value: Any = int(new) if field == "weight" else new
        edit: Edit = Remove([*path, field]) if not new else Set([*path, field], value)
        found.append((edit, note))
    return found


def route_values(route: PlannedRoute) -> Values:
    """What the form of a route holds at first."""
    match = {field: route.match.get(field, "") for field in MATCHES}
    return {"name": route.name, **match, "strategy": route.strategy, "streaming": route.streaming}


def check_route(values: Values, taken: set[str]) -> str:
    """What is wrong with a route; ``taken`` are the names of the others."""
    name = values["name"]
    if not name:
        return "name: what is it called?"
    if not _NAME.fullmatch(name):
        return "name: letters, digits, . _ and -, at most 64"
    if name in taken:
        return f"name: there is a route {name!r} already"
    if values["strategy"] not in STRATEGIES:
        return f"strategy: {' or '.join(STRATEGIES)}"
    if values.get("streaming", "any") not in STREAMING:
        return f"streaming: {', '.join(STREAMING)}"
    return _check_headers(values.get("header", ""))


def _check_headers(text: str) -> str:
    for part in _parts(text):
        name, colon, pattern = part.partition(":")
        if not (name.strip() and colon and pattern.strip()):
            return f"header: {part!r} is not name: pattern, such as x-team: a*"
    return ""


def change_route(route: PlannedRoute, after: Values) -> list[Drafted]:
    """What differs, the name last, so that the other edits find the route under the old one."""
    before, path = route_values(route), path_of(route)
    found: list[Drafted] = []
    for field in (*MATCHES, "strategy", "streaming"):
        old, new = before[field], after[field]
        if old == new:
            continue
        at: Path = [*path, "match", field] if field in MATCHES else [*path, field]
        edit: Edit = Set(at, wanted(field, new)) if new else Remove(at)
        found.append((edit, f"{route.name}: {field} {old or '-'} to {new or '-'}"))
    if after["name"] != route.name:
        found.append((Rename(path, after["name"]), f"{route.name} is called {after['name']}"))
    return found


def wanted(field: str, text: str) -> Any:
    """A match as the file has it: a text, a list of them, headers by name."""
    parts = _parts(text)
    if field == "header":
        pairs = (part.partition(":") for part in parts)
        return {name.strip(): pattern.strip() for name, _, pattern in pairs}
    return parts if len(parts) > 1 else text


def _parts(text: str) -> list[str]:
    if text.startswith("/") and text.endswith("/") and len(text) > 1:
        return [text]  # a regular expression may hold commas
    return [part.strip() for part in text.split(",") if part.strip()]


def new_route(values: Values) -> Drafted:
    """A route with its first target, behind the others."""
    match = {field: wanted(field, values[field]) for field in MATCHES if values.get(field)}
    made: dict[str, Any] = {"match": match} if match else {}
    if values["strategy"] != "weighted":
        made["strategy"] = values["strategy"]
    target = {"provider": values["provider"], "model": values["target"], "weight": "1"}
    made["targets"] = [_target(target)]
    return Set(["routes", values["name"]], made), f"route {values['name']} added"


def check_new_route(values: Values, taken: set[str]) -> str:
    """What is wrong with a new one."""
    problem = check_route({**values, "streaming": "any"}, taken)
    if not problem and not values["provider"]:
        return "provider: where does it send?"
    return problem


def away(providers: Mapping[str, tuple[bool, bool]]) -> set[str]:
    """Of names with (enabled, draining): those that take nothing."""
    return {name for name, (enabled, draining) in providers.items() if not enabled or draining}
