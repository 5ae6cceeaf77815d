"""Everything a replay will send, in order, with what cannot be sent and what it will cost."""

from collections.abc import Mapping
from typing import Final

import msgspec

from llmgate.errors import CallError
from llmgate.replay import pace
from llmgate.replay.aims import Aim, Aims, reason_of
from llmgate.replay.costs import Costs, Foreseen
from llmgate.replay.edit import check
from llmgate.replay.look import Look, Looks
from llmgate.replay.problems import BadReplay
from llmgate.replay.sources import Sources, why_not
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import (
    MAX_CONCURRENCY,
    MAX_REQUESTS,
    MAX_TIMES,
    ReplayEstimate,
    ReplayRefusal,
    ReplaySpec,
    ReplayTarget,
    TargetEstimate,
    target_name,
)

MOST_TOLD: Final = 1_000  # refusals of an estimate
_UNPRICED: Final = (
    "no price of '{model}' at '{provider}' is known, so `limit_usd` cannot hold: give it one under"
    " `prices:`, or leave out the limit"
)


class Job(msgspec.Struct, frozen=True, gc=False):
    """One sending: source and target by their numbers, its moment since the start, its price."""

    source: int
    target: int
    due_ms: int
    reserve: int  # billionths of a dollar


class Plan(msgspec.Struct, frozen=True):
    """What was worked out; ``jobs`` in the order they are sent."""

    rows: list[ExchangeSummary]
    targets: list[ReplayTarget]
    jobs: list[Job]
    refused: list[ReplayRefusal]
    estimate: ReplayEstimate


class Planner:
    """Plans for the config that runs now."""

    def __init__(self, aims: Aims, costs: Costs) -> None:
        self._aims = aims
        self._costs = costs

    def check(self, spec: ReplaySpec) -> None:
        """Raises ``BadReplay`` for what makes no sense whatever the sources are."""
        _check_numbers(spec)
        check(spec.set)
        self._aims.check(_targets(spec))

    def plan(self, spec: ReplaySpec, sources: Sources, looks: Looks) -> Plan:
        """The plan of a spec whose sources were found. Raises ``BadReplay``."""
        targets = _targets(spec)
        if len(sources.rows) * len(targets) * spec.times > MAX_REQUESTS:
            raise BadReplay(
                f"{len(sources.rows):,} exchanges x {len(targets)} targets x {spec.times} times"
                f" are too many requests: at most {MAX_REQUESTS:,} in one replay"
            )
        refused = [
            ReplayRefusal(source=one, target="", reason="no exchange has this id")
            for one in sources.missing
        ]
        seen: dict[tuple[int, int], Foreseen] = {}
        notes = list(sources.notes)
        for number, target in enumerate(targets):
            for at, row in enumerate(sources.rows):
                found = self._foresee(spec, row, target, looks.of(row.id), notes)
                if isinstance(found, Foreseen):
                    seen[at, number] = found
                else:
                    name = target_name(target)
                    refused.append(ReplayRefusal(source=row.id, target=name, reason=found))
        jobs = _jobs(spec, sources.rows, len(targets), seen)
        estimate = _estimate(spec, sources.rows, targets, seen, refused)
        takes_s = pace.takes_s(spec, sources.rows, jobs)
        waits = [] if takes_s is None else [pace.note(spec, takes_s)]
        notes = [*waits, *dict.fromkeys(notes), *looks.notes(len(sources.rows))]
        estimate = msgspec.structs.replace(estimate, notes=notes, takes_s=takes_s)
        return Plan(sources.rows, targets, jobs, refused, estimate)

    def _foresee(
        self,
        spec: ReplaySpec,
        row: ExchangeSummary,
        target: ReplayTarget,
        look: Look,
        notes: list[str],
    ) -> Foreseen | str:
        """What one sending will use, or why it cannot be sent."""
        if reason := why_not(row) or look.problem:
            return reason
        try:
            aim = self._aims.aim(row, target, look.model or row.model)
        except CallError as error:
            return reason_of(error, row)
        found = self._costs.foresee(row, aim, look)
        if spec.limit_usd is not None and found.reserve is None:
            return _UNPRICED.format(model=aim.model[:80], provider=aim.provider.name)
        if aim.provider.needs_key:
            notes.append(_needs_key(aim))
        if aim.provider.config.kind == "recording":
            notes.append(_recorded(aim))
        return found


