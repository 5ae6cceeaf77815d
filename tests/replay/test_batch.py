"""When a batch begins its jobs: in order, so many at once, at their moments, within the limit."""

import asyncio
from collections.abc import Callable

from llmgate.relay.errand import Again, Errand
from llmgate.replay.batch import Batch
from llmgate.replay.plan import Job
from llmgate.replay.problems import BadReplay
from llmgate.replay.purse import Purse
from llmgate.replay.tally import Tally
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.paths import Place

CENT = 10_000_000  # billionths


class Told:
    """A clock that goes on only when somebody waits for a moment."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def now_s(self) -> float:
        return self.time_s

    async def wait(self, news: asyncio.Event, until_s: float | None) -> None:
        if until_s is None:
            await news.wait()
        else:
            await asyncio.sleep(0)
            if not news.is_set():
                self.time_s = max(self.time_s, until_s)


class Stand:
    """Packs and answers; notes when which job was begun and how many were under way."""

    def __init__(self, *, cost_usd: float = 0.01, takes: int = 1) -> None:
        self.clock = Told()
        self.begun: list[tuple[float, int]] = []
        self.most = self.now = 0
        self.cost_usd = cost_usd
        self.takes = takes
        self.mistakes: list[Exception] = []
        self.on_begun: Callable[[], None] | None = None
        self.refuses: dict[int, Exception] = {}

    async def pack(self, job: Job) -> Errand:
        if job.source in self.refuses:
            raise self.refuses[job.source]
        self.begun.append((round(self.clock.now_s() - 1000, 6), job.source))
        again = Again(
            parent=str(job.source),
            replay="r",
            target=job.target,
            place=Place("/v1/chat/completions", "openai.chat"),
            model="",
            key="",
            query="",
            headers=[],
            body=b"{}",
        )
        return Errand(again)

    async def send(self, errand: Errand) -> ExchangeSummary:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.on_begun:
            self.on_begun()
        for _ in range(self.takes):
            await asyncio.sleep(0)
        self.now -= 1
        return ExchangeSummary(
            id="x",
            started_ms=0,
            state="finished",
            method="POST",
            path="/",
            protocol="openai.chat",
            ttfb_us=1,
            cost_usd=self.cost_usd,
            cost_basis="reported",
        )

    def batch(self, jobs: list[Job], *, at_once: int = 1, limit: int | None = None) -> Batch:
        return Batch(
            jobs,
            concurrency=at_once,
            purse=Purse(limit),
            tally=Tally(),
            clock=self.clock,
            pack=self.pack,
            send=self.send,
            cancel=lambda _: True,
            on_mistake=self.mistakes.append,
        )


def jobs(*due_ms: int, reserve: int = CENT) -> list[Job]:
    return [Job(number, 0, due, reserve) for number, due in enumerate(due_ms)]


async def test_jobs_begin_at_their_moments_from_the_first_on() -> None:
    stand = Stand()
    batch = stand.batch(jobs(5_000, 5_250, 5_250, 9_000), at_once=4)
    await batch.run()

    assert stand.begun == [(0, 0), (0.25, 1), (0.25, 2), (4.0, 3)]
    assert batch.state == "finished"


async def test_a_late_one_begins_as_soon_as_there_is_room() -> None:
    stand = Stand(takes=3)
    await stand.batch(jobs(0, 10, 20, 30), at_once=1).run()

    assert [source for _, source in stand.begun] == [0, 1, 2, 3]
    assert stand.most == 1


async def test_no_more_are_under_way_than_may_be() -> None:
    stand = Stand(takes=5)
    await stand.batch(jobs(*[0] * 20), at_once=6).run()

    assert stand.most == 6
    assert [source for _, source in stand.begun] == list(range(20))


async def test_the_limit_counts_what_is_under_way() -> None:
    stand = Stand(takes=5)
    batch = stand.batch(jobs(*[0] * 9), at_once=9, limit=4 * CENT + 1)
    await batch.run()

    assert (batch.state, batch.tally.done, stand.most) == ("limit", 4, 4)


async def test_cheaper_answers_than_foreseen_leave_room_for_more() -> None:
    stand = Stand(cost_usd=0.002)
    batch = stand.batch(jobs(*[0] * 9), at_once=9, limit=2 * CENT)
    await batch.run()

    assert batch.tally.done == 6  # 5 x 0.002 are spent, one of 0.01 still fits, then none
    assert batch.state == "limit"


async def test_a_stop_while_it_waits_for_a_moment_ends_it_at_once() -> None:
    stand = Stand()
    batch = stand.batch(jobs(0, 60_000))
    stand.on_begun = batch.stop
    await batch.run()

    assert (batch.state, batch.tally.done) == ("stopped", 1)
    assert stand.clock.time_s == 1000


async def test_one_that_cannot_be_packed_and_a_mistake_of_ours_end_nothing_else() -> None:
    stand = Stand()
    stand.refuses = {1: BadReplay("no longer kept"), 2: ValueError("ours")}
    batch = stand.batch(jobs(0, 0, 0, 0))
    await batch.run()

    assert (batch.state, batch.tally.done, batch.tally.failed) == ("finished", 4, 2)
    assert batch.problem == "no longer kept"
    assert [str(error) for error in stand.mistakes] == ["ours"]
