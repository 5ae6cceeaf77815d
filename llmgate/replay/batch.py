"""Sends the jobs of one replay: in order, so many at once, at their moments, within the limit."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from llmgate.errors import LlmgateError
from llmgate.relay.errand import Errand
from llmgate.replay.clock import Clock
from llmgate.replay.plan import Job
from llmgate.replay.purse import Purse
from llmgate.replay.tally import Tally, charged
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplayState

Pack = Callable[[Job], Awaitable[Errand]]
Send = Callable[[Errand], Awaitable[ExchangeSummary]]
Cancel = Callable[[str], bool]
Mistake = Callable[[Exception], None]


class Batch:
    """Runs once. ``stop`` lets finish what is under way, a second one cancels it."""

    def __init__(  # noqa: PLR0913 - what is injected, each a name
        self,
        jobs: Iterable[Job],
        *,
        concurrency: int,
        purse: Purse,
        tally: Tally,
        clock: Clock,
        pack: Pack,
        send: Send,
        cancel: Cancel,
        on_mistake: Mistake,
    ) -> None:
        self.state: ReplayState = "running"
        self.over = False
        self.kept = asyncio.Event()  # what came of it is written down
        self.problem = ""
        self.tally = tally
        self._waiting = deque(jobs)
        self._under_way: dict[int, Errand | None] = {}
        self._serial = 0
        self._concurrency = concurrency
        self._purse = purse
        self._clock = clock
        self._pack, self._send, self._cancel = pack, send, cancel
        self._on_mistake = on_mistake
        self._news = asyncio.Event()
        self._cancelling = False

    @property
    def running(self) -> int:
        """How many are under way."""
        return len(self._under_way)

    def stop(self) -> None:
        """Begins nothing more; asked again, ends what is under way."""
        if self.state == "running":
            self.state = "stopped"
        else:
            self._cancelling = True
            for errand in list(self._under_way.values()):
                if errand is not None and errand.begun:
                    self._cancel(errand.exchange.id)
        self._news.set()

    async def run(self) -> None:
        """Returns when nothing is under way and nothing more will be begun."""
        first_ms = self._waiting[0].due_ms if self._waiting else 0
        began_s = self._clock.now_s() - first_ms / 1000
        async with asyncio.TaskGroup() as group:
            while True:
                self._news.clear()
                due_s = self._begin(group, began_s)
                if not self._under_way and (not self._waiting or self.state != "running"):
                    break
                await self._clock.wait(self._news, due_s)
        if self.state == "running":
            self.state = "finished"
        self.over = True

    def _begin(self, group: asyncio.TaskGroup, began_s: float) -> float | None:
        """Begins what may be begun now; the moment of the next that has room but not its time."""
        while self.state == "running" and self._waiting and self.running < self._concurrency:
            job = self._waiting[0]
            due_s = began_s + job.due_ms / 1000
            if due_s > self._clock.now_s():
                return due_s
            if not self._purse.fits(job.reserve):
                if not self._under_way:
                    self.state = "limit"
                return None  # what is under way may cost less than was set aside
            self._purse.reserve(job.reserve)
            self._waiting.popleft()
            self._serial += 1
            self._under_way[self._serial] = None
            group.create_task(self._carry(self._serial, job), name="replay")
        return None

    async def _carry(self, serial: int, job: Job) -> None:
        cost: int | None = 0
        try:
            errand = self._under_way[serial] = await self._pack(job)
            if self._cancelling:
                return
            row = await self._send(errand)
            cost = charged(row)
            self.tally.add(row)
        except LlmgateError as error:
            self._refuse(str(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours ends one request only
            self._on_mistake(error)
            self._refuse("the gateway failed; its log says how")
        finally:
            self._purse.settle(job.reserve, cost)
            del self._under_way[serial]
            self._news.set()

    def _refuse(self, why: str) -> None:
        self.problem = self.problem or why
        self.tally.refuse()
