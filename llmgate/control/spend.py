"""Spend over the control API: money and tokens of a period, by one name, with budgets."""

import csv
import io
from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.exceptions import ValidationException
from litestar.params import FromQuery, QueryParameter

from llmgate.control.calendar import BadPeriod, Stretch, stretch
from llmgate.control.core import Core, now_ms
from llmgate.control.refusal import STORED
from llmgate.prices.table import source
from llmgate.wire.limits import LimitsView
from llmgate.wire.spend import By, Period, SpendReport, SpendRow

_PACE_FROM_MS = 60_000  # before that a pace says nothing
_COLUMNS = [name for name in SpendRow.__struct_fields__ if name != "name"]
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_CSV = "text/csv"

Since = Annotated[
    int | None, QueryParameter(description="Of a range: epoch milliseconds.", ge=0, le=10**14)
]


@get("/", summary="Money and tokens of a period", responses=STORED)
async def get_spend(
    state: State,
    period: FromQuery[Period] = "today",
    by: FromQuery[By] = "provider",
    since_ms: Since = None,
    until_ms: Since = None,
) -> SpendReport:
    """Days and hours are local ones. `7d` and `30d` are whole days up to now; a `range` has
    `since_ms` and, unless it ends now, `until_ms`, and reaches to whole quarters of an hour.
    """
    return await _report(state.core, _read(period, since_ms, until_ms), period, by)


@get("/export", summary="The same rows as CSV", media_type=_CSV, responses=STORED)
async def export_spend(
    state: State,
    period: FromQuery[Period] = "today",
    by: FromQuery[By] = "provider",
    since_ms: Since = None,
    until_ms: Since = None,
) -> Response[str]:
    """One line for each name, by falling cost; a name that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    report = await _report(state.core, _read(period, since_ms, until_ms), period, by)
    name = f'attachment; filename="llmgate-spend-{period}-by-{by}.csv"'
    return Response(_as_csv(report), media_type=_CSV, headers={"content-disposition": name})


def _read(period: Period, since_ms: int | None, until_ms: int | None) -> Stretch:
    try:
        return stretch(period, now_ms(), since_ms, until_ms)
    except BadPeriod as error:
        raise ValidationException(str(error)) from error


async def _report(core: Core, within: Stretch, period: Period, by: By) -> SpendReport:
    await core.store.flush()  # whoever asks sees what has ended by now
    found = await core.store.queries.spend(
        within.since_ms, within.until_ms, by, within.slot_s, within.slots_ms
    )
    return SpendReport(
        period=period,
        by=by,
        since_ms=within.since_ms,
        until_ms=within.until_ms,
        total=found.total,
        rows=found.rows,
        slots=found.slots,
        slot_s=within.slot_s,
        budgets=_budgets(core),
        unpriced_models=found.unpriced_models,
        projected_usd=_projected(found.total, within) if period == "today" else None,
        prices_as_of=source(),
    )


def _projected(total: SpendRow, within: Stretch) -> float | None:
    """What the whole day will cost at the pace it had so far; None before there is a pace."""
    passed_ms = within.until_ms - within.since_ms
    if passed_ms < _PACE_FROM_MS or not total.cost_usd:
        return None
    return total.cost_usd * (within.whole_ms - within.since_ms) / passed_ms


def _budgets(core: Core) -> list[LimitsView]:
    """The limits that are budgets, of those who have one."""
    found = []
    for view in core.limits():
        money = [limit for limit in view.limits if limit.unit == "usd"]
        if money:
            found.append(msgspec.structs.replace(view, limits=money))
    return found


def _as_csv(report: SpendReport) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow([report.by, *_COLUMNS])
    for row in report.rows:
        name = f"'{row.name}" if row.name.startswith(_FORMULAS) else row.name
        lines.writerow([name, *(getattr(row, column) for column in _COLUMNS)])
    return text.getvalue()


spend_router = Router("/spend", route_handlers=[get_spend, export_spend], tags=["spend"])
