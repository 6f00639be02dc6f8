"""What goes with a product, and what completes a cart: pair counts for the one, EASE and content for the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from .agreed import SIMILAR
from .candidates import content
from .candidates.basket_ease import completing
from .candidates.basket_knn import Neighbours, neighbours, nudged
from .candidates.next_basket import day_baskets
from .candidates.rows import best_of_rows
from .catalogue import Catalogue
from .interactions import Interactions, Ints


class Together:
    """Fitted once; `scores` has a row a cart."""

    def __init__(self, known: Interactions, catalogue: Catalogue | None = None) -> None:
        self.known = known
        self.completing: csr_matrix = completing(day_baskets(known))
        size = len(known.products)
        self.similar: csr_matrix = (
            content.alike(content.described(catalogue)) if catalogue else csr_matrix((size, size), dtype=np.float32)
        )
        self.pairs: Neighbours = nudged(neighbours(known), self.similar)

    def with_product(self, product: int, *, n: int) -> Ints:
        """Up to `n` products that lie in the same baskets, best first; then those described alike."""
        together = _ranked(self.pairs.score[product], n, without=[product])
        alike = _ranked(self.similar[product], n, without=[product, *together.tolist()])
        return np.concatenate([together, alike])[:n]

    def for_cart(self, cart: Sequence[int], *, n: int) -> Ints:
        """Up to `n` products that complete the cart, best first; none that lies in it."""
        inside = sorted({product for product in cart if 0 <= product < len(self.known.products)})
        if not inside:
            return np.empty(0, np.int32)
        if len(inside) == 1:
            return self.with_product(inside[0], n=n)
        asked = csr_matrix(
            (np.ones(len(inside), np.float32), inside, [0, len(inside)]), shape=(1, len(self.known.products))
        )
        scores = _to_one(asked @ self.completing) + SIMILAR * _to_one(asked @ self.similar)
        return _ranked(scores, n, without=inside)


def _to_one(scores: csr_matrix) -> csr_matrix:
    scores = scores.tocsr()
    top = np.maximum(scores.max(axis=1).toarray().ravel(), 1e-9)
    return csr_matrix(diags_array((1 / top).astype(np.float32)) @ scores)


def _ranked(row: csr_matrix, n: int, *, without: Sequence[int]) -> Ints:
    row = best_of_rows(row.tocsr(), n + len(without))
    wanted = (row.data > 0) & ~np.isin(row.indices, without)
    products, scores = row.indices[wanted], row.data[wanted]
    best: Ints = products[np.lexsort((products, -scores))][:n].astype(np.int32)
    return best
