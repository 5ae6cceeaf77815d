"""What the limits know of time: a clock that never goes back, and where days and months end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Calendar = Callable[[float], tuple[float, float, float, float]]
"""Of a moment (epoch seconds): start and end of its day, start and end of its month."""


class Steady:
    """The wall clock without its steps backwards: moments that follow each other stay in order.

    A clock that is set back neither frees what was counted nor freezes it: time goes on from where
    it was.
    """

    __slots__ = ("_last_s", "offset_s")

    def __init__(self) -> None:
        self.offset_s = 0.0
        self._last_s = float("-inf")

    def at(self, now_s: float) -> float:
        """The steady moment of a wall-clock moment, which is now."""
        steady_s = now_s + self.offset_s
        if steady_s < self._last_s:
            self.offset_s += self._last_s - steady_s
            steady_s = self._last_s
        self._last_s = steady_s
        return steady_s

    def seen_at(self, now_s: float) -> float:
        """The same for somebody who only looks."""
        return max(self._last_s, now_s + self.offset_s)


def utc_calendar(now_s: float) -> tuple[float, float, float, float]:
    """Days and months of UTC."""
    now = datetime.fromtimestamp(now_s, UTC)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    return (
        day.timestamp(),
        (day + timedelta(days=1)).timestamp(),
        month.timestamp(),
        after.timestamp(),
    )
