"""What is known of each product beside its sales: for content, for prices, and for products that nobody bought yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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

    @property
    def log_price(self) -> Floats:
        """NaN where there is no price above nothing."""
        price = self.price
        usable = np.isfinite(price) & (price > 0)
        logarithm: Floats = np.log(np.where(usable, price, 1)).astype(np.float32)
        return np.where(usable, logarithm, np.float32(np.nan))
