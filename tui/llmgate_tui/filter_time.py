"""Moments as a person writes them in a filter: an age, a day, a time of day (pure)."""

import re
import time
from calendar import timegm
from collections.abc import Callable
from typing import Final

Local = Callable[[int], time.struct_time]
"""The local calendar time of a moment in epoch milliseconds."""

DAYS: Final = ("today", "yesterday")
_AGES: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_AGE: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*([smhdw])", re.IGNORECASE | re.ASCII)
_DATE: Final = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2}))?[T ]?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)


def utc(at_ms: int) -> time.struct_time:
    """For those who are told no other calendar."""
    return time.gmtime(at_ms / 1000)


def moment_ms(text: str, now_ms: int, local: Local = utc) -> float | None:
    """The moment that ``5m``, ``26h``, ``yesterday``, ``2026-11-20``, ``14:30`` stand for; None
    when it is none of them.
    """
    text = text.strip().lower()
    if text in DAYS:
        today = local(now_ms)
        return _epoch((today[0], today[1], today[2] - DAYS.index(text), 0, 0, 0), local)
    if match := _AGE.fullmatch(text):
        return now_ms - float(match[1]) * _AGES[match[2].lower()]
    match = _DATE.fullmatch(text.upper())
    if match is None or not any(match.groups()):
        return None
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in match.groups())
    if match[1] is None:
        year, month, day = local(now_ms)[:3]
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    return _epoch((year, month, day, hour, minute, second), local)


def _epoch(date: tuple[int, int, int, int, int, int], local: Local) -> float | None:
    """The moment at which the local calendar shows a date; days may lie outside their month."""
    wanted = timegm((*date, 0, 0, 0))
    found = wanted
    for _ in range(2):  # twice, for the days when clocks change
        try:
            shown = local(found * 1000)
        except (ValueError, OverflowError, OSError):
            return None
        found += wanted - timegm(shown)
    return found * 1000.0
