"""A provider's line of medians, told the time."""

import pytest

from llmgate.upstream.spark import SLOTS, Spark


def test_nothing_measured_is_no_line() -> None:
    assert Spark().line(1_000_000) == []


def test_each_slot_has_its_median_and_a_silent_one_has_none() -> None:
    spark = Spark()
    for at_ms, ttfb_us in (
        (0, 9_000),
        (1, 1_000),
        (9_999, 5_000),
        (10_000, 7_000),
        (30_000, 2_000),
    ):
        spark.add(at_ms, ttfb_us)

    assert spark.line(39_999)[-4:] == [5, 7, None, 2]
    assert spark.line(49_999)[-5:] == [5, 7, None, 2, None]


@pytest.mark.parametrize(("later_ms", "length"), [(0, SLOTS), (290_000, SLOTS), (300_000, 0)])
def test_a_slot_is_forgotten_after_five_minutes(later_ms: int, length: int) -> None:
    spark = Spark()
    spark.add(5, 1_000)

    assert len(spark.line(later_ms)) == length


def test_a_busy_slot_keeps_a_bounded_number_of_times() -> None:
    spark = Spark()
    for n in range(100_000):
        spark.add(n // 1_000, n)
    spark.add(10_000, 1)

    assert spark.line(10_000)[-2:] == [pytest.approx(99.872, abs=0.01), 0.001]
