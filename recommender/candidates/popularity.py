"""Recent popularity: how many customers buy a product at present. The answer for strangers, and a tie-breaker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..interactions import Floats, Interactions

FADE_DAYS = 10.0
"""A purchase counts 1/e after so many days."""
REGION_FADE_DAYS = 30.0
"""Longer for regions: they have fewer purchases."""
PRIOR = 50.0
REGION_DAYS = 3 * REGION_FADE_DAYS
REGION_BUYERS = 2
"""Popular in a region is only what so many of its customers bought in so many days."""


def recent_popularity(interactions: Interactions, *, fade_days: float = FADE_DAYS) -> Floats:
    """One number a product: its (customer, day) purchases, each counted exp(-age / fade_days)."""
    _customer, product, age = interactions.purchase_days
    counts = np.bincount(product, weights=np.exp(-age / fade_days), minlength=len(interactions.products))
    return counts.astype(np.float32)


def popular_within(
    interactions: Interactions, region: Sequence[str], *, fade_days: float = REGION_FADE_DAYS, prior: float = PRIOR
) -> dict[str, Floats]:
    """Recent popularity in each region (`region` has an entry a customer, empty where unknown).

    A small region is pulled towards everybody's taste as if `prior` more purchases of the shop's mix had been made
    there, so that three orders don't make a best-seller. What fewer than `REGION_BUYERS` of its customers bought
    lately is not popular there: 0.
    """
    customer, product, age = interactions.purchase_days
    everywhere = recent_popularity(interactions, fade_days=fade_days)
    mix = everywhere / max(float(everywhere.sum()), 1e-9)
    weights = np.exp(-age / fade_days)
    where = np.array(region, dtype=str)[customer] if len(customer) else np.empty(0, str)
    found = {}
    for name in sorted(set(region) - {""}):
        here = where == name
        scores = np.bincount(product[here], weights=weights[here], minlength=len(mix)) + prior * mix
        lately = here & (age <= REGION_DAYS)
        bought = np.unique(np.column_stack([customer[lately], product[lately]]), axis=0)[:, 1]
        scores[np.bincount(bought, minlength=len(mix)) < REGION_BUYERS] = 0
        found[name] = scores.astype(np.float32)
    return found


def popular_of(popular: Floats, category: Sequence[str], *, n: int) -> dict[str, list[int]]:
    """The `n` most popular products of each category (an entry a product); never one without any recent sale."""
    found: dict[str, list[int]] = {}
    for product in np.argsort(-popular, kind="stable").tolist():
        ranked = found.setdefault(category[product], [])
        if len(ranked) < n and popular[product] > 0:
            ranked.append(product)
    return {name: ranked for name, ranked in found.items() if name and ranked}
