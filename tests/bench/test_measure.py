"""What the benchmark reads from the system is about the process it is asked about."""

import os
import time

import pytest

from llmgate.bench.measure import calibration_us, cpu_us, rss_mb, slope


def test_cpu_time_is_that_of_the_process() -> None:
    before = cpu_us(os.getpid())
    began = time.process_time()
    while time.process_time() - began < 0.1:
        sum(range(1000))
    spent = cpu_us(os.getpid()) - before

    assert 80_000 <= spent <= 400_000


def test_memory_grows_with_what_is_held() -> None:
    before = rss_mb(os.getpid())
    held = b"\x01" * 30_000_000

    assert 25 <= rss_mb(os.getpid()) - before <= 60
    assert len(held) == 30_000_000


def test_the_calibration_is_a_positive_number() -> None:
    assert 10 < calibration_us() < 1_000_000


@pytest.mark.parametrize(
    ("points", "expected"),
    [([], 0.0), ([(1, 5)], 0.0), ([(0, 1), (1, 3), (2, 5)], 2.0), ([(1, 1), (1, 9)], 0.0)],
)
def test_the_slope_is_that_of_the_best_line(
    points: list[tuple[float, float]], expected: float
) -> None:
    assert slope(points) == pytest.approx(expected)
