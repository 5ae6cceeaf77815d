"""Spend as the control API gives it: money and tokens of a period, by one name at a time."""

from typing import Literal

import msgspec

from llmgate.wire.limits import LimitsView

Period = Literal["today", "7d", "30d", "range"]
By = Literal["provider", "model", "key", "route", "client"]


class SpendRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums over exchanges. ``cost_usd`` holds priced exchanges only: ``unpriced`` had tokens and no
    known price, ``estimated`` had an estimated cost, which is ``estimated_usd`` of ``cost_usd``.
    """

    name: str = ""  # empty in a total, or where the exchange had none
    cost_usd: float = 0.0
    estimated_usd: float = 0.0
    exchanges: int = 0
    errors: int = 0
    unpriced: int = 0
    estimated: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


class SpendSlot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bar of the chart: an hour (today) or a day (local time)."""

    start_ms: int
    cost_usd: float = 0.0
    tokens: int = 0
    exchanges: int = 0


class SpendReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``GET /admin/v1/spend``: rows by falling cost, slots without a gap, the budgets.

    ``projected_usd`` is the whole period's cost at its present pace (today only). ``prices_as_of``
    names the price table.
    """

    period: Period
    by: By
    since_ms: int
    until_ms: int
    total: SpendRow
    rows: list[SpendRow] = []
    slots: list[SpendSlot] = []
    slot_s: int = 3600
    budgets: list[LimitsView] = []
    unpriced_models: list[str] = []
    projected_usd: float | None = None
    prices_as_of: str = ""
