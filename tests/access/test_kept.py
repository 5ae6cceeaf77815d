"""Counters over a reload and a restart, and what is done with kept bytes that make no sense."""

from array import array
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmgate.access.access import Access
from llmgate.access.window import MOST, Window
from llmgate.config.model import Config, Limits
from llmgate.errors import LimitReached
from llmgate.store.writer import Store
from tests.access.making import MIDNIGHT, NOW, config, let_in, used

ALL = Limits(
    requests_per_second=1,
    burst=50,
    requests_per_minute=100,
    requests_per_hour=200,
    requests_per_day=300,
    tokens_per_minute=10_000,
    tokens_per_day=20_000,
    budget_usd_per_day=5,
    budget_usd_per_month=50,
)


def busy() -> Access:
    """Everything has been used a little; something is in flight."""
    access = Access(config(key=ALL, provider=ALL, models={"m*": ALL}))
    for second in range(20):
        let_in(access, NOW + second, tokens=100, usd=0.1).settle(90, 0.05)
    let_in(access, NOW + 20, tokens=100, usd=0.1)
    return access


def test_what_was_used_survives_a_reload_whatever_the_figure_is_now() -> None:
    access = busy()
    before = used(access, NOW + 21)
    fewer = msgspec.structs.replace(ALL, requests_per_minute=5, tokens_per_day=None)
    after = Access(config(key=fewer, provider=ALL, models={"m*": ALL}), access)

    expected = dict(before)
    del expected["key ide: tokens_per_day"]
    assert used(after, NOW + 21) == expected
    with pytest.raises(LimitReached, match="5 requests per minute"):
        let_in(after, NOW + 21)


def test_what_is_in_flight_at_a_reload_is_settled_after_it() -> None:
    access = Access(config(key=Limits(tokens_per_minute=1000)))
    grant = let_in(access, NOW, tokens=900)
    after = Access(config(key=Limits(tokens_per_minute=500)), access)
    grant.settle(100, None)

    assert used(after, NOW + 1) == {"key ide: tokens_per_minute": 100}


def test_a_new_name_begins_anew() -> None:
    access = busy()
    renamed = Config(keys={"cli": config(key=ALL).keys["ide"]})
    after = Access(renamed, access)
    after = Access(renamed, after)

    assert after.counters(NOW)["key:ide"] == b""
    assert set(after.counters(NOW)) == {"key:cli"}
    assert used(after, NOW + 21)["key cli: requests_per_day"] == 0


def restarted(access: Access, now_s: float) -> Access:
    fresh = Access(config(key=ALL, provider=ALL, models={"m*": ALL}))
    assert fresh.restore(access.counters(now_s), now_s) == []
    return fresh


def test_counters_are_the_same_after_a_restart() -> None:
    access = busy()
    fresh = restarted(access, NOW + 21)

    for later in (21, 59, 61, 70, 3601, 3615, 86399, 86410, MIDNIGHT - NOW):
        assert used(fresh, NOW + later) == used(access, NOW + later)


def test_what_was_reserved_counts_as_used_after_a_restart() -> None:
    view = restarted(busy(), NOW + 21).limits(NOW + 21)[0]
    by_name = {limit.name: limit for limit in view.limits}

    assert by_name["tokens_per_day"].used == 20 * 90 + 100
    assert by_name["tokens_per_day"].reserved == 0
    assert by_name["tokens_per_day"].estimated
    assert by_name["budget_usd_per_day"].used == pytest.approx(20 * 0.05 + 0.1)


def test_a_clock_that_was_set_back_meanwhile_keeps_what_was_used() -> None:
    access = busy()
    fresh = Access(config(key=ALL))
    fresh.restore(access.counters(NOW + 21), NOW - 10**6)

    assert used(fresh, NOW - 10**6)["key ide: requests_per_minute"] == 21
    assert used(fresh, NOW - 10**6 + 61)["key ide: requests_per_minute"] == 0


def test_a_budgets_day_that_ended_meanwhile_is_over() -> None:
    fresh = restarted(busy(), NOW + 21)

    assert used(fresh, MIDNIGHT)["key ide: budget_usd_per_day"] == 0
    assert used(fresh, MIDNIGHT)["key ide: budget_usd_per_month"] == pytest.approx(1.1)


def test_a_warning_is_not_repeated_after_a_restart() -> None:
    access = Access(config(key=Limits(budget_usd_per_day=1)))
    let_in(access, NOW).settle(1, 0.9)
    fresh = Access(config(key=Limits(budget_usd_per_day=1)))
    fresh.restore(access.counters(NOW), NOW)
    let_in(fresh, NOW).settle(1, 0.01)

    assert len(access.take_warnings()) == 1
    assert fresh.take_warnings() == []


def test_of_a_budget_that_was_raised_is_warned_anew() -> None:
    access = Access(config(key=Limits(budget_usd_per_day=1)))
    let_in(access, NOW).settle(1, 1.5)
    same = Access(config(key=Limits(budget_usd_per_day=1)), access)
    before = same.take_warnings()
    raised = Access(config(key=Limits(budget_usd_per_day=2)), same)
    let_in(raised, NOW).settle(1, 0.25)

    assert len(before) == 1
    assert raised.take_warnings() == ["key 'ide' has used 88% of its budget of $2 per day ($1.75)"]


