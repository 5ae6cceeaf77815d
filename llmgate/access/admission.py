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


class Ticket:
    """A request in a queue."""

    __slots__ = ("messages", "place", "tries")

    def __init__(self, place: Place, tries: Sequence[Try], *, messages: bool) -> None:
        self.place = place
        self.tries = tries
        self.messages = messages

    @property
    def awake(self) -> bool:
        """Its turn has come: it should ask again."""
        return self.place.awake

    @property
    def limit(self) -> str:
        """The limit it waits for."""
        limiter = self.place.limiter
        return "" if limiter is None else f"{limiter.label}: concurrency"

    @property
    def patience_s(self) -> float:
        """How long it may wait."""
        limiter = self.place.limiter
        return 0.0 if limiter is None else limiter.limits.queue_wait_s

    def on_wake(self, wake: Callable[[], None]) -> None:
        """Says whom to tell when its turn has come; at once if it has come already."""
        self.place.wake = wake
        if self.place.awake:
            wake()

    def leave(self) -> None:
        """Leaves the queue, if it is in one."""
        if self.place.limiter is not None:
            self.place.limiter.leave(self.place)


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
        place, now = Place(self._arrived), self.steady.at(now_s)
        found = self._first(tries, place, now, now_s)
        if isinstance(found, Grant):
            return found
        if found is None:
            raise self._refusal(tries[0], place, now, now_s, messages=messages)
        found.join(place)
        return Ticket(place, tries, messages=messages)

    def again(self, ticket: Ticket, now_s: float) -> Grant | Ticket:
        """Asks again for one that has been woken: it runs, waits on elsewhere, or is refused."""
        place, now = ticket.place, self.steady.at(now_s)
        found = self._first(ticket.tries, place, now, now_s)
        if found is None:
            ticket.leave()
            raise self._refusal(ticket.tries[0], place, now, now_s, messages=ticket.messages)
        if isinstance(found, Grant):
            ticket.leave()
            return found
        if found is not place.limiter:
            ticket.leave()
            found.join(place)
        place.awake = False
        return ticket

    def waited_out(self, ticket: Ticket, now_s: float) -> Refusal:
        """Leaves the queue after too long a wait; gives the error."""
        limiter = ticket.place.limiter
        assert limiter is not None
        ticket.leave()
        return queue_full(limiter, now_s, waited=True)

    def _first(
        self, tries: Sequence[Try], place: Place, now: float, now_s: float
    ) -> Grant | Limiter | None:
        """The grant of the first try that has room, else the first limiter to queue at."""
        queue: Limiter | None = None
        for index, one in enumerate(tries):
            blocked = self._blocked(one, place, now, now_s)
            if blocked is None:
                return self._granted(tries, index, place, now, now_s)
            if queue is None and blocked is not _NO_ROOM and blocked.may_queue(place):
                queue = blocked
        return queue

    def _blocked(self, one: Try, place: Place, now: float, now_s: float) -> Limiter | None:
        """None when it may go, the limiter whose slots are taken, or ``_NO_ROOM``."""
        way, demand = one.way, one.demand
        for limiter in way.budgeted:
            limiter.roll(now_s, self.calendar)
        for limiter in way.limiters:
            if not limiter.fits(now, demand):
                return _NO_ROOM
        return _full(one, place) if demand.counts else None

    def _granted(
        self, tries: Sequence[Try], index: int, place: Place, now: float, now_s: float
    ) -> Grant:
        grant = _take(index, tries[index], now)
        if index:
            found = _shorts(tries[0], now, now_s)
            full = _full(tries[0], place)
            grant.around = found[0].told if found else "" if full is None else busy(full)
        return grant

    def _refusal(
        self, one: Try, place: Place, now: float, now_s: float, *, messages: bool
    ) -> Refusal:
        if found := _shorts(one, now, now_s):
            return refusal(found, now_s, messages=messages)
        full = _full(one, place)
        assert full is not None
        return queue_full(full, now_s, waited=False)


def _shorts(one: Try, now: float, now_s: float) -> list[Short]:
    return [s for limiter in one.way.limiters for s in shorts(limiter, now, now_s, one.demand)]


def _full(one: Try, place: Place) -> Limiter | None:
    for limiter in one.way.limiters:
        if not limiter.slot_for(place.number):
            return limiter
    return None


def _take(index: int, one: Try, now: float) -> Grant:
    if not one.demand.counts:
        return Grant(index, now, [])
    return Grant(index, now, [limiter.take(now, one.demand) for limiter in one.way.limiters])
