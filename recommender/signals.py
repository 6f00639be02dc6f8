"""Signals: what a visitor did with a product, by kind and age, as one weight a product.

A purchase counts most; a return takes back what it said, "not interested" silences the product altogether. The
weights are those of a few purchases, so that a day of looking around doesn't drown a year of buying.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import exp, isfinite
from typing import NamedTuple


class Kind(StrEnum):
    """What was done with the product."""

    VIEW = "view"
    CART = "cart"
    PURCHASE = "purchase"
    RETURN = "return"
    NOT_INTERESTED = "not interested"


WEIGHTS = {Kind.VIEW: 0.2, Kind.CART: 0.5, Kind.PURCHASE: 1.0, Kind.RETURN: -0.8}
FADE_DAYS = {Kind.VIEW: 3.0, Kind.CART: 7.0, Kind.PURCHASE: 60.0, Kind.RETURN: 60.0}
"""A look is of the moment, a purchase tells for weeks: each counts 1/e after so many days."""


class Signal(NamedTuple):
    """One deed; `age` in days before the present moment."""

    product: int
    kind: Kind
    age: float


def weighed(signals: Iterable[Signal]) -> dict[int, float]:
    """The weight of each product, by number; without what sums to nothing or less and what is not wanted."""
    total: dict[int, float] = {}
    unwanted: set[int] = set()
    for product, kind, age in signals:
        if kind is Kind.NOT_INTERESTED:
            unwanted.add(product)
        elif isfinite(age):
            total[product] = total.get(product, 0.0) + WEIGHTS[kind] * exp(-max(age, 0.0) / FADE_DAYS[kind])
    return {product: weight for product, weight in total.items() if weight > 0 and product not in unwanted}


def not_wanted(signals: Iterable[Signal]) -> frozenset[int]:
    """What the visitor said they don't want to see: no list may hold it."""
    return frozenset(product for product, kind, _age in signals if kind is Kind.NOT_INTERESTED)
