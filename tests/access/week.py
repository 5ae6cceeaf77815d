"""A week of random traffic against limits, every decision compared with the oracle's."""

import heapq
from dataclasses import dataclass, field
from random import Random

import pytest

from llmgate.access.access import Access
from llmgate.access.admission import Grant, Ticket, Try
from llmgate.access.limiter import Demand
from llmgate.config.model import Config, KeyConfig, Limits, ProviderConfig
from llmgate.errors import LimitReached, QueueFull
from tests.access.making import KEY, NOW
from tests.access.oracle import Oracle, Seen

MODELS = ["m1", "up/m1", "spare/m2", "alias", "m2", "other"]
SENT = {"alias": "m3"}


def config_of(limits: dict[str, Limits]) -> Config:
    """The config with these limits by holder."""
    return Config(
        keys={"ide": KeyConfig(key=KEY, limits=limits.get("key", Limits()))},
        providers={
            name: ProviderConfig(kind="openai", limits=limits.get(f"provider {name}", Limits()))
            for name in ("up", "spare")
        },
        limits={name[6:]: value for name, value in limits.items() if name.startswith("model ")},
    )


@dataclass
class Waiting:
    """A request in a queue."""

    ticket: Ticket
    holders: tuple[str, ...]
    tokens: int
    nano: int
    woken: bool = False


@dataclass
class Tally:
    """What happened: a test that nothing happens in proves nothing."""

    let_in: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    queued: int = 0
    restarts: int = 0


