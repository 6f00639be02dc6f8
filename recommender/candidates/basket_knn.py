"""Basket neighbours: which products lie in the same orders. For product pages, the cart, and the reason "because"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from ..agreed import TOGETHER_FROM
from ..interactions import Floats, Interactions, Ints
from .popularity import recent_popularity
from .rows import at, row_of_entries

NEIGHBOURS = 100
"""Kept a product."""
FADE_DAYS = (250.0, 30.0)
"""An order counts 1/e after so many days, once slowly and once fast: what goes together, and what does just now."""
SIZE_POWER = 0.5
"""An order of n products counts n ** -SIZE_POWER a pair: a hundred lines say little about any two of them."""
POPULARITY_POWER = 0.3
"""A neighbour's score is divided by its own weight to this power: what lies in every cart goes with nothing."""
IN_SEASON, OUT_OF_SEASON = 0.3, 0.01
"""… and multiplied by (recent popularity + OUT_OF_SEASON) ** IN_SEASON: of two companions the one that sells now."""
LIKENESS = 0.05
"""Added for a description alike, as a share of the row's highest score."""
ROWS = 2_000
"""Products whose pairs are counted at once; bounds the memory."""


class Neighbours(NamedTuple):
    """products × products, at most `NEIGHBOURS` a row: the score, and in how many orders both lie."""

    score: csr_matrix
    orders: csr_matrix


def neighbours(
    interactions: Interactions,
    *,
    keep: int = NEIGHBOURS,
    fade_days: Sequence[float] = FADE_DAYS,
    size_power: float = SIZE_POWER,
    popularity_power: float = POPULARITY_POWER,
    together_from: int = TOGETHER_FROM,
) -> Neighbours:
    """Score every pair by the orders that hold both: Σ exp(-age / fade_days) · size ** -size_power, over all fades."""
    baskets = interactions.by_order()
    size = np.asarray(baskets.sum(axis=1)).ravel()
    fresh = sum((np.exp(-interactions.order_age / days) for days in fade_days), np.zeros(len(size), np.float32))
    weight = fresh * np.maximum(size, 1) ** -size_power
    recent = recent_popularity(interactions)
    in_season = (recent / max(float(recent.max(initial=0.0)), 1e-9) + OUT_OF_SEASON) ** IN_SEASON
    weight_of_product = np.maximum(baskets.T @ weight, 1e-9)
    damping = weight_of_product**-popularity_power * in_season
    # One product of matrices gives both sums: the real part adds up the weights, the imaginary part counts orders.
    both = (diags_array(weight.astype(np.complex64) + 1j) @ baskets).tocsr()
    products = baskets.T.tocsr()
    parts = [
        _best(products[start : start + ROWS] @ both, start, damping, keep, together_from)
        for start in range(0, products.shape[0], ROWS)
    ]
    return _matrices(parts, products.shape[0])


class _Part(NamedTuple):
    row: Ints
    column: Ints
    score: Floats
    orders: Floats


def _best(pairs: csr_matrix, start: int, damping: Floats, keep: int, together_from: int) -> _Part:
    row = np.repeat(np.arange(pairs.shape[0], dtype=np.int32), np.diff(pairs.indptr))
    wanted = (pairs.data.imag >= together_from) & (row + start != pairs.indices)
    row, column, sums = row[wanted], pairs.indices[wanted], pairs.data[wanted]
    score = sums.real * damping[column]
    order = np.lexsort((column, -score, row))  # within a row best first, ties by number
    row = row[order]
    place = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    best = order[place < keep]
    return _Part(
        row[place < keep] + np.int32(start), column[best], score[best].astype(np.float32), sums.imag[best].astype("f4")
    )


def _matrices(parts: list[_Part], size: int) -> Neighbours:
    row, column, score, orders = (
        (np.concatenate(arrays) for arrays in zip(*parts, strict=True)) if parts else (np.empty(0, np.int32),) * 4
    )
    shape = (size, size)
    return Neighbours(csr_matrix((score, (row, column)), shape=shape), csr_matrix((orders, (row, column)), shape=shape))


def nudged(found: Neighbours, alike: csr_matrix, *, weight: float = LIKENESS) -> Neighbours:
    """The same pairs; of two companions the one described more like the product comes first (`content.alike`)."""
    if not found.score.nnz:
        return found
    row = row_of_entries(found.score)
    top = found.score.max(axis=1).toarray().ravel()
    score = found.score.copy()
    score.data = score.data + weight * top[row] * at(alike, row, score.indices)
    return Neighbours(score, found.orders)


def ranked(found: Neighbours, n: int) -> Iterator[tuple[int, Ints, Ints]]:
    """Product, its neighbours best first (at most `n`), and in how many orders each lies with it."""
    score, orders = found
    for product in range(score.shape[0]):
        begin, end = score.indptr[product], score.indptr[product + 1]
        if begin < end:
            best = np.argsort(-score.data[begin:end], kind="stable")[:n] + begin
            yield product, score.indices[best], orders.data[best].astype(np.int32)
