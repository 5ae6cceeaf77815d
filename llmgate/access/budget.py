"""Money of a calendar day or month: what is reserved, what is spent, what has been warned of.

Amounts are whole billionths of a dollar, so that sums are exact.
"""

from typing import Final

from llmgate.access.clock import Calendar
from llmgate.wire.limits import LimitName

_BILLION: Final = 1_000_000_000


def billionths(usd: float) -> int:
    """Dollars as whole billionths."""
    return round(usd * _BILLION)


def dollars(amount: int) -> float:
    """Billionths as dollars."""
    return amount / _BILLION


def told_usd(amount: int) -> str:
    """Billionths as dollars and cents, small sums with more digits."""
    usd = dollars(amount)
    return f"${usd:.2f}" if usd >= 0.1 or not amount else f"${usd:.4f}"


class Budget:
    """What may be spent until the period ends. ``era`` counts periods: what was reserved in one is
    not settled in the next.
    """

    __slots__ = (
        "_told",
        "_warn_at",
        "end_s",
        "era",
        "guessed",
        "limit",
        "monthly",
        "name",
        "reserved",
        "spent",
        "start_s",
        "warns_only",
    )

    def __init__(self, name: LimitName) -> None:
        self.name: LimitName = name
        self.monthly = name == "budget_usd_per_month"
        self.limit = 0
        self.warns_only = False
        self.spent = 0
        self.reserved = 0
        self.guessed = False  # some of ``spent`` is an estimate
        self.start_s = self.end_s = float("-inf")
        self.era = 0
        self._warn_at = 1.0
        self._told = 0.0  # the share of which a warning was given in this period

    def configure(self, usd: float, warn_at: float, *, warns_only: bool) -> None:
        """Changes the figure; what is spent stays spent. Of a new figure is warned anew."""
        if (billionths(usd), warn_at) != (self.limit, self._warn_at):
            self._told = 0.0
        self.limit = billionths(usd)
        self.warns_only = warns_only
        self._warn_at = warn_at

    def roll(self, now_s: float, calendar: Calendar) -> None:
        """Begins a new period when the old one has ended.

        On a clock that was set back before the period's start, the money stays spent.
        """
        if self.start_s <= now_s < self.end_s:
            return
        over = now_s >= self.end_s
        self.start_s, self.end_s = calendar(now_s)[2:] if self.monthly else calendar(now_s)[:2]
        if over:
            self.clear()

    def fits(self, amount: int) -> bool:
        """Whether there is money left, and enough; more than the whole budget fits when all of it
        is left.
        """
        left = self.limit - self.spent - self.reserved
        return self.warns_only or (left > 0 and min(amount, self.limit) <= left)

    def take(self, amount: int) -> int:
        """Reserves ``amount``, at most the whole budget, and returns what it reserved."""
        amount = min(amount, self.limit)
        self.reserved += amount
        return amount

    def settle(self, era: int, reserved: int, spent: int, *, guessed: bool = False) -> None:
        """What was reserved in that era has become what was spent."""
        if era != self.era:
            return
        self.reserved -= reserved
        self.spent += spent
        self.guessed = self.guessed or (guessed and spent > 0)

    def warning(self) -> str:
        """What to say of the share that is spent; empty when it was said in this period."""
        if not self.limit:
            return ""
        share = 1.0 if self.spent >= self.limit else self.spent / self.limit
        reached = 1.0 if share >= 1.0 else self._warn_at if share >= self._warn_at else 0.0
        if reached <= self._told:
            return ""
        self._told = reached
        spent = told_usd(self.spent)
        if reached < 1.0:
            return f"has used {share:.0%} of its budget of {self.told} ({spent})"
        then = "go on" if self.warns_only else f"are refused until the {self.period} ends"
        return f"has spent its budget of {self.told} ({spent}): requests {then}"

    @property
    def period(self) -> str:
        """Day or month."""
        return "month" if self.monthly else "day"

    @property
    def told(self) -> str:
        """The budget in words."""
        return f"${dollars(self.limit):g} per {self.period}"

    @property
    def warned(self) -> float:
        """The share of which a warning was given in this period."""
        return self._told

    @property
    def warn_at(self) -> float:
        """The share at which the first warning comes."""
        return self._warn_at

    def clear(self) -> None:
        """Nothing is spent; what is in flight is no longer counted."""
        self.spent = self.reserved = 0
        self.guessed = False
        self._told = 0.0
        self.era += 1

    def load(
        self, start_s: float, end_s: float, spent: int, warned: float, *, guessed: bool
    ) -> None:
        """Goes on from what was kept."""
        self.start_s, self.end_s = start_s, end_s
        self.spent, self._told, self.guessed = spent, warned, guessed
