"""Working hours: what is added can be measured again, whatever the zone, the clocks' change and the holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrm.service.hours import DAY, BadHours, Calendar, calendar_of, checked_hours

OFFICE = {str(day): [[9 * 60, 17 * 60]] for day in range(5)}
BERLIN = calendar_of(hours=OFFICE, time_zone="Europe/Berlin", country="DE", subdivision="BE")
HOUR = 3600


def at(words: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-06-10 10:00", 2, "2026-06-10 12:00"),
        ("2026-06-10 16:00", 2, "2026-06-11 10:00"),
        ("2026-06-10 20:00", 1, "2026-06-11 10:00"),
        ("2026-06-12 16:30", 1, "2026-06-15 09:30"),  # over a weekend
        ("2026-06-10 09:00", 8, "2026-06-10 17:00"),  # to the last minute of the day, not the first of the next
        ("2026-12-24 16:00", 2, "2026-12-28 10:00"),  # two holidays and a weekend
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),  # the clocks change on the Sunday between
        ("2026-03-08 10:00", 1, "2026-03-09 10:00"),  # a Sunday that is a holiday in Berlin alone
    ],
)
def test_targets_are_reached_in_working_time_alone(start: str, hours: int, due: str) -> None:
    assert BERLIN.add(at(start), hours * HOUR) == at(due)


def test_a_holiday_of_the_subdivision_is_kept_there_only() -> None:
    day = at("2027-03-08 10:00")  # International Women's Day, a Monday: Berlin and Mecklenburg-Vorpommern
    bavaria = calendar_of(hours=OFFICE, time_zone="Europe/Berlin", country="DE", subdivision="BY")
    assert not BERLIN.is_open(day)
    assert bavaria.is_open(day)


def test_a_night_shift_is_an_hour_shorter_when_the_clocks_go_forward_and_longer_when_they_go_back() -> None:
    night = calendar_of(hours={str(day): [[0, 6 * 60]] for day in range(7)}, time_zone="Europe/Berlin")
    spring, autumn = at("2026-03-29 00:00"), at("2026-10-25 00:00")
    assert night.between(spring, spring + timedelta(hours=12)) == 5 * HOUR
    assert night.between(autumn, autumn + timedelta(hours=12)) == 7 * HOUR


def test_without_hours_it_is_always_open() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert Calendar().add(start, 90) == start + timedelta(seconds=90)
    assert Calendar().between(start, start + timedelta(days=2)) == 2 * 86400
    assert Calendar().is_open(start)


def test_a_day_may_go_on_till_midnight() -> None:
    late = calendar_of(hours={"2": [[22 * 60, DAY]]}, time_zone="UTC")
    assert late.between(datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 6, 11, tzinfo=UTC)) == 2 * HOUR


@pytest.mark.parametrize("spans", [[(600, 500)], [(0, 0)], [(0, 1441)], [(-1, 60)], [(0, 600), (540, 700)]])
def test_hours_that_cant_be_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(BadHours, match="3"):
        checked_hours({3: spans})
    assert checked_hours({3: [(600, 700), (0, 60)], 4: []}) == {"3": [[0, 60], [600, 700]]}


zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"]
)
moments = st.integers(0, 2 * 366 * 86400).map(lambda s: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(seconds=s))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    hours = {}
    for day in draw(st.sets(st.integers(0, 6), min_size=1)):
        marks = sorted(draw(st.sets(st.integers(0, DAY), min_size=2, max_size=6)))
        hours[day] = [(marks[i], marks[i + 1]) for i in range(0, len(marks) - 1, 2)]
    rests: set[date] = draw(
        st.sets(st.integers(0, 700).map(lambda d: date(2025, 6, 1) + timedelta(days=d)), max_size=20)
    )
    return Calendar(ZoneInfo(draw(zones)), hours, rests.__contains__)


@settings(max_examples=300, deadline=None)
@given(calendars(), moments, st.integers(1, 5 * 86400))
def test_what_is_added_is_what_lies_between(calendar: Calendar, start: datetime, seconds: int) -> None:
    due = calendar.add(start, seconds)
    if due == start + timedelta(days=3700):  # a span that only the skipped hour holds: nobody ever works
        return
    assert due > start
    assert calendar.between(start, due) == seconds
    assert calendar.between(start, due - timedelta(seconds=1)) == seconds - 1  # the earliest such moment
    assert calendar.is_open(due - timedelta(seconds=1))


@settings(max_examples=200, deadline=None)
@given(calendars(), st.lists(moments, min_size=3, max_size=3))
def test_time_between_adds_up(calendar: Calendar, three: list[datetime]) -> None:
    first, second, third = sorted(three)
    assert calendar.between(first, second) + calendar.between(second, third) == calendar.between(first, third)
    assert calendar.between(second, first) == 0 or second == first


@settings(max_examples=40, deadline=None)
@given(calendars(), moments)
def test_a_day_counted_minute_by_minute_is_the_same(calendar: Calendar, start: datetime) -> None:
    minutes = [start.replace(second=0) + timedelta(minutes=number) for number in range(36 * 60)]
    counted = sum(60 for minute in minutes if calendar.is_open(minute))
    assert calendar.between(minutes[0], minutes[-1] + timedelta(minutes=1)) == counted


def test_what_few_hours_dont_bring_together_in_ten_years_is_due_then() -> None:
    start = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
    mondays = Calendar(ZoneInfo("UTC"), {0: ((540, 600),)})
    assert mondays.add(start, 90 * 8 * 3600) == start + timedelta(days=3700)
    assert mondays.add(start, 3600) == datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
