"""Days on which parcels move: Monday to Friday without the public holidays of where they go."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, timedelta
from functools import lru_cache

import holidays

_NEVER: frozenset[date] = frozenset()


@lru_cache(maxsize=500)
def _holidays(country: str, subdivision: str) -> Container[date]:
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:  # a country, or a part of one, that the library doesn't know
        return _NEVER


def is_workday(day: date, *, country: str = "", subdivision: str = "") -> bool:
    """Whether parcels move; of a country in two letters (ISO 3166-1), a subdivision as in ISO 3166-2 without it."""
    return day.weekday() < 5 and not (country and day in _holidays(country, subdivision))


@lru_cache(maxsize=20_000)
def workdays_between(start: date, end: date, country: str = "") -> int:
    """Workdays after `start` up to and with `end`; 0 where that isn't later."""
    days = (start + timedelta(days=number) for number in range(1, min((end - start).days, 400) + 1))
    return sum(is_workday(day, country=country) for day in days)


def after_workdays(start: date, count: int, country: str = "") -> date:
    """The day `count` workdays after `start`; `start` itself for none."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day, country=country)
    return day
