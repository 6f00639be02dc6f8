"""Giving days: on which days people give presents, by country and year.

Public holidays come from the library `holidays` (it knows the moon's calendars; later years are its estimates). What is
no public holiday is a rule here: Mother's and Father's Day by custom of each country (Wikipedia, "Mother's Day" and
"Father's Day", tables of dates), Easter by the reckoning of the churches there (`dateutil.easter`), and the evening or
day on which presents are given at Christmas.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter  # type: ignore[import-untyped]

from .calendar import Place, public_holidays

SUNDAY = 6
_ONE_FEAST = timedelta(days=20)
"""Days of one name that lie so close are the same feast."""


def _codes(words: str) -> frozenset[str]:
    """Countries, two letters each."""
    return frozenset(words.split())


_ORTHODOX = _codes("BG BY CY EG ET GE GR MD ME MK RO RS RU UA")
_JULIAN_CHRISTMAS = _codes("BY EG ER ET GE ME MK RS RU")
_CHRISTMAS_EVE = _codes("AR AT CH CZ DE DK EE FI HU IS LI LT LU LV NO PL PT SE SI SK")
_NO_CHRISTMAS = _codes("AE AF BD BH DZ IL IR KW LY MA MR MV OM PK QA SA SO TN TR YE")
_NO_EASTER = _codes("CN IN JP KR TH TW VN")
_NO_VALENTINES = _codes("AF BR IL IR PK SA")


@dataclass(frozen=True)
class GivingDay:
    """A holiday as it lies in a year."""

    code: str
    day: date


def giving_days(place: Place, year: int) -> list[GivingDay]:
    """The days of a place on which presents are given, in order; for an unknown country those that nearly all have."""
    return list(_days_of(place.country.upper(), place.subdivision, year))


def coming_days(place: Place, *, since: date, until: date) -> list[GivingDay]:
    """Those from `since` to `until`, both included."""
    years = range(since.year, until.year + 1)
    return [one for year in years for one in giving_days(place, year) if since <= one.day <= until]


@lru_cache(maxsize=1024)
def _days_of(country: str, subdivision: str, year: int) -> tuple[GivingDay, ...]:
    found = [
        GivingDay(code, day) for code, rule in _RULES.items() if (day := rule(country, subdivision, year)) is not None
    ]
    found += [GivingDay(code, day) for code, rule in _MOVING.items() for day in rule(country, subdivision, year)]
    return tuple(sorted(found, key=lambda one: (one.day, one.code)))


def _nth(year: int, month: int, nth: int, *, weekday: int = SUNDAY) -> date:
    """The nth such weekday of a month; -1 is its last."""
    if nth > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _christmas(country: str, _subdivision: str, year: int) -> date | None:
    if country in _NO_CHRISTMAS:
        return None
    if country in _JULIAN_CHRISTMAS:
        return date(year, 1, 7)
    return date(year, 12, 24 if country in _CHRISTMAS_EVE else 25)


def _easter(country: str, _subdivision: str, year: int) -> date | None:
    if country in _NO_CHRISTMAS or country in _NO_EASTER:
        return None
    found: date = easter(year, EASTER_ORTHODOX if country in _ORTHODOX else EASTER_WESTERN)
    return found


def _french_mothers(year: int) -> date:
    """The last Sunday of May; where that is Pentecost, the first of June (Code de l'action sociale, D215-1)."""
    last = _nth(year, 5, -1)
    return last if last != easter(year) + timedelta(days=49) else _nth(year, 6, 1)


_MOTHERS: dict[str, Callable[[int], date]] = (
    dict.fromkeys(_codes("GB IE NG"), lambda year: easter(year) - timedelta(days=21))
    | dict.fromkeys(_codes("ES HU LT PT RO MZ AO"), lambda year: _nth(year, 5, 1))
    | dict.fromkeys(_codes("SE DO HT DZ MA TN MG MU SN"), lambda year: _nth(year, 5, -1))
    | dict.fromkeys(
        _codes("AE BH EG IQ JO KW LB LY OM PS QA SA SY YE"),
        lambda year: date(year, 3, 21),
    )
    | dict.fromkeys(_codes("GT MX SV"), lambda year: date(year, 5, 10))
    | {
        "FR": _french_mothers,
        "NO": lambda year: _nth(year, 2, 2),
        "PL": lambda year: date(year, 5, 26),
        "AR": lambda year: _nth(year, 10, 3),
        "TH": lambda year: date(year, 8, 12),
        "ID": lambda year: date(year, 12, 22),
        "CR": lambda year: date(year, 8, 15),
        "RU": lambda year: _nth(year, 11, -1),
        "IL": lambda year: _nth(year, 2, 2),
        "LU": lambda year: _nth(year, 6, 2),
        "KR": lambda year: date(year, 5, 8),  # Parents' Day
        "BY": lambda year: date(year, 10, 14),
    }
)


_FATHERS: dict[str, Callable[[int], date]] = (
    dict.fromkeys(_codes("ES IT PT AO MZ AD HR LI BO HN"), lambda year: date(year, 3, 19))
    | dict.fromkeys(_codes("AU NZ FJ PG"), lambda year: _nth(year, 9, 1))
    | dict.fromkeys(_codes("EE FI IS NO SE"), lambda year: _nth(year, 11, 2))
    | dict.fromkeys(_codes("AT BE"), lambda year: _nth(year, 6, 2))
    | {
        "DE": lambda year: easter(year) + timedelta(days=39),
        "CH": lambda year: _nth(year, 6, 1),
        "LT": lambda year: _nth(year, 6, 1),
        "DK": lambda year: date(year, 6, 5),
        "PL": lambda year: date(year, 6, 23),
        "BR": lambda year: _nth(year, 8, 2),
        "RO": lambda year: _nth(year, 5, 2),
        "TH": lambda year: date(year, 12, 5),
        "TW": lambda year: date(year, 8, 8),
        "RU": lambda year: _nth(year, 10, 3),
        "LU": lambda year: _nth(year, 10, 1),
        "KR": lambda year: date(year, 5, 8),  # Parents' Day
    }
)


def _mothers(country: str, _subdivision: str, year: int) -> date:
    return _MOTHERS[country](year) if country in _MOTHERS else _nth(year, 5, 2)


def _fathers(country: str, _subdivision: str, year: int) -> date:
    return _FATHERS[country](year) if country in _FATHERS else _nth(year, 6, 3)


def _valentines(country: str, _subdivision: str, year: int) -> date | None:
    if country == "BR":
        return date(year, 6, 12)  # Dia dos Namorados
    return None if country in _NO_VALENTINES else date(year, 2, 14)


def _public(pattern: str) -> Callable[[str, str, int], list[date]]:
    """The first day of each time that the country keeps a holiday as a public one: by the moon it may be twice a year
    (Eid al-Fitr in January and December of 2033), or go on from the year before."""
    named = re.compile(pattern)

    def kept(country: str, subdivision: str, year: int) -> set[date]:
        days = public_holidays(Place(country, subdivision), year)
        return {day for day, name in days.items() if named.search(name) and "bserved" not in name}

    def rule(country: str, subdivision: str, year: int) -> list[date]:
        before = kept(country, subdivision, year - 1)
        firsts: list[date] = []
        for day in sorted(before | kept(country, subdivision, year)):
            if not firsts or day - firsts[-1] > _ONE_FEAST:
                firsts.append(day)
        return [day for day in firsts if day.year == year]

    return rule


def _only(countries: str, month: int, day: int) -> Callable[[str, str, int], date | None]:
    among = frozenset(countries.split())
    return lambda country, _subdivision, year: date(year, month, day) if country in among else None


_RULES: dict[str, Callable[[str, str, int], date | None]] = {
    "three_kings": _only("ES MX PR DO UY", 1, 6),
    "valentines": _valentines,
    "womens_day": _only("AM AZ BG BY GE IT KG KZ MD RU UA UZ", 3, 8),
    "easter": _easter,
    "mothers_day": _mothers,
    "fathers_day": _fathers,
    "st_nicholas": _only("NL BE", 12, 5),
    "christmas": _christmas,
}
_MOVING: dict[str, Callable[[str, str, int], list[date]]] = {
    "lunar_new_year": _public(r"^(Chinese New Year|Lunar New Year|Korean New Year|Chinese Spring Festival)( \(|$)"),
    "eid_al_fitr": _public(r"^Eid (al|ul)-Fitr"),
    "diwali": _public(r"^(Diwali|Deepavali)"),
}
CODES = (*_RULES, *_MOVING)
"""All holidays that are known, as `ECRM_GIFT_HOLIDAYS` names them."""
