"""The rows of the Routes screen: a heading for each route, its targets below (no Textual)."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from llmgate.wire.gateway import HealthState, ProviderView
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.screens.routes_plan import PlannedRoute, PlannedTarget
from llmgate_tui.verdict_text import percent
from llmgate_tui.widgets.grid import Cell, GridColumn, GridRow
from llmgate_tui.widgets.spark import bar

_MODELS: Final = 66  # from this width on models have a column of their own
_BARS: Final = 88
_STATES: Final = 110
_BAR: Final = 10
_WIDEST: Final = 36  # of a model's column: figures stay near the name they belong to
_WELL: Final[frozenset[HealthState]] = frozenset({"up", "unknown"})


class Spot(msgspec.Struct, frozen=True):
    """Where the cursor stands: on a route, or on one of its targets."""

    route: str
    target: int | None = None

    @property
    def id(self) -> str:
        """Of the row."""
        return f"{'' if self.target is None else self.target}:{self.route}"


def spot(id: str) -> Spot | None:  # noqa: A002
    """What a row stands for; None when it stands for nothing."""
    number, colon, route = id.partition(":")
    if not colon:
        return None
    return Spot(route, int(number) if number else None)


def columns(width: int) -> list[GridColumn]:
    """Fewer of them on a narrow screen."""
    models = width >= _MODELS
    return [
        GridColumn("TARGET", 18 if models else 0),
        GridColumn("MODEL", _WIDEST if width >= _STATES else 0, needs=_MODELS),
        GridColumn("WEIGHT", 11 if models else 9, right=True),
        GridColumn("SHARE", 6, right=True),
        GridColumn("5 MIN", 6, right=True),
        GridColumn("", _BAR, needs=_BARS),
        GridColumn("SENT", 7, right=True, needs=_MODELS),
        GridColumn("STATE", 0 if width >= _STATES else 9, needs=_STATES),
    ]


def rows(
    routes: Sequence[PlannedRoute],
    providers: Mapping[str, ProviderView],
    glyphs: Glyphs,
    width: int,
) -> list[GridRow]:
    """Every route with its targets."""
    found: list[GridRow] = []
    for route in routes:
        found.append(GridRow(Spot(route.name).id, heading(route, glyphs), whole=True))
        found += [
            GridRow(
                Spot(route.name, target.index).id,
                cells(route, target, providers.get(target.provider), glyphs, width),
            )
            for target in route.targets
        ]
    return found


def heading(route: PlannedRoute, glyphs: Glyphs) -> list[Cell]:
    """Name, what it takes, how it chooses, how much came; and what the draft does to it."""
    sent = route.was.observed if route.was is not None else 0
    pieces: list[Cell] = [
        (route.name, "strong" if route.enabled else "quiet"),
        *_changes(route, glyphs),
        (f"  {asks(route.match)}", "" if route.enabled else "quiet"),
        (f"  {route.strategy}", "quiet"),
    ]
    if route.streaming != "any":
        said = "streams only" if route.streaming == "only" else "never streams"
        pieces.append((f"  {said}", "quiet"))
    pieces.append((f"  {sent:,} in 5 min", "quiet"))
    return pieces


def asks(match: Mapping[str, str]) -> str:
    """``model gpt-*, key ide``; everything, when nothing is asked for."""
    if not match:
        return "every request"
    return ", ".join(f"{field} {value}" for field, value in match.items())


def _changes(route: PlannedRoute, glyphs: Glyphs) -> list[Cell]:
    was = route.was
    if was is None:
        return [("  new", "accent")]
    found: list[Cell] = []
    if was.name != route.name:
        found.append((f"  was {was.name}", "accent"))
    if was.enabled != route.enabled:
        before, after = ("on", "off") if was.enabled else ("off", "on")
        found.append((f"  {before} {glyphs.arrow} {after}", "accent"))
    elif not route.enabled:
        found.append(("  off", "warn"))
    other = (route.match, route.strategy, route.streaming)
    if other != (was.match, was.strategy, was.streaming):
        found.append(("  changed", "accent"))
    return found


def cells(
    route: PlannedRoute,
    target: PlannedTarget,
    provider: ProviderView | None,
    glyphs: Glyphs,
    width: int,
) -> list[Cell]:
    """Who, how much it should get, how much it got."""
    was = target.was
    tone = "" if route.enabled else "quiet"
    changed = was is None or not _alike(route)
    observed = was.observed_share if was is not None else None
    name = target.provider
    if width < _MODELS and target.model:
        name = f"{name} {target.model}"
    return [
        (f"  {name}", "accent" if was is None else tone),
        (target.model or "as asked", tone if target.model else "quiet"),
        _weight(target, glyphs, tone),
        (percent(target.share), "accent" if changed else tone),
        (percent(observed), tone),
        (bar(observed or 0.0, _BAR, plain=glyphs.dot.isascii()), "quiet"),
        (f"{was.observed:,}" if was is not None else "-", "quiet"),
        _state(provider),
    ]


def _alike(route: PlannedRoute) -> bool:
    """The draft moves nothing between the targets."""
    was = route.was
    if was is None or (was.strategy, was.enabled) != (route.strategy, route.enabled):
        return False
    now = [(target.provider, target.weight) for target in route.targets]
    return now == [(target.provider, target.weight) for target in was.targets]


def _weight(target: PlannedTarget, glyphs: Glyphs, tone: str) -> Cell:
    if target.was is None:
        return str(target.weight), "accent"
    if target.was.weight != target.weight:
        return f"{target.was.weight} {glyphs.arrow} {target.weight}", "accent"
    return str(target.weight), tone if target.weight else "quiet"


def _state(provider: ProviderView | None) -> Cell:
    if provider is None:
        return "unknown", "quiet"
    if provider.state in _WELL:
        return provider.state, "quiet"
    return provider.state.replace("_", " "), "warn" if provider.state != "down" else "bad"


NOTHING: Final = (
    "No routes yet: a model goes to the provider that lists it.",
    "",
    "A route takes requests by model, path, key or header, and spreads them over",
    "several targets by weight, or tries them one after the other.",
    "",
    "n makes one; T tells where a model goes now.",
)
NO_FILE: Final = (
    "This config was built from the environment: i writes {file}, then n makes a route."
)
