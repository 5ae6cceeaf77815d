"""How long a replay in the recorded time takes, and how that is said."""

import pytest

from llmgate.replay.pace import note, span, takes_s
from llmgate.replay.plan import Job
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplaySpec


def row(total_us: int | None = None) -> ExchangeSummary:
    return ExchangeSummary(
        id="x",
        started_ms=1,
        state="finished",
        method="POST",
        path="/",
        protocol="openai.chat",
        total_us=total_us,
    )


def test_it_takes_from_the_first_sending_to_the_last_answer() -> None:
    recorded = ReplaySpec(timing="recorded")
    jobs = [Job(0, 0, 5_000, 0), Job(1, 0, 9_000, 0)]

    assert takes_s(recorded, [row(30_000_000), row(2_000_000)], jobs) == 30
    assert takes_s(recorded, [row(), row(2_000_000)], jobs) == 6
    assert takes_s(recorded, [], []) is None
    assert takes_s(ReplaySpec(), [row(), row()], jobs) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (5_940, "99 min"),
        (5_999, "1 h 40 min"),
        (7_200, "2 h"),
        (172_799, "2 d"),
        (360_000, "4 d 4 h"),
    ],
)
def test_a_span_is_said_in_the_units_it_is_long_in(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_the_speed_is_said_where_it_is_another() -> None:
    assert note(ReplaySpec(speed=1.0), 60) == "in the recorded time it takes about 60 s"
    assert note(ReplaySpec(speed=2.5), 60).startswith("at 2.5 times the recorded speed it takes")
