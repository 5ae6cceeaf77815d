"""Queues under random arrivals, cancellations, departures and reloads: no slot is ever lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from llmgate.access.access import Access
from llmgate.config.model import Config, KeyConfig, Limits, ProviderConfig
from llmgate.errors import Cancelled, LimitReached
from llmgate.live import Hub
from llmgate.metrics import Metrics
from llmgate.relay.admit import admit
from llmgate.relay.after import Aftermath
from llmgate.relay.call import Call
from llmgate.routing.router import Choice, Plan
from llmgate.store.writer import Store
from llmgate.upstream.providers import Providers
from llmgate.wire.gateway import Recording, Status
from tests.relay.making import Line, call, exchange

PLAN = Plan("", (Choice("up", "m", 1, 1.0), Choice("spare", "m", 1, 0.0)), "m")


def config(concurrency: int) -> Config:
    many = Limits(concurrency=concurrency, queue=12, queue_wait_s=60)
    return Config(
        keys={"ide": KeyConfig(key="sk-ide-0123", limits=many)},
        providers={
            "up": ProviderConfig(kind="recording", limits=Limits(concurrency=2, queue=4)),
            "spare": ProviderConfig(kind="recording", limits=Limits(concurrency=1, queue=0)),
        },
        limits={"m": Limits(requests_per_day=100_000)},
    )


@dataclass
class Stage:
    """What calls go through, and how they ended."""

    after: Aftermath
    metrics: Metrics
    providers: Providers
    access: Access
    most: int = 0
    running: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    async def carry(self, rng: Random) -> None:
        """One request, from its plan to its end."""
        one = exchange()
        one.key, one.model, one.id = "ide", "m", f"x{len(self.calls)}"
        made = call(one, Line())
        made.active = True
        self.calls.append(made)
        how = "finished"
        try:
            await admit(made, self.access, PLAN, self.providers, self.after)
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                await turns(rng.randrange(12))
            finally:
                self.running -= 1
        except LimitReached as error:
            how = type(error).__name__
        except asyncio.CancelledError:
            reason = made.take_interruption()
            assert isinstance(reason, Cancelled)
            how = "cancelled"
        finally:
            one.state = "finished"
            self.after.ended(made, None)
            self.ended[how] = self.ended.get(how, 0) + 1


async def turns(count: int) -> None:
    """Lets everybody else go on a few times."""
    for _ in range(count):
        await asyncio.sleep(0)  # allow sleep: only lets the others run


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    status = Status(version="1", address="here", started_ms=0, now_ms=0, config_version=1)
    store = await Store.open(folder / "store.db", bodies="off")
    metrics = Metrics(Recording, lambda: 1)
    after = Aftermath(store, Hub(lambda: status, list), metrics, lambda _: None)
    providers = Providers(lambda _: folder)
    providers.apply(config(3))
    yield Stage(after, metrics, providers, Access(config(3)))
    await providers.close()
    await store.close()


@pytest.mark.parametrize("seed", range(6))
async def test_no_slot_is_lost_whatever_happens_to_those_who_wait(
    seed: int, tmp_path: Path
) -> None:
    rng = Random(seed)
    async with stage(tmp_path) as on:
        async with asyncio.TaskGroup() as group:
            for _ in range(300):
                group.create_task(on.carry(rng))
                await turns(rng.randrange(3))
                if on.calls and rng.random() < 0.3:
                    rng.choice(on.calls[-12:]).interrupt(Cancelled("cancelled"))
                if rng.random() < 0.02:
                    on.access = Access(config(rng.choice([2, 3])), on.access)
        views = on.access.limits(1e10)

    assert on.most == 3
    assert on.running == on.metrics.queued == on.access.queued == 0
    assert [(view.in_flight, view.queued) for view in views] == [(0, 0)] * 4
    assert sum(on.ended.values()) == 300
    assert min(on.ended.get(how, 0) for how in ("finished", "cancelled", "QueueFull")) > 5
    assert all(made.grant is None or not made.grant.open for made in on.calls)
