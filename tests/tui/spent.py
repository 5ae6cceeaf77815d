"""A report of spend, for the tests of the Spend screen."""

from typing import Final

import msgspec

from llmgate.wire.limits import LimitsView, LimitView
from llmgate.wire.spend import Period, SpendReport, SpendRow, SpendSlot
from tests.tui import sample

NOON: Final = sample.NOON_MS
HOUR: Final = 3_600_000
MIDNIGHT: Final = NOON - NOON % (24 * HOUR)
SONNET: Final = SpendRow(
    name="claude-sonnet-4-5",
    cost_usd=1.5,
    estimated_usd=0.1,
    estimated=2,
    exchanges=120,
    errors=3,
    input_tokens=4_000_000,
    cache_read_tokens=3_000_000,
    output_tokens=88_000,
)
CODEX: Final = SpendRow(
    name="gpt-5.1-codex",
    cost_usd=0.5,
    exchanges=61,
    input_tokens=910_000,
    output_tokens=41_000,
    reasoning_tokens=22_000,
)
QWEN: Final = SpendRow(
    name="qwen3", exchanges=9, unpriced=9, input_tokens=31_000, output_tokens=4_000
)
BUDGETS: Final = [
    LimitsView(
        scope="key",
        name="ide",
        limits=[
            LimitView(
                name="budget_usd_per_day", unit="usd", limit=5, used=3.1, resets_ms=NOON + 12 * HOUR
            ),
            LimitView(name="requests_per_minute", unit="requests", limit=5),
        ],
    )
]


def report(period: Period = "today", **changes: object) -> SpendReport:
    hours = 13 if period == "today" else int(period[:-1])
    step = HOUR if period == "today" else 24 * HOUR
    start = MIDNIGHT if period == "today" else MIDNIGHT - (hours - 1) * step
    slots = [
        SpendSlot(start_ms=start + at * step, cost_usd=at / 10, exchanges=at) for at in range(hours)
    ]
    whole = SpendRow(
        cost_usd=2.0,
        estimated=2,
        exchanges=190,
        errors=3,
        unpriced=9,
        input_tokens=4_941_000,
        output_tokens=133_000,
    )
    base = SpendReport(
        period=period,
        by="model",
        since_ms=start,
        until_ms=NOON,
        total=whole,
        rows=[SONNET, CODEX, QWEN],
        slots=slots,
        slot_s=step // 1000,
        budgets=BUDGETS,
        unpriced_models=["qwen3"],
        projected_usd=4.1 if period == "today" else None,
        prices_as_of="2026-11-01",
    )
    return msgspec.structs.replace(base, **changes)
