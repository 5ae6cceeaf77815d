"""A sliding window: how much was let in during the last minute, hour or day, to the microsecond.

What is let in is kept as a moment and an amount, oldest first. An amount may be corrected later
(what was reserved becomes what was used): it is found again by its moment. Above ``MOST`` moments
neighbours that are close for the window's length become one, at the later moment: what is counted
never falls out too soon.
"""

from array import array
from bisect import bisect_left
from typing import Final

from llmgate.wire.limits import LimitName, Unit

MOST: Final = 20_000
_TRIM: Final = 512
_NEVER: Final = float("-inf")
_NOTHING: Final = float("inf")


class Window:
    """Counts one unit over ``length_s`` seconds; an entry counts while it is younger than that."""

    __slots__ = (
        "_amounts",
        "_cutoff",
        "_guessed_s",
        "_head",
        "_last_s",
        "_stamps",
        "length_s",
        "limit",
        "name",
        "out_s",
        "reserved",
        "total",
        "unit",
    )

    def __init__(self, name: LimitName, unit: Unit, length_s: float, limit: int) -> None:
        self.name: LimitName = name
        self.unit: Unit = unit
        self.length_s = length_s
        self.limit = limit
        self.total = 0
        self.reserved = 0  # of requests in flight; some of it may have fallen out already
        self._stamps = array("d")
        self._amounts = array("q")
        self._head = 0  # the first entry that counts
        self._last_s = _NEVER  # the newest entry
        self.out_s = _NOTHING  # when the oldest entry falls out: before, `total` is right
        self._cutoff = _NEVER  # entries up to here are out
        self._guessed_s = _NEVER  # the newest entry that was settled with an estimate

    def fits(self, now_s: float, amount: int) -> bool:
        """Whether ``amount`` has room now; more than the whole limit has when nothing is in."""
        if self.out_s <= now_s:
            self.expire(now_s)
        return not self.total or self.total + amount <= self.limit

    def take(self, now_s: float, amount: int) -> None:
        """Counts ``amount``."""
        self.total += amount
        if self._last_s == now_s:
            self._amounts[-1] += amount
            return
        stamps = self._stamps
        self._last_s = now_s
        stamps.append(now_s)
        self._amounts.append(amount)
        if self.out_s == _NOTHING:
            self.out_s = now_s + self.length_s
        elif len(stamps) > MOST and len(stamps) - self._head > MOST:
            self._stamps, self._amounts = self._merged(MOST // 2)
            self._head = 0
            self.out_s = self._stamps[0] + self.length_s

    def reserve(self, now_s: float, amount: int) -> int:
        """Counts ``amount``, at most the whole limit, until it is settled; returns how much."""
        amount = min(amount, self.limit)
        self.take(now_s, amount)  # nothing, too: what it will have used is counted at this moment
        self.reserved += amount
        return amount

    def settle(self, stamp_s: float, reserved: int, used: int, *, guessed: bool) -> None:
        """What was reserved at that moment has become what was used."""
        self.reserved -= reserved
        if guessed and used and stamp_s > self._guessed_s:
            self._guessed_s = stamp_s
        self.correct(stamp_s, used - reserved)

    def correct(self, stamp_s: float, change: int) -> None:
        """Changes what was counted at that moment, unless it has fallen out."""
        if not change or stamp_s <= self._cutoff:
            return
        at = bisect_left(self._stamps, stamp_s, self._head)
        if at < len(self._stamps):
            self._amounts[at] += change
            self.total += change

    def wait_s(self, now_s: float, amount: int) -> float:
        """The seconds until ``amount`` has room; 0 when it has."""
        need = self.total + min(amount, self.limit) - self.limit
        if need <= 0:
            return 0.0
        for at in range(self._head, len(self._stamps)):
            need -= self._amounts[at]
            if need <= 0:
                return self._stamps[at] + self.length_s - now_s
        return self.length_s

    def oldest_out_s(self) -> float | None:
        """The moment at which the oldest entry falls out; None while nothing is counted."""
        return None if self.out_s == _NOTHING else self.out_s

    def estimated(self, now_s: float) -> bool:
        """Whether some of what is counted is a guess."""
        return self.reserved > 0 or self._guessed_s + self.length_s > now_s

    def expire(self, now_s: float) -> None:
        """Lets fall out what is too old."""
        stamps, amounts, at = self._stamps, self._amounts, self._head
        end, length_s = len(stamps), self.length_s
        if self.out_s > now_s:
            return
        while at < end and stamps[at] + length_s <= now_s:
            self.total -= amounts[at]
            self._cutoff = stamps[at]
            at += 1
        self.out_s = stamps[at] + length_s if at < end else _NOTHING
        if at > _TRIM and at * 2 > end:
            del stamps[:at], amounts[:at]
            at = 0
        self._head = at

    def clear(self, now_s: float) -> None:
        """Forgets everything up to now; later corrections of it change nothing."""
        self._cutoff = now_s
        self._guessed_s = self._last_s = _NEVER
        self.out_s = _NOTHING
        self._stamps, self._amounts, self._head = array("d"), array("q"), 0
        self.total = 0

    def entries(self, most: int) -> tuple["array[float]", "array[int]"]:
        """The moments and amounts that count, as at most about ``most`` entries."""
        stamps, amounts = self._stamps[self._head :], self._amounts[self._head :]
        return (stamps, amounts) if len(stamps) <= most else self._merged(most // 2)

    def load(self, stamps: "array[float]", amounts: "array[int]", *, guessed: bool) -> None:
        """Goes on from kept entries, oldest first."""
        self._stamps, self._amounts, self._head = stamps, amounts, 0
        self._cutoff = _NEVER
        self._last_s = stamps[-1] if stamps else _NEVER
        self.out_s = stamps[0] + self.length_s if stamps else _NOTHING
        self._guessed_s = stamps[-1] if guessed and stamps else _NEVER
        self.total = sum(amounts)

    def _merged(self, cells: int) -> tuple["array[float]", "array[int]"]:
        """What counts, with one entry for each of ``cells`` equal parts of the window."""
        cell_s = self.length_s / cells
        stamps, amounts = array("d"), array("q")
        last = None
        for at in range(self._head, len(self._stamps)):
            cell = self._stamps[at] // cell_s
            if cell == last:
                stamps[-1] = self._stamps[at]
                amounts[-1] += self._amounts[at]
            else:
                stamps.append(self._stamps[at])
                amounts.append(self._amounts[at])
            last = cell
        return stamps, amounts
