"""What follows what: from a customer's days of purchase to their next one.

`transitions` is ridge regression from the decayed history to the next basket: the closed form of EASE (Steck 2019)
with the next basket as its target instead of the history itself. It learns what is bought again and what comes next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from ..interactions import Floats, Interactions, Ints
from .item_knn import damped, nearest, off_diagonal
from .rows import best_of_rows

FADE_DAYS = 120.0
RIDGE = 300.0
RECENT_DAYS = 100.0
"""A day teaches 1/e after so many days: what follows what changes with the season."""
PRODUCTS = 4_000
"""The most sold ones take part: the closed form costs their number to the third power."""
NEIGHBOURS = 300
"""Kept a product."""
TOGETHER_FADE_DAYS = 60.0
TOGETHER_DAMPING = 0.4
TOGETHER_NEIGHBOURS = 150
DAYS_BACK = 50
"""So many earlier days of a customer are looked back to."""


class DayBaskets(NamedTuple):
    """Days of purchase × products, the customer of each day and its age; by customer, earliest first."""

    baskets: csr_matrix
    customer: Ints
    age: Floats


def day_baskets(interactions: Interactions) -> DayBaskets:
    """What each customer bought on each of their days."""
    customer, product, age = interactions.purchase_days
    day = np.floor(age).astype(np.int64)
    span = int(day.max(initial=0)) + 1
    keys, place = np.unique(customer.astype(np.int64) * span + (span - 1 - day), return_inverse=True)
    ones = np.ones(len(place), np.float32)
    baskets = csr_matrix((ones, (place, product)), shape=(len(keys), len(interactions.products)))
    baskets.data[:] = 1.0
    return DayBaskets(baskets, (keys // span).astype(np.int32), (span - 1 - keys % span).astype(np.float32))


def latest_baskets(days: DayBaskets, customers: int) -> csr_matrix:
    """customers × products: the last day of each."""
    last = np.flatnonzero(np.append(days.customer[1:] != days.customer[:-1], np.ones(min(len(days.customer), 1), bool)))
    ones = np.ones(len(last), np.float32)
    chosen = csr_matrix((ones, (days.customer[last], last)), shape=(customers, len(days.customer)))
    return (chosen @ days.baskets).tocsr()


def together(days: DayBaskets, *, fade_days: float = TOGETHER_FADE_DAYS) -> csr_matrix:
    """products × products: bought on the same days; a day of n products counts n ** -0.5, and fades."""
    size = np.maximum(np.diff(days.baskets.indptr), 1)
    weight = np.sqrt(np.exp(-days.age / fade_days) * size**-0.5).astype(np.float32)
    weighed = damped(csr_matrix(diags_array(weight) @ days.baskets), power=TOGETHER_DAMPING)
    return off_diagonal(nearest(weighed, keep=TOGETHER_NEIGHBOURS))


def transitions(days: DayBaskets, *, fade_days: float = FADE_DAYS, ridge: float = RIDGE) -> csr_matrix:
    """products × products: how much a decayed purchase of the row speaks for the column in the next basket."""
    from scipy.linalg import cho_factor, cho_solve  # costs start-up time, and only a training needs it

    size = days.baskets.shape[1]
    sold = np.bincount(days.baskets.indices, minlength=size)
    part = np.sort(np.argsort(-sold, kind="stable")[:PRODUCTS]).astype(np.int32)
    before = _decayed_before(days, fade_days=fade_days)
    follows = np.flatnonzero(np.diff(before.indptr) > 0)
    if not len(follows):
        return csr_matrix((size, size), dtype=np.float32)
    weight = diags_array(np.exp(-days.age[follows] / (2 * RECENT_DAYS)).astype(np.float32))
    history = (weight @ before[follows][:, part]).tocsr()
    basket = (weight @ days.baskets[follows][:, part]).tocsr()
    gram = (history.T @ history).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += ridge
    both = (history.T @ basket).toarray().astype(np.float32)
    learnt = cho_solve(cho_factor(gram, overwrite_a=True, check_finite=False), both, True, check_finite=False)
    kept = best_of_rows(csr_matrix(np.maximum(learnt, 0)), NEIGHBOURS).tocoo()
    return csr_matrix((kept.data, (part[kept.row], part[kept.col])), shape=(size, size), dtype=np.float32)


def _decayed_before(days: DayBaskets, *, fade_days: float) -> csr_matrix:
    """For each day the same customer's earlier days, each counted exp(-gap / fade_days)."""
    place = np.arange(len(days.customer))
    number = place - np.searchsorted(days.customer, days.customer, side="left")
    rows: list[Ints] = []
    columns: list[Ints] = []
    for back in range(1, min(int(number.max(initial=0)), DAYS_BACK) + 1):
        later = np.flatnonzero(number >= back).astype(np.int32)
        rows.append(later)
        columns.append(later - np.int32(back))
    if not rows:
        return csr_matrix(days.baskets.shape, dtype=np.float32)
    row, column = np.concatenate(rows), np.concatenate(columns)
    data = np.exp(-(days.age[column] - days.age[row]) / fade_days).astype(np.float32)
    sums = csr_matrix((data, (row, column)), shape=(len(place), len(place)))
    return (sums @ days.baskets).tocsr()
