"""The blend: one score for what a customer buys next, one for what they would like and never bought.

Repeat purchase and discovery are two tasks with two winners, so there are two blends. The weights were tuned on
Online Retail before 2011-10-10 and checked on later weeks and on completejourney; `bench/recommending.py` shows what
they are worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array
from threadpoolctl import threadpool_limits

from .candidates.als import Factors, factorise
from .candidates.basket_knn import Neighbours
from .candidates.own_history import days_bought, own_frequency
from .candidates.popularity import recent_popularity
from .interactions import Floats, Interactions, Ints
from .reasons import Code, Reason, bought

NEXT_ALS, NEXT_POPULAR = 0.3, 0.1
"""next = own recent frequency · (popularity + FLOOR) ** LIFT + NEXT_ALS · ALS + NEXT_POPULAR · popularity."""
LIFT, FLOOR = 0.1, 0.01
"""Of two things bought equally often, the one that is in season comes first."""
NEW_POPULAR = 0.5
"""new = ALS + NEW_POPULAR · popularity, over what the customer never bought."""
CELLS = 8_000_000
"""Customers × products scored at once; 32 MB an array."""


class Block(NamedTuple):
    """Scores of the customers from `start` on, a row a customer; every part is scaled to at most 1."""

    start: int
    own: Floats
    als: Floats
    following: Floats
    new: Floats


class Blend:
    """All parts, computed once from the purchases; scores come in blocks, as all of them at once are too many."""

    def __init__(self, interactions: Interactions) -> None:
        self.interactions = interactions
        self.own: csr_matrix = own_frequency(interactions)
        self.days: csr_matrix = days_bought(interactions)
        popular = recent_popularity(interactions)
        self.popular: Floats = popular / max(float(popular.max(initial=0.0)), 1e-9)
        self.factors: Factors = factorise(interactions)

    def blocks(self) -> Iterator[Block]:
        """Every customer once, in order."""
        customers, products = self.own.shape
        size = max(1, CELLS // max(products, 1))
        with threadpool_limits(limits=1, user_api="blas"):
            for start in range(0, customers, size):
                yield self._block(start, min(start + size, customers))

    def _block(self, start: int, stop: int) -> Block:
        own = self.own[start:stop].toarray()
        als = _scaled(self.factors.customers[start:stop] @ self.factors.products.T)
        following = _scaled(_scaled(own) * (self.popular + FLOOR) ** LIFT)
        following += NEXT_ALS * als + NEXT_POPULAR * self.popular
        new = als + NEW_POPULAR * self.popular
        new[own > 0] = -np.inf
        return Block(start, own, als, following, new)


def best(scores: Floats, n: int) -> list[int]:
    """Positions of the up to `n` highest scores above nothing, best first, ties by position."""
    if n < len(scores):
        cut = np.partition(scores, len(scores) - n)[len(scores) - n]
        candidates = np.flatnonzero(scores >= cut)  # all that tie with the last one, so that ties never depend on luck
    else:
        candidates = np.arange(len(scores))
    candidates = candidates[scores[candidates] > 0]
    order = np.argsort(-scores[candidates], kind="stable")[:n]
    chosen: list[int] = candidates[order].tolist()
    return chosen


class Explainer:
    """Finds the true reason for each product of a customer's list."""

    def __init__(self, blend: Blend, found: Neighbours) -> None:
        self._blend = blend
        # Divided by all that goes with the cause: bread explains butter, and what lies in every cart explains nothing.
        total = np.maximum(np.asarray(found.score.sum(axis=1)).ravel(), 1e-9)
        self._bought_with = (diags_array((1 / total).astype(np.float32)) @ found.score).tocsc()
        self._products = blend.interactions.products

    def reasons(self, block: Block, row: int, chosen: list[int]) -> list[Reason]:
        """A reason for each of the chosen products of the customer in this row of the block."""
        days = self._blend.days
        customer = block.start + row
        begin, end = days.indptr[customer], days.indptr[customer + 1]
        bought_on = dict(zip(days.indices[begin:end].tolist(), days.data[begin:end].tolist(), strict=True))
        return [self._reason(block, row, product, bought_on) for product in chosen]

    def _reason(self, block: Block, row: int, product: int, bought_on: dict[int, float]) -> Reason:
        if product in bought_on:
            return bought(round(bought_on[product]))
        cause = self._cause(block.own[row], product)
        if cause is not None:
            return Reason(code=Code.BECAUSE, product=self._products[cause])
        if block.als[row, product] > NEW_POPULAR * self._blend.popular[product]:
            return Reason(code=Code.SIMILAR)
        return Reason(code=Code.POPULAR)

    def _cause(self, own: Floats, product: int) -> int | None:
        """What this customer bought, and recently or often, and with which others bought the product above all."""
        columns = self._bought_with
        begin, end = columns.indptr[product], columns.indptr[product + 1]
        causes: Ints = columns.indices[begin:end]
        weight: NDArray[np.float32] = columns.data[begin:end] * own[causes]
        if not len(weight):
            return None
        strongest = int(weight.argmax())
        return int(causes[strongest]) if weight[strongest] > 0 else None


def _scaled(scores: Floats) -> Floats:
    """Each row divided by its highest score; a row without any stays as it is."""
    top = np.maximum(scores.max(axis=1, keepdims=True, initial=0.0), 1e-9)
    scaled: Floats = (scores / top).astype(np.float32, copy=False)
    return scaled
