"""Deeds beside purchases: looks, carts, returns and "not interested" of known customers, as arrays.

Their weights and ages are those of `recommender.signals`, so that a look is worth the same in training and in serving.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .interactions import Floats, Ints
from .signals import FADE_DAYS, WEIGHTS, Kind

KINDS = tuple(Kind)
"""`Deeds.kind` is a place in here."""
NO_FADE = float("inf")


@dataclass(frozen=True)
class Deeds:
    """One entry a deed, in any order. `customer` and `product` are the numbers that `Interactions` gives them.

    `age` is in days before the moment the interactions were read for. Purchases don't belong in here.
    """

    customer: Ints
    product: Ints
    kind: NDArray[np.int8]
    age: Floats

    @classmethod
    def of(cls, deeds: Iterable[tuple[int, int, Kind, float]]) -> Deeds:
        """From (customer, product, kind, age)."""
        rows = list(deeds)
        return cls(
            np.array([row[0] for row in rows], np.int32),
            np.array([row[1] for row in rows], np.int32),
            np.array([KINDS.index(row[2]) for row in rows], np.int8),
            np.array([row[3] for row in rows], np.float32),
        )

    def known_before(self, days: float) -> Deeds:
        """As they were `days` ago."""
        known = self.age > days
        return Deeds(self.customer[known], self.product[known], self.kind[known], self.age[known] - np.float32(days))

    def weighed(self, customers: int, products: int) -> csr_matrix:
        """customers × products: Σ weight · exp(-age / fade), below 0 where more went back than was looked at."""
        weight = np.array([WEIGHTS.get(kind, 0.0) for kind in KINDS])[self.kind]
        fade = np.array([FADE_DAYS.get(kind, NO_FADE) for kind in KINDS])[self.kind]
        return self._matrix(weight * np.exp(-np.maximum(self.age, 0) / fade), customers, products)

    def not_wanted(self, customers: int, products: int) -> csr_matrix:
        """customers × products: an entry where the customer doesn't want to see the product, whenever they said so."""
        return self._matrix((self.kind == KINDS.index(Kind.NOT_INTERESTED)).astype(np.float64), customers, products)

    def _matrix(self, weights: NDArray[np.float64], customers: int, products: int) -> csr_matrix:
        usable = (weights != 0) & np.isfinite(weights) & (self.customer >= 0) & (self.customer < customers)
        usable &= (self.product >= 0) & (self.product < products)
        entries = (weights[usable].astype(np.float32), (self.customer[usable], self.product[usable]))
        return csr_matrix(entries, shape=(customers, products))


NOTHING = Deeds.of(())
