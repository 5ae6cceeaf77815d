"""The chart of a period: a column for each hour or day, as lines (no Textual)."""

import time
from collections.abc import Callable
from typing import Final

from llmgate.wire.spend import SpendReport, SpendSlot
from llmgate_tui import units
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.spark import columns, merged

Local = Callable[[int], time.struct_time]

_AXIS: Final = 9
_WIDEST: Final = 4


def chart(
    report: SpendReport, local: Local, *, width: int, height: int, plain: bool = False
) -> list[Line]:
    """Title, columns with the scale beside them, labels; nothing when nothing was used."""
    values = _values(report.slots)
    room = width - _AXIS - 1
    if not values or max(values) <= 0 or room < 8 or height < 1:
        return []
    drawn = merged(values, room)
    per = room // len(drawn)
    gap = 1 if per > 1 else 0
    cell = max(1, min(_WIDEST, per - gap))
    found = [_title(report, values, local)]
    for at, text in enumerate(columns(drawn, height, cell=cell, gap=gap, plain=plain)):
        scale = _amount(report, max(drawn)) if at == 0 else "0" if at == height - 1 else ""
        found.append([(f"{scale:>{_AXIS - 1}} ", "quiet"), (text.rstrip(), "accent")])
    return [*found, _labels(report, len(drawn), cell + gap, local)]


def _values(slots: list[SpendSlot]) -> list[float]:
    """Money, or tokens while no price is known."""
    money = [slot.cost_usd for slot in slots]
    return money if any(money) else [float(slot.tokens) for slot in slots]


def _in_money(report: SpendReport) -> bool:
    return any(slot.cost_usd for slot in report.slots)


def _amount(report: SpendReport, value: float) -> str:
    return units.money(value) if _in_money(report) else units.count(round(value))


def _title(report: SpendReport, values: list[float], local: Local) -> Line:
    per = "hour" if report.slot_s < 86_400 else "day"
    most = values.index(max(values))
    when = _label(report, most, local)
    what = "$" if _in_money(report) else "tokens"
    return [
        (f"{what} per {per}", "strong"),
        (f"   most {_amount(report, values[most])}, {when}", "quiet"),
    ]


def _label(report: SpendReport, at: int, local: Local) -> str:
    when = local(report.slots[at].start_ms)
    if report.slot_s < 86_400:
        return time.strftime("%H:%M", when)
    return f"{when.tm_mday} {time.strftime('%b', when)}"


def _labels(report: SpendReport, drawn: int, pitch: int, local: Local) -> Line:
    """As many labels under the columns as have room, evenly."""
    slots = len(report.slots)
    firsts = [at * slots // drawn for at in range(drawn)]
    texts = [_short(report, at, local) for at in firsts]
    step = max(1, -(-(max(map(len, texts)) + 1) // pitch))
    line = " " * _AXIS
    for at in range(0, drawn, step):
        line = line.ljust(_AXIS + at * pitch) + texts[at]
    return [(line, "quiet")]


def _short(report: SpendReport, at: int, local: Local) -> str:
    if report.slot_s < 86_400:
        return time.strftime("%H", local(report.slots[at].start_ms))
    return _label(report, at, local)
