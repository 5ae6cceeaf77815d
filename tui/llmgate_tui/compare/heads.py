"""The lines above a comparison: who is compared, how alike they are, what was left out (pure)."""

from collections.abc import Callable, Sequence

from llmgate.wire.compare import Comparison
from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui import units
from llmgate_tui.detail.facts import joined
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean
from llmgate_tui.widgets.line import Piece

_MOST_NAMES = 6


def side(
    row: ExchangeSummary, sign: str, moment: Callable[[int], str], glyphs: Glyphs, width: int
) -> list[Piece]:
    """One side on one line: the model first, what fits of the rest."""
    asked = clean(row.model or f"{row.method} {row.path}")
    served = f" {glyphs.arrow} {clean(row.served)}" if row.served not in {"", row.model} else ""
    pieces: list[Piece] = [
        (f" {sign} ", "bad" if sign == "-" else "good"),
        (asked, "strong"),
        (served, "quiet"),
    ]
    used = sum(len(text) for text, _ in pieces)
    for said in _said(row, moment):
        if said and used + len(said) + 2 <= width:
            pieces.append((f"  {said}", ""))
            used += len(said) + 2
    return pieces


def _said(row: ExchangeSummary, moment: Callable[[int], str]) -> list[str]:
    """The most telling first."""
    return [
        units.money(row.cost_usd, row.cost_basis) if row.cost_usd is not None else "no price",
        "" if row.total_us is None else units.duration_us(row.total_us),
        "" if row.status is None else str(row.status),
        clean(row.provider),
        moment(row.started_ms),
    ]


def likeness(comparison: Comparison) -> list[Piece]:
    """How alike they are, in hundredths; never 100 for what differs."""
    if comparison.similarity is None:
        return [("no likeness: a side has no answer", "warn")]
    share = comparison.similarity
    shown = 99 if 0.99 < share < 1 else 1 if 0 < share < 0.01 else round(share * 100)
    tone = "good" if share >= 0.95 else "" if share >= 0.7 else "warn"
    return [(f"{shown} % alike", tone)]


def left_out(names: Sequence[str], *, volatile: bool, width: int) -> list[Piece]:
    """What the comparison takes no notice of, and the key for it."""
    if volatile:
        return [("   nothing is left out", "warn"), (": v leaves volatile fields out", "quiet")]
    if not names:
        return [("   no volatile field occurs", "quiet"), (": v shows all", "quiet")]
    said = [clean(name) for name in names]
    for count in range(min(len(said), _MOST_NAMES), 0, -1):
        more = f" and {len(said) - count} more" if count < len(said) else ""
        text = f"{joined(said[:count], ', ')}{more}"
        if len(text) + 32 <= width:
            return [("   left out: ", "quiet"), (text, ""), ("  v shows", "quiet")]
    fields = "1 volatile field" if len(said) == 1 else f"{len(said)} volatile fields"
    return [(f"   {fields} left out: v", "quiet")]
