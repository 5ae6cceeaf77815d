"""What two sequences have in common: right always, shortest where it is promised."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmgate.compare.alignment import Match, align
from llmgate.compare.common import LONGEST, common_length, common_share

ITEMS = st.lists(st.integers(0, 4), max_size=24)


def longest_in_common(a: Sequence[int], b: Sequence[int]) -> int:
    """The oracle: the table of every prefix."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            longer = max(table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else longer
    return table[-1][-1]


def assert_right(a: Sequence[int], b: Sequence[int], runs: Sequence[Match]) -> None:
    """Runs are equal, in order, apart from each other and never empty."""
    i = j = 0
    for p, q, n in runs:
        assert n > 0
        assert p >= i
        assert q >= j
        assert not (i and p == i and q == j)  # else they were one run
        assert list(a[p : p + n]) == list(b[q : q + n])
        i, j = p + n, q + n
    assert i <= len(a)
    assert j <= len(b)


@given(a=ITEMS, b=ITEMS)
@example(a=[9, 1, 1, 1], b=[1, 1, 1, 9])  # what occurs once is not worth three that occur again
def test_an_alignment_of_little_is_the_longest_there_is(a: list[int], b: list[int]) -> None:
    runs = align(a, b)

    assert_right(a, b, runs)
    assert sum(n for _, _, n in runs) == longest_in_common(a, b)


@given(a=ITEMS, b=ITEMS, budget=st.integers(0, 200))
def test_an_alignment_is_right_however_little_work_is_allowed(
    a: list[int], b: list[int], budget: int
) -> None:
    assert_right(a, b, align(a, b, budget))


@given(a=ITEMS, b=ITEMS)
def test_the_length_in_common_is_that_of_the_oracle_on_both_sides(
    a: list[int], b: list[int]
) -> None:
    assert common_length(a, b) == longest_in_common(a, b) == common_length(b, a)


def noise(count: int, kinds: int, seed: int) -> list[int]:
    """Numbers that look like chance, the same in every run."""
    numbers = []
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        numbers.append((seed >> 33) % kinds)
    return numbers


LONG = 20_000
SHAPES = {
    "unrelated": (noise(LONG, 3000, 1), noise(LONG, 3000, 2)),
    "of two kinds": (noise(LONG, 2, 1), noise(LONG, 2, 2)),
    "nothing in common": ([1] * LONG, [2] * LONG),
    "turned round": (list(range(LONG)), list(range(LONG))[::-1]),
    "periodic": ([n % 7 for n in range(LONG)], [n % 5 for n in range(LONG)]),
    "each twice": ([n // 2 for n in range(LONG)], [(n * 7919 % LONG) // 2 for n in range(LONG)]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_worst_long_sequences_end_right(shape: str) -> None:
    a, b = SHAPES[shape]

    assert_right(a, b, align(a, b))


def test_half_of_a_long_sequence_is_found_when_the_other_half_was_replaced() -> None:
    a = noise(LONG, 3000, 1)
    b = [10_000 + n if n % 4 > 1 else item for n, item in enumerate(a)]

    assert sum(n for _, _, n in align(a, b)) > 0.97 * LONG / 2


def test_a_part_that_was_moved_costs_only_itself() -> None:
    a = list(range(LONG))
    b = [*range(500, LONG), *range(500)]

    assert align(a, b) == [(500, 0, LONG - 500)]


def test_sequences_too_long_for_the_table_are_compared_by_their_runs() -> None:
    a = noise(LONGEST + 5, 3000, 1)
    b = [*a[:30_000], *noise(LONGEST - 30_000, 3000, 3)]

    assert common_share(a, a) == 1.0
    assert common_share(a, b) == common_share(b, a) == pytest.approx(0.5, abs=0.01)
