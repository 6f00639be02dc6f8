"""EASE on baskets: what completes a cart (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data").

The closed form discounts what the cart's other products already explain, which counting pairs can't; hence better for
several products at once, and worse for a single one.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from .next_basket import PRODUCTS, DayBaskets
from .rows import best_of_rows

FADE_DAYS = 250.0
RIDGE = 20.0
NEIGHBOURS = 400
"""Kept a product; of these also what speaks against, as the strongest of either sign count."""


def completing(days: DayBaskets, *, fade_days: float = FADE_DAYS, ridge: float = RIDGE) -> csr_matrix:
    """products × products: how much the row in the cart speaks for (or against) the column; the most sold take part."""
    from scipy.linalg import cho_factor, cho_solve  # costs start-up time, and only a training needs it

    size = days.baskets.shape[1]
    sold = np.bincount(days.baskets.indices, minlength=size)
    part = np.sort(np.argsort(-sold, kind="stable")[:PRODUCTS]).astype(np.int32)
    part = part[sold[part] > 0]
    if not len(part):
        return csr_matrix((size, size), dtype=np.float32)
    baskets = days.baskets[:, part]
    gram = (baskets.T @ (diags_array(np.exp(-days.age / fade_days)) @ baskets)).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = cho_solve(cho_factor(gram, overwrite_a=True, check_finite=False), np.eye(len(part)), check_finite=False)
    weights = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    strongest = best_of_rows(csr_matrix(np.abs(weights)), NEIGHBOURS).tocoo()
    data = weights[strongest.row, strongest.col]
    return csr_matrix((data, (part[strongest.row], part[strongest.col])), shape=(size, size))
