"""Restrictions: what a product may not be sold for, by the buyer's age or by the country that it would go to.

A shop asks for an age once a visit and remembers the answer in the session; the law of most countries asks no more of
a web shop than that, and a second look at the door.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask import session as browser

from ..profile import shop_profile
from .product import Product

AGES = (12, 16, 18, 21)
"""Ages that a product may ask for."""
_CONFIRMED, _GOES_TO = "age_confirmed", "goes_to"
"""Keys of the browser's session."""


class Refusal(StrEnum):
    """Why this buyer can't have a product."""

    AGE = "age"  # they haven't said that they are old enough
    COUNTRY = "country"  # it isn't sent there


@dataclass(frozen=True)
class Buyer:
    """What decides: the age that was confirmed (0: none) and where the parcel would go ("" before that is known)."""

    age: int = 0
    country: str = ""


def refusal(product: Product, buyer: Buyer) -> Refusal | None:
    """Why `buyer` can't have `product`; None where they can."""
    if buyer.country and buyer.country in barred_countries(product.barred_in):
        return Refusal.COUNTRY
    if product.age_limit is not None and buyer.age < product.age_limit:
        return Refusal.AGE
    return None


def barred_countries(stored: str | None) -> frozenset[str]:
    """The countries of `Product.barred_in`."""
    return frozenset((stored or "").split())


def confirmed_age() -> int:
    """The age that the present visitor said to have reached; 0 before they were asked."""
    age = browser.get(_CONFIRMED, 0)
    return age if age in AGES else 0


def confirm_age(age: int) -> None:
    """Remember, for this visit, that the visitor says to be at least so old; never less than they said before.

    An age that no product asks for is not kept.
    """
    if age in AGES:
        browser[_CONFIRMED] = max(age, confirmed_age())


def present_country() -> str:
    """Where a parcel of the present visitor would go: as they last answered, else the shop's own country."""
    country: str = browser.get(_GOES_TO) or shop_profile().country
    return country


def remember_country(country: str) -> None:
    """Where this visitor's parcels go: their address, or what they answered in the checkout."""
    if country and browser.get(_GOES_TO) != country:
        browser[_GOES_TO] = country


def present_buyer() -> Buyer:
    """The present visitor, as far as it decides what can be sold to them."""
    return Buyer(age=confirmed_age(), country=present_country())
