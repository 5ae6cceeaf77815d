"""Numbers fit their column and say what they are."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.wire.blocks import Basis
from llmgate.wire.gateway import Spend
from llmgate_tui import units


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (Spend(), "$0.00"),
        (Spend(exchanges=3), "$0.00"),
        (Spend(exchanges=3, unpriced=3), "-"),
        (Spend(exchanges=3, cost_basis="unknown"), "-"),
        (Spend(exchanges=3, unpriced=2, cost_usd=0.42), "$0.42"),
        (Spend(exchanges=3, cost_usd=1.834, cost_basis="estimated"), "$1.83~"),
    ],
)
def test_a_days_money_is_never_zero_when_it_is_unknown(day: Spend, shown: str) -> None:
    assert units.spent(day) == shown


@pytest.mark.parametrize(
    ("us", "shown"),
    [
        (None, "-"),
        (0, "0us"),
        (280, "280us"),
        (1_240, "1.2ms"),
        (412_000, "412ms"),
        (999_600, "1.0s"),
        (3_100_000, "3.1s"),
        (125_000_000, "2m05s"),
        (3_720_000_000, "1h02m"),
        (400_000_000_000, "4d15h"),
    ],
)
def test_durations_have_the_unit_that_reads_best(us: int | None, shown: str) -> None:
    assert units.duration_us(us) == shown


@pytest.mark.parametrize(
    ("usd", "basis", "shown"),
    [
        (None, "reported", "-"),
        (0.5, "unknown", "-"),
        (0.0, "reported", "$0.0000"),
        (0.0151, "reported", "$0.0151"),
        (0.0190, "estimated", "$0.019~"),
        (0.00001, "reported", "<$.0001"),
        (1.834, "reported", "$1.83"),
        (12345.0, "reported", "$12.3k"),
    ],
)
def test_money_says_estimates_and_unknowns(usd: float | None, basis: Basis, shown: str) -> None:
    assert units.money(usd, basis) == shown


def test_the_rest_reads_as_documented() -> None:
    assert [units.count(181), units.count(48_204), units.count(410, "estimated")] == [
        "181",
        "48.2k",
        "410~",
    ]
    assert [units.size(None), units.size(312), units.size(48_000)] == ["-", "312 B", "48 kB"]
    assert [units.rate(620, 10_000_000), units.rate(5, 0), units.rate(None, 1)] == ["62", "-", "-"]
    assert units.clock(1_700_000_000_000, UTC) == "22:13:20"
    assert units.age(1_000, 13_000) == "12s"


@given(st.integers(0, 10**13), st.sampled_from(["reported", "estimated"]))
def test_every_figure_fits_seven_cells(number: int, basis: Basis) -> None:
    shown = [
        units.duration_us(number % 10**15),
        units.count(number % 10**11, basis),
        units.size(number % 10**12),
        units.rate(number % 10**7, 10**6),
        units.money((number % 10**13) / 10**5, basis),
        units.age(0, number),
    ]

    assert [text for text in shown if len(text) > 7] == []
