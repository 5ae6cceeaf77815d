"""Keys, providers and models with their limits as rows of the list (no Textual)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from llmgate.wire.gateway import KeyView
from llmgate.wire.limits import LimitsView, LimitView, Scope
from llmgate_tui import figures, units
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.screens.keys_file import Tree, enabled, limits_of, models_of, section
from llmgate_tui.screens.keys_forms import WORDS
from llmgate_tui.text import clean
from llmgate_tui.widgets.grid import Cell, GridColumn, GridRow
from llmgate_tui.widgets.spark import meter

_BAR: Final = 20
_MOST: Final = 500  # holders of one group worth a row

_COLUMNS: Final = [
    GridColumn("LIMIT"),
    GridColumn("", _BAR, needs=88),
    GridColumn("USED / LIMIT", 18, right=True),
    GridColumn("LEFT", 8, right=True, needs=56),
    GridColumn("RESETS", 9, right=True, needs=66),
    GridColumn("RESERVED", 9, right=True, needs=108),
    GridColumn("REFUSED", 7, right=True, needs=76),
]


def columns(width: int) -> list[GridColumn]:
    """The columns of a screen this wide."""
    name, meters, used, *rest = _COLUMNS
    return [name, meters, msgspec.structs.replace(used, width=18 if width >= 66 else 13), *rest]


_TITLES: Final[dict[Scope, str]] = {"key": "Keys", "provider": "Providers", "model": "Models"}
_NONE: Final[dict[Scope, str]] = {
    "key": "No keys: callers on this machine need none. n makes one.",
    "provider": "No provider has a limit. a adds one.",
    "model": "No model has a limit of its own. a adds one.",
}


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A key, a provider or a model pattern that has limits, as it is and as it is drafted."""

    scope: Scope
    name: str
    view: LimitsView
    key: KeyView | None = None
    enabled: bool = True
    was_enabled: bool = True
    models: list[str] = []
    wanted: Tree = {}  # its limits as drafted
    running: Tree = {}  # its limits as the file has them
    gone: bool = False  # the draft takes it out
    new: bool = False  # the draft brings it in

    @property
    def id(self) -> str:
        """One of its own, whatever it is called."""
        return f"{self.scope}:{self.name}"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows need besides what they say."""

    now_ms: int
    glyphs: Glyphs
    moment: Callable[[int], str]

    @property
    def plain(self) -> bool:
        """ASCII only."""
        return self.glyphs.dot.isascii()


def holders(
    keys: Iterable[KeyView], limits: Iterable[LimitsView], running: Tree, wanted: Tree
) -> list[Holder]:
    """Everything that has limits or could be given some here, in the order of the file."""
    views = {(view.scope, view.name): view for view in limits}
    known = {key.name: key for key in keys}
    names = [*known, *(name for name in section(wanted, "keys") if name not in known)]
    found = [_holder("key", name, views, (running, wanted), known.get(name)) for name in names]
    for scope, part in (("provider", "providers"), ("model", "limits")):
        found += _others("model" if scope == "model" else "provider", part, views, running, wanted)
    return found


def _others(
    scope: Scope,
    part: str,
    views: dict[tuple[Scope, str], LimitsView],
    running: Tree,
    wanted: Tree,
) -> Iterator[Holder]:
    names = dict.fromkeys(name for of, name in views if of == scope)
    names |= dict.fromkeys(name for name in section(wanted, part) if limits_of(wanted, scope, name))
    for name in names:
        yield _holder(scope, name, views, (running, wanted), None)


def _holder(
    scope: Scope,
    name: str,
    views: dict[tuple[Scope, str], LimitsView],
    trees: tuple[Tree, Tree],
    key: KeyView | None,
) -> Holder:
    running, wanted = trees
    view = views.get((scope, name)) or (key.limits if key is not None else None)
    before, after = limits_of(running, scope, name), limits_of(wanted, scope, name)
    is_key = scope == "key"
    there, stays = name in section(running, "keys"), name in section(wanted, "keys")
    return Holder(
        scope=scope,
        name=name,
        view=view or LimitsView(scope=scope, name=name),
        key=key,
        enabled=enabled(wanted, name) if is_key else True,
        was_enabled=enabled(running, name) if is_key else True,
        models=models_of(wanted, name) or (key.models if key is not None else []),
        wanted=after,
        running=before,
        gone=(there and not stays) if is_key else bool(before and not after),
        new=(stays and not there) if is_key else bool(after and not before),
    )


# -- rows --------------------------------------------------------------------


def rows(found: Iterable[Holder], look: Look) -> list[GridRow]:
    """Three groups, each with its holders and their limits, or what to do when there are none."""
    by_scope: dict[Scope, list[Holder]] = {"key": [], "provider": [], "model": []}
    for holder in found:
        by_scope[holder.scope].append(holder)
    made: list[GridRow] = []
    for scope, group in by_scope.items():
        made += [GridRow(f"gap {scope}", [""], selectable=False)] if made else []
        made.append(GridRow(f"group {scope}", [(_TITLES[scope], "accent")], selectable=False))
        if not group:
            made.append(GridRow(f"none {scope}", [(_NONE[scope], "quiet")], selectable=False))
        for holder in group[:_MOST]:
            made += _of(holder, look)
    return made


def row_ids(holder: Holder) -> dict[str, str]:
    """The ids of the rows a holder may have, with the limit each is of."""
    names = ["", *(limit.name for limit in holder.view.limits), *WORDS]
    return {_limit_id(holder, name) if name else holder.id: name for name in names}


def _limit_id(holder: Holder, name: str) -> str:
    return f"{holder.id}\n{name}"


def _of(holder: Holder, look: Look) -> Iterator[GridRow]:
    yield GridRow(holder.id, heading(holder, look), whole=True)
    shown: set[str] = set()
    for limit in holder.view.limits:
        shown.add(limit.name)
        yield GridRow(_limit_id(holder, limit.name), _cells(holder, limit, look))
    fresh = [name for name in WORDS if name in holder.wanted and name not in shown]
    for name in fresh:
        if name in holder.running or holder.running.get(name) == holder.wanted[name]:
            continue  # belongs to a limit that has a row: queue, burst, warn_at
        yield GridRow(_limit_id(holder, name), _drafted(holder, name))
    if not shown and not holder.wanted:
        text = "  no limits: e sets them"
        yield GridRow(f"{holder.id}\n", [(text, "quiet")], selectable=False)


def heading(holder: Holder, look: Look) -> list[Cell]:
    """Who it is and how busy: pieces of a line that runs across the columns."""
    tone = "quiet" if not holder.enabled or holder.gone else "strong"
    found: list[Cell] = [(clean(holder.name), tone)]
    if holder.scope == "key":
        found += _identity(holder, "..." if look.plain else "…")
    found += _draft_words(holder)
    if holder.view.in_flight:
        found.append((f"  {holder.view.in_flight} in flight", "accent"))
    if holder.view.queued:
        found.append((f"  {holder.view.queued} of {holder.view.queue} queued", "warn"))
    if holder.view.refused:
        found += _refusals(holder.view, look)
    return found


def _identity(holder: Holder, dots: str) -> list[Cell]:
    found: list[Cell] = []
    if holder.key is not None and holder.key.hint:
        found.append((f"  {dots}{clean(holder.key.hint)[-4:]}", "quiet"))
    if holder.key is not None and holder.key.variable:
        found.append((f"  ${clean(holder.key.variable)}", "quiet"))
    if not holder.was_enabled:
        found.append(("  disabled", "warn"))
    models = ", ".join(clean(model) for model in holder.models[:8])
    found.append((f"  {'any model' if models in {'', '*'} else models}", "quiet"))
    return found


def _draft_words(holder: Holder) -> list[Cell]:
    if holder.gone:
        return [("  removed in the draft", "bad")]
    if holder.new:
        return [("  new in the draft", "accent")]
    if holder.enabled != holder.was_enabled:
        return [(f"  {'enabled' if holder.enabled else 'disabled'} in the draft", "accent")]
    return []


def _refusals(view: LimitsView, look: Look) -> list[Cell]:
    found: list[Cell] = [(f"  {figures.grouped(view.refused)} refused", "warn")]
    if view.last_refused_ms is not None:
        when = figures.ago(look.now_ms - view.last_refused_ms)
        said = f"  last {when}{'' if when == 'now' else ' ago'}: {clean(view.last_refused)}"
        found.append((said, "quiet"))
    return found


def _cells(holder: Holder, limit: LimitView, look: Look) -> list[Cell]:
    share = _share(limit)
    tone = _tone(limit, share)
    calm = tone or ("plain" if limit.used else "quiet")
    counted = limit.unit != "bytes"
    return [
        (f"  {_word(limit)}", "plain"),
        (bar(limit, _BAR, plain=look.plain), tone or _calm(limit)) if counted else "",
        (_used(holder, limit, look), "accent" if _changed(holder, limit.name) else calm),
        (_left(limit), calm) if counted else "",
        (resets(limit, look), "quiet"),
        (_amount(limit, limit.reserved) if limit.reserved else "", "quiet"),
        (figures.grouped(limit.refused), "warn") if limit.refused else ("-", "quiet"),
    ]


def _drafted(holder: Holder, name: str) -> list[Cell]:
    value = clean(str(holder.wanted[name]))
    return [(f"  {WORDS[name]}", "plain"), "", (f"new: {value}", "accent")]


def _word(limit: LimitView) -> str:
    word = WORDS.get(limit.name, limit.name).removesuffix(", $").removesuffix(", bytes")
    return f"{word} (warns)" if limit.warns_only else word


def _changed(holder: Holder, name: str) -> bool:
    return bool(holder.running.get(name) != holder.wanted.get(name))


def _share(limit: LimitView) -> float:
    return limit.used / limit.limit if limit.limit > 0 else float(limit.used > 0)


def _calm(limit: LimitView) -> str:
    return "accent" if limit.used else "quiet"


def _tone(limit: LimitView, share: float) -> str:
    """Only what wants attention has a colour of its own."""
    if share >= 1:
        return "warn" if limit.warns_only or limit.name == "concurrency" else "bad"
    return "warn" if share >= (limit.warn_at or 0.8) else ""


def bar(limit: LimitView, width: int, *, plain: bool = False) -> str:
    """What is used, what of it is only reserved, and what is free."""
    share = _share(limit)
    drawn = meter(share, width, plain=plain)
    full, reserved = ("#", "+") if plain else ("█", "▒")
    cells = drawn.count(full)
    held = round(cells * limit.reserved / limit.used) if limit.used > 0 else 0
    held = min(cells, max(held, 1 if limit.reserved > 0 and cells > 1 else 0))
    return full * (cells - held) + reserved * held + drawn[cells:]


def _used(holder: Holder, limit: LimitView, look: Look) -> str:
    most = _amount(limit, limit.limit)
    if _changed(holder, limit.name):
        return f"{most} {look.glyphs.arrow} {_wanted(holder, limit)}"
    if limit.unit == "bytes":
        return most
    return f"{_amount(limit, limit.used)}{'~' if limit.estimated else ''} / {most}"


def _wanted(holder: Holder, limit: LimitView) -> str:
    wanted = holder.wanted.get(limit.name)
    if wanted is None:
        return "none"
    return _amount(limit, float(wanted)) if isinstance(wanted, int | float) else clean(str(wanted))


def _left(limit: LimitView) -> str:
    return _amount(limit, max(0.0, limit.limit - limit.used))


def _amount(limit: LimitView, value: float) -> str:
    match limit.unit:
        case "usd":
            return units.money(value) if value else "$0"
        case "bytes":
            return units.size(round(value))
        case "tokens" | "requests":
            return _number(value)


def _number(value: float) -> str:
    """Exact where there is room for it."""
    if value != int(value):
        return f"{value:.1f}" if value >= 0.1 else f"{value:g}"
    short = units.count(int(value)) if value >= 10_000 else figures.grouped(int(value))
    return short.replace(".0k", "k").replace(".00M", "M")


def resets(limit: LimitView, look: Look) -> str:
    """When there is room again: ``12s``, ``at 00:00``, ``1 Dec``."""
    if limit.resets_ms is None:
        return "-" if limit.unit != "bytes" else ""
    wait_ms = limit.resets_ms - look.now_ms
    if limit.name in {"budget_usd_per_day", "budget_usd_per_month"} and wait_ms > 0:
        if limit.name == "budget_usd_per_day":
            return "midnight"
        return look.moment(limit.resets_ms)
    if wait_ms <= 0:
        return "now"
    if wait_ms < 60_000:
        return f"in {-(-wait_ms // 1000)}s"
    return f"in {figures.duration(wait_ms * 1000)}"
