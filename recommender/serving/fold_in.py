"""Fold-in: what somebody's deeds say of some products, without training anew.

Half a step of the alternation that found the factors (Hu, Koren & Volinsky 2008, section 4) for one person, with the
products as they are. The equation is as large as the number of deeds, not of factors (Woodbury), so it costs
some hundredths of a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..agreed import ALS_REGULARIZATION, ALS_WEIGHT
from ..arrays import Floats, Ints


def inverse_of(factors: Floats) -> Floats:
    """factors × factors, computed once: the inverse of the products' Gram matrix with the regularization added."""
    size = factors.shape[1]
    factors = factors.astype(np.float64)
    found: Floats = np.linalg.inv(factors.T @ factors + ALS_REGULARIZATION * np.eye(size)).astype(np.float32)
    return found


def taste(factors: Floats, inverse: Floats, weights: Mapping[int, float]) -> Floats:
    """The factors of somebody whose deeds weigh so much, by product number; zeros where nothing is liked."""
    liked = {number: weight for number, weight in weights.items() if weight > 0 and 0 <= number < len(factors)}
    if not liked:
        return np.zeros(factors.shape[1], np.float32)
    rows = factors.take(list(liked), axis=0)
    extra = ALS_WEIGHT * np.fromiter(liked.values(), np.float32, len(liked))
    wanted = rows.T @ (1.0 + extra)
    through = inverse @ rows.T
    small = np.diag(1.0 / extra) + rows @ through
    plain = inverse @ wanted
    found: Floats = (plain - through @ np.linalg.solve(small, rows @ plain)).astype(np.float32)
    return found


def scores(factors: Floats, inverse: Floats, weights: Mapping[int, float], *, of: Ints) -> Floats:
    """One number for each of the products `of`."""
    found: Floats = factors.take(of, axis=0) @ taste(factors, inverse, weights)
    return found
