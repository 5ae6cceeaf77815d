"""Requests per second: a burst passes, then the rate holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.access.bucket import Bucket, bucket_for
from llmgate.config.model import Limits


def take(bucket: Bucket, now_s: float) -> float:
    """Takes one if it has room; the wait if not."""
    if bucket.fits(now_s):
        bucket.take()
        return 0.0
    return bucket.wait_s(now_s)


@given(
    st.floats(0.01, 1000),
    st.integers(1, 50),
    st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
)
def test_a_bucket_never_gives_more_than_burst_and_rate_allow(
    rate: float, size: int, steps: list[float]
) -> None:
    bucket = Bucket(rate, size)
    now = passed = 0.0
    for step in steps:
        now += step
        wait_s = take(bucket, now)
        passed += wait_s == 0

        assert passed <= size + now * rate + 1e-6
        assert wait_s <= 1 / rate + 1e-6


@given(st.floats(0.01, 10_000), st.integers(1, 20), st.floats(0, 3600))
def test_after_the_wait_it_was_told_a_request_has_room(
    rate: float, size: int, later: float
) -> None:
    bucket, now = Bucket(rate, size), 1_800_000_000.0 + later
    waits = [take(bucket, now) for _ in range(size + 1)]

    assert waits[:-1] == [0.0] * size
    assert take(bucket, now + waits[-1]) == 0.0


def test_a_clock_that_goes_back_gives_nothing_away_and_freezes_nothing() -> None:
    bucket = Bucket(1.0, 1)

    assert take(bucket, 100.0) == 0
    assert take(bucket, 50.0) == pytest.approx(1.0)
    assert take(bucket, 50.5) == pytest.approx(0.5)
    assert take(bucket, 51.0) == 0


@pytest.mark.parametrize(("rate", "size"), [(0.2, 1), (2.5, 3), (10, 10)])
def test_the_burst_is_the_rate_rounded_up_unless_it_is_given(rate: float, size: int) -> None:
    bucket = bucket_for(Limits(requests_per_second=rate), None)
    given = bucket_for(Limits(requests_per_second=rate, burst=7), None)

    assert bucket is not None
    assert given is not None
    assert (bucket.size, given.size) == (size, 7)
    assert bucket_for(Limits(), bucket) is None
