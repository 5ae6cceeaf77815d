"""Bars and lines as text."""

import pytest

from llmgate_tui.widgets.spark import bar, columns, gauge, merged, meter, sparkline


def test_a_sparkline_ends_at_the_right_and_leaves_out_what_was_not_measured() -> None:
    assert sparkline([0, None, 100], 5) == "  ▁ ▇"
    assert sparkline([], 4) == "    "
    assert sparkline([1, 2], 0) == ""


def test_a_sparkline_shows_the_peak_of_each_stretch() -> None:
    line = sparkline([0, 0, 0, 900, 0, 0, None, None], 4)

    assert line == "▁▇▁ "


@pytest.mark.parametrize("share", [-1.0, 0.0, 0.004, 0.5, 0.996, 1.0, 7.0])
def test_a_meter_is_full_only_at_the_limit_and_empty_only_at_nothing(share: float) -> None:
    shown = meter(share, 10)
    full, track = gauge(share, 10)

    assert len(shown) == len(full + track) == 10
    assert (shown.count("█") == 10) == (share >= 1)
    assert (shown.count("█") == 0) == (share <= 0)
    assert len(full) == shown.count("█")


def test_a_bar_is_padded_and_what_is_small_still_shows() -> None:
    assert bar(0.5, 4) == "━━  "
    assert bar(0.0001, 4) == "╸   "
    assert bar(0, 4) == "    "
    assert bar(9, 4, plain=True) == "####"


def test_columns_fill_from_the_bottom_in_eighths() -> None:
    assert columns([0, 1, 4], 2) == ["  █", " ▄█"]
    assert columns([1, 1], 1, cell=2, gap=1) == ["██ ██"]
    assert columns([0, 0], 2) == ["  ", "  "]


def test_a_column_that_is_not_zero_is_never_invisible() -> None:
    assert columns([1, 1_000_000], 3)[-1][0] == "▁"


def test_too_many_values_are_summed_with_their_neighbours() -> None:
    assert merged([1, 2, 3, 4, 5], 2) == [3, 12]
    assert merged([1, 2], 5) == [1, 2]


@pytest.mark.parametrize("plain", [True, False])
def test_the_ascii_twins_are_ascii_and_as_wide(plain: bool) -> None:
    values = [0.0, 0.3, 1, 2.5, 9]
    drawn = [
        sparkline(values, 9, plain=plain),
        meter(0.4, 9, plain=plain),
        "".join(gauge(0.4, 9, plain=plain)),
        bar(0.37, 9, plain=plain),
        *columns([*values, 1, 2, 3, 4], 3, plain=plain),
    ]

    assert {len(text) for text in drawn} == {9}
    assert all(text.isascii() for text in drawn) == plain
