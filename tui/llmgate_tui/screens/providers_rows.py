"""Providers as rows of the list: one word and sign for the state, rates, times (no Textual)."""

from collections.abc import Iterable
from typing import Final

from llmgate.wire.gateway import LastError, ProviderView
from llmgate_tui import figures
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean
from llmgate_tui.widgets.spark import sparkline

Cell = str | tuple[str, str]

_WORDS: Final = {"no_key": "no key"}
_TONES: Final = {
    "up": "good",
    "degraded": "warn",
    "down": "bad",
    "draining": "warn",
    "no_key": "bad",
}
USABLE: Final = frozenset({"up", "degraded", "unknown"})


def state(view: ProviderView) -> str:
    """The state that counts most: what a person did comes before what was measured."""
    if not view.enabled:
        return "disabled"
    return "draining" if view.draining else view.state


def usable(view: ProviderView) -> bool:
    """It would be given a request."""
    return state(view) in USABLE


def state_cell(view: ProviderView, glyphs: Glyphs) -> tuple[str, str]:
    """A sign and a word, toned."""
    now = state(view)
    signs = {
        "up": glyphs.dot,
        "degraded": glyphs.warning,
        "down": glyphs.bad,
        "draining": glyphs.down,
        "no_key": glyphs.bad,
        "unknown": "?",
    }
    word = _WORDS.get(now, now)
    return f"{signs.get(now, glyphs.ring)} {word}", _TONES.get(now, "quiet")


def _drafted(wanted: bool, glyphs: Glyphs) -> tuple[str, str]:
    return f"{glyphs.arrow} {'enabled' if wanted else 'disabled'}", "accent"


def sought(views: Iterable[ProviderView], text: str) -> list[ProviderView]:
    """Those whose name, kind or address has the text, by name."""
    found = [view for view in views if text in f"{view.name}\n{view.kind}\n{view.base_url}".lower()]
    return sorted(found, key=lambda view: view.name)


def cells(
    view: ProviderView,
    now_ms: int,
    glyphs: Glyphs,
    spark_width: int,
    *,
    wanted: bool | None = None,
) -> list[Cell]:
    """The cells of a row, in the order of the columns; ``wanted``: a draft would (dis)able it."""
    idle = not view.requests_per_minute
    quiet = "quiet" if idle else "plain"
    plain = glyphs.dot.isascii()
    return [
        (clean(view.name), "plain" if usable(view) else "quiet"),
        state_cell(view, glyphs) if wanted is None else _drafted(wanted, glyphs),
        _in_flight(view),
        ("-" if idle else figures.rate(view.requests_per_minute), quiet),
        _errors(view),
        (milliseconds(view.ttfb.p50_ms), quiet),
        (milliseconds(view.ttfb.p95_ms), quiet),
        (sparkline(view.spark, spark_width, plain=plain), "accent"),
        (_key(view, glyphs), "quiet"),
        _last_error(view.last_errors, now_ms),
    ]


def milliseconds(value: float | None) -> str:
    """412ms, 3.1s."""
    return figures.duration(None if value is None else round(value * 1000))


def newest(errors: Iterable[LastError]) -> list[LastError]:
    """The newest first, whatever order they came in."""
    return sorted(errors, key=lambda error: -error.at_ms)


def error_name(error: LastError) -> str:
    """``429 rate limited``: the status, and the type without whose fault it was."""
    kind = clean(error.error_type)
    for whose in ("upstream_", "gateway_", "caller_"):
        kind = kind.removeprefix(whose)
    return f"{error.status or ''} {kind.replace('_', ' ')}".strip()


def _key(view: ProviderView, glyphs: Glyphs) -> str:
    return clean(view.key_hint).replace("…", glyphs.ellipsis) or "-"


def _in_flight(view: ProviderView) -> Cell:
    if view.queued:
        return f"{view.in_flight}+{view.queued}", "warn"
    return (str(view.in_flight), "accent") if view.in_flight else ("-", "quiet")


def _errors(view: ProviderView) -> Cell:
    if not view.requests_per_minute:
        return "-", "quiet"
    share = 100 * view.error_share
    tone = "bad" if share >= 20 else "warn" if share >= 5 else "quiet"
    return f"{share:.0f}%" if share >= 10 or not share else f"{share:.1f}%", tone


def _last_error(errors: Iterable[LastError], now_ms: int) -> Cell:
    last = next(iter(newest(errors)), None)
    if last is None:
        return "", "quiet"
    text = f"{figures.ago(now_ms - last.at_ms)} {error_name(last)}: {clean(last.message)}"
    return text, "plain" if now_ms - last.at_ms < 60_000 else "quiet"
