"""Estimates: too high at first, right before long, and never without bound."""

import pytest

from llmgate.prices.estimate import MAX_MODELS, Estimator


def test_the_first_guess_errs_upwards() -> None:
    estimator = Estimator()

    assert estimator.input_tokens("m", 4000) > 4000 / 4
    assert estimator.output_tokens("m", 400) > 400 / 4


@pytest.mark.parametrize("ratio", [0.15, 0.25, 0.7, 1.2])
@pytest.mark.parametrize("size", [300, 4_000, 400_000])
def test_guesses_move_to_what_a_model_reports(ratio: float, size: int) -> None:
    estimator = Estimator()
    for _ in range(30):
        estimator.observe("m", size, round(size * ratio), size // 4, round(size // 4 * ratio))

    assert estimator.input_tokens("m", size) == pytest.approx(size * ratio, rel=0.12)
    assert estimator.output_tokens("m", size) == pytest.approx(size * ratio, rel=0.25)


def test_a_change_is_followed() -> None:
    estimator = Estimator()
    for ratio in (0.2, 0.9):
        for _ in range(60):
            estimator.observe("m", 10_000, round(10_000 * ratio), 100, 30)

    assert estimator.input_tokens("m", 1000) == pytest.approx(900, rel=0.05)


def test_one_model_teaches_nothing_about_another() -> None:
    estimator = Estimator()
    before = estimator.input_tokens("b", 1000)
    estimator.observe("a", 100_000, 10_000, 1000, 100)

    assert estimator.input_tokens("b", 1000) == before


def test_senseless_reports_are_not_learnt_from() -> None:
    estimator = Estimator()
    before = estimator.input_tokens("m", 1000)
    estimator.observe("m", 0, 50, 10, 0)
    estimator.observe("m", 10, 5000, -1, 4)

    assert estimator.input_tokens("m", 1000) == before
    assert estimator.input_tokens("m", 0) == 0


def test_the_models_remembered_are_bounded_and_the_oldest_goes_first() -> None:
    estimator = Estimator()
    for number in range(MAX_MODELS):
        estimator.observe(f"m{number}", 10_000, 1_000, 10, 5)
    estimator.observe("m0", 10_000, 1_000, 10, 5)
    estimator.observe("new", 10_000, 1_000, 10, 5)
    fresh = Estimator()

    assert len(estimator._models) == MAX_MODELS
    assert estimator.input_tokens("m0", 9000) < fresh.input_tokens("m0", 9000)
    assert estimator.input_tokens("m1", 9000) == fresh.input_tokens("m1", 9000)
