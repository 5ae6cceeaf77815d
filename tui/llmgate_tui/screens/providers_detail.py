"""What is known of one provider, as lines: its check, times, limits of both sides (no Textual)."""

from collections.abc import Callable
from typing import Final

from llmgate.wire.gateway import LastError, Probe, ProviderView, Quantiles
from llmgate.wire.limits import LimitsView
from llmgate_tui import figures
from llmgate_tui.screens.limit_bars import Look, limit_line
from llmgate_tui.screens.providers_rows import Cell, error_name, milliseconds, state
from llmgate_tui.text import clean
from llmgate_tui.widgets.line_text import Line, Piece
from llmgate_tui.widgets.spark import sparkline

_LABEL: Final = 13
_MOST_MODELS: Final = 200
_MOST_HEADERS: Final = 40
_WHAT_NOW: Final = {
    "down": "it failed too often and is passed over; t tests it now",
    "degraded": "some requests or checks fail: see its errors",
    "disabled": "takes no requests; space enables it",
    "draining": "takes nothing new; D resumes it",
    "no_key": "has no key: e names the variable that holds it",
    "unknown": "nothing is known of it yet; t tests it",
}


def lines(view: ProviderView, look: Look) -> list[Line]:
    """Everything but the errors themselves, most asked for first."""
    facts = [
        _fact("state", *_state(view)),
        _fact("base URL", clean(view.base_url) or "-"),
        _fact("protocols", clean(", ".join(view.protocols)) or "-"),
        _fact("key", clean(view.key_hint) or "-"),
        _fact("last check", *_probe(view.probe, look)),
        _fact("first byte", *_times(view.ttfb), *_spark(view, look)),
        _fact("whole answer", *_times(view.total)),
        _fact("last success", look.moment(view.last_ok_ms) if view.last_ok_ms else "-"),
    ]
    if view.errors_by_type:
        facts.append(_fact("errors", _by_type(view.errors_by_type)))
    return [*facts, *_ours(view.limits, look), *_theirs(view, look), *_models(view)]


def error_cells(error: LastError, moment: Callable[[int], str]) -> list[Cell]:
    """Time, what it was, what was said."""
    return [
        (moment(error.at_ms), "quiet"),
        (error_name(error), "warn" if error.status == 429 else "bad"),
        clean(error.message) or "-",
    ]


def _fact(label: str, *pieces: Piece | str) -> Line:
    line: Line = [(label.ljust(_LABEL), "label")]
    line += [(piece, "") if isinstance(piece, str) else piece for piece in pieces]
    return [piece for piece in line if piece[0]]


def _state(view: ProviderView) -> list[Piece]:
    now = state(view)
    tone = {"up": "good", "down": "bad", "no_key": "bad", "disabled": "quiet", "unknown": "quiet"}
    word = (now.replace("_", " "), tone.get(now, "warn"))
    waiting = f"{view.queued} waiting for a free place" if view.queued else ""
    note = "; ".join(part for part in (_WHAT_NOW.get(now, ""), waiting) if part)
    return [word, (f"   {note}" if note else "", "quiet")]


def probe_text(probe: Probe | None) -> str:
    """How a check went: the time and the number of models, or what was wrong."""
    if probe is None:
        return "no answer known"
    if not probe.ok:
        return clean(probe.error) or f"status {probe.status or 'unknown'}"
    models = "" if probe.models is None else f", {probe.models:,} models"
    return f"answered in {milliseconds(probe.latency_ms)}{models}"


def _probe(probe: Probe | None, look: Look) -> list[Piece]:
    if probe is None:
        return [("never", "quiet"), ("   t asks for its list of models", "quiet")]
    sign = (f"{look.glyphs.ok} ", "good") if probe.ok else (f"{look.glyphs.bad} ", "bad")
    return [sign, (probe_text(probe), ""), (f"   {look.moment(probe.at_ms)}", "quiet")]


def _times(times: Quantiles) -> list[Piece]:
    if not times.count and times.p50_ms is None:
        return [("-", "quiet")]
    p50, p95 = milliseconds(times.p50_ms), milliseconds(times.p95_ms)
    return [("p50 ", "quiet"), (f"{p50:<7}", ""), ("p95 ", "quiet"), (f"{p95:<7}", "")]


def _spark(view: ProviderView, look: Look) -> list[Piece]:
    known = [value for value in view.spark if value is not None]
    if not known or look.width < 60:
        return []
    line = sparkline(view.spark, min(len(view.spark), look.width - 46), plain=look.plain)
    return [(line, "accent"), (" 5 min", "quiet")]


def _by_type(errors: dict[str, int]) -> str:
    ordered = sorted(errors.items(), key=lambda item: -item[1])
    return ", ".join(
        f"{count:,} {clean(kind).removeprefix('upstream_').replace('_', ' ')}"
        for kind, count in ordered[:12]
    )


def _ours(limits: LimitsView | None, look: Look) -> list[Line]:
    if limits is None or not limits.limits:
        return [[], _fact("our limits", ("none set; Keys (4) sets them", "quiet"))]
    note = f"   refused {limits.refused:,}" if limits.refused else ""
    return [
        [],
        [("our limits", "strong"), (note, "warn")],
        *(limit_line(limit, look) for limit in limits.limits),
    ]


def _theirs(view: ProviderView, look: Look) -> list[Line]:
    if not view.rate_limits:
        return [_fact("their limits", ("no rate-limit header seen yet", "quiet"))]
    seen = _seen(view.rate_limits_ms, look)
    wide = max(len(name) for name in view.rate_limits)
    found: list[Line] = [[], [("their limits", "strong"), (seen, "quiet")]]
    for name, value in sorted(view.rate_limits.items())[:_MOST_HEADERS]:
        found.append([(f"{clean(name):<{min(wide, 44)}}  ", "label"), (clean(value), "")])
    return found


def _seen(at_ms: int | None, look: Look) -> str:
    """When; how long ago only in whole minutes, so that nothing moves each second."""
    if at_ms is None:
        return ""
    minutes = (look.now_ms - at_ms) // 60_000
    ago = f", {figures.ago(minutes * 60_000)} ago" if minutes > 0 else ""
    return f"   seen {look.moment(at_ms)}{ago}"


def _models(view: ProviderView) -> list[Line]:
    if not view.models:
        return [[], _fact("models", ("none listed yet; t asks for them", "quiet"))]
    more = len(view.models) - _MOST_MODELS
    names = "  ".join(clean(name) for name in view.models[:_MOST_MODELS])
    rest = f"  and {more:,} more" if more > 0 else ""
    head: Line = [("models", "strong"), (f"   {len(view.models):,}", "quiet")]
    return [[], head, [(names, ""), (rest, "quiet")]]
