"""Ways of delivery: what each costs and on which day it promises to arrive."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from ..money import minor_units
from ..profile import ShopProfile
from ..wording import gettext as _

LAST_CALL = time(14, 0)
"""Orders placed later (shop's own time) leave the house on the next business day."""
ABROAD_MAJOR = 10
ABROAD_DAYS = 4


@dataclass(frozen=True)
class Method:
    """A way to the door. Prices in hundredths of the currency's major unit; `free_from` of goods, None = never."""

    code: str
    price: int
    business_days: int
    free_from: int | None = None
    abroad: bool = True


METHODS = (
    Method("standard", price=495, business_days=3, free_from=6000),
    Method("express", price=995, business_days=1),
    Method("pickup", price=295, business_days=2, free_from=3000, abroad=False),
)


@dataclass(frozen=True)
class Quote:
    """What a delivery costs now, in minor units, and the day it is promised for."""

    method: str
    shipping_minor: int
    promised_on: date


class NoSuchDelivery(ValueError):
    """This method doesn't exist or doesn't go to that country."""


def method_name(code: str) -> str:
    """The method in words; an imported order may carry one that isn't offered any more."""
    names = {"standard": _("Standard delivery"), "express": _("Express delivery"), "pickup": _("Pick-up point")}
    return names.get(code, code)


def quote(code: str, *, goods_minor: int, country: str, profile: ShopProfile, now: datetime) -> Quote:
    """Price and promise of a delivery.

    Raises:
        NoSuchDelivery: unknown method, or one that stays in the shop's own country.
    """
    method = next((method for method in METHODS if method.code == code), None)
    abroad = country != profile.country
    if method is None or (abroad and not method.abroad):
        raise NoSuchDelivery(code)
    free = (
        method.free_from is not None and not abroad and goods_minor >= minor_units(method.free_from, profile.currency)
    )
    price = 0 if free else minor_units(method.price + (ABROAD_MAJOR * 100 if abroad else 0), profile.currency)
    days = method.business_days + (ABROAD_DAYS if abroad else 0)
    local = now.astimezone(ZoneInfo(profile.time_zone))
    return Quote(code, price, promised_day(local, days, country=profile.country, to=country))


def quotes(*, goods_minor: int, country: str, profile: ShopProfile, now: datetime) -> list[Quote]:
    """Every method that goes to that country."""
    abroad = country != profile.country
    codes = [method.code for method in METHODS if method.abroad or not abroad]
    return [quote(code, goods_minor=goods_minor, country=country, profile=profile, now=now) for code in codes]


def promised_day(local: datetime, business_days: int, *, country: str = "", to: str = "") -> date:
    """The arrival after so many business days in the shop's local time: Monday to Friday, without the public holidays
    of the shop's `country`, and on none of the country that it goes `to`."""
    leaves = local.date() if local.time() < LAST_CALL else local.date() + timedelta(days=1)
    while not _is_business_day(leaves, country):
        leaves += timedelta(days=1)
    day = leaves
    while business_days > 0:
        day += timedelta(days=1)
        business_days -= _is_business_day(day, country)
    while not (_is_business_day(day, country) and _is_business_day(day, to)):
        day += timedelta(days=1)
    return day


def _is_business_day(day: date, country: str) -> bool:
    return day.weekday() < 5 and day not in _holidays(country)


@lru_cache(maxsize=16)
def _holidays(country: str) -> Container[date]:
    try:
        return holidays.country_holidays(country) if country else frozenset()
    except NotImplementedError:  # a country that the library doesn't know
        return frozenset()
