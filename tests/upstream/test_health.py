"""A provider's health, told the time."""

import pytest

from llmgate.upstream.health import Health, quantiles
from llmgate.wire.gateway import LastError, Quantiles


def error(kind: str = "upstream_server_error") -> LastError:
    return LastError(at_ms=0, error_type=kind, message="no")


def served(health: Health, now_s: float, *, times: int = 1) -> None:
    for _ in range(times):
        health.begun(now_s)
        health.succeeded(int(now_s * 1000), ttfb_us=1_000, total_us=2_000)


def broke(health: Health, now_s: float, kind: str = "upstream_server_error") -> None:
    health.begun(now_s)
    health.failed(now_s, error(kind))


def test_nothing_is_known_of_a_provider_that_nobody_asked() -> None:
    health = Health()

    assert health.state(0) == "unknown"
    assert health.requests_per_minute(0) == 0
    assert health.ttfb() == Quantiles()


def test_requests_in_flight_are_counted_whatever_becomes_of_them() -> None:
    health = Health()
    for _ in range(4):
        health.begun(1)
    busy = health.in_flight
    health.succeeded(1, ttfb_us=None, total_us=1)
    health.failed(1, error())
    health.abandoned()

    assert busy == 4
    assert health.in_flight == 1


@pytest.mark.parametrize(("later_s", "count"), [(0, 3), (58.9, 3), (60, 1), (89.5, 1), (90, 0)])
def test_a_request_counts_for_a_minute(later_s: float, count: int) -> None:
    health = Health()
    served(health, 1_000.9, times=2)
    served(health, 1_030)

    assert health.requests_per_minute(1_000 + later_s) == count


def test_errors_are_counted_by_type_for_a_minute() -> None:
    health = Health()
    broke(health, 10, "upstream_timeout")
    broke(health, 40, "upstream_timeout")
    broke(health, 40, "upstream_rate_limited")

    assert health.errors_by_type(60) == {"upstream_timeout": 2, "upstream_rate_limited": 1}
    assert health.errors_by_type(75) == {"upstream_timeout": 1, "upstream_rate_limited": 1}
    assert health.errors_by_type(101) == {}


def test_three_failures_in_a_row_are_down_and_one_answer_is_up_again() -> None:
    health = Health()
    states = []
    for now_s in (1, 2, 3):
        broke(health, now_s)
        states.append(health.state(now_s))
    served(health, 4)

    assert states == ["degraded", "degraded", "down"]
    assert health.state(4) == "degraded"  # it answers, but most of the minute failed
    assert health.state(70) == "up"


@pytest.mark.parametrize(("good", "state"), [(5, "degraded"), (4, "degraded"), (6, "up")])
def test_one_failure_in_five_is_degraded(good: int, state: str) -> None:
    health = Health()
    broke(health, 1)
    served(health, 2, times=good - 1)

    assert health.state(3) == state


@pytest.mark.parametrize("kind", ["upstream_bad_request", "upstream_not_found"])
def test_what_the_caller_spoiled_is_shown_but_not_held_against_the_provider(kind: str) -> None:
    health = Health()
    served(health, 1)
    for _ in range(9):
        broke(health, 2, kind)

    assert health.state(2) == "up"
    assert health.errors_by_type(2) == {kind: 9}


def test_the_newest_errors_and_times_are_kept() -> None:
    health = Health()
    for n in range(1_000):
        health.begun(n)
        health.failed(n, LastError(at_ms=n, error_type="upstream_cut", message="no"))
        served(health, n)

    assert [kept.at_ms for kept in health.last_errors] == list(range(980, 1_000))
    assert health.total().count == 256


def test_rate_limit_headers_stay_fresh_and_bounded() -> None:
    health = Health()
    health.saw_headers([(f"x-ratelimit-{n}", "1") for n in range(100)], 7)
    health.saw_headers([("x-ratelimit-0", "2"), ("x-ratelimit-999", "3"), ("server", "cdn")], 9)

    assert len(health.rate_limits) == 24
    assert health.rate_limits["x-ratelimit-0"] == "2"
    assert "x-ratelimit-999" not in health.rate_limits
    assert "server" not in health.rate_limits


@pytest.mark.parametrize(
    ("times_us", "p50_ms", "p95_ms"),
    [([5_000], 5, 5), ([1_000, 3_000, 2_000], 2, 3), ([*range(0, 101_000, 1_000)], 50, 95)],
)
def test_quantiles_are_of_what_was_measured(
    times_us: list[int], p50_ms: float, p95_ms: float
) -> None:
    assert quantiles(times_us) == Quantiles(p50_ms=p50_ms, p95_ms=p95_ms, count=len(times_us))


def test_the_moment_of_the_last_rate_limit_header_is_kept() -> None:
    health = Health()
    before = health.rate_limits_ms
    health.saw_headers([("x-ratelimit-limit", "9")], 7)
    health.saw_headers([("server", "cdn")], 8)

    assert (before, health.rate_limits_ms) == (None, 7)
