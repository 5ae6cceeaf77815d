"""Spend as rows of a table: money, share, tokens; unknown money is ``-`` (no Textual)."""

from typing import Final

import msgspec

from llmgate.wire.spend import By, Period, SpendReport, SpendRow
from llmgate_tui import figures, units
from llmgate_tui.filter_text import exact, since
from llmgate_tui.text import clean
from llmgate_tui.widgets.spark import bar

Cell = str | tuple[str, str]

PERIODS: Final[tuple[tuple[Period, str], ...]] = (
    ("today", "today"),
    ("7d", "7 days"),
    ("30d", "30 days"),
)
BYS: Final[tuple[By, ...]] = ("provider", "model", "key", "route", "client")
BAR: Final = 12
_NAMELESS: Final = {
    "provider": "(reached no provider)",
    "model": "(asked for no model)",
    "key": "(without a key)",
    "route": "(without a route)",
    "client": "(unknown client)",
}


class Total(msgspec.Struct, frozen=True):
    """What shares are of: money, or tokens while no price is known."""

    usd: float
    tokens: int

    def share(self, row: SpendRow) -> float:
        """0 to 1."""
        if self.usd > 0:
            return row.cost_usd / self.usd
        return (row.input_tokens + row.output_tokens) / self.tokens if self.tokens else 0.0


def total_of(report: SpendReport) -> Total:
    """The whole of a report."""
    whole = report.total
    return Total(whole.cost_usd, whole.input_tokens + whole.output_tokens)


def name(row: SpendRow, by: By) -> str:
    """A row's name, or what it means that there is none."""
    return clean(row.name) or _NAMELESS[by]


def cells(row: SpendRow, title: str, total: Total, *, plain: bool, tone: str = "") -> list[Cell]:
    """The cells of a row, in the order of the columns."""
    usual = tone or "plain"
    share = total.share(row)
    errors: Cell = (figures.grouped(row.errors), "bad") if row.errors else ("-", "quiet")
    unpriced: Cell = (figures.grouped(row.unpriced), "warn") if row.unpriced else ("-", "quiet")
    return [
        (title, usual if row.name or tone else "quiet"),
        (dollars(row), usual if priced(row) else "quiet"),
        (bar(share, BAR, plain=plain), "quiet" if tone else "accent"),
        (f"{share:.0%}" if _known(row, total) else units.UNKNOWN, "quiet"),
        (figures.grouped(row.exchanges), usual),
        errors,
        _tokens(row.input_tokens, usual),
        _tokens(row.cache_read_tokens, "quiet"),
        _tokens(row.cache_write_tokens, "quiet"),
        (hit_rate(row), "quiet"),
        _tokens(row.output_tokens, usual),
        _tokens(row.reasoning_tokens, "quiet"),
        unpriced,
    ]


def _known(row: SpendRow, total: Total) -> bool:
    """Its share of the whole can be told."""
    return priced(row) if total.usd else total.tokens > 0


def priced(row: SpendRow) -> bool:
    """Its money is known, at least in part."""
    return row.cost_usd > 0 or (not row.unpriced and row.input_tokens + row.output_tokens > 0)


def dollars(row: SpendRow) -> str:
    """$1.83, with ``~`` when a part is an estimate; the digits of all rows stay in line."""
    if not priced(row):
        return f"{units.UNKNOWN} "
    text = units.money(row.cost_usd) if row.cost_usd else "$0"
    return f"{text}{'~' if row.estimated else ' '}"


def hit_rate(row: SpendRow) -> str:
    """How much of the input came from a cache."""
    if not row.input_tokens or not row.cache_read_tokens:
        return "-"
    return f"{min(1.0, row.cache_read_tokens / row.input_tokens):.0%}"


def drill(report: SpendReport, row: SpendRow | None, now_ms: int) -> str:
    """The filter that shows a row's exchanges in the traffic; None: those of the whole period."""
    age = since(report.since_ms, now_ms)
    if row is None:
        return age
    if report.by == "model" and row.name:  # counted by what was served, where anything was
        served, asked = exact("served", row.name), exact("model", row.name)
        return f"({served} or {asked} {exact('served', '')}) {age}"
    return f"{exact(report.by, row.name)} {age}"


def _tokens(number: int, tone: str) -> Cell:
    return (units.count(number), tone) if number else ("-", "quiet")
