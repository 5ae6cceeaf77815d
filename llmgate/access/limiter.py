"""Everything that one key, provider or model entry may use, and what of it is in use.

A limiter outlives the config that made it: a reload changes its figures and keeps its counts.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Final

import msgspec

from llmgate.access.bucket import Bucket, bucket_for
from llmgate.access.budget import Budget
from llmgate.access.clock import Calendar
from llmgate.access.window import Window
from llmgate.config.model import Limits
from llmgate.wire.limits import LimitName, Scope, Unit

_WINDOWS: Final[tuple[tuple[LimitName, Unit, float], ...]] = (
    ("requests_per_minute", "requests", 60.0),
    ("requests_per_hour", "requests", 3_600.0),
    ("requests_per_day", "requests", 86_400.0),
    ("tokens_per_minute", "tokens", 60.0),
    ("tokens_per_day", "tokens", 86_400.0),
)
_BUDGETS: Final[tuple[LimitName, ...]] = ("budget_usd_per_day", "budget_usd_per_month")


class Demand(msgspec.Struct, frozen=True, gc=False):
    """What a request is expected to use; ``billionths`` of a dollar. One that does not ``count``
    takes no part in any limit but that of its size.
    """

    size: int = 0
    tokens: int = 0
    billionths: int = 0
    counts: bool = True


class Place:
    """A place in the queue of a limiter; ``wake`` is called when a slot is free."""

    __slots__ = ("awake", "limiter", "number", "wake")

    def __init__(self, number: int) -> None:
        self.number = number  # in the order of arrival: nobody overtakes
        self.limiter: Limiter | None = None
        self.awake = False
        self.wake: Callable[[], None] = _nobody


class Taken(msgspec.Struct, gc=False):
    """What one limiter has counted for one request: to be corrected when it is over."""

    limiter: "Limiter"
    windows: tuple[Window, ...]
    token_windows: tuple[Window, ...]
    held: list[int]  # tokens counted in each of ``token_windows``
    budgets: list[tuple[Budget, int, int]]  # with the era and what was reserved


class Limiter:
    """The limits of one holder."""

    __slots__ = (
        "bucket",
        "budgets",
        "changed",
        "in_flight",
        "last_refused",
        "last_refused_s",
        "limits",
        "name",
        "queue",
        "refused",
        "refused_by",
        "scope",
        "token_windows",
        "warnings",
        "windows",
    )

    def __init__(self, scope: Scope, name: str, limits: Limits) -> None:
        self.scope: Scope = scope
        self.name = name
        self.bucket: Bucket | None = None
        self.windows: tuple[Window, ...] = ()  # of requests
        self.token_windows: tuple[Window, ...] = ()
        self.budgets: tuple[Budget, ...] = ()
        self.in_flight = 0
        self.queue: list[Place] = []  # by number
        self.refused = 0
        self.refused_by: dict[LimitName, int] = {}
        self.last_refused_s: float | None = None
        self.last_refused = ""
        self.warnings: list[str] = []
        self.changed = False
        self.configure(limits)

    def configure(self, limits: Limits) -> None:
        """Takes other figures; what stays keeps its counts."""
        self.limits = limits
        self.bucket = bucket_for(limits, self.bucket)
        kept = {window.name: window for window in (*self.windows, *self.token_windows)}
        found: dict[Unit, list[Window]] = {"requests": [], "tokens": []}
        for name, unit, length_s in _WINDOWS:
            limit: int | None = getattr(limits, name)
            if limit is not None:
                window = kept.get(name) or Window(name, unit, length_s, limit)
                window.limit = limit
                found[unit].append(window)
        self.windows, self.token_windows = tuple(found["requests"]), tuple(found["tokens"])
        self._configure_budgets(limits)
        self.wake()

    def _configure_budgets(self, limits: Limits) -> None:
        kept = {budget.name: budget for budget in self.budgets}
        found = []
        for name in _BUDGETS:
            usd: float | None = getattr(limits, name)
            if usd is not None:
                budget = kept.get(name) or Budget(name)
                warns_only = limits.on_budget == "warn"
                budget.configure(usd, limits.warn_at, warns_only=warns_only)
                found.append(budget)
        self.budgets = tuple(found)

    @property
    def who(self) -> str:
        """Whose limits these are, in words."""
        return f"{self.scope} '{self.name}'"

    @property
    def label(self) -> str:
        """Whose limits these are, as a label."""
        return f"{self.scope} {self.name}"

    def fits(self, now_s: float, demand: Demand) -> bool:
        """Whether everything but concurrency has room."""
        most = self.limits.max_request_bytes
        if most is not None and demand.size > most:
            return False
        if not demand.counts:
            return True
        if self.bucket is not None and not self.bucket.fits(now_s):
            return False
        if self.budgets and not all(b.fits(demand.billionths) for b in self.budgets):
            return False
        return self._windows_fit(now_s, demand.tokens)

    def _windows_fit(self, now_s: float, tokens: int) -> bool:
        for window in self.windows:
            if window.out_s <= now_s:
                window.expire(now_s)
            if window.total >= window.limit:
                return False
        for window in self.token_windows:  # noqa: SIM110 - a generator costs as much as the rest
            if not window.fits(now_s, tokens):
                return False
        return True

    def roll(self, wall_s: float, calendar: Calendar) -> None:
        """Begins the budgets' new periods."""
        for budget in self.budgets:
            budget.roll(wall_s, calendar)

    def take(self, now_s: float, demand: Demand) -> Taken:
        """Counts one request."""
        self.in_flight += 1
        self.changed = True
        if self.bucket is not None:
            self.bucket.take()
        for window in self.windows:
            window.take(now_s, 1)
        held = [window.reserve(now_s, demand.tokens) for window in self.token_windows]
        reserved = [(b, b.era, b.take(demand.billionths)) for b in self.budgets]
        return Taken(self, self.windows, self.token_windows, held, reserved)

    # Concurrency

    def slot_for(self, number: int) -> bool:
        """Whether the request of that number may run: those before it have a slot, and one is free.

        A place that waits here for its turn counts as one that runs.
        """
        most = self.limits.concurrency
        if most is None or self.in_flight + len(self.queue) < most:
            return True
        return self.in_flight + bisect_left(self.queue, number, key=_number) < most

    def may_queue(self, place: Place) -> bool:
        """Whether one more may wait here."""
        return place.limiter is self or len(self.queue) < self.limits.queue

    def join(self, place: Place) -> None:
        """Queues by arrival; one that comes from another queue has lost no time."""
        place.limiter = self
        place.awake = False
        self.queue.insert(bisect_left(self.queue, place.number, key=_number), place)

    def leave(self, place: Place) -> None:
        """Leaves the queue; whoever is next is woken."""
        place.limiter = None
        self.queue.remove(place)
        self.wake()

    def wake(self) -> None:
        """Wakes as many as there are free slots."""
        if not self.queue:
            return
        most = self.limits.concurrency
        free = len(self.queue) if most is None else most - self.in_flight
        for place in self.queue[: max(0, free)]:
            if not place.awake:
                place.awake = True
                place.wake()

    # Afterwards

    def settle(self, taken: Taken, stamp_s: float, tokens: int, spent: int, guessed: bool) -> None:
        """The request is over: what was reserved becomes what was used."""
        self.in_flight -= 1
        self.changed = True
        for window, held in zip(taken.token_windows, taken.held, strict=True):
            window.settle(stamp_s, held, tokens, guessed=guessed)
        for budget, era, reserved in taken.budgets:
            budget.settle(era, reserved, spent, guessed=guessed)
            self._warn(budget)
        self.wake()

    def settle_as_held(self, taken: Taken, stamp_s: float) -> None:
        """The request is over, and what was reserved is the best that is known."""
        self.in_flight -= 1
        self.changed = True
        for window, held in zip(taken.token_windows, taken.held, strict=True):
            window.settle(stamp_s, held, held, guessed=True)
        for budget, era, reserved in taken.budgets:
            budget.settle(era, reserved, reserved, guessed=True)
            self._warn(budget)
        self.wake()

    def withdraw(self, taken: Taken, stamp_s: float) -> None:
        """The request was never sent: it did not happen."""
        if self.bucket is not None:
            self.bucket.give_back()
        for window in taken.windows:
            window.correct(stamp_s, -1)
        self.settle(taken, stamp_s, 0, 0, guessed=False)

    def _warn(self, budget: Budget) -> None:
        if warning := budget.warning():
            self.warnings.append(f"{self.who} {warning}")

    def refuse(self, limit: LimitName, message: str, wall_s: float) -> None:
        """Notes that somebody was turned away."""
        self.refused += 1
        self.refused_by[limit] = self.refused_by.get(limit, 0) + 1
        self.last_refused, self.last_refused_s = message, wall_s

    def clear(self, now_s: float) -> None:
        """Forgets what was used; what is in flight stays in flight."""
        self.changed = True
        if self.bucket is not None:
            self.bucket.clear()
        for window in (*self.windows, *self.token_windows):
            window.clear(now_s)
        for budget in self.budgets:
            budget.clear()


def _number(place: Place) -> int:
    return place.number


def _nobody() -> None:
    """Wakes nobody."""
