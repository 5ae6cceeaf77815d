"""What routes did in the last five minutes, told the time."""

from llmgate.routing.observed import MOST_NAMES, SLOT_S, SLOTS, Observed


def test_requests_are_counted_by_route_provider_and_model() -> None:
    observed = Observed()
    for provider in ("a", "b", "a"):
        observed.sent("fast", provider, "m", 100)
    observed.sent("slow", "a", "m", 105)

    assert observed.counts(110) == {
        ("fast", "a", "m"): 2,
        ("fast", "b", "m"): 1,
        ("slow", "a", "m"): 1,
    }


def test_what_no_route_sent_is_not_counted() -> None:
    observed = Observed()
    observed.sent("", "a", "m", 1)

    assert not observed.counts(1)


def test_a_request_counts_for_five_minutes() -> None:
    observed = Observed()
    observed.sent("r", "a", "m", 1_000)

    assert observed.counts(1_000 + SLOT_S * SLOTS - 1)
    assert not observed.counts(1_000 + SLOT_S * SLOTS)


def test_a_silence_leaves_nothing_of_what_was_before() -> None:
    observed = Observed()
    observed.sent("r", "a", "m", 0)
    observed.sent("r", "b", "m", 86_400)

    assert observed.counts(86_401) == {("r", "b", "m"): 1}


def test_names_that_callers_choose_take_a_bounded_place_and_are_still_counted() -> None:
    observed = Observed()
    for n in range(10_000):
        observed.sent("r", "a", f"m{n}", n // 100)
    counts = observed.counts(100)

    assert counts.total() == 10_000
    assert max(len(names) for _, names in observed._slots) <= MOST_NAMES + 1
    assert len(observed._slots) <= SLOTS