def _targets(spec: ReplaySpec) -> list[ReplayTarget]:
    return spec.targets or [ReplayTarget()]


def _check_numbers(spec: ReplaySpec) -> None:
    for name, value, most in (
        ("times", spec.times, MAX_TIMES),
        ("concurrency", spec.concurrency, MAX_CONCURRENCY),
    ):
        if not 1 <= value <= most:
            raise BadReplay(f"`{name}` is a number from 1 to {most}")
    if not 0.01 <= spec.speed <= 1_000:
        raise BadReplay("`speed` is a number from 0.01 to 1000")
    if spec.limit_usd is not None and not 0 <= spec.limit_usd <= 1_000_000:
        raise BadReplay("`limit_usd` is an amount from 0 to 1000000")
    if len(spec.name) > 200:
        raise BadReplay("`name` has at most 200 characters")


def _jobs(
    spec: ReplaySpec,
    rows: list[ExchangeSummary],
    targets: int,
    seen: Mapping[tuple[int, int], Foreseen],
) -> list[Job]:
    """As fast as possible one exchange after the other, so that rows are complete early; in the
    recorded time one round after the other, each as it was recorded.
    """
    places = [(at, to) for at in range(len(rows)) for to in range(targets) if (at, to) in seen]
    if spec.timing == "fast":
        return [_job(at, to, 0, seen) for at, to in places for _ in range(spec.times)]
    offsets = [round((row.started_ms - rows[0].started_ms) / spec.speed) for row in rows]
    span_ms = offsets[-1]
    jobs = [
        _job(at, to, offsets[at] + round_ * span_ms, seen)
        for round_ in range(spec.times)
        for at, to in places
    ]
    return sorted(jobs, key=lambda job: job.due_ms)


def _job(at: int, to: int, due_ms: int, seen: Mapping[tuple[int, int], Foreseen]) -> Job:
    return Job(at, to, due_ms, seen[at, to].reserve or 0)


def _estimate(
    spec: ReplaySpec,
    rows: list[ExchangeSummary],
    targets: list[ReplayTarget],
    seen: Mapping[tuple[int, int], Foreseen],
    refused: list[ReplayRefusal],
) -> ReplayEstimate:
    columns = []
    for number, target in enumerate(targets):
        found = [seen[at, number] for at in range(len(rows)) if (at, number) in seen]
        columns.append(_column(target_name(target), found, spec.times))
    known = [column.usd for column in columns if column.usd is not None]
    return ReplayEstimate(
        sources=len(rows),
        requests=len(seen) * spec.times,
        targets=columns,
        usd=sum(known) if known else None,
        refused=refused[:MOST_TOLD],
    )


def _column(name: str, found: list[Foreseen], times: int) -> TargetEstimate:
    known = [one.usd for one in found if one.usd is not None]
    return TargetEstimate(
        target=name,
        requests=len(found) * times,
        input_tokens=sum(one.usage.input_tokens or 0 for one in found) * times,
        output_tokens=sum(one.usage.output_tokens or 0 for one in found) * times,
        usd=sum(known) * times if known else None,
        unpriced=(len(found) - len(known)) * times,
    )


def _needs_key(aim: Aim) -> str:
    return f"provider '{aim.provider.name}' has no key: it will probably refuse"


def _recorded(aim: Aim) -> str:
    return f"'{aim.provider.name}' answers from recordings: its cost is what it would be, not spent"
