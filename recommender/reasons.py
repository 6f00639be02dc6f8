"""Why a product is recommended: a code with the facts behind it.

A reason is only given where it is true of the data: `often` was bought on three days or more, `together` carries
the number of orders, `because` names a product that this customer did buy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OFTEN_FROM = 3
"""Bought on at least so many days is called "often"."""


class Code(StrEnum):
    """The kinds of reasons; the words for them are the storefront's business."""

    OFTEN = "often"  # this customer bought it on `count` days, at least OFTEN_FROM, the last time on day `on`
    AGAIN = "again"  # this customer bought it on `count` days, the last time on day `on`
    BECAUSE = "because"  # others bought it together with `product`, which this customer bought on day `on`
    VIEWED = "viewed"  # goes with `product`, which this visitor looked at: in the same orders, or visits
    TOGETHER = "together"  # bought together with `product` in `count` orders, more than one
    ALSO_BOUGHT = "also_bought"  # `count` visitors who viewed `product` bought it
    LIKE = "like"  # described like `product`
    BRAND = "brand"  # new, of the brand `word` that this customer bought on `count` days
    CATEGORY = "category"  # popular in the category `word`, which is the page's, the search's or the order's
    SIMILAR = "similar"  # customers with similar purchases buy it
    ARRIVED = "arrived"  # new in the shop
    REGION = "region"  # popular in the visitor's country
    POPULAR = "popular"  # many customers buy it at present
    CHOSEN = "chosen"  # the shop's own choice, by a rule
    SEEN = "seen"  # this visitor looked at it
    FOUND = "found"  # a hit of the search or a product of the category, for nothing that is known of the person
    NEXT = "next"  # looked at in the same visits as `product`, which is here, but which this visitor didn't look at


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A code, the product it points at, the count behind it, a name, and the day (proleptic Gregorian ordinal)."""

    code: Code
    product: str | None = None
    count: int | None = None
    word: str | None = None
    on: int | None = None


def bought(days: int, *, on: int | None = None) -> Reason:
    """The reason for something that this customer bought on so many days."""
    return Reason(code=Code.OFTEN if days >= OFTEN_FROM else Code.AGAIN, count=days, on=on)
