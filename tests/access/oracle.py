"""What limits mean, worked out by looking at every request anew: slow, and too plain to be wrong.

It shares no code with the limits: windows are sums over a list, days and months come from
``datetime``, a burst is the definition of a token bucket applied to every moment before.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from llmgate.config.model import Limits

LENGTHS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
CLOSE = 1e-5  # a bucket's level is a float: so close to full, both answers are right


@dataclass
class Seen:
    """A request that was let in."""

    at_s: float
    holders: tuple[str, ...]
    tokens: int  # estimated
    nano: int
    used: int | None = None  # None while in flight
    spent: int | None = None
    lost: bool = False  # in flight at a restart: counts as estimated, and runs no more

    def amount(self, unit: str, limit: int) -> int:
        """What it counts for, by what is known of it now."""
        if unit == "requests":
            return 1
        guess, real = (self.tokens, self.used) if unit == "tokens" else (self.nano, self.spent)
        return min(guess, limit) if real is None else real


@dataclass
class Oracle:
    """Limits by holder (``key``, ``provider up``, ``model m*``) and everything let in."""

    limits: dict[str, Limits]
    seen: list[Seen] = field(default_factory=list)

    def holders(self, provider: str, asked: str, sent: str) -> tuple[str, ...]:
        """Who limits such a request."""
        names = {asked, sent, asked.removeprefix(f"{provider}/")}
        models = [h for h in self.limits if h.startswith("model ")]
        entries = [m for m in models if any(fnmatchcase(n, m[6:]) for n in names)]
        found = ("key", f"provider {provider}", *entries)
        return tuple(holder for holder in found if holder in self.limits)

    def fits(self, holders: tuple[str, ...], now_s: float, tokens: int, nano: int) -> bool:
        """Whether windows, budgets and bursts of all holders have room."""
        return all(
            self._bucket(holder, now_s) > -CLOSE
            and all(
                room >= 0 for room in self._rooms(holder, now_s, {"tokens": tokens, "usd": nano})
            )
            for holder in holders
        )

    def nearly(self, holders: tuple[str, ...], now_s: float) -> bool:
        """Whether a bucket is so close to one request that floats decide."""
        return any(abs(self._bucket(holder, now_s)) <= CLOSE for holder in holders)

    def full(self, holders: tuple[str, ...]) -> bool:
        """Whether somebody's slots are all taken."""
        return any(
            self.running(holder) >= (self.limits[holder].concurrency or 10**9) for holder in holders
        )

    def running(self, holder: str) -> int:
        """How many are in flight."""
        return sum(1 for s in self.seen if s.used is None and not s.lost and holder in s.holders)

    def used(self, holder: str, name: str, now_s: float) -> float:
        """What is used of a limit by that name."""
        unit, length_s = _unit(name), LENGTHS.get(name.rpartition("_")[2])
        limit = getattr(self.limits[holder], name)
        if name == "concurrency":
            return self.running(holder)
        if unit == "usd":
            return self._spent(holder, name, now_s, round(limit * 10**9)) / 10**9
        assert length_s is not None
        return self._in_window(holder, unit, length_s, now_s, limit)

    def _rooms(self, holder: str, now_s: float, amounts: dict[str, int]) -> list[int]:
        """How much would be left of each limit; below 0 it does not fit."""
        rooms = []
        for name in Limits.__struct_fields__:
            limit = getattr(self.limits[holder], name)
            unit, length_s = _unit(name), LENGTHS.get(name.rpartition("_")[2])
            if limit is None or unit == "" or name == "requests_per_second":
                continue
            if unit == "usd":
                if self.limits[holder].on_budget == "stop":
                    nano = round(limit * 10**9)
                    left = nano - self._spent(holder, name, now_s, nano)
                    rooms.append(left - min(amounts["usd"], nano) if left > 0 else -1)
                continue
            assert length_s is not None
            want = 1 if unit == "requests" else min(amounts["tokens"], limit)
            rooms.append(limit - self._in_window(holder, unit, length_s, now_s, limit) - want)
        return rooms

    def _in_window(self, holder: str, unit: str, length_s: float, now_s: float, limit: int) -> int:
        total = 0
        for seen in reversed(self.seen):
            if seen.at_s + length_s <= now_s:
                break
            if holder in seen.holders:
                total += seen.amount(unit, limit)
        return total

    def _spent(self, holder: str, name: str, now_s: float, limit: int) -> int:
        form = "%Y-%m-%d" if name.endswith("day") else "%Y-%m"
        period = _period(now_s, form)
        total = 0
        for seen in reversed(self.seen):
            if _period(seen.at_s, form) != period:
                break
            if holder in seen.holders:
                total += seen.amount("usd", limit)
        return total

    def _bucket(self, holder: str, now_s: float) -> float:
        """How many requests could go now beyond this one: the definition of rate and burst."""
        limits = self.limits[holder]
        rate = limits.requests_per_second
        if rate is None:
            return 1.0
        size = limits.burst or max(1, -int(-rate // 1))
        room, count = size - 1.0, 0
        for seen in reversed(self.seen):
            if holder not in seen.holders:
                continue
            count += 1
            passed = (now_s - seen.at_s) * rate
            room = min(room, size + passed - count - 1)
            if passed > 10 * size + 10:
                break
        return room


def _unit(name: str) -> str:
    if "budget_usd" in name:
        return "usd"
    return name.partition("_per_")[0] if "_per_" in name else ""


def _period(at_s: float, form: str) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime(form)
