"""Product page and cart: each product of a later basket asks for the rest, and a random half asks for the other.

Asked are the days of purchase after the cut, whoever bought, with the products sold before it; figures are means over
baskets (for the product page, the mean of its products first).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..candidates.next_basket import day_baskets
from ..evaluation import figures
from ..interactions import Interactions, Ints
from ..time_cuts import known_before

SEED = 0
SMALLEST = 4
"""Products at least, so that each half has two: leaves 2,247 days of the test cut, the protocol's number."""


class CartFigures(NamedTuple):
    """NDCG@10 of each basket; the product page also over all its questions."""

    product_page: NDArray[np.float64]
    product_questions: NDArray[np.float64]
    cart: NDArray[np.float64]


class Companions(Protocol):
    """What is judged: the `Together` of a training, or what a shop serves."""

    def with_product(self, product: int, *, n: int) -> Ints:
        """Up to `n` products for a product's page."""

    def for_cart(self, cart: Sequence[int], *, n: int) -> Ints:
        """Up to `n` products that complete a cart."""


def judged(together: Companions, baskets: list[list[int]]) -> CartFigures:
    """How well it foresees the rest of each basket."""
    draw = np.random.default_rng(SEED)
    shown: dict[int, list[int]] = {}
    page: list[NDArray[np.float64]] = []
    halves, rest = {}, {}
    for number, basket in enumerate(baskets):
        for product in basket:
            if product not in shown:
                shown[product] = together.with_product(product, n=10).tolist()
        targets = {product: frozenset(basket) - {product} for product in basket}
        page.append(figures(shown, targets).ndcg)
        mixed = draw.permutation(basket).tolist()
        halves[number] = together.for_cart(mixed[: len(mixed) // 2], n=10).tolist()
        rest[number] = frozenset(mixed[len(mixed) // 2 :])
    return CartFigures(
        np.array([one.mean() for one in page]), np.concatenate([np.empty(0), *page]), figures(halves, rest).ndcg
    )


def baskets_after(
    interactions: Interactions, days: float, *, window: float, smallest: int = SMALLEST
) -> list[list[int]]:
    """What was bought on each customer's day after the cut, of products sold before it: `smallest` at least."""
    customer_days = day_baskets(interactions)
    later = np.flatnonzero((customer_days.age < days) & (customer_days.age >= days - window))
    known = np.bincount(known_before(interactions, days).line_product, minlength=len(interactions.products)) > 0
    chosen = customer_days.baskets[later]
    parts = [chosen.indices[begin:end] for begin, end in pairwise(chosen.indptr.tolist())]
    baskets = [part[known[part]].tolist() for part in parts]
    return [basket for basket in baskets if len(basket) >= smallest]
