"""The replays of a gateway: estimated, started, stopped, resumed, listed, forgotten."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from llmgate.access.budget import billionths
from llmgate.gateway import Gateway
from llmgate.relay.accept import new_id
from llmgate.relay.errand import Errand
from llmgate.replay import told
from llmgate.replay.aims import Aims
from llmgate.replay.batch import Batch
from llmgate.replay.board import Boards, Live
from llmgate.replay.clock import Clock, SystemClock
from llmgate.replay.costs import Costs
from llmgate.replay.look import Looker
from llmgate.replay.parcels import Packer
from llmgate.replay.plan import Job, Plan, Planner
from llmgate.replay.problems import BadReplay, NoSuchReplay, NotNow
from llmgate.replay.purse import Purse
from llmgate.replay.record import Record, counted, done_by
from llmgate.replay.shelf import Shelf
from llmgate.replay.sources import Finder, Sources
from llmgate.replay.tally import Tally, charged
from llmgate.store.annotations import annotate
from llmgate.store.problems import BadAnnotation, StoreProblem
from llmgate.store.replays import KeptReplays
from llmgate.store.writer import Store
from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.feed import Level
from llmgate.wire.keeping import EDITED, Annotation
from llmgate.wire.replays import Matrix, ReplayEstimate, ReplaySpec, ReplayView

MOST_RUNNING = 16
_IS_EDITED = Annotation(add_tags=[EDITED])


class Replays:
    """Owns the batches that run; what they send is carried by the gateway."""

    def __init__(  # noqa: PLR0913 - one name for each part
        self,
        gateway: Gateway,
        store: Store,
        *,
        note: Callable[[Level, str, str], None],
        scrub: Callable[[bytes], bytes],
        on_mistake: Callable[[Exception], None],
        now_ms: Callable[[], int],
        live: Live,
        clock: Clock | None = None,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._note = note
        self._on_mistake = on_mistake
        self._now_ms = now_ms
        self._clock = clock or SystemClock()
        self._kept = KeptReplays(store)
        self.shelf = Shelf(self._kept, scrub)
        self._finder = Finder(store.queries, self._kept)
        self._looker = Looker(store.queries)
        self._boards = Boards(store.queries, self._kept, live)
        self._batches: dict[str, Batch] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Owns the tasks of the batches until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None

    # What is asked

    async def estimate(self, spec: ReplaySpec) -> ReplayEstimate:
        """What would be sent, and what it would cost; nothing is sent."""
        return (await self._plan(spec, await self._find(spec))).estimate

    async def start(self, spec: ReplaySpec) -> ReplayView:
        """Begins to send. Raises ``BadReplay``, ``NoSuchReplay``, ``NotNow``."""
        plan = await self._plan(spec, await self._find(spec))
        self._check_room()
        now_ms = self._now_ms()
        view = ReplayView(
            id=f"r{new_id(now_ms)}",
            created_ms=now_ms,
            state="running" if plan.jobs else "failed",
            spec=msgspec.structs.replace(spec, body=""),
            estimate=plan.estimate,
            total=len(plan.jobs),
            ended_ms=None if plan.jobs else now_ms,
            problem="" if plan.jobs else told.nothing_sent(plan.refused),
        )
        sources = [row.id for row in plan.rows]
        record = Record(view=view, sources=sources, body=spec.body, refused=plan.refused)
        await self.shelf.add(record)
        if plan.jobs:
            self._launch(view.id, spec, plan, Tally(), 0)
        return self.view(await self.shelf.get(view.id))

    async def views(self) -> list[ReplayView]:
        """All of them, newest first."""
        return [told.short(self.view(record)) for record in await self.shelf.all()]

    async def get(self, replay_id: str) -> ReplayView:
        """One. Raises ``NoSuchReplay``."""
        return self.view(await self.shelf.get(replay_id))

    def view(self, record: Record) -> ReplayView:
        """A replay as it is now."""
        batch = self._batches.get(record.view.id)
        if batch is None:
            return record.view
        view = counted(record.view, batch.tally)
        return msgspec.structs.replace(view, state=batch.state, running=batch.running)

    async def matrix(self, replay_id: str) -> Matrix:
        """What came of each request at each target so far."""
        record = await self.shelf.get(replay_id)
        return await self._boards.matrix(record, self.view(record))

    async def stop(self, replay_id: str) -> ReplayView:
        """Begins nothing more; a second time ends what is under way, too."""
        record = await self.shelf.get(replay_id)
        batch = self._batches.get(record.view.id)
        if batch is None or batch.over:
            raise NotNow(
                f"replay {record.view.id} is {self.view(record).state}: there is nothing to stop"
            )
        batch.stop()
        return self.view(record)

    async def resume(self, replay_id: str, limit_usd: float | None = None) -> ReplayView:
        """Sends what has not ended yet; with another limit when one is given."""
        record = await self._settled(replay_id)
        view = record.view
        if view.id in self._batches:
            raise NotNow(f"replay {view.id} has requests under way: wait until they have ended")
        self._check_room()
        spec = view.spec if limit_usd is None else _limited(view.spec, limit_usd)
        sending = msgspec.structs.replace(spec, body=record.body)
        plan = await self._plan(sending, await self._finder.by_ids(record.sources))
        rows = [row for _, row in await self._kept.results(view.id) if row.state not in LIVE]
        done = done_by(rows, record.done)
        left = _left(plan, done)
        if not left:
            raise NotNow(f"replay {view.id} has nothing left to send")
        view = msgspec.structs.replace(view, state="running", spec=spec, ended_ms=None, problem="")
        tally = Tally(rows, done=sum(done.values()))
        view = msgspec.structs.replace(counted(view, tally), total=tally.done + len(left))
        await self.shelf.put(msgspec.structs.replace(record, view=view, done=done))
        plan = msgspec.structs.replace(plan, jobs=left)
        self._launch(view.id, sending, plan, tally, _spent(rows))
        return self.view(await self.shelf.get(view.id))

    async def delete(self, replay_id: str) -> ReplayView:
        """Forgets a replay, and ends it when it runs; its exchanges stay."""
        record = await self.shelf.get(replay_id)
        view = self.view(record)
        batch = self._batches.get(view.id)
        await self.shelf.remove(view.id)
        if batch is not None:
            batch.stop()
            batch.stop()
        return view

    # How it is done

    async def _settled(self, replay_id: str) -> Record:
        """The record, not between the end of its batch and the writing of that."""
        record = await self.shelf.get(replay_id)
        batch = self._batches.get(record.view.id)
        if batch is not None and batch.over:
            await batch.kept.wait()
            record = await self.shelf.get(record.view.id)
        return record

    async def _find(self, spec: ReplaySpec) -> Sources:
        self._planner().check(spec)
        await self._store.flush()  # whoever asks means what has ended by now, too
        found = await self._finder.find(spec)
        if spec.body and len(found.rows) != 1:
            raise BadReplay("a whole `body` is for one exchange only: name one")
        return found

    async def _plan(self, spec: ReplaySpec, found: Sources) -> Plan:
        planner = self._planner()
        planner.check(spec)
        kept = await self._kept.with_request([row.id for row in found.rows])
        return planner.plan(spec, found, await self._looker.look(spec, found.rows, kept))

    def _planner(self) -> Planner:
        prices = self._gateway.running.snapshot.config.prices
        costs = Costs(self._gateway.foresight, prices, now_ms=self._now_ms())
        return Planner(Aims(self._gateway), costs)

    def _check_room(self) -> None:
        if self._group is None:
            raise NotNow("the gateway is starting or stopping")
        if len(self._batches) >= MOST_RUNNING:
            raise NotNow(f"{MOST_RUNNING} replays run already: stop one, or wait")

    def _launch(
        self, replay_id: str, spec: ReplaySpec, plan: Plan, tally: Tally, spent: int
    ) -> None:
        assert self._group is not None
        packer = Packer(replay_id, spec, Aims(self._gateway), self._store.queries)

        async def pack(job: Job) -> Errand:
            return await packer.pack(plan.rows[job.source], job.target, plan.targets[job.target])

        async def send(errand: Errand) -> ExchangeSummary:
            row = (await self._gateway.resend(errand)).summary()
            if spec.body:
                await self._say_edited(row)
            return row

        batch = self._batches[replay_id] = Batch(
            plan.jobs,
            concurrency=spec.concurrency,
            purse=Purse(None if spec.limit_usd is None else billionths(spec.limit_usd), spent),
            tally=tally,
            clock=self._clock,
            pack=pack,
            send=send,
            cancel=self._gateway.cancel,
            on_mistake=self._on_mistake,
        )
        if len(plan.jobs) > 1:
            self._note("info", "replay", told.started(replay_id, spec, plan))
        self._group.create_task(self._drive(replay_id, batch), name="replay")

    async def _say_edited(self, row: ExchangeSummary) -> None:
        """So that it is not taken for the recorded request sent once more."""
        try:
            await annotate(self._store, [row.id], _IS_EDITED)
        except (BadAnnotation, StoreProblem) as error:
            self._note("warning", "replay", f"exchange {row.id} could not be tagged: {error}")

    async def _drive(self, replay_id: str, batch: Batch) -> None:
        """Runs a batch to its end and keeps what came of it."""
        try:
            await batch.run()
            await self._keep(replay_id, batch)
        finally:
            del self._batches[replay_id]
            batch.kept.set()

    async def _keep(self, replay_id: str, batch: Batch) -> None:
        try:
            record = await self.shelf.get(replay_id)
            rows = [row for _, row in await self._kept.results(replay_id)]
            view = msgspec.structs.replace(
                counted(record.view, batch.tally),
                state=batch.state,
                ended_ms=self._now_ms(),
                problem=batch.problem,
            )
            done = {} if batch.state == "finished" else done_by(rows, record.done)
            await self.shelf.put(msgspec.structs.replace(record, view=view, done=done))
        except NoSuchReplay:
            return  # it was deleted meanwhile
        except StoreProblem as error:
            self._note("warning", "replay", f"replay {replay_id} could not be kept: {error}")
            return
        self._note(*told.over(view))


def _left(plan: Plan, done: dict[str, int]) -> list[Job]:
    """The jobs without those that have ended; of several equal ones the last are left."""
    counts = dict(done)
    left = []
    for job in plan.jobs:
        key = f"{plan.rows[job.source].id}:{job.target}"
        if counts.get(key, 0) > 0:
            counts[key] -= 1
        else:
            left.append(job)
    return left


def _spent(rows: Sequence[ExchangeSummary]) -> int:
    return sum(charged(row) or 0 for row in rows)


def _limited(spec: ReplaySpec, limit_usd: float) -> ReplaySpec:
    return msgspec.structs.replace(spec, limit_usd=limit_usd)
