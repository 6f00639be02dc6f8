"""ALS: a factorisation of who bought what (Hu, Koren & Volinsky 2008, by `implicit`), for what is never yet bought.

Confidence is 1 + weight · Σ exp(-age / fade_days): time decay is worth more here than a cleverer factorisation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from ..agreed import ALS_REGULARIZATION, ALS_WEIGHT
from ..interactions import Floats, Interactions

FACTORS = 96
ITERATIONS = 12
FADE_DAYS = 30.0
SEED = 20101201


class Factors(NamedTuple):
    """customers × factors and products × factors; their product is the score."""

    customers: Floats
    products: Floats


def factorise(
    interactions: Interactions,
    *,
    factors: int = FACTORS,
    weight: float = ALS_WEIGHT,
    fade_days: float = FADE_DAYS,
    regularization: float = ALS_REGULARIZATION,
    iterations: int = ITERATIONS,
) -> Factors:
    """Fit the factors; the same purchases give the same factors."""
    # implicit costs half a second to import, and its parent package looks for a GPU: only a training needs it
    from implicit.cpu.als import AlternatingLeastSquares

    _customer, _product, age = interactions.purchase_days
    confidence = interactions.by_customer(weight * np.exp(-age / fade_days))
    confidence.data += 1.0
    # two OpenBLAS threads make the fit up to twice as slow, and implicit warns about them
    with threadpool_limits(limits=1, user_api="blas"):
        model = AlternatingLeastSquares(
            factors=factors, regularization=regularization, iterations=iterations, random_state=SEED
        )
        model.fit(confidence, show_progress=False)
    return Factors(model.user_factors, model.item_factors)
