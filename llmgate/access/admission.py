"""May it go on: every limit that applies is asked first, and only then all of them count.

A request comes with several ``Try``s, best first: the first that has room is taken. When the best
that could be had is a queue it gets a ``Ticket``: first come, first served, and everything is asked
again when its turn has come.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Final

import msgspec

from llmgate.access.budget import billionths
from llmgate.access.clock import Calendar, Steady
from llmgate.access.limiter import Demand, Limiter, Place, Taken
from llmgate.access.told import Refusal, Short, busy, queue_full, refusal, shorts
from llmgate.config.model import Limits

_MOST_TOKENS: Final = 10**12
_MOST_USD: Final = 1e9


class Way(msgspec.Struct, frozen=True):
    """The limiters on one way to a provider; what their limits need to know beforehand."""

    limiters: tuple[Limiter, ...] = ()
    budgeted: tuple[Limiter, ...] = ()
    weighs_tokens: bool = False
    weighs_money: bool = False


class Try(msgspec.Struct, frozen=True, gc=False):
    """A way and what it would take there."""

    way: Way
    demand: Demand = Demand()


class Grant:
    """What a request has reserved; ended exactly once, by ``settle`` or ``withdraw``."""

    __slots__ = ("_stamp_s", "_taken", "around", "index", "open")

    def __init__(self, index: int, stamp_s: float, taken: list[Taken]) -> None:
        self.index = index  # of the try that was taken
        self.around = ""  # why the first try was not
        self.open = True
        self._stamp_s = stamp_s
        self._taken = taken

    def settle(self, tokens: int | None, usd: float | None, *, estimated: bool = False) -> None:
        """It was sent and is over; None is nothing: what was reserved is given back."""
        if not self.open:
            return
        self.open = False
        used = min(max(tokens or 0, 0), _MOST_TOKENS)
        spent = billionths(min(max(usd, 0.0), _MOST_USD)) if usd and isfinite(usd) else 0
        for taken in self._taken:
            taken.limiter.settle(taken, self._stamp_s, used, spent, estimated)

    def keep(self) -> None:
        """It was sent, and what it used is not known: what was reserved counts."""
        if not self.open:
            return
        self.open = False
        for taken in self._taken:
            taken.limiter.settle_as_held(taken, self._stamp_s)

    def withdraw(self) -> None:
        """It was never sent."""
        if not self.open:
            return
        self.open = False
        for taken in self._taken:
            taken.limiter.withdraw(taken, self._stamp_s)


class Ticket(Place):
    """A request in a queue."""

    __slots__ = ("messages", "tries")

    def __init__(self, number: int, tries: Sequence[Try], *, messages: bool) -> None:
        super().__init__(number)
        self.tries = tries
        self.messages = messages

    @property
    def limit(self) -> str:
        """The limit it waits for."""
        return "" if self.limiter is None else f"{self.limiter.label}: concurrency"

    @property
    def patience_s(self) -> float:
        """How long it may wait."""
        return 0.0 if self.limiter is None else self.limiter.limits.queue_wait_s

    def on_wake(self, wake: Callable[[], None]) -> None:
        """Says whom to tell when its turn has come; at once if it has come already."""
        self.wake = wake
        if self.awake:
            wake()

    def leave(self) -> None:
        """Leaves the queue, if it is in one."""
        if self.limiter is not None:
            self.limiter.leave(self)


_NO_ROOM: Final = Limiter("key", "", Limits())  # stands for: more than a slot is missing


class Admission:
    """Decides for all limiters; goes on over reloads."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.steady = Steady()
        self._arrived = 0

    def admit(self, tries: Sequence[Try], now_s: float, *, messages: bool) -> Grant | Ticket:
        """Takes from all limits of the first try that has room, or queues. Raises ``LimitReached``
        and ``RequestTooLarge`` of the first try when none has.
        """
        self._arrived += 1
        number = self._arrived
        now = self.steady.at(now_s)
        full: Limiter | None = None
        for index, one in enumerate(tries):
            blocked = self._blocked(one, number, now, now_s)
            if blocked is None:
                return self._granted(tries, index, number, now, now_s)
            if full is None and blocked is not _NO_ROOM and blocked.may_queue(None):
                full = blocked
        if full is None:
            raise self._refusal(tries[0], number, now, now_s, messages=messages)
        ticket = Ticket(number, tries, messages=messages)
        full.join(ticket)
        return ticket

    def again(self, ticket: Ticket, now_s: float) -> Grant | Ticket:
        """Asks again for one that has been woken: it runs, waits on elsewhere, or is refused."""
        now = self.steady.at(now_s)
        full: Limiter | None = None
        for index, one in enumerate(ticket.tries):
            blocked = self._blocked(one, ticket.number, now, now_s)
            if blocked is None:
                grant = self._granted(ticket.tries, index, ticket.number, now, now_s)
                ticket.leave()
                return grant
            if full is None and blocked is not _NO_ROOM and blocked.may_queue(ticket):
                full = blocked
        if full is None:
            ticket.leave()
            one, number = ticket.tries[0], ticket.number
            raise self._refusal(one, number, now, now_s, messages=ticket.messages)
        if full is not ticket.limiter:
            ticket.leave()
            full.join(ticket)
        ticket.awake = False
        return ticket

    def waited_out(self, ticket: Ticket, now_s: float) -> Refusal:
        """Leaves the queue after too long a wait; gives the error."""
        limiter = ticket.limiter
        assert limiter is not None
        ticket.leave()
        return queue_full(limiter, now_s, waited=True)

    def _blocked(self, one: Try, number: int, now: float, now_s: float) -> Limiter | None:
        """None when it may go, the limiter whose slots are taken, or ``_NO_ROOM``."""
        way, demand = one.way, one.demand
        for limiter in way.budgeted:
            limiter.roll(now_s, self.calendar)
        for limiter in way.limiters:
            if not limiter.fits(now, demand):
                return _NO_ROOM
        for limiter in way.limiters:
            if demand.counts and not limiter.slot_for(number):
                return limiter
        return None

    def _granted(
        self, tries: Sequence[Try], index: int, number: int, now: float, now_s: float
    ) -> Grant:
        grant = _take(index, tries[index], now)
        if index:
            found = _shorts(tries[0], now, now_s)
            full = _full(tries[0], number)
            grant.around = found[0].told if found else "" if full is None else busy(full)
        return grant

    def _refusal(
        self, one: Try, number: int, now: float, now_s: float, *, messages: bool
    ) -> Refusal:
        if found := _shorts(one, now, now_s):
            return refusal(found, now_s, messages=messages)
        full = _full(one, number)
        assert full is not None
        return queue_full(full, now_s, waited=False)


def _shorts(one: Try, now: float, now_s: float) -> list[Short]:
    return [s for li in one.way.limiters for s in shorts(li, now, now_s, one.demand)]


def _full(one: Try, number: int) -> Limiter | None:
    return next((li for li in one.way.limiters if not li.slot_for(number)), None)


def _take(index: int, one: Try, now: float) -> Grant:
    if not one.demand.counts:
        return Grant(index, now, [])
    return Grant(index, now, [limiter.take(now, one.demand) for limiter in one.way.limiters])
