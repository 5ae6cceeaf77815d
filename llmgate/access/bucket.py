"""The token bucket behind ``requests_per_second`` and ``burst``."""

import math

from llmgate.config.model import Limits


class Bucket:
    """Fills at ``rate`` per second up to ``size``; a request takes one."""

    __slots__ = ("level", "rate", "size", "stamp_s")

    def __init__(self, rate: float, size: int) -> None:
        self.rate = rate
        self.size = size
        self.level = float(size)
        self.stamp_s: float | None = None

    def take(self, now_s: float) -> float:
        """Takes one and returns 0, or takes nothing and returns the seconds until one is there."""
        level = self.level_at(now_s)
        self.stamp_s = now_s if self.stamp_s is None else max(now_s, self.stamp_s)
        if level >= 1.0:
            self.level = level - 1.0
            return 0.0
        self.level = level
        return (1.0 - level) / self.rate

    def level_at(self, now_s: float) -> float:
        """How many requests fit now. A clock that goes back adds nothing."""
        if self.stamp_s is None:
            return self.level
        return min(float(self.size), self.level + max(0.0, now_s - self.stamp_s) * self.rate)


def bucket_for(limits: Limits, previous: Bucket | None) -> Bucket | None:
    """The bucket of a key, with what was left of the previous one; None without a limit."""
    if limits.requests_per_second is None:
        return None
    rate = limits.requests_per_second
    bucket = Bucket(rate, limits.burst or max(1, math.ceil(rate)))
    if previous is not None:
        bucket.level = min(float(bucket.size), previous.level)
        bucket.stamp_s = previous.stamp_s
    return bucket
