"""The token bucket behind ``requests_per_second`` and ``burst``."""

import math
from typing import Final

from llmgate.config.model import Limits

_TICK_S: Final = 2**-21  # two steps of a float clock: a wait is told so that it is long enough


class Bucket:
    """Fills at ``rate`` per second up to ``size``; a request takes one."""

    __slots__ = ("level", "rate", "size", "stamp_s")

    def __init__(self, rate: float, size: int) -> None:
        self.rate = rate
        self.size = size
        self.level = float(size)
        self.stamp_s: float | None = None

    def fits(self, now_s: float) -> bool:
        """Whether a request has room now."""
        stamp_s = self.stamp_s
        if stamp_s is not None and now_s > stamp_s:
            level = self.level + (now_s - stamp_s) * self.rate
            self.level = level if level < self.size else float(self.size)
        self.stamp_s = now_s
        return self.level >= 1.0

    def take(self) -> None:
        """Takes one; only right after ``fits``."""
        self.level -= 1.0

    def give_back(self) -> None:
        """One that was taken was not needed."""
        self.level = min(float(self.size), self.level + 1.0)

    def wait_s(self, now_s: float) -> float:
        """The seconds until a request has room; 0 when it has."""
        level = self.level_at(now_s)
        return 0.0 if level >= 1.0 else (1.0 - level) / self.rate + _TICK_S

    def level_at(self, now_s: float) -> float:
        """How many requests have room now. A clock that goes back adds nothing."""
        if self.stamp_s is None:
            return self.level
        return min(float(self.size), self.level + max(0.0, now_s - self.stamp_s) * self.rate)

    def clear(self) -> None:
        """Is full again."""
        self.level, self.stamp_s = float(self.size), None


def bucket_for(limits: Limits, previous: Bucket | None) -> Bucket | None:
    """The bucket for these limits, with what was left of the previous one; None without a limit."""
    if limits.requests_per_second is None:
        return None
    rate = limits.requests_per_second
    bucket = Bucket(rate, limits.burst or max(1, math.ceil(rate)))
    if previous is not None:
        bucket.level = min(float(bucket.size), previous.level)
        bucket.stamp_s = previous.stamp_s
    return bucket
