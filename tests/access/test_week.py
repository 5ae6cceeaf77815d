"""A simulated week against every kind of limit, alone and together, proved by brute force."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.config.model import Limits
from tests.access.week import Week, gaps_of_a_week

ALONE = {
    "requests_per_second": Limits(requests_per_second=0.5, burst=3),
    "requests_per_minute": Limits(requests_per_minute=4),
    "requests_per_hour": Limits(requests_per_hour=9),
    "requests_per_day": Limits(requests_per_day=40),
    "tokens_per_minute": Limits(tokens_per_minute=2500),
    "tokens_per_day": Limits(tokens_per_day=40_000),
    "budget_usd_per_day": Limits(budget_usd_per_day=40),
    "budget_usd_per_month": Limits(budget_usd_per_month=200),
    "concurrency": Limits(concurrency=2, queue=3),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_limit_alone_never_gives_too_much_and_never_refuses_what_fits(name: str) -> None:
    rng = Random(name)
    tally = Week({"key": ALONE[name]}, rng).run(gaps_of_a_week(rng, 500), restart_every=90)

    assert tally.let_in > 50
    assert tally.refused.get(name, 0) > 5
    assert tally.restarts > 1
    assert set(tally.refused) == {name}
    assert (tally.queued > 0) == (name == "concurrency")


EVERYTHING = {
    "key": Limits(
        requests_per_second=2,
        burst=4,
        requests_per_minute=12,
        requests_per_hour=20,
        requests_per_day=110,
        tokens_per_minute=9_000,
        tokens_per_day=110_000,
        concurrency=4,
        queue=3,
        budget_usd_per_day=85,
        budget_usd_per_month=800,
    ),
    "provider up": Limits(requests_per_minute=7, tokens_per_minute=7_000, concurrency=2, queue=1),
    "provider spare": Limits(budget_usd_per_day=60, on_budget="warn", requests_per_hour=30),
    "model m*": Limits(tokens_per_day=80_000, requests_per_hour=15),
    "model m1": Limits(requests_per_minute=3, tokens_per_minute=5_000),
}


@pytest.mark.parametrize("seed", range(3))
def test_all_limits_together_of_key_providers_and_models_agree_with_the_oracle(seed: int) -> None:
    rng = Random(seed)
    tally = Week(EVERYTHING, rng).run(gaps_of_a_week(rng, 1000), restart_every=200)

    assert tally.let_in > 300
    assert len(tally.refused) >= 7
    assert tally.queued > 10


figures = st.builds(
    Limits,
    requests_per_second=st.none() | st.sampled_from([0.1, 1.0, 7.5]),
    requests_per_minute=st.none() | st.integers(1, 9),
    requests_per_hour=st.none() | st.integers(1, 30),
    tokens_per_minute=st.none() | st.integers(1, 6000),
    tokens_per_day=st.none() | st.integers(1, 30_000),
    concurrency=st.none() | st.integers(1, 3),
    queue=st.integers(0, 3),
    budget_usd_per_day=st.none() | st.integers(1, 30),
    on_budget=st.sampled_from(["stop", "warn"]),
)
moments = st.sampled_from([0.0, 1e-6, 0.25, 1.0, 3.0, 59.999999, 60.0, 3600.0, 43_200.0])


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["key", "provider up", "model m*", "model alias"]), figures, min_size=1
    ),
    st.lists(moments, max_size=80),
    st.integers(0, 2**32),
)
def test_any_limits_and_any_moments_agree_with_the_oracle(
    limits: dict[str, Limits], gaps: list[float], seed: int
) -> None:
    Week(limits, Random(seed)).run(gaps, restart_every=20)
