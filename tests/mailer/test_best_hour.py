"""The best hour: with few deeds of one's own that of everybody, with many one's own; never a quiet one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailer.best_hour import Hours, local_counts, shrunk, smoothed
from mailer.calendar import NOWHERE, Place, zone_of
from mailer.quiet import Quiet
from tests.mailer.flows.town import moment

BERLIN = zone_of(Place("DE"), otherwise="UTC")


def _peak(hour: int, many: float) -> list[float]:
    return [many if one == hour else 0.0 for one in range(24)]


@pytest.mark.parametrize(("own", "expected"), [(0, 19), (2, 19), (60, 10)])
def test_few_deeds_lean_on_everybody_and_many_stand_by_themselves(own: int, expected: int) -> None:
    hours = Hours.learn({"DE": _peak(19, 500)})
    best = hours.best(moment("2026-06-10 05:00"), counts=_peak(10, own), place=Place("DE"), zone=BERLIN, quiet=Quiet())
    assert best.astimezone(BERLIN).hour == expected


def test_a_country_has_its_own_habit_and_an_unknown_one_that_of_the_shop() -> None:
    hours = Hours.learn({"DE": _peak(19, 500), "GB": _peak(12, 100)})
    at = moment("2026-06-10 05:00")
    best = {
        country: hours.best(at, counts=None, place=Place(country), zone=BERLIN, quiet=Quiet()).astimezone(BERLIN).hour
        for country in ("DE", "GB", "FR")
    }
    assert best == {"DE": 19, "GB": 12, "FR": 19}


def test_a_night_owl_is_written_to_before_the_quiet_hours() -> None:
    hours = Hours.learn({"DE": _peak(23, 500)})
    at = hours.best(moment("2026-06-10 05:00"), counts=None, place=NOWHERE, zone=BERLIN, quiet=Quiet())
    assert not Quiet().quiet_hour(at.astimezone(BERLIN).hour)


def test_shares_are_shares_and_smoothing_goes_around_midnight() -> None:
    assert smoothed(_peak(0, 4))[23] == smoothed(_peak(0, 4))[1] == 1
    assert sum(shrunk(_peak(3, 7), towards=Hours().shop)) == pytest.approx(1)


def test_hours_are_those_of_the_local_clock_on_both_sides_of_a_change() -> None:
    winter, summer = moment("2026-01-10 18:00"), moment("2026-07-10 17:00")
    assert local_counts([winter, summer], BERLIN)[19] == 2


def test_the_day_of_a_change_has_a_best_hour_too() -> None:
    hours = Hours.learn({"DE": _peak(9, 100)})
    for start in ("2027-03-27 22:00", "2026-10-24 22:00"):
        at = hours.best(moment(start), counts=None, place=NOWHERE, zone=BERLIN, quiet=Quiet())
        assert at.astimezone(BERLIN).hour == 9
        assert at - moment(start) < timedelta(days=1)
