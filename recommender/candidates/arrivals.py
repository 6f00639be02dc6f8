"""Who should hear of a new product: for a product without any sale, customers ranked by how likely they are to buy it.

Four witnesses speak for a customer: an appetite for what is new (bought within `NEW_DAYS` of its first sale), being
active at all, purchases of the products described most alike, and a taste that resembles the description. Their
logarithms are added: each scales the others. How much each is believed is learnt from the shop's own arrivals of the
last months, by conditional logit (McFadden 1974) with a pull towards the weights of `PRIOR`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from ..catalogue import Catalogue
from ..interactions import Floats, Interactions, Ints
from ..time_cuts import known_before
from .content import described
from .item_knn import decayed
from .rows import best_of_rows

NEW_DAYS = 60.0
APPETITE_FADE_DAYS = 60.0
ACTIVE_FADE_DAYS = 60.0
TASTE_FADE_DAYS = 250.0
NEIGHBOURS = 30
"""Products described alike whose buyers are asked."""
PRIOR = (1.0, 0.3, 0.2, 0.2)
"""Appetite, activity, buyers of what is alike, taste; tuned on Online Retail before 2011-10-10."""
SHRINKAGE = 1.0
"""The prior weighs as much as so many buyers."""
LEARNT_FROM = (30.0, 60.0, 90.0)
"""The arrivals of the 30 days after each of these many days ago teach."""
WINDOW = 30.0
MOST_ARRIVALS = 60
"""Of each window so many arrivals, the most bought, teach; bounds the time in a shop that changes all the time."""
ROWS = 2_000
"""Customers at once, whose tastes are laid out; bounds the memory."""
ENOUGH = 10
"""Arrivals; below, the prior stands as it is."""


class Audience:
    """Fitted once; `scores` answers for a product of the catalogue, whatever has been sold of it."""

    def __init__(self, known: Interactions, catalogue: Catalogue) -> None:
        terms = described(catalogue)
        self._witnesses = Witnesses(known, terms)
        self.weights = learnt_weights(known, terms)

    def scores(self, product: int) -> Floats:
        """One number a customer."""
        scores: Floats = (self._witnesses.of(product) @ self.weights).astype(np.float32)
        return scores

    def best(self, product: int, *, n: int) -> Ints:
        """The `n` customers who should hear of it first; ties by number."""
        chosen: Ints = np.argsort(-self.scores(product), kind="stable")[:n].astype(np.int32)
        return chosen


class Witnesses:
    """What speaks for each customer, as known at one moment."""

    def __init__(self, known: Interactions, terms: csr_matrix) -> None:
        self._terms = terms
        active = _row_sums(decayed(known, fade_days=ACTIVE_FADE_DAYS))
        self._always = [_log(appetite(known)), _log(active)]
        bought = decayed(known, fade_days=TASTE_FADE_DAYS)
        self._bought_by = bought.T.tocsr()
        self._bought = bought
        self._length = taste_lengths(bought, terms)
        sold = np.bincount(known.line_product, minlength=len(known.products)) > 0
        self._sold_terms = csr_matrix(diags_array(sold.astype(np.float32)) @ terms)

    def of(self, product: int) -> NDArray[np.float64]:
        """customers × witnesses, in the order of `PRIOR`."""
        terms = self._terms[product]
        near = (terms @ self._sold_terms.T).tocsr()
        near.data[near.indices == product] = 0
        neighbours = np.asarray((best_of_rows(near, NEIGHBOURS) @ self._bought_by).todense(), np.float32).ravel()
        alike = np.asarray((self._terms @ terms.T).todense(), np.float32).ravel()
        taste = (self._bought @ alike / self._length).astype(np.float32)
        return np.column_stack([*self._always, _log(neighbours), _log(taste)]).astype(np.float64)


class Arrival(NamedTuple):
    """A product that was new once: what spoke for each customer known before, and which share of the buyers each is."""

    witnesses: NDArray[np.float64]
    share: NDArray[np.float64]
    buyers: int


def learnt_weights(known: Interactions, terms: csr_matrix) -> NDArray[np.float64]:
    """How much each witness was worth for the arrivals of the last months."""
    from scipy.optimize import minimize  # costs start-up time, and only a training needs it

    prior = np.array(PRIOR)
    arrivals = [one for days in LEARNT_FROM for one in _arrivals(known, terms, days)]
    if len(arrivals) < ENOUGH:
        return prior

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        away = weights - prior
        total, slope = float(SHRINKAGE * away @ away), 2 * SHRINKAGE * away
        for witnesses, share, buyers in arrivals:
            utility = witnesses @ weights
            utility -= utility.max()
            odds = np.exp(utility)
            total -= buyers * float(share @ (utility - np.log(odds.sum())))
            slope = slope + buyers * (witnesses.T @ (odds / odds.sum() - share))
        return total, slope

    found: NDArray[np.float64] = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    return found


def _arrivals(known: Interactions, terms: csr_matrix, days: float) -> Iterator[Arrival]:
    """What was first sold in the window that began `days` ago, as it looked then."""
    customer, product, age = known.purchase_days
    then = known_before(known, days)
    old, sold = np.zeros(len(known.customers), bool), np.zeros(len(known.products), bool)
    old[customer[age > days]] = True
    sold[product[age > days]] = True
    if not old.any():
        return
    bought = (age <= days) & (age > days - WINDOW) & old[customer] & ~sold[product]
    many = np.bincount(product[bought], minlength=len(known.products))
    chosen = np.argsort(-many, kind="stable")[:MOST_ARRIVALS]
    witnesses = Witnesses(then, terms) if many.any() else None
    for one in chosen[many[chosen] > 0].tolist():
        if witnesses is not None:
            spoke = witnesses.of(one)[old]
            share = (np.bincount(customer[bought & (product == one)], minlength=len(old)) > 0)[old].astype(np.float64)
            yield Arrival(spoke - spoke.mean(axis=0), share / share.sum(), int(share.sum()))


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


def taste_lengths(bought: csr_matrix, terms: csr_matrix) -> Floats:
    """How long each customer's row of purchases × terms is; the rows themselves, hundreds of terms a product bought,
    are never there together: a million customers' would fill 12 GB."""
    found = np.zeros(bought.shape[0], np.float32)
    for start in range(0, bought.shape[0], ROWS):
        some = (bought[start : start + ROWS] @ terms).tocsr()
        found[start : start + ROWS] = np.sqrt(np.asarray(some.multiply(some).sum(axis=1)).ravel())
    return np.maximum(found, np.float32(1e-9))


def _log(values: Floats) -> Floats:
    """Logarithm against a tenth of the mean, so that nothing is not minus infinity."""
    floor = max(float(values.mean()) / 10 if len(values) else 0.0, 1e-9)
    found: Floats = np.log(values + floor).astype(np.float32)
    return found


def _row_sums(matrix: csr_matrix) -> Floats:
    sums: Floats = np.asarray(matrix.sum(axis=1), np.float32).ravel()
    return sums
