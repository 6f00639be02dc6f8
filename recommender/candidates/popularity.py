"""Recent popularity: how many customers buy a product at present. The answer for strangers, and a tie-breaker."""

from __future__ import annotations

import numpy as np

from ..interactions import Floats, Interactions

FADE_DAYS = 10.0
"""A purchase counts 1/e after so many days."""


def recent_popularity(interactions: Interactions, *, fade_days: float = FADE_DAYS) -> Floats:
    """One number a product: its (customer, day) purchases, each counted exp(-age / fade_days)."""
    _customer, product, age = interactions.purchase_days
    counts = np.bincount(product, weights=np.exp(-age / fade_days), minlength=len(interactions.products))
    return counts.astype(np.float32)
