"""Sums of the roll-up: the spend of a period by names and by slots, and of the day so far."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from llmgate.store.rollup import SLOT_MS, SUMS, sums_of
from llmgate.store.sql import IS_LIVE
from llmgate.wire.gateway import Spend
from llmgate.wire.spend import By, SpendRow, SpendSlot

MOST_ROWS: Final = 1000
MOST_SLOTS: Final = 2000
MOST_UNPRICED: Final = 20

_COLUMNS: Final[dict[By, str]] = {
    "provider": "provider",
    "model": "model",
    "key": "key",
    "route": "route",
    "client": "client",
}
_SUMS = ", ".join(
    f"{'total' if name.endswith('_usd') else 'sum'}({name}) AS {name}" for name in SUMS
)


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by falling cost, a slot for each start, names of models without a price."""

    total: SpendRow
    rows: list[SpendRow]
    slots: list[SpendSlot]
    unpriced_models: list[str]


Query = tuple[str, list[Any]]


def spend_query(since_ms: int, until_ms: int, by: By) -> Query:
    """Everything about a period in one statement, so that its sums agree with each other."""
    column = _COLUMNS[by]
    since_ms -= since_ms % SLOT_MS
    within = "FROM spend WHERE slot_ms >= ?1 AND slot_ms < ?2"
    statement = (
        f"SELECT 'total', '', {_SUMS} {within}"  # noqa: S608 - constants
        f" UNION ALL SELECT * FROM (SELECT 'row', {column}, {_SUMS} {within} GROUP BY {column}"
        f" ORDER BY cost_usd DESC, exchanges DESC, {column} LIMIT {MOST_ROWS})"
        f" UNION ALL SELECT * FROM (SELECT 'slot', slot_ms, {_SUMS} {within} GROUP BY slot_ms)"
        f" UNION ALL SELECT * FROM (SELECT 'unpriced', model, {_SUMS} {within} AND unpriced > 0"
        f" GROUP BY model ORDER BY unpriced DESC, model LIMIT {MOST_UNPRICED})"
    )
    return statement, [since_ms, until_ms]


def read_spending(found: list[Any], starts: Sequence[int]) -> Spending:
    """What the rows of a ``spend_query`` say."""
    total, rows, unpriced = SpendRow(), [], []
    sums = [[0.0, 0, 0] for _ in starts]
    for kind, name, *values in found:
        match kind:
            case "row":
                rows.append(_row(str(name), values))
            case "slot":
                _add(sums, starts, name, _row("", values))
            case "unpriced":
                unpriced.append(str(name))
            case _:
                total = _row("", values)
    slots = [
        SpendSlot(start_ms=start, cost_usd=cost, tokens=int(tokens), exchanges=int(count))
        for start, (cost, tokens, count) in zip(starts, sums, strict=True)
    ]
    return Spending(total=total, rows=rows, slots=slots, unpriced_models=unpriced)


def _row(name: str, values: list[Any]) -> SpendRow:
    return SpendRow(
        name=name,
        **{field: 0 if value is None else value for field, value in zip(SUMS, values, strict=True)},
    )


def _add(sums: list[list[float]], starts: Sequence[int], slot_ms: int, row: SpendRow) -> None:
    if sums:
        slot = sums[max(0, bisect_right(starts, slot_ms) - 1)]
        slot[0] += row.cost_usd
        slot[1] += row.input_tokens + row.output_tokens
        slot[2] += row.exchanges


def even_starts(since_ms: int, until_ms: int, slot_s: int) -> list[int]:
    """Slots of equal length."""
    return list(islice(range(since_ms, until_ms, max(1, slot_s) * 1000), MOST_SLOTS))


def since_query(since_ms: int) -> Query:
    """The roll-up, the rows before its first whole slot, and what is live."""
    whole_ms = -(-since_ms // SLOT_MS) * SLOT_MS
    statement = (
        f"SELECT {_SUMS} FROM spend WHERE slot_ms >= ?2"  # noqa: S608 - constants
        f" UNION ALL {sums_of(f'started_ms >= ?1 AND started_ms < ?2 AND NOT ({IS_LIVE})')}"
        f" UNION ALL {sums_of(f'{IS_LIVE} AND +started_ms >= ?1')}"
    )
    return statement, [since_ms, whole_ms]


def read_since(found: list[Any]) -> Spend:
    """What the rows of a ``since_query`` say."""
    rows = [_row("", list(values)) for values in found]
    return Spend(
        cost_usd=sum(row.cost_usd for row in rows),
        cost_basis="estimated" if any(row.estimated for row in rows) else "reported",
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        exchanges=sum(row.exchanges for row in rows),
        unpriced=sum(row.unpriced for row in rows),
    )
