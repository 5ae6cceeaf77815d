"""In which order, and at which moments, requests are sent."""

from llmgate.replay.costs import Foreseen
from llmgate.replay.plan import _jobs
from llmgate.wire.blocks import Usage
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplaySpec

SEEN = Foreseen(Usage(), 0.01)


def row(started_ms: int) -> ExchangeSummary:
    return ExchangeSummary(
        id=str(started_ms),
        started_ms=started_ms,
        state="finished",
        method="POST",
        path="/v1/chat/completions",
        protocol="openai.chat",
    )


def order(spec: ReplaySpec, *started_ms: int, targets: int = 2) -> list[tuple[int, int, int]]:
    rows = [row(one) for one in started_ms]
    seen = {(at, to): SEEN for at in range(len(rows)) for to in range(targets)}
    return [(job.source, job.target, job.due_ms) for job in _jobs(spec, rows, targets, seen)]


def test_fast_sends_an_exchange_everywhere_before_the_next() -> None:
    found = order(ReplaySpec(times=2), 1_000, 9_000)

    assert [(source, target) for source, target, _ in found] == [
        (0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (1, 0), (1, 1), (1, 1),
    ]  # fmt: skip
    assert {due for *_, due in found} == {0}


def test_recorded_keeps_the_gaps_and_begins_the_next_round_when_one_is_over() -> None:
    spec = ReplaySpec(times=2, timing="recorded", speed=2)

    assert order(spec, 1_000, 1_500, 5_000, targets=1) == [
        (0, 0, 0),
        (1, 0, 250),
        (2, 0, 2_000),
        (0, 0, 2_000),
        (1, 0, 2_250),
        (2, 0, 4_000),
    ]


def test_what_a_target_does_not_take_is_left_out() -> None:
    jobs = _jobs(ReplaySpec(), [row(1), row(2)], 2, {(1, 0): SEEN})

    assert [(job.source, job.target, job.reserve) for job in jobs] == [(1, 0, 10_000_000)]
