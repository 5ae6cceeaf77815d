"""Every kind of limit: refused with its name, its wait and what is left; nothing taken by that."""

import pytest

from llmgate.access.access import Access
from llmgate.config.model import Limits
from llmgate.errors import BudgetSpent, LimitReached, RequestTooLarge
from tests.access.making import MIDNIGHT, NOW, config, let_in, one, used


def refused(access: Access, now_s: float, **demand: object) -> LimitReached:
    with pytest.raises(LimitReached) as caught:
        let_in(access, now_s, **demand)
    return caught.value


@pytest.mark.parametrize(
    ("limits", "length_s", "says"),
    [
        (Limits(requests_per_minute=2), 60, "2 requests per minute: wait 50 s"),
        (Limits(requests_per_hour=2), 3600, "2 requests per hour: wait 60 min"),
        (Limits(requests_per_day=2), 86400, "2 requests per day: wait 24 h 0 min"),
    ],
)
def test_requests_slide_out_of_their_window_one_by_one(
    limits: Limits, length_s: float, says: str
) -> None:
    access = Access(config(key=limits))
    let_in(access, NOW).settle(None, None)
    let_in(access, NOW + 5).settle(None, None)

    error = refused(access, NOW + 10)
    assert says in error.message
    assert "key 'ide'" in error.message
    assert error.retry_after_s == length_s - 10
    refused(access, NOW + length_s - 0.001)
    let_in(access, NOW + length_s)
    assert refused(access, NOW + length_s).retry_after_s == 5


def test_tokens_are_reserved_first_and_settled_with_what_was_used() -> None:
    access = Access(config(key=Limits(tokens_per_minute=1000)))
    grant = let_in(access, NOW, tokens=900)
    error = refused(access, NOW + 1, tokens=200)

    assert "1,000 tokens per minute (100 left, this request is estimated at 200)" in error.message
    assert error.limit == "key ide: tokens_per_minute"
    grant.settle(100, None)
    let_in(access, NOW + 2, tokens=900).settle(1500, None)
    assert used(access, NOW + 2) == {"key ide: tokens_per_minute": 1600}
    assert refused(access, NOW + 3, tokens=1).retry_after_s == 59  # overdrawn by a wrong estimate


def test_a_request_larger_than_the_whole_limit_goes_when_nothing_else_is_counted() -> None:
    access = Access(config(key=Limits(tokens_per_minute=1000, budget_usd_per_day=1)))
    first = let_in(access, NOW, tokens=10)

    assert refused(access, NOW + 1, tokens=5000).retry_after_s == 59
    first.settle(10, 0.0)
    let_in(access, NOW + 60, tokens=5000, usd=40.0)
    assert used(access, NOW + 60)["key ide: budget_usd_per_day"] == 1


def test_settling_twice_or_withdrawing_afterwards_changes_nothing() -> None:
    access = Access(config(key=Limits(tokens_per_minute=1000, concurrency=3)))
    grant = let_in(access, NOW, tokens=500)
    grant.settle(700, None)
    grant.settle(100, None)
    grant.withdraw()
    grant.keep()

    assert used(access, NOW) == {"key ide: tokens_per_minute": 700, "key ide: concurrency": 0}


def test_what_was_sent_in_vain_costs_a_request_and_no_tokens() -> None:
    limits = Limits(requests_per_minute=5, tokens_per_day=1000, budget_usd_per_day=1)
    access = Access(config(key=limits))
    let_in(access, NOW, tokens=500, usd=0.5).settle(None, None)

    assert used(access, NOW) == {
        "key ide: requests_per_minute": 1,
        "key ide: tokens_per_day": 0,
        "key ide: budget_usd_per_day": 0,
    }


def test_what_was_never_sent_costs_nothing() -> None:
    limits = Limits(
        requests_per_second=1, burst=2, requests_per_minute=5, tokens_per_day=1000, concurrency=2
    )
    access = Access(config(key=limits, provider=Limits(budget_usd_per_month=1)))
    before = used(access, NOW)
    let_in(access, NOW, tokens=500, usd=0.5).withdraw()

    assert used(access, NOW) == before
    assert set(before.values()) == {0}


def test_what_is_not_known_afterwards_counts_as_it_was_reserved() -> None:
    access = Access(config(key=Limits(tokens_per_day=1000, budget_usd_per_day=1)))
    let_in(access, NOW, tokens=400, usd=0.25).keep()
    view = access.limits(NOW)[0]

    assert [(limit.used, limit.reserved, limit.estimated) for limit in view.limits] == [
        (400, 0, True),
        (0.25, 0, True),
    ]


