"""What stands below the table of spend: chart, projection, budgets, prices (no Textual)."""

import time
from collections.abc import Callable
from typing import Final

from rich.cells import cell_len

from llmgate.wire.spend import SpendReport
from llmgate_tui import snippets, units
from llmgate_tui.screens.limit_bars import Look, limit_line
from llmgate_tui.screens.spend_chart import chart
from llmgate_tui.text import clean
from llmgate_tui.widgets.line_text import Line

_MOST: Final = 20
_PERIODS: Final = {"budget_usd_per_day": "day", "budget_usd_per_month": "month"}


def lines(
    report: SpendReport, look: Look, local: Callable[[int], time.struct_time], height: int
) -> list[Line]:
    """Everything, the chart as high as there is room for."""
    facts = [*_projection(report), *_budgets(report, look), *_unpriced(report), *_prices(report)]
    room = max(3, min(8, height - len(facts) - 4))
    drawn = chart(report, local, width=look.width, height=room, plain=look.plain)
    return [*drawn, *([[]] if drawn else []), *facts]


def first_steps(report: SpendReport, address: str, model: str, *, keyed: bool) -> list[Line]:
    """What to do while nothing was spent."""
    asked = snippets.first_request(address, model, keyed=keyed)
    found: list[Line] = [[("Every exchange is counted here. Send one:", "")], []]
    found += [[(line, "accent")] for line in asked.splitlines()]
    return [*found, [], *_prices(report)]


def _projection(report: SpendReport) -> list[Line]:
    if report.projected_usd is None or report.period != "today":
        return []
    estimated = "~" if report.total.estimated else ""
    said = f"{units.money(report.projected_usd)}{estimated}"
    return [[("today ends at ", "label"), (said, "strong"), (" at this pace", "quiet")], []]


def _budgets(report: SpendReport, look: Look) -> list[Line]:
    named = [
        (f"{limits.scope} {clean(limits.name)}, {_PERIODS.get(limit.name, limit.name)}", limit)
        for limits in report.budgets
        for limit in limits.limits
        if limit.unit == "usd"
    ]
    head: Line = [("budgets", "strong")]
    if not named:
        return [[*head, ("   none set: Keys (4) sets them, by day or month", "quiet")], []]
    wide = max(12, min(max(cell_len(label) for label, _ in named), look.width - 52))
    return [head, *(limit_line(limit, look, label, wide) for label, limit in named), []]


def _unpriced(report: SpendReport) -> list[Line]:
    count = report.total.unpriced
    if not count:
        return []
    subject = "1 exchange has" if count == 1 else f"{count:,} exchanges have"
    found: list[Line] = [
        [("no price", "strong"), (f"   {subject} no known price and are not in the sums", "warn")]
    ]
    models = [clean(model) for model in report.unpriced_models]
    more = f", and {len(models) - _MOST:,} more" if len(models) > _MOST else ""
    if models:
        found.append([("models: ", "label"), (", ".join(models[:_MOST]) + more, "")])
        example = f'prices: {{"{models[0]}": {{input_per_mtok: 0.1, output_per_mtok: 0.4}}}}'
        found.append([("say it in the config (7):  ", "label"), (example, "accent")])
    return [*found, []]


def _prices(report: SpendReport) -> list[Line]:
    table = clean(report.prices_as_of)
    if not table:
        return []
    said = f"prices as of {table}" if table[0].isdigit() else f"prices: {table}"
    return [[(f"{said}; ", "quiet"), *_LEGEND]]


_LEGEND: Final = [("~ a part is estimated, - unknown or none", "quiet")]
