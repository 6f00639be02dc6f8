"""What is known of each product beside its sales: for content, for prices, and for products that nobody bought yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .interactions import Floats


class Description(NamedTuple):
    """One product as the shop describes it; the price in any unit, NaN or 0 where there is none. `age`: for how many
    days the shop has had it, infinite where nobody knows."""

    text: str = ""
    category: str = ""
    brand: str = ""
    price: float = float("nan")
    age: float = float("inf")


NOTHING = Description()


@dataclass(frozen=True)
class Catalogue:
    """One entry a product, in the order of `Interactions.products`."""

    text: Sequence[str]
    category: Sequence[str]
    brand: Sequence[str]
    price: Floats
    age: Floats

    @classmethod
    def of(cls, products: Sequence[str], descriptions: Mapping[str, Description]) -> Catalogue:
        """Those of the products, in their order; a product that nobody describes is left blank."""
        rows = [descriptions.get(product, NOTHING) for product in products]
        return cls(
            text=[row.text for row in rows],
            category=[row.category for row in rows],
            brand=[row.brand for row in rows],
            price=np.array([row.price for row in rows], np.float32),
            age=np.array([row.age for row in rows], np.float32),
        )

    def before(self, days: float) -> Catalogue:
        """As old as its products were so many days ago; one that came since has an age below 0."""
        return replace(self, age=self.age - np.float32(days))

    def offered(self, sold: NDArray[np.bool_]) -> Catalogue:
        """Without the descriptions of products that nobody has bought and nobody knows to have been there yet.

        Asked about the past, a list of products that knows what was to come would give the answers away.
        """
        there = sold | (np.isfinite(self.age) & (self.age >= 0))
        if there.all():
            return self

        def known(words: Sequence[str]) -> list[str]:
            return [word if was else "" for word, was in zip(words, there.tolist(), strict=True)]

        price = np.where(there, self.price, np.float32(np.nan))
        return replace(self, text=known(self.text), category=known(self.category), brand=known(self.brand), price=price)

    @property
    def log_price(self) -> Floats:
        """NaN where there is no price above nothing."""
        price = self.price
        usable = np.isfinite(price) & (price > 0)
        logarithm: Floats = np.log(np.where(usable, price, 1)).astype(np.float32)
        return np.where(usable, logarithm, np.float32(np.nan))