def test_only_what_has_changed_is_given_when_asked_so() -> None:
    access = Access(config(key=ALL, provider=ALL))
    access.counters(NOW)
    let_in(access, NOW, provider="spare")

    assert set(access.counters(NOW, dirty=True)) == {"key:ide"}
    assert access.counters(NOW, dirty=True) == {}
    assert set(access.counters(NOW)) == {"key:ide", "provider:up"}


def test_a_reset_forgets_what_one_holder_used() -> None:
    access = busy()

    assert access.reset("key", "ide", NOW + 21)
    assert not access.reset("key", "nobody", NOW + 21)
    now = used(access, NOW + 21)
    assert {count for name, count in now.items() if name.startswith("key")} == {0}
    assert now["provider up: requests_per_day"] == 21


def test_what_is_in_flight_at_a_reset_does_not_take_from_what_comes_after() -> None:
    access = Access(config(key=Limits(tokens_per_minute=1000, budget_usd_per_day=5)))
    grant = let_in(access, NOW, tokens=900, usd=2)
    access.reset("key", "ide", NOW + 1)
    let_in(access, NOW + 2, tokens=50, usd=1)
    grant.settle(10, 0.5)

    assert used(access, NOW + 3) == {
        "key ide: tokens_per_minute": 50,
        "key ide: budget_usd_per_day": 1,
    }


HOSTILE = {
    "version": {"version": 9},
    "lengths": {"version": 1, "windows": {"requests_per_day": [b"x" * 16, b"x" * 8]}},
    "odd": {"version": 1, "windows": {"requests_per_day": [b"x" * 9, b"x" * 9]}},
    "huge": {"version": 1, "windows": {"requests_per_day": [bytes(8 * MOST + 8)] * 2}},
    "order": {
        "version": 1,
        "windows": {
            "requests_per_day": [array("d", [2, 1]).tobytes(), array("q", [1, 1]).tobytes()]
        },
    },
    "nan": {
        "version": 1,
        "windows": {
            "requests_per_day": [
                array("d", [float("nan")]).tobytes(),
                array("q", [1]).tobytes(),
            ]
        },
    },
    "negative": {
        "version": 1,
        "windows": {"requests_per_day": [array("d", [1.0]).tobytes(), array("q", [-5]).tobytes()]},
    },
    "money": {"version": 1, "budgets": {"budget_usd_per_day": [1.0, 2.0, -5, 0.0]}},
    "period": {"version": 1, "budgets": {"budget_usd_per_day": [2.0, 1.0, 5, 0.0]}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_bytes_that_make_no_sense_are_ignored_with_a_note(name: str) -> None:
    access = busy()
    before = used(access, NOW + 21)
    notes = access.restore({"key:ide": msgspec.msgpack.encode(HOSTILE[name])}, NOW + 21)

    assert len(notes) == 1
    assert "the kept counters of key 'ide'" in notes[0]
    assert used(access, NOW + 21) == before


@given(st.binary(max_size=200) | st.builds(msgspec.msgpack.encode, st.recursive(
    st.none() | st.floats() | st.integers(-(2**63), 2**63) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["version", "windows", "budgets", "level", "level_s", "x"]), inner
    ),
)))  # fmt: skip
@example(b"\x91" * 5000)
def test_any_bytes_leave_limits_that_work(data: bytes) -> None:
    access = Access(config(key=ALL))
    access.restore({"key:ide": data, "key:other": data}, NOW)

    let_in(access, NOW, tokens=5, usd=0.1).settle(5, 0.1)
    assert used(access, NOW)["key ide: requests_per_day"] == 1


def test_a_busy_window_stays_small_and_lets_nothing_out_too_soon() -> None:
    window = Window("requests_per_minute", "requests", 60.0, 10**9)
    count = 3 * MOST
    step_s = 50 / count
    for n in range(count):
        window.take(NOW + n * step_s, 1)
    stamps, amounts = window.entries(10**9)

    assert len(stamps) <= MOST
    assert sum(amounts) == window.total == count
    for second in (5, 17, 30, 49):
        window.expire(NOW + 60 + second)
        gone = count - window.total
        exactly = sum(NOW + n * step_s + 60 <= NOW + 60 + second for n in range(count))
        assert exactly - 1 - 60 / (MOST / 2) / step_s <= gone <= exactly


def test_a_busy_window_is_kept_coarser_and_counts_the_same() -> None:
    access = Access(config(key=Limits(requests_per_day=10**9)))
    for n in range(MOST // 2):
        let_in(access, NOW + n).settle(None, None)
    now_s = NOW + MOST // 2
    kept = access.counters(now_s)["key:ide"]
    fresh = Access(config(key=Limits(requests_per_day=10**9)))
    fresh.restore({"key:ide": kept}, now_s)

    assert len(kept) < 70_000
    assert used(fresh, now_s) == used(access, now_s)
    late = NOW + 86400 + 5000
    assert 0 <= used(fresh, late)["key ide: requests_per_day"] - (MOST // 2 - 5001) <= 44


async def test_counters_go_through_the_store(tmp_path: Path) -> None:
    access = busy()
    store = await Store.open(tmp_path / "store.db")
    store.keep_counters(access.counters(NOW + 21))
    await store.close()
    again = await Store.open(tmp_path / "store.db")
    fresh = Access(config(key=ALL, provider=ALL, models={"m*": ALL}))
    notes = fresh.restore(await again.queries.counters(), NOW + 21)
    await again.close()

    assert notes == []
    assert used(fresh, NOW + 21) == used(access, NOW + 21)