def test_a_refusal_takes_nothing_from_any_limit() -> None:
    access = Access(
        config(
            key=Limits(requests_per_second=5, requests_per_day=9, tokens_per_day=100),
            provider=Limits(requests_per_minute=1),
            models={"m*": Limits(requests_per_hour=9)},
        )
    )
    let_in(access, NOW, tokens=10)
    before = used(access, NOW + 1)
    error = refused(access, NOW + 1, tokens=10)

    assert used(access, NOW + 1) == before
    assert error.limit == "provider up: requests_per_minute"
    view = access.limits_of("provider", "up", NOW + 1)
    assert view is not None
    assert (view.refused, view.limits[0].refused, view.last_refused) == (1, 1, error.message)
    assert view.last_refused_ms == (NOW + 1) * 1000


def test_of_several_full_limits_the_one_that_takes_longest_is_named() -> None:
    access = Access(config(key=Limits(requests_per_minute=1), provider=Limits(requests_per_hour=1)))
    let_in(access, NOW)

    error = refused(access, NOW + 10)
    assert error.limit == "provider up: requests_per_hour"
    assert error.retry_after_s == 3590
    let_in(access, NOW + 3600)


def test_money_of_a_day_is_spent_until_midnight() -> None:
    access = Access(config(key=Limits(budget_usd_per_day=1, budget_usd_per_month=100)))
    grant = let_in(access, NOW, usd=0.75)
    error = refused(access, NOW, usd=0.5)
    assert isinstance(error, BudgetSpent)
    assert "has $0.25 left of its budget of $1 per day" in error.message
    grant.settle(5, 1.5)

    spent = refused(access, NOW + 60, usd=0.0)
    assert "has spent its budget of $1 per day: wait 15 h 59 min" in spent.message
    assert spent.retry_after_s == MIDNIGHT - NOW - 60
    assert spent.limit == "key ide: budget_usd_per_day"
    refused(access, MIDNIGHT - 0.001, usd=0.25)
    let_in(access, MIDNIGHT, usd=0.25)
    assert used(access, MIDNIGHT)["key ide: budget_usd_per_month"] == 1.75


def test_what_ends_after_midnight_belongs_to_the_day_it_began() -> None:
    access = Access(config(key=Limits(budget_usd_per_day=1, budget_usd_per_month=10)))
    grant = let_in(access, MIDNIGHT - 5, usd=0.5)
    let_in(access, MIDNIGHT + 5, usd=0.25)
    grant.settle(1, 0.75)

    assert used(access, MIDNIGHT + 6) == {
        "key ide: budget_usd_per_day": 0.25,
        "key ide: budget_usd_per_month": 1.0,
    }


def test_a_budget_of_nothing_is_never_worth_waiting_for() -> None:
    access = Access(config(key=Limits(budget_usd_per_day=0)))

    assert refused(access, NOW, usd=0.0).retry_after_s is None


def test_a_budget_that_warns_says_so_once_a_period_and_refuses_nobody() -> None:
    access = Access(config(key=Limits(budget_usd_per_day=1, on_budget="warn", warn_at=0.5)))
    said = []
    for hour in range(20):
        let_in(access, NOW + hour * 3600, usd=5.0).settle(1, 0.25)
        said.append(access.take_warnings())

    assert said[1] == ["key 'ide' has used 50% of its budget of $1 per day ($0.50)"]
    assert said[3] == ["key 'ide' has spent its budget of $1 per day ($1.00): requests go on"]
    assert [hour for hour, texts in enumerate(said) if texts] == [1, 3, 17, 19]


def test_a_budget_that_stops_warns_too() -> None:
    access = Access(config(key=Limits(budget_usd_per_month=1)))
    let_in(access, NOW, usd=0.1).settle(1, 7.0)

    assert access.take_warnings() == [
        "key 'ide' has spent its budget of $1 per month ($7.00):"
        " requests are refused until the month ends"
    ]
    assert access.take_warnings() == []


def test_a_body_that_is_too_large_is_a_413_even_where_nothing_else_counts() -> None:
    access = Access(config(provider=Limits(max_request_bytes=1000)))

    for counts in (True, False):
        with pytest.raises(
            RequestTooLarge, match="up to 1,000 bytes, this one has 1,001"
        ) as caught:
            let_in(access, NOW, size=1001, counts=counts)
        assert caught.value.limit == "provider up: max_request_bytes"
        assert caught.value.status == 413
    let_in(access, NOW, size=1000)


def test_what_does_not_count_takes_no_part() -> None:
    access = Access(config(key=Limits(requests_per_minute=1, concurrency=1, queue=0)))
    let_in(access, NOW)

    for _ in range(50):
        let_in(access, NOW, counts=False).settle(500, 1.0)
    assert used(access, NOW) == {"key ide: requests_per_minute": 1, "key ide: concurrency": 1}