class Week:
    """One run: ``rng`` makes the traffic, the clock is the events' own."""

    def __init__(self, limits: dict[str, Limits], rng: Random) -> None:
        self.config = config_of(limits)
        self.access = Access(self.config)
        self.oracle = Oracle(limits)
        self.rng = rng
        self.tally = Tally()
        self.now_s = NOW
        self._ends: list[tuple[float, int, Grant, Seen]] = []
        self._waiting: list[Waiting] = []

    def run(self, gaps: list[float], *, restart_every: int = 0) -> Tally:
        """Sends a request after each gap; now and then the gateway is restarted."""
        for count, gap in enumerate(gaps, 1):
            self._pass(self.now_s + gap)
            self._request()
            if count % 25 == 0:
                self._compare()
            if restart_every and self.rng.random() < 1 / restart_every:
                self._restart()
        self._pass(self.now_s + 7200)
        self._compare()
        return self.tally

    def _pass(self, until_s: float) -> None:
        """Lets end what ends before that moment."""
        while self._ends and self._ends[0][0] <= until_s:
            self.now_s, _, grant, seen = heapq.heappop(self._ends)
            self._end(grant, seen)
            self._serve()
        self.now_s = until_s

    def _end(self, grant: Grant, seen: Seen) -> None:
        how = self.rng.random()
        if how < 0.1:  # nothing was used
            seen.used = seen.spent = 0
            grant.settle(None, None)
        elif how < 0.15:  # never sent: it did not happen
            self.oracle.seen.remove(seen)
            grant.withdraw()
        else:
            seen.used = int(seen.tokens * self.rng.choice([0.5, 1, 1, 1.6]))
            seen.spent = int(seen.nano * self.rng.choice([0.5, 1, 1, 1.6]))
            grant.settle(seen.used, seen.spent / 10**9)

    def _request(self) -> None:
        rng = self.rng
        provider, asked = rng.choice(["up", "spare"]), rng.choice(MODELS)
        if "/" in asked:
            provider = asked.partition("/")[0]
        sent = SENT.get(asked, asked.removeprefix(f"{provider}/"))
        tokens = rng.choice([0, 10, 200, 900, 4000])
        nano = tokens * 1_000_000 + rng.randrange(1000)
        holders = self.oracle.holders(provider, asked, sent)
        fits = self.oracle.fits(holders, self.now_s, tokens, nano)
        close = self.oracle.nearly(holders, self.now_s)
        way = self.access.way("ide", provider, asked, sent)
        one = Try(way, Demand(tokens=tokens, billionths=nano))
        try:
            found = self.access.admit([one], self.now_s)
        except LimitReached as error:
            self._refused(error, holders, tokens, nano)
            return
        assert fits or close
        if isinstance(found, Ticket):
            self._queue(found, holders, tokens, nano)
        else:
            self._let_in(found, holders, tokens, nano)

    def _refused(
        self, error: LimitReached, holders: tuple[str, ...], tokens: int, nano: int
    ) -> None:
        oracle, now_s = self.oracle, self.now_s
        name = error.limit.partition(": ")[2]
        self.tally.refused[name] = self.tally.refused.get(name, 0) + 1
        if isinstance(error, QueueFull):
            assert oracle.full(holders)
            return
        if oracle.nearly(holders, now_s):
            return
        assert not oracle.fits(holders, now_s, tokens, nano), error.message
        wait_s = error.retry_after_s
        assert wait_s is not None
        assert wait_s > 0
        assert oracle.fits(holders, now_s + wait_s, tokens, nano), error.message
        if wait_s > 0.01:
            assert not oracle.fits(holders, now_s + wait_s - 0.01, tokens, nano), error.message

    def _let_in(self, grant: Grant, holders: tuple[str, ...], tokens: int, nano: int) -> None:
        assert not self.oracle.full(holders)
        seen = Seen(self.now_s, holders, tokens, nano)
        self.oracle.seen.append(seen)
        self.tally.let_in += 1
        takes_s = self.rng.choice([0.2, 3.0, 40.0, 700.0])
        heapq.heappush(self._ends, (self.now_s + takes_s, self.tally.let_in, grant, seen))

    def _queue(self, ticket: Ticket, holders: tuple[str, ...], tokens: int, nano: int) -> None:
        self.tally.queued += 1
        waiting = Waiting(ticket, holders, tokens, nano)
        behind = bool(self._waiting)
        assert behind or self.oracle.full(holders)
        self._waiting.append(waiting)

        def wake() -> None:
            waiting.woken = True

        ticket.on_wake(wake)

    def _serve(self) -> None:
        """Those who were woken ask again; somebody who has waited long enough leaves."""
        while woken := next((w for w in self._waiting if w.woken), None):
            woken.woken = False
            try:
                found = self.access.again(woken.ticket, self.now_s)
            except LimitReached as error:
                self._waiting.remove(woken)
                self._refused(error, woken.holders, woken.tokens, woken.nano)
                continue
            if isinstance(found, Grant):
                self._waiting.remove(woken)
                self._served(woken)
                self._let_in(found, woken.holders, woken.tokens, woken.nano)
        if self._waiting and self.rng.random() < 0.05:
            self.rng.choice(self._waiting).ticket.leave()
            self._waiting = [w for w in self._waiting if w.ticket.limit]

    def _served(self, served: Waiting) -> None:
        """Nobody who came earlier, by the same way, is still waiting."""
        assert not any(
            w.holders == served.holders and w.ticket.place.number < served.ticket.place.number
            for w in self._waiting
        )

    def _compare(self) -> None:
        """What the limits say is used is what the oracle counts."""
        for view in self.access.limits(self.now_s):
            holder = "key" if view.scope == "key" else f"{view.scope} {view.name}"
            for limit in view.limits:
                if limit.name != "requests_per_second":
                    counted = self.oracle.used(holder, limit.name, self.now_s)
                    assert limit.used == pytest.approx(counted, abs=1e-9), (holder, limit.name)

    def _restart(self) -> None:
        """What is in flight is lost, and counts as it was estimated."""
        self.tally.restarts += 1
        before = _used(self.access, self.now_s)
        fresh = Access(self.config)
        assert fresh.restore(self.access.counters(self.now_s), self.now_s) == []
        for _, _, _, seen in self._ends:
            seen.lost = True
        self._ends.clear()
        self._waiting.clear()
        self.access = fresh
        assert _used(fresh, self.now_s) == before
        self._compare()


def _used(access: Access, now_s: float) -> dict[str, float]:
    return {
        f"{view.scope} {view.name} {limit.name}": limit.used
        for view in access.limits(now_s)
        for limit in view.limits
        if limit.name != "concurrency"
    }


def gaps_of_a_week(rng: Random, count: int) -> list[float]:
    """Bursts, pauses and nights: moments between requests that add up to a week."""
    raw = [rng.choice([0.001, 0.05, 0.7, 9, 70, 900, 4000]) * rng.random() for _ in range(count)]
    scale = 7 * 86400 / sum(raw)
    return [gap if gap < 1 else gap * scale for gap in raw]
