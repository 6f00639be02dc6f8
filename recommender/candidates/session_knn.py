"""Session neighbours: what comes next in a visit, from the recent visits that went alike; knows no customer.

V-SkNN (Ludewig & Jannach 2018) with the position and recency weights of STAN (Garg et al. 2019), the most recent
visits of each product only, as in Serenade's VMIS-kNN (Kersbergen et al. 2022), blended with sequential rules
(Ludewig & Jannach 2018: after a came b, the closer the more). A question takes some tenths of a millisecond.

Here is the answering, with numpy alone and from arrays that may be mapped; `session_fitting` makes them of a log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Ints

LONGEST = 40
"""Of a longer visit its last so many steps count."""
DAY = 86_400.0


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


class Foreseen(NamedTuple):
    """Products with a score above 0, by number; `because` is the product of the visit that speaks for each most."""

    products: Ints
    scores: Floats
    because: Ints


NOTHING = Foreseen(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int32))


class SessionNeighbours:
    """Asked with the products of a visit, the latest last.

    `arrays` are those of `session_fitting.fitted_arrays`: of each visit where its steps begin (`bounds`) and when it
    ended (`ends_at`), the steps' products (`product`), the latest visits of each product (`visits`, `visits_at`), the
    rules (`rules`, `rules_weight`, `rules_at`; `_at` are the bounds of each product's rows), and `rarity` a product.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], *, settings: Settings | None = None) -> None:
        self.arrays = arrays
        self.settings = settings or Settings()
        self.products = len(arrays["rarity"])
        self._bounds, self._ends_at, self._product = arrays["bounds"], arrays["ends_at"], arrays["product"]
        self._visits, self._visits_at = arrays["visits"], arrays["visits_at"]
        self._rules, self._rules_weight, self._rules_at = arrays["rules"], arrays["rules_weight"], arrays["rules_at"]
        self._rarity = arrays["rarity"]
        self._now = float(self._ends_at.max(initial=0.0))

    def foreseen(self, visit: Sequence[int], *, now: float | None = None) -> Foreseen:
        """What may come next. Unknown products in the visit are passed over."""
        steps = [product for product in visit if 0 <= product < self.products][-LONGEST:]
        if not steps:
            return NOTHING
        by_visits = self._by_neighbours(steps, self._now if now is None else now)
        by_rules = self._by_rules(steps[-1])
        found, place = np.unique(np.concatenate([by_visits.products, by_rules.products]), return_inverse=True)
        split = len(by_visits.products)
        total, because = np.zeros(len(found), np.float32), np.full(len(found), -1, np.int32)
        total[place[split:]] = by_rules.scores
        because[place[split:]] = by_rules.because
        stronger = by_visits.scores >= total[place[:split]]
        total[place[:split]] += by_visits.scores
        because[place[:split][stronger]] = by_visits.because[stronger]
        if self.settings.again != 1.0:
            total[np.isin(found, steps)] *= self.settings.again
        kept = total > 0
        return Foreseen(found[kept].astype(np.int32), total[kept], because[kept])

    def scores(self, visit: Sequence[int], *, now: float | None = None) -> tuple[Ints, Floats]:
        """Products with a score above 0, by number."""
        return self.foreseen(visit, now=now)[:2]

    def ranked(self, visit: Sequence[int], *, n: int, now: float | None = None) -> Ints:
        """The `n` best, ties by the lower number."""
        found, scores = self.scores(visit, now=now)
        if len(found) > n:
            cut = np.partition(scores, len(scores) - n)[len(scores) - n]
            found, scores = found[scores >= cut], scores[scores >= cut]
        best: Ints = found[np.argsort(-scores, kind="stable")[:n]]
        return best

    def _by_rules(self, step: int) -> Foreseen:
        begin, end = int(self._rules_at[step]), int(self._rules_at[step + 1])
        if begin == end or not self.settings.rules:
            return NOTHING
        weights = self._rules_weight[begin:end]
        scores = (self.settings.rules * weights / weights.max()).astype(np.float32)
        return Foreseen(self._rules[begin:end], scores, np.full(end - begin, step, np.int32))

    def _by_neighbours(self, steps: list[int], now: float) -> Foreseen:
        settings = self.settings
        latest = {product: place for place, product in enumerate(steps)}
        lists, weights = [], []
        for product, place in latest.items():
            visits = self._visits[int(self._visits_at[product]) : int(self._visits_at[product + 1])]
            lists.append(visits)
            weights.append(np.full(len(visits), np.exp((place + 1 - len(steps)) / settings.fade_steps), np.float32))
        visits, number = np.unique(np.concatenate(lists), return_inverse=True)
        if not len(visits):
            return NOTHING
        alike = np.bincount(number, weights=np.concatenate(weights))
        begins = self._bounds[visits]
        sizes = self._bounds[visits + 1] - begins
        age = np.maximum(now - self._ends_at[visits], 0) / DAY
        alike = alike / np.sqrt(sizes) * np.exp(-age / settings.fade_days)
        if len(visits) > settings.neighbours:
            best = np.argpartition(alike, len(alike) - settings.neighbours)[-settings.neighbours :]
            begins, alike, sizes = begins[best], alike[best], sizes[best]
        return self._voted(begins, sizes, alike, steps, latest)

    def _voted(self, begins: Ints, sizes: Ints, alike: Floats, steps: list[int], latest: dict[int, int]) -> Foreseen:
        ends = np.cumsum(sizes)
        number = np.repeat(np.arange(len(begins)), sizes)
        position = np.arange(int(ends[-1])) - np.repeat(ends - sizes, sizes)
        products = self._product[np.repeat(begins, sizes) + position]
        known = np.array(sorted(latest), np.int32)
        place_of = np.array([latest[one] for one in known.tolist()], np.int64)
        nearest = np.minimum(np.searchsorted(known, products), len(known) - 1)
        place = np.where(known[nearest] == products, place_of[nearest], -1)
        # where both visits last met: the neighbour's step whose product came latest in the present one
        met = np.maximum.reduceat(place * 1000 + np.minimum(position, 999), ends - sizes)
        near = np.exp(-np.abs(position - (met % 1000)[number]) / self.settings.near)
        found, of = np.unique(products, return_inverse=True)
        votes = alike[number] * near
        total = np.bincount(of, weights=votes) * self._rarity[found] ** self.settings.rarity
        by_strength = np.argsort(votes, kind="stable")  # of several assignments the last one stays: the strongest
        strongest = np.empty(len(found), np.int64)
        strongest[of[by_strength]] = (met // 1000)[number][by_strength]
        top = total.max(initial=0.0)
        scores = (total / top if top > 0 else total).astype(np.float32)
        return Foreseen(found.astype(np.int32), scores, np.array(steps, np.int32)[strongest])
