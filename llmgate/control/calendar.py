"""Days, hours and months of this machine's own time, whatever its clocks do in spring and autumn.

A day begins at its first moment: at midnight, or at one where midnight is skipped.
"""

from time import localtime, mktime
from typing import Final, Literal

import msgspec

from llmgate.wire.spend import Period

HOUR_S: Final = 3600
DAY_S: Final = 86_400
LONGEST_DAYS: Final = 400
_HOURLY_UP_TO_S: Final = 2 * DAY_S
_LATEST_MS: Final = 32_503_680_000_000  # the year 3000


class BadPeriod(Exception):
    """A period that cannot be: the message says why and what to do."""


class Stretch(msgspec.Struct, frozen=True):
    """A period in numbers: from, until, where its slots begin, how long one usually is.

    ``whole_ms`` is when it would be over; ``until_ms`` is now, if that comes first.
    """

    since_ms: int
    until_ms: int
    whole_ms: int
    slots_ms: tuple[int, ...]
    slot_s: Literal[3600, 86400]


def local_calendar(now_s: float) -> tuple[float, float, float, float]:
    """Of a moment: start and end of its day, start and end of its month (epoch seconds)."""
    now = localtime(now_s)
    year, month, day = now.tm_year, now.tm_mon, now.tm_mday
    return (
        _day(year, month, day),
        _day(year, month, day + 1),
        _day(year, month, 1),
        _day(year, month + 1, 1),
    )


def midnight_ms(now_ms: int) -> int:
    """The beginning of a moment's day."""
    return int(local_calendar(now_ms / 1000)[0]) * 1000


def stretch(
    period: Period, now_ms: int, since_ms: int | None = None, until_ms: int | None = None
) -> Stretch:
    """What a period means now. Raises ``BadPeriod``."""
    if period == "range":
        return _range(now_ms, since_ms, until_ms)
    now = localtime(now_ms / 1000)
    back = {"today": 0, "7d": 6, "30d": 29}[period]
    since = _day(now.tm_year, now.tm_mon, now.tm_mday - back)
    until = _day(now.tm_year, now.tm_mon, now.tm_mday + 1)
    if period == "today":
        return _made(since, now_ms, int(until) * 1000, HOUR_S)
    return _made(since, now_ms, int(until) * 1000, DAY_S)


def _range(now_ms: int, since_ms: int | None, until_ms: int | None) -> Stretch:
    if since_ms is None:
        raise BadPeriod("a range needs since_ms: epoch milliseconds")
    until_ms = now_ms if until_ms is None else until_ms
    if not 0 <= since_ms < until_ms <= _LATEST_MS:
        raise BadPeriod("since_ms must come before until_ms, both epoch milliseconds")
    length_s = (until_ms - since_ms) / 1000
    if length_s > LONGEST_DAYS * DAY_S:
        raise BadPeriod(f"a range holds up to {LONGEST_DAYS} days: ask for a shorter one")
    slot_s: Literal[3600, 86400] = HOUR_S if length_s <= _HOURLY_UP_TO_S else DAY_S
    since = since_ms / 1000
    began = _hour(since) if slot_s == HOUR_S else local_calendar(since)[0]
    made = _made(began, until_ms, until_ms, slot_s)
    return msgspec.structs.replace(made, since_ms=since_ms)


def _hour(moment: float) -> float:
    """The beginning of a moment's local hour, which in some zones is half past elsewhere."""
    local = localtime(moment)
    return int(moment) - local.tm_min * 60 - min(local.tm_sec, 59)


def _made(since: float, until_ms: int, whole_ms: int, slot_s: Literal[3600, 86400]) -> Stretch:
    since_ms = int(since) * 1000
    slots: list[int] = []
    at = since
    while at * 1000 < until_ms:
        slots.append(int(at) * 1000)
        at = at + HOUR_S if slot_s == HOUR_S else local_calendar(at)[1]
    return Stretch(since_ms, until_ms, whole_ms, tuple(slots), slot_s)


def _day(year: int, month: int, day: int) -> float:
    """The first moment of a day; days and months over the end count on."""
    noon = localtime(mktime((year, month, day, 12, 0, 0, 0, 0, -1)))
    start = mktime((noon.tm_year, noon.tm_mon, noon.tm_mday, 0, 0, 0, 0, 0, -1))
    while localtime(start).tm_mday != noon.tm_mday:  # midnight was skipped: C libraries differ
        start += 1800
    return start
