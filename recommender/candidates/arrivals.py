"""Who should hear of a new product: for a product without any sale, customers ranked by how likely they are to buy it.

Three things speak for a customer: an appetite for what is new (bought within `NEW_DAYS` of its first sale), purchases
of products described alike, and being active at all. Their logarithms are added: each scales the others.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from ..catalogue import Catalogue
from ..interactions import Floats, Interactions, Ints
from .content import described
from .item_knn import decayed
from .rows import best_of_rows, unit_rows

NEW_DAYS = 60.0
APPETITE_FADE_DAYS = 60.0
ACTIVE_FADE_DAYS = 60.0
TASTE_FADE_DAYS = 250.0
NEIGHBOURS = 30
"""Products described alike whose buyers are asked."""
APPETITE, ACTIVE, NEAR, TASTE = 1.0, 0.3, 0.2, 0.2
"""Tuned on Online Retail before 2011-10-10."""


class Audience:
    """Fitted once; `scores` answers for a description."""

    def __init__(self, known: Interactions, catalogue: Catalogue) -> None:
        self._terms = described(catalogue)
        active = _row_sums(decayed(known, fade_days=ACTIVE_FADE_DAYS))
        self._always = APPETITE * _log(appetite(known)) + ACTIVE * _log(active)
        self._bought = decayed(known, fade_days=TASTE_FADE_DAYS)
        self._bought_by = self._bought.T.tocsr()
        self._taste: csr_matrix = unit_rows((self._bought @ self._terms).tocsr())
        sold = np.bincount(known.line_product, minlength=len(known.products)) > 0
        self._sold_terms = csr_matrix(diags_array(sold.astype(np.float32)) @ self._terms)

    def scores(self, product: int) -> Floats:
        """One number a customer, whatever has been sold of the product."""
        terms = self._terms[product]
        near = best_of_rows((terms @ self._sold_terms.T).tocsr(), NEIGHBOURS + 1)
        near.data[near.indices == product] = 0
        neighbours = np.asarray((near @ self._bought_by).todense(), np.float32).ravel()
        taste = np.asarray((self._taste @ terms.T).todense(), np.float32).ravel()
        total: Floats = self._always + NEAR * _log(neighbours) + TASTE * _log(taste)
        return total

    def best(self, product: int, *, n: int) -> Ints:
        """The `n` customers who should hear of it first; ties by number."""
        chosen: Ints = np.argsort(-self.scores(product), kind="stable")[:n].astype(np.int32)
        return chosen


def appetite(known: Interactions) -> Floats:
    """How much of what was new each customer bought, of late."""
    customer, product, age = known.purchase_days
    first = np.zeros(len(known.products), np.float32)
    np.maximum.at(first, product, age)
    # products of the shop's first month were not new, they were there
    opened = float(age.max(initial=0.0))
    fresh = (first[product] - age <= NEW_DAYS) & (first[product] < opened - NEW_DAYS)
    weights = np.exp(-age[fresh] / APPETITE_FADE_DAYS)
    found: Floats = np.bincount(customer[fresh], weights=weights, minlength=len(known.customers)).astype(np.float32)
    return found


def _log(values: Floats) -> Floats:
    """Logarithm against a tenth of the mean, so that nothing is not minus infinity."""
    floor = max(float(values.mean()) / 10 if len(values) else 0.0, 1e-9)
    found: Floats = np.log(values + floor).astype(np.float32)
    return found


def _row_sums(matrix: csr_matrix) -> Floats:
    sums: Floats = np.asarray(matrix.sum(axis=1), np.float32).ravel()
    return sums
