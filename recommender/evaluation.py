"""Evaluation: a split by time, and how much of what customers then bought a ranking had foreseen.

`next` asks for everything of a customer's first day of purchase after the cut; `new` only for what they had never
bought before, with lists that hold nothing else. NDCG@10 is binary (Järvelin & Kekäläinen 2002) with the ideal over
min(target, 10); Recall@20 = hits / size of the target; MRR@20 the inverse rank of the first hit. All are means over
customers, with bootstrap intervals over customers (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .interactions import Floats, Interactions, Ints
from .time_cuts import Following, first_time, following, known_before

LENGTH = 20
NDCG_LENGTH = 10
RESAMPLES = 2_000
SEED = 20111109
Targets = Mapping[int, frozenset[int]]
Lists = Mapping[int, Sequence[int]]


class Split(NamedTuple):
    """What was known before the cut, and what each customer known then bought on their first day after it."""

    known: Interactions
    following: Targets
    new: Targets


class Scores(NamedTuple):
    """Means over `customers`."""

    ndcg: float
    recall: float
    customers: int


class Interval(NamedTuple):
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f}–{self.high:.3f})"


class Figures(NamedTuple):
    """One entry a customer of the targets, in their order."""

    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]
    mrr: NDArray[np.float64]


def split_by_time(interactions: Interactions, days: float, *, window: float | None = None) -> Split:
    """Cut `days` before the moment the interactions were read for; look `window` days ahead, to the end by default."""
    known = known_before(interactions, days)
    target = following(interactions, days, window=window or days + 1)
    return Split(known, _as_sets(target), _as_sets(first_time(target, known)))


def score(lists: Lists, targets: Targets) -> Scores:
    """Compare ranked lists with what was bought; a customer without a list scores 0."""
    found = figures(lists, targets)
    if not len(targets):
        return Scores(0.0, 0.0, 0)
    return Scores(float(found.ndcg.mean()), float(found.recall.mean()), len(targets))


def figures(lists: Lists, targets: Targets) -> Figures:
    """The figures of each customer; a customer without a list scores 0."""
    each = [_one(lists.get(customer, ()), target) for customer, target in targets.items()]
    ndcg, recall, mrr = np.array(each, dtype=np.float64).reshape(-1, 3).T
    return Figures(ndcg, recall, mrr)


def interval(values: NDArray[np.float64], *, resamples: int = RESAMPLES) -> Interval:
    """The mean, and where it lies in 95 % of the samples drawn anew; the same values give the same interval."""
    if not len(values):
        return Interval(0.0, 0.0, 0.0)
    draw = np.random.default_rng(SEED)
    means = [values[draw.integers(len(values), size=len(values))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(values.mean()), float(low), float(high))


def coverage(lists: Lists, known: Interactions) -> float:
    """Share of the products ever sold that stand among the first ten of anybody's list."""
    sold = len(np.unique(known.line_product))
    shown = {product for ranked in lists.values() for product in ranked[:NDCG_LENGTH]}
    return len(shown) / sold if sold else 0.0


def by_age(values: NDArray[np.float64], targets: Targets, known: Interactions) -> dict[str, Interval]:
    """The figure by how many days of purchase a customer had: one, two to four, five to nine, more."""
    customer, _product, age = known.purchase_days
    day = np.unique(np.column_stack([customer, np.floor(age)]), axis=0)[:, 0].astype(np.int64)
    days = np.bincount(day, minlength=len(known.customers))[np.fromiter(targets, np.int64, len(targets))]
    groups = {"1 day": days == 1, "2–4": (days > 1) & (days < 5), "5–9": (days > 4) & (days < 10), "10+": days > 9}
    return {name: interval(values[inside]) for name, inside in groups.items()}


def as_lists(customers: Ints, products: Ints) -> Lists:
    """Ranked lists of a row a customer, padded with -1."""
    rows = zip(customers.tolist(), products.tolist(), strict=True)
    return {customer: [product for product in row if product >= 0] for customer, row in rows}


def lists_of_scores(customers: Ints, scores: Floats) -> Lists:
    """The best of a dense row a customer; ties go to the lower product number (a stable sort)."""
    return {customer: best(row, LENGTH) for customer, row in zip(customers.tolist(), scores, strict=True)}


def best(scores: Floats, n: int) -> list[int]:
    """Positions of the up to `n` highest scores above nothing, best first, ties by position."""
    if n < len(scores):
        cut = np.partition(scores, len(scores) - n)[len(scores) - n]
        candidates = np.flatnonzero(scores >= cut)  # all that tie with the last one, so that ties never depend on luck
    else:
        candidates = np.arange(len(scores))
    candidates = candidates[scores[candidates] > 0]
    order = np.argsort(-scores[candidates], kind="stable")[:n]
    chosen: list[int] = candidates[order].tolist()
    return chosen


def _one(ranked: Sequence[int], target: frozenset[int]) -> tuple[float, float, float]:
    hits = np.array([product in target for product in ranked[:LENGTH]], dtype=float)
    discount = 1.0 / np.log2(np.arange(2, NDCG_LENGTH + 2))
    ideal = discount[: min(len(target), NDCG_LENGTH)].sum()
    gain = (hits[:NDCG_LENGTH] * discount[: len(hits[:NDCG_LENGTH])]).sum()
    first = 1.0 / (1 + int(hits.argmax())) if hits.any() else 0.0
    return float(gain / ideal), float(hits.sum() / len(target)), first


def _as_sets(target: Following) -> Targets:
    found: dict[int, set[int]] = {}
    for customer, product in zip(target.customer.tolist(), target.product.tolist(), strict=True):
        found.setdefault(customer, set()).add(product)
    return {customer: frozenset(products) for customer, products in found.items()}
