"""Periods in local time: days of 23 and 25 hours, midnights that never were."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from llmgate.control.calendar import BadPeriod, local_calendar, midnight_ms, stretch
from llmgate.wire.spend import Period


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[ZoneInfo]:
    """This process lives in another zone while the test runs."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    try:
        yield ZoneInfo(request.param)
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def at(zone: ZoneInfo, text: str) -> int:
    """Epoch milliseconds of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1000


def told(zone: ZoneInfo, moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, zone).isoformat(timespec="minutes")[:16]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-06-10", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-11-01", 25),
        ("Asia/Kolkata", "2026-11-01", 24),
        ("UTC", "2024-02-29", 24),
    ],
    indirect=["zone"],
)
def test_today_has_as_many_hours_as_the_day_had(zone: ZoneInfo, day: str, hours: int) -> None:
    found = stretch("today", at(zone, f"{day}T23:59"))

    assert told(zone, found.since_ms) == f"{day}T00:00"
    assert len(found.slots_ms) == hours
    assert found.whole_ms - found.since_ms == hours * 3_600_000
    assert found.slot_s == 3600


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_today_ends_with_the_hour_that_is_now(zone: ZoneInfo) -> None:
    now_ms = at(zone, "2026-06-10T02:30")
    found = stretch("today", now_ms)

    assert [told(zone, slot)[-5:] for slot in found.slots_ms] == ["00:00", "01:00", "02:00"]
    assert found.until_ms == now_ms


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"], indirect=True)
@pytest.mark.parametrize(("period", "days"), [("7d", 7), ("30d", 30)])
def test_days_begin_at_midnight_over_every_change_of_the_clocks(
    zone: ZoneInfo, period: Period, days: int
) -> None:
    for month in range(1, 13):
        found = stretch(period, at(zone, f"2026-{month:02}-03T09:00"))

        assert len(found.slots_ms) == days
        assert {told(zone, slot)[-5:] for slot in found.slots_ms} == {"00:00"}
        assert told(zone, found.slots_ms[-1])[:10] == f"2026-{month:02}-03"


@pytest.mark.parametrize("zone", ["America/Asuncion"], indirect=True)
def test_a_day_whose_midnight_was_skipped_begins_at_one(zone: ZoneInfo) -> None:
    now_ms = at(zone, "2023-10-01T12:00")

    assert told(zone, midnight_ms(now_ms)) == "2023-10-01T01:00"


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_months_end_where_the_next_one_begins(zone: ZoneInfo) -> None:
    told_days = [
        [told(zone, int(edge) * 1000) for edge in local_calendar(at(zone, moment) / 1000)]
        for moment in ("2026-12-31T23:59", "2024-02-29T00:00")
    ]

    assert told_days == [
        ["2026-12-31T00:00", "2027-01-01T00:00", "2026-12-01T00:00", "2027-01-01T00:00"],
        ["2024-02-29T00:00", "2024-03-01T00:00", "2024-02-01T00:00", "2024-03-01T00:00"],
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_a_short_range_is_told_by_the_hour_and_a_long_one_by_the_day(zone: ZoneInfo) -> None:
    since = at(zone, "2026-06-10T10:20")
    hours = stretch("range", 0, since, since + 3 * 3_600_000)
    days = stretch("range", 0, since, since + 3 * 86_400_000)

    assert [told(zone, slot)[-5:] for slot in hours.slots_ms] == [
        "10:00",
        "11:00",
        "12:00",
        "13:00",
    ]
    assert [told(zone, slot)[5:] for slot in days.slots_ms] == [
        "06-10T00:00",
        "06-11T00:00",
        "06-12T00:00",
        "06-13T00:00",
    ]
    assert (hours.since_ms, days.since_ms) == (since, since)


@pytest.mark.parametrize("zone", ["Asia/Kolkata"], indirect=True)
def test_hours_begin_where_this_zone_has_them(zone: ZoneInfo) -> None:
    since = at(zone, "2026-06-10T10:20")

    assert told(zone, stretch("range", 0, since, since + 60_000).slots_ms[0])[-5:] == "10:00"


@pytest.mark.parametrize(
    ("since_ms", "until_ms", "words"),
    [
        (None, None, "needs since_ms"),
        (5, 5, "must come before"),
        (9, 5, "must come before"),
        (-1, 5, "must come before"),
        (0, 10**17, "must come before"),
        (0, 401 * 86_400_000, "up to 400 days"),
    ],
)
def test_a_range_that_cannot_be_is_refused(
    since_ms: int | None, until_ms: int | None, words: str
) -> None:
    with pytest.raises(BadPeriod, match=words):
        stretch("range", 1, since_ms, until_ms)