def test_a_model_entry_is_one_limit_for_all_it_matches_by_any_name() -> None:
    access = Access(config(models={"gpt-*": Limits(requests_per_minute=4)}))
    let_in(access, NOW, asked="gpt-4")
    let_in(access, NOW, asked="up/gpt-4", sent="gpt-4")
    let_in(access, NOW, asked="spare/gpt-5", sent="other", provider="spare")
    let_in(access, NOW, asked="fast", sent="gpt-6")
    let_in(access, NOW, asked="fast", sent="llama")
    let_in(access, NOW, asked="nobody/gpt-4", sent="nobody/gpt-4")

    error = refused(access, NOW, asked="gpt-4")
    assert error.message.startswith("model 'gpt-*' is over its limit of 4 requests per minute")
    assert error.limit == "model gpt-*: requests_per_minute"


def test_all_entries_that_match_apply() -> None:
    access = Access(
        config(
            models={
                "gpt-4": Limits(requests_per_minute=3),
                "gpt-*": Limits(requests_per_minute=2),
                "/gpt-[0-9]/": Limits(requests_per_minute=1),
                "claude": Limits(requests_per_minute=1),
            }
        )
    )
    let_in(access, NOW, asked="gpt-4")

    assert used(access, NOW) == {
        "model gpt-4: requests_per_minute": 1,
        "model gpt-*: requests_per_minute": 1,
        "model /gpt-[0-9]/: requests_per_minute": 1,
        "model claude: requests_per_minute": 0,
    }
    assert refused(access, NOW, asked="gpt-4").limit == "model /gpt-[0-9]/: requests_per_minute"


def test_the_second_choice_takes_what_the_first_has_no_room_for() -> None:
    access = Access(config(provider=Limits(requests_per_minute=1)))
    let_in(access, NOW)
    grant = access.admit([one(access), one(access, provider="spare")], NOW)

    assert grant.index == 1  # type: ignore[union-attr]
    assert grant.around == "provider 'up' is over its limit of 1 requests per minute"  # type: ignore[union-attr]
    assert used(access, NOW) == {"provider up: requests_per_minute": 1}
    view = access.limits_of("provider", "up", NOW)
    assert view is not None
    assert view.refused == 0


def test_where_no_choice_has_room_the_first_one_says_why() -> None:
    access = Access(
        config(
            key=Limits(requests_per_minute=1),
            provider=Limits(requests_per_hour=1),
        )
    )
    let_in(access, NOW)

    with pytest.raises(LimitReached) as caught:
        access.admit([one(access, provider="spare"), one(access)], NOW)
    assert caught.value.limit == "key ide: requests_per_minute"


def test_headers_say_what_is_left_in_the_callers_words() -> None:
    access = Access(config(key=Limits(requests_per_minute=1, tokens_per_day=1000)))
    let_in(access, NOW + 0.5, tokens=900)
    theirs = refused(access, NOW + 1).headers

    def tokens(*, messages: bool) -> tuple[tuple[str, str], ...]:
        with pytest.raises(LimitReached) as caught:
            access.admit([one(access, tokens=500)], NOW + 100, messages=messages)
        return caught.value.headers

    assert theirs == (
        ("x-ratelimit-limit-requests", "1"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1m0s"),
    )
    assert tokens(messages=False) == (
        ("x-ratelimit-limit-tokens", "1000"),
        ("x-ratelimit-remaining-tokens", "100"),
        ("x-ratelimit-reset-tokens", "23h58m21s"),
    )
    assert tokens(messages=True) == (
        ("anthropic-ratelimit-tokens-limit", "1000"),
        ("anthropic-ratelimit-tokens-remaining", "100"),
        ("anthropic-ratelimit-tokens-reset", "2027-01-16T08:00:01Z"),
    )


def test_a_burst_over_the_rate_is_told_to_the_hundredth() -> None:
    access = Access(config(key=Limits(requests_per_second=2, burst=3)))
    for _ in range(3):
        let_in(access, NOW)

    error = refused(access, NOW)
    assert "over its limit of 2 requests per second (burst 3): wait 0.50 s" in error.message
    assert error.headers[2] == ("x-ratelimit-reset-requests", "500ms")
    assert error.retry_after_s == pytest.approx(0.5, abs=1e-6)
    let_in(access, NOW + (error.retry_after_s or 0))


def test_a_clock_set_back_neither_frees_nor_freezes() -> None:
    access = Access(config(key=Limits(requests_per_minute=2, budget_usd_per_day=1)))
    let_in(access, NOW, usd=0.25).settle(0, 0.25)
    let_in(access, NOW + 30, usd=0.25).settle(0, 0.25)
    back = NOW - 86400 * 40

    assert refused(access, back).retry_after_s == 30
    assert used(access, back)["key ide: budget_usd_per_day"] == 0.5
    let_in(access, back + 30)
    assert refused(access, back + 31).retry_after_s == 29
    assert used(access, back + 86400)["key ide: budget_usd_per_day"] == 0


def test_without_limits_everybody_passes() -> None:
    access = Access(config())
    for _ in range(50):
        let_in(access, NOW, tokens=10**9, usd=1e6, size=10**9)

    assert access.limits(NOW) == []
    assert access.views(NOW)[0].in_flight == 50
