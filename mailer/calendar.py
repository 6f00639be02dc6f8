"""Calendar: where a person lives, as far as their clock and their public holidays go.

A country (ISO 3166-1) and, where it is known, its subdivision (ISO 3166-2 without the country) say the time zone and
the holidays. Of a country with several zones whose subdivision nobody knows, the zone where most of its people live is
taken; it is one hour off for most of the others, and that is why quiet hours have a margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import holidays
from babel.core import get_global

# The zone where most people of a country with several live (tz database, `zone.tab`; order by population [UN 2024]).
_MAIN_ZONE = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "FM": "Pacific/Pohnpei", "GL": "America/Nuuk", "ID": "Asia/Jakarta", "KI": "Pacific/Tarawa", "KZ": "Asia/Almaty",
    "MH": "Pacific/Majuro", "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland", "PF": "Pacific/Tahiti", "PG": "Pacific/Port_Moresby", "PS": "Asia/Hebron",
    "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "UM": "Pacific/Midway",
    "US": "America/New_York", "UZ": "Asia/Tashkent", "VN": "Asia/Ho_Chi_Minh", "XK": "Europe/Belgrade",
}  # fmt: skip
_US = {
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU MP",
    "Pacific/Pago_Pago": "AS",
}
_ELSEWHERE = {
    "AU": {
        "Australia/Brisbane": "QLD", "Australia/Adelaide": "SA", "Australia/Darwin": "NT", "Australia/Perth": "WA",
        "Australia/Hobart": "TAS", "Australia/Melbourne": "VIC",
    },
    "CA": {
        "America/Vancouver": "BC", "America/Edmonton": "AB", "America/Regina": "SK", "America/Winnipeg": "MB",
        "America/Halifax": "NS NB PE", "America/St_Johns": "NL", "America/Whitehorse": "YT",
        "America/Yellowknife": "NT", "America/Iqaluit": "NU",
    },
    "BR": {"America/Manaus": "AM RR RO", "America/Cuiaba": "MT MS", "America/Rio_Branco": "AC"},
    "ES": {"Atlantic/Canary": "CN"},
    "PT": {"Atlantic/Azores": "20", "Atlantic/Madeira": "30"},
    "KI": {"Pacific/Kiritimati": "L"},
    "MX": {
        "America/Tijuana": "BCN", "America/Hermosillo": "SON", "America/Cancun": "ROO",
        "America/Mazatlan": "BCS SIN NAY",
    },
    "ID": {"Asia/Makassar": "BA NB NT KS KI KU SA ST SN SR SG GO", "Asia/Jayapura": "PA PB MA MU"},
    "NZ": {"Pacific/Chatham": "CIT"},
}  # fmt: skip


class Place(NamedTuple):
    """Where somebody lives: `country` in two letters and `subdivision` as the shop knows it (code or name), or ""."""

    country: str = ""
    subdivision: str = ""


NOWHERE = Place()


def zone_of(place: Place, *, otherwise: str) -> ZoneInfo:
    """The time zone of a place; `otherwise` (the shop's) where nobody knows the country."""
    return ZoneInfo(_zone_name(place) or otherwise)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The date that the calendar on the wall shows."""
    return moment.astimezone(zone).date()


def at_local(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The moment at which the clock of a zone first shows this hour of the day, in UTC.

    An hour that daylight saving skips comes when the clock has jumped over it; one that comes twice is the first
    (PEP 495: `fold=0`).
    """
    wall = datetime.combine(day, time(hour % 24), tzinfo=zone) + timedelta(days=hour // 24)
    return wall.astimezone(UTC)


def public_holiday(place: Place, day: date) -> str:
    """The public holiday on this day, in English; "" where it is none, or where the country's aren't known."""
    if not place.country:
        return ""
    return _holidays_of(place.country.upper(), subdivision_code(place), day.year).get(day, "")


def public_holidays(place: Place, year: int) -> Mapping[date, str]:
    """All public holidays of a place in a year, by day, in English; none where the country's aren't known."""
    return _holidays_of(place.country.upper(), subdivision_code(place), year) if place.country else {}


@lru_cache(maxsize=4096)
def subdivision_code(place: Place) -> str:
    """The code of a subdivision that is known by its code or its name; "" for one that the library doesn't know."""
    wanted = place.subdivision.strip()
    if not wanted or not place.country:
        return ""
    try:
        known = holidays.country_holidays(place.country.upper())
    except NotImplementedError:
        return wanted.upper()
    names = {code.upper(): code for code in known.subdivisions}
    names |= {alias.upper(): code for alias, code in getattr(known, "subdivisions_aliases", {}).items()}
    return names.get(wanted.upper(), "")


@lru_cache(maxsize=512)
def _holidays_of(country: str, subdivision: str, year: int) -> dict[date, str]:
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US")
    except NotImplementedError:
        return {}
    return dict(found)


@lru_cache(maxsize=4096)
def _zone_name(place: Place) -> str:
    country = place.country.upper()
    code = subdivision_code(place)
    regions = _US if country == "US" else _ELSEWHERE.get(country, {})
    for zone, codes in regions.items():
        if code and code in codes.split():
            return zone
    return _MAIN_ZONE.get(country) or _only_zones().get(country, "")


@lru_cache(maxsize=1)
def _only_zones() -> dict[str, str]:
    known = available_timezones()
    return {territory: zone for zone, territory in sorted(get_global("zone_territories").items()) if zone in known}
