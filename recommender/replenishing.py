"""Replenishing: when somebody is likely to need a product again, from their own rhythm and from everybody's.

Intervals are days between two purchases of a product by the same customer, on a log scale. A mean of few of them says
little, so each level borrows from the one above: the person from the product, the product from its category, the
category from the shop, by credibility (Bühlmann & Straub, "Glaubwürdigkeit für Schadensätze", 1970; an empirical-Bayes
estimate): a mean of n observations counts n / (n + s²/a), where s² is the variance within groups and a that between
them, both estimated from the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats, Ints
from .interactions import Interactions

LONGEST_GAP = 180.0
"""Days. Longer breaks say that somebody stopped, not how long a package lasts."""
LEAST_TIMES = 3
"""Days of purchase from which on a product is thought to be somebody's habit."""
Doubles = NDArray[np.float64]


class Due(NamedTuple):
    """A habit: the customer's last purchase was `age` days ago, the next is expected `gap` days after it.

    `times`: on how many days it was bought. `own`: the share of the person's own rhythm in `gap`, 0 to 1.
    """

    customer: int
    product: str
    age: float
    gap: float
    times: int
    own: float

    @property
    def due_in(self) -> timedelta:
        """From the moment of asking; negative where the day has passed."""
        return timedelta(days=self.gap - self.age)


@dataclass(frozen=True)
class Rhythms:
    """One entry a pair of customer and product (their places in `interactions`). `gap` in days."""

    customer: Ints
    product: Ints
    age: Floats
    times: Ints
    last_gap: Floats
    gap: Floats
    own: Floats


def rhythms(interactions: Interactions, category: Sequence[str]) -> Rhythms:
    """The expected interval of every pair.

    Args:
        category: of each product of `interactions`; empty where nobody knows.
    """
    customer, product, age = interactions.purchase_days
    key = customer.astype(np.int64) * max(len(interactions.products), 1) + product
    order = np.lexsort((-age, key))  # of each pair the oldest first
    key, age = key[order], age[order].astype(np.float64)
    pairs, first, times = np.unique(key, return_index=True, return_counts=True)
    pair_of = np.repeat(np.arange(len(pairs)), times)
    follows = np.flatnonzero(pair_of[1:] == pair_of[:-1]) + 1
    gaps = age[follows - 1] - age[follows]
    kept = (gaps >= 1) & (gaps <= LONGEST_GAP)
    of_pair, logs = pair_of[follows[kept]], np.log(gaps[kept])
    pair_customer = customer[order][first]
    pair_product = product[order][first]
    names, of_category = np.unique(np.asarray(category, dtype=object).astype(str), return_inverse=True)
    whole = float(logs.mean()) if len(logs) else float(np.log(30.0))
    shelf, _ = _credible(logs, of_category[pair_product[of_pair]], np.full(len(names), whole))
    goods, _ = _credible(logs, pair_product[of_pair], shelf[of_category])
    mine, own = _credible(logs, of_pair, goods[pair_product])
    last = first + times - 1
    last_gap = np.full(len(pairs), np.nan)
    last_gap[times > 1] = (age[np.maximum(last - 1, 0)] - age[last])[times > 1]
    return Rhythms(
        pair_customer, pair_product, age[last].astype(np.float32), times.astype(np.int32),
        last_gap.astype(np.float32), np.exp(mine).astype(np.float32), own.astype(np.float32),
    )  # fmt: skip


def due_soon(
    interactions: Interactions, category: Sequence[str], *, within: float, overdue: float = 0.0,
    least_times: int = LEAST_TIMES,
) -> list[Due]:  # fmt: skip
    """Habits whose next purchase is expected from `overdue` days ago to `within` days from now; the surest first."""
    found = rhythms(interactions, category)
    rest = found.gap - found.age
    rows = np.flatnonzero((found.times >= least_times) & (rest >= -overdue) & (rest < within))
    rows = rows[np.lexsort((found.age[rows], -found.times[rows]))]
    return [
        Due(
            int(interactions.customers[found.customer[row]]), interactions.products[found.product[row]],
            float(found.age[row]), float(found.gap[row]), int(found.times[row]), float(found.own[row]),
        )
        for row in rows.tolist()
    ]  # fmt: skip


def _credible(values: Doubles, group: NDArray[Any], prior: Doubles) -> tuple[Doubles, Doubles]:
    """Each group's mean drawn towards its prior, and how much of it is the group's own.

    Method of moments (Bühlmann & Straub 1970; Klugman, Panjer, Willmot, "Loss Models", 20.4): s² is the pooled
    variance within groups, a = (Σ n(mean - prior)² - k·s²) / Σ n over the k groups with observations, never negative.
    """
    size = len(prior)
    count = np.bincount(group, minlength=size).astype(np.float64)
    mean = np.divide(np.bincount(group, values, minlength=size), count, out=prior.copy(), where=count > 0)
    groups = int((count > 0).sum())
    freedom = len(values) - groups
    if freedom <= 0:
        return prior.copy(), np.zeros(size)
    s2 = float(((values - mean[group]) ** 2).sum()) / freedom
    between = max((float((count * (mean - prior) ** 2).sum()) - groups * s2) / float(count.sum()), 1e-9)
    credibility = np.divide(count, count + s2 / between, out=np.zeros(size), where=count > 0)
    return credibility * mean + (1 - credibility) * prior, credibility
