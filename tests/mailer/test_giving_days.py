"""Giving days: each country by its own calendar; the last day to order from what deliveries took."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from mailer.calendar import Place
from mailer.giving_days import CODES, coming_days, giving_days
from mailer.order_by import Lateness, late_days, order_by

ON_TIME = Lateness(0, 100, 100)


@pytest.mark.parametrize(
    ("country", "code", "day"),
    [
        ("US", "mothers_day", date(2027, 5, 9)),
        ("GB", "mothers_day", date(2027, 3, 7)),
        ("FR", "mothers_day", date(2027, 5, 30)),
        ("FR", "mothers_day", date(2026, 5, 31)),
        ("FR", "mothers_day", date(2023, 6, 4)),  # the last Sunday of May was Pentecost
        ("PL", "mothers_day", date(2027, 5, 26)),
        ("LU", "mothers_day", date(2027, 6, 13)),
        ("KR", "mothers_day", date(2027, 5, 8)),
        ("MA", "mothers_day", date(2027, 5, 30)),
        ("BY", "mothers_day", date(2027, 10, 14)),
        ("HR", "fathers_day", date(2027, 3, 19)),
        ("LI", "fathers_day", date(2027, 3, 19)),
        ("DE", "fathers_day", date(2027, 5, 6)),
        ("SE", "fathers_day", date(2027, 11, 14)),
        ("DE", "christmas", date(2027, 12, 24)),
        ("US", "christmas", date(2027, 12, 25)),
        ("RS", "christmas", date(2027, 1, 7)),
        ("GR", "easter", date(2027, 5, 2)),
        ("IT", "easter", date(2027, 3, 28)),
        ("BR", "valentines", date(2027, 6, 12)),
        ("IN", "diwali", date(2027, 10, 29)),
        ("TR", "eid_al_fitr", date(2027, 3, 9)),
        ("SG", "lunar_new_year", date(2027, 2, 6)),
        ("NL", "st_nicholas", date(2027, 12, 5)),
        ("ES", "three_kings", date(2027, 1, 6)),
    ],
)
def test_presents_are_given_on_the_day_of_the_country(country: str, code: str, day: date) -> None:
    assert {one.code: one.day for one in giving_days(Place(country), day.year)}[code] == day


def test_a_feast_by_the_moon_that_comes_twice_in_a_year_is_there_twice_and_else_once() -> None:
    for country in ("TR", "SA", "AE"):
        eids = {
            year: [one.day for one in giving_days(Place(country), year) if one.code == "eid_al_fitr"]
            for year in (2027, 2032, 2033, 2034)
        }
        assert [len(days) for days in eids.values()] == [1, 1, 2, 1], country
        assert [day.month for day in eids[2033]] == [1, 12]


def test_a_country_without_the_custom_hasnt_the_day_and_an_unknown_one_has_the_common_ones() -> None:
    assert not {"christmas", "easter"} & {one.code for one in giving_days(Place("SA"), 2027)}
    assert {one.code for one in giving_days(Place(), 2027)} >= {"christmas", "easter", "mothers_day"}
    assert {one.code for one in giving_days(Place("XX"), 2027)} <= set(CODES)


def test_what_comes_is_asked_over_the_turn_of_the_year() -> None:
    found = coming_days(Place("ES"), since=date(2026, 12, 20), until=date(2027, 1, 10))
    assert [one.code for one in found] == ["christmas", "three_kings"]


def promise(days: int) -> object:
    return lambda moment: moment.date() + timedelta(days=days)


def test_the_last_day_to_order_leaves_time_for_the_promise_and_for_what_is_late() -> None:
    def last(late: int, since: date = date(2027, 1, 1)) -> date | None:
        found = order_by(
            date(2027, 3, 28),
            Lateness(late, 50, 90),
            promised=promise(3),
            zone="Europe/Berlin",
            since=since,  # type: ignore[arg-type]
        )
        return found.day if found else None

    assert last(0) == date(2027, 3, 24)  # there on the 27th, the day before
    assert last(2) == date(2027, 3, 22)
    assert last(0, since=date(2027, 3, 25)) is None


def test_a_shop_that_promises_no_day_is_given_a_week_and_weekends_count_where_it_counts_them() -> None:
    def none(_moment: datetime) -> date | None:
        return None

    found = order_by(date(2027, 3, 28), ON_TIME, promised=none, zone="Europe/Berlin", since=date(2027, 1, 1))
    assert found is not None
    assert found.day == date(2027, 3, 20)


def test_few_deliveries_borrow_from_the_shop_and_none_from_a_prior() -> None:
    assert late_days([], []) == 2
    assert late_days([0] * 200, [0] * 200) == 0
    assert late_days([], [5] * 500) == 5
    assert late_days([9] * 2, [0] * 500) < 9 <= late_days([9] * 200, [0] * 500)
