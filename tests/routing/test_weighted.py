"""Smooth weighted round robin: exact, smooth, and it goes on after a reload."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.routing.weighted import Wheel

WEIGHTS = st.lists(st.integers(1, 12), min_size=1, max_size=6)


def wheel(weights: list[int], previous: Wheel | None = None) -> Wheel:
    return Wheel([f"t{entry}" for entry in range(len(weights))], weights, previous)


def turn(subject: Wheel, times: int, eligible: list[int]) -> list[int]:
    return [subject.pick(eligible) for _ in range(times)]


def test_five_one_one_is_spread_as_nginx_spreads_it() -> None:
    assert turn(wheel([5, 1, 1]), 7, [0, 1, 2]) == [0, 0, 1, 0, 2, 0, 0]


@given(WEIGHTS, st.integers(0, 50))
@settings(max_examples=100)
def test_any_window_of_the_sum_of_weights_is_exact(weights: list[int], before: int) -> None:
    subject = wheel(weights)
    everyone = list(range(len(weights)))
    turn(subject, before, everyone)

    picks = Counter(turn(subject, sum(weights), everyone))

    assert picks == dict(enumerate(weights))


@given(WEIGHTS)
@settings(max_examples=100)
def test_no_entry_gets_ahead_of_its_share_by_a_whole_turn(weights: list[int]) -> None:
    subject = wheel(weights)
    total = sum(weights)
    counts = Counter[int]()
    for n in range(1, 2 * total + 1):
        counts[subject.pick(range(len(weights)))] += 1

        for entry, weight in enumerate(weights):
            assert abs(counts[entry] - n * weight / total) < len(weights)


@given(WEIGHTS, st.integers(0, 40))
@settings(max_examples=100)
def test_a_reload_without_change_goes_on_where_it_was(weights: list[int], before: int) -> None:
    everyone = list(range(len(weights)))
    unbroken, reloaded = wheel(weights), wheel(weights)
    turn(unbroken, before, everyone)
    turn(reloaded, before, everyone)

    assert turn(wheel(weights, reloaded), 30, everyone) == turn(unbroken, 30, everyone)


@given(WEIGHTS, WEIGHTS, st.integers(0, 40))
@settings(max_examples=100)
def test_after_a_change_of_weights_the_sum_stays_zero_and_shares_settle(
    old: list[int], new: list[int], before: int
) -> None:
    first = wheel(old)
    turn(first, before, list(range(len(old))))

    second = wheel(new, first)

    assert sum(second.current) == 0
    picks = Counter(turn(second, 20 * sum(new), list(range(len(new)))))
    for entry, weight in enumerate(new):
        assert abs(picks[entry] - 20 * weight) <= 2 * sum(new)


@given(WEIGHTS, st.data())
@settings(max_examples=100)
def test_only_eligible_entries_are_picked(weights: list[int], data: st.DataObject) -> None:
    subject = wheel(weights)
    for _ in range(20):
        eligible = data.draw(
            st.lists(st.sampled_from(range(len(weights))), min_size=1, unique=True).map(sorted)
        )

        assert subject.pick(eligible) in eligible
