"""Session neighbours: what comes next in a visit, from the recent visits that went alike; knows no customer.

V-SkNN (Ludewig & Jannach 2018) with the position and recency weights of STAN (Garg et al. 2019), the most recent
visits of each product only, as in Serenade's VMIS-kNN (Kersbergen et al. 2022), blended with sequential rules
(Ludewig & Jannach 2018: after a came b, the closer the more). A question takes some tenths of a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..interactions import Floats, Ints
from .rows import best_of_rows

RULE_STEPS = 8
"""A rule joins two steps of a visit that lie at most so far apart."""
RULES = 200
"""Kept a product."""
LONGEST = 40
"""Of a longer visit its last so many steps count."""
DAY = 86_400.0


class ClickLog(NamedTuple):
    """Steps of visits, in any order: the visit, the product (from 0) and the moment in seconds of each."""

    session: NDArray[np.int64]
    product: Ints
    at: NDArray[np.float64]

    def in_order(self) -> ClickLog:
        """By visit, then by time; steps of the same moment stay in the order given."""
        order = np.lexsort((self.at, self.session))
        return ClickLog(self.session[order], self.product[order], self.at[order])

    def bounds(self) -> NDArray[np.int64]:
        """Where each visit of a log in order begins, and the end of the last."""
        return np.flatnonzero(np.concatenate([[True], self.session[1:] != self.session[:-1], [True]]))[
            : None if len(self.session) else 1
        ]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`tuned_settings` finds those that fit a log."""

    neighbours: int = 150
    """Visits that vote."""
    recent: int = 800
    """Of each product the latest so many visits are compared."""
    fade_steps: float = 2.0
    """A step of the question counts 1/e so many steps before the present one."""
    fade_days: float = 30.0
    """A visit votes 1/e after so many days."""
    near: float = 6.0
    """In a neighbour a product votes 1/e so many steps from where both visits last met."""
    rarity: float = 0.5
    """A voted product is weighed by its inverse frequency to this power."""
    rules: float = 0.6
    """Weight of the sequential rules beside the neighbours; both are divided by their highest score."""
    again: float = 1.0
    """What was already looked at in this visit keeps this share of its score."""


class SessionNeighbours:
    """Fitted once on a log; then asked with the products of a visit, the latest last."""

    def __init__(self, log: ClickLog, *, products: int, settings: Settings | None = None) -> None:
        log = log.in_order()
        self.settings = settings or Settings()
        self.products = products
        self._bounds = log.bounds()
        visits = len(self._bounds) - 1
        self._product = log.product.astype(np.int32)
        self._ends_at = log.at[self._bounds[1:] - 1]
        self._now = float(self._ends_at.max(initial=0.0))
        self._visits = self._by_product(visits)
        self._rules = sequential_rules(log, products)
        seen = np.bincount(self._product, minlength=products)
        self._rarity = np.log1p(max(visits, 1) / np.maximum(seen, 1)).astype(np.float32)

    def scores(self, visit: Sequence[int], *, now: float | None = None) -> tuple[Ints, Floats]:
        """Products with a score above 0, in no order. Unknown products in the visit are passed over."""
        steps = [product for product in visit if 0 <= product < self.products][-LONGEST:]
        if not steps:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        total = self._by_neighbours(steps, self._now if now is None else now)
        begin, end = self._rules.indptr[steps[-1]], self._rules.indptr[steps[-1] + 1]
        if begin < end and self.settings.rules:
            rules = self._rules.data[begin:end]
            total[self._rules.indices[begin:end]] += self.settings.rules * rules / rules.max()
        if self.settings.again != 1.0:
            total[steps] *= self.settings.again
        found = np.flatnonzero(total > 0).astype(np.int32)
        return found, total[found]

    def ranked(self, visit: Sequence[int], *, n: int, now: float | None = None) -> Ints:
        """The `n` best, ties by the lower number."""
        found, scores = self.scores(visit, now=now)
        if len(found) > n:
            cut = np.partition(scores, len(scores) - n)[len(scores) - n]
            found, scores = found[scores >= cut], scores[scores >= cut]
        best: Ints = found[np.argsort(-scores, kind="stable")[:n]]
        return best

    def _by_neighbours(self, steps: list[int], now: float) -> Floats:
        settings = self.settings
        total = np.zeros(self.products, np.float32)
        latest = {product: place for place, product in enumerate(steps)}
        lists, weights = [], []
        for product, place in latest.items():
            visits = self._visits.indices[self._visits.indptr[product] : self._visits.indptr[product + 1]]
            lists.append(visits)
            weights.append(np.full(len(visits), np.exp((place + 1 - len(steps)) / settings.fade_steps), np.float32))
        visits, number = np.unique(np.concatenate(lists), return_inverse=True)
        if not len(visits):
            return total
        alike = np.bincount(number, weights=np.concatenate(weights))
        sizes = self._bounds[visits + 1] - self._bounds[visits]
        age = np.maximum(now - self._ends_at[visits], 0) / DAY
        alike = alike / np.sqrt(sizes) * np.exp(-age / settings.fade_days)
        if len(visits) > settings.neighbours:
            best = np.argpartition(alike, len(alike) - settings.neighbours)[-settings.neighbours :]
            visits, alike, sizes = visits[best], alike[best], sizes[best]
        self._vote(total, visits, alike, sizes, latest)
        top = total.max()
        return total / top if top > 0 else total

    def _vote(self, total: Floats, visits: Ints, alike: Floats, sizes: Ints, latest: dict[int, int]) -> None:
        ends = np.cumsum(sizes)
        number = np.repeat(np.arange(len(visits)), sizes)
        position = np.arange(int(ends[-1])) - np.repeat(ends - sizes, sizes)
        products = self._product[np.repeat(self._bounds[visits], sizes) + position]
        known = np.fromiter(latest, np.int32, len(latest))
        place_of = np.full(self.products, -1, np.int32)
        place_of[known] = np.fromiter(latest.values(), np.int32, len(latest))
        place = place_of[products]
        # where both visits last met: the neighbour's step whose product came latest in the present one
        met = np.maximum.reduceat(place * (LONGEST * 1000) + np.minimum(position, 999), ends - sizes) % (LONGEST * 1000)
        near = np.exp(-np.abs(position - met[number]) / self.settings.near)
        votes = alike[number] * near * self._rarity[products] ** self.settings.rarity
        total += np.bincount(products, weights=votes, minlength=self.products).astype(np.float32)

    def _by_product(self, visits: int) -> csr_matrix:
        """products × visits: the latest of each product, as many as are compared."""
        visit = np.repeat(np.arange(visits), np.diff(self._bounds))
        newness = np.empty(visits, np.float32)
        newness[np.argsort(self._ends_at, kind="stable")] = np.arange(1, visits + 1)
        seen = csr_matrix((np.ones(len(visit), np.float32), (self._product, visit)), shape=(self.products, visits))
        seen.sum_duplicates()
        seen.data = newness[seen.indices]
        return best_of_rows(seen, self.settings.recent)


def sequential_rules(log: ClickLog, products: int) -> csr_matrix:
    """products × products: after the row came the column, 1 / the steps between; `log` in order."""
    rows, columns, weights = [], [], []
    for apart in range(1, RULE_STEPS + 1):
        together = log.session[apart:] == log.session[:-apart]
        rows.append(log.product[:-apart][together])
        columns.append(log.product[apart:][together])
        weights.append(np.full(int(together.sum()), 1.0 / apart, np.float32))
    rules = csr_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(products, products)
    )
    return best_of_rows(rules, RULES)
