"""A limit as a line: how full it is, of what, until when (no Textual)."""

from collections.abc import Callable
from typing import Final

import msgspec

from llmgate.wire.limits import LimitView
from llmgate_tui import figures, units
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import fit
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.spark import gauge

_LABEL: Final = 20


class Look(msgspec.Struct, frozen=True):
    """What lines need besides what they tell of."""

    now_ms: int
    moment: Callable[[int], str]
    glyphs: Glyphs
    width: int = 80

    @property
    def plain(self) -> bool:
        """Only ASCII may be written."""
        return self.glyphs.dot.isascii()


def limit_line(limit: LimitView, look: Look, label: str = "", label_width: int = _LABEL) -> Line:
    """Name, bar, share, what is used of what, when there is room again."""
    share = limit.used / limit.limit if limit.limit > 0 else 1.0
    tone = "bad" if share >= 1 else "warn" if share >= (limit.warn_at or 0.8) else "accent"
    room = max(6, min(24, look.width - label_width - 45))
    name = label or limit.name.replace("_", " ").replace(" usd ", " ")
    estimated = "~" if limit.estimated else ""
    of = f"{amount(limit, limit.used)}{estimated} of {amount(limit, limit.limit)}"
    full, track = gauge(share, room, plain=look.plain)
    line: Line = [(f"{fit(name, label_width)} ", "label"), (full, tone), (track, "quiet")]
    line.append((f" {min(share, 9.99):>4.0%}  {of:<18}", ""))
    return [*line, (_resets(limit, look), "quiet")]


def amount(limit: LimitView, value: float) -> str:
    """In the limit's own unit: $3.10, 48.2k, 1.0 MB."""
    match limit.unit:
        case "usd":
            return f"${value:,.2f}" if value >= 0.01 or not value else f"${value:.4f}"
        case "bytes":
            return units.size(round(value))
        case "requests" | "tokens":
            return units.count(round(value))


def _resets(limit: LimitView, look: Look) -> str:
    if limit.resets_ms is None or limit.resets_ms <= look.now_ms:
        return "warns" if limit.warns_only else ""
    left = figures.ago(limit.resets_ms - look.now_ms)
    said = f"room in {left}" if limit.unit != "usd" else f"anew in {left}"
    return f"{said}, warns" if limit.warns_only else said
