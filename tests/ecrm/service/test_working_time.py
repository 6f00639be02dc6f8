"""Working time of many stretches: the same seconds as the calendar's own, over clock changes and holidays."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from ecrm.service.hours import Calendar, calendar_of
from ecrm.service.working_time import WorkingTime

SINCE = datetime(2026, 2, 3, 14, 30, tzinfo=UTC)
OFFICE = {str(day): [[9 * 60, 12 * 60], [13 * 60, 17 * 60]] for day in range(5)}
NIGHT = {str(day): [[0, 6 * 60], [22 * 60, 24 * 60]] for day in range(7)}
CALENDARS = {
    "office in Berlin": calendar_of(hours=OFFICE, time_zone="Europe/Berlin", country="DE", subdivision="BE"),
    "nights in New York": calendar_of(hours=NIGHT, time_zone="America/New_York"),
    "days in Auckland": calendar_of(hours=OFFICE, time_zone="Pacific/Auckland", country="NZ"),
    "always": Calendar(),
}


@pytest.mark.parametrize("name", CALENDARS)
def test_any_stretch_is_as_long_as_the_calendar_says(name: str) -> None:
    calendar, dice = CALENDARS[name], random.Random(name)
    counted = WorkingTime(calendar, since=SINCE)
    for _number in range(300):
        start = SINCE + timedelta(seconds=dice.uniform(-5, 330) * 86_400)
        end = start + timedelta(seconds=dice.choice((-1, 0, 1, 1, 1)) * dice.expovariate(1 / 200_000))
        assert counted.between(start, end) == calendar.between(start, end), (start, end)


def test_a_stretch_that_begins_or_ends_with_an_hour_is_counted_to_the_second() -> None:
    calendar = CALENDARS["office in Berlin"]
    counted = WorkingTime(calendar, since=SINCE)
    opens = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    hours = [opens + timedelta(hours=number) for number in range(30)]
    assert all(counted.between(a, b) == calendar.between(a, b) for a in hours for b in hours)
    assert counted.between(opens, opens + timedelta(days=7)) == 5 * 7 * 3600
