"""Evaluation: a split by time, and how much of what customers then bought a ranking had foreseen.

`next` asks for everything of a customer's first day of purchase after the cut; `new` only for what they had never
bought before, with lists that hold nothing else. NDCG@10 is binary (Järvelin & Kekäläinen 2002) with the ideal over
min(target, 10); Recall@20 = hits / size of the target; both are means over customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .interactions import Interactions, Ints
from .ranking import Blend, best

LENGTH = 20
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


def split_by_time(interactions: Interactions, days: float) -> Split:
    """Cut `days` before the moment the interactions were read for."""
    known = _before(interactions, days)
    before = _bought(known.line_customer, known.line_product)
    customer, product, age = interactions.purchase_days
    after = age <= days
    customer, product, day = customer[after], product[after], np.floor(age[after])
    first = np.full(len(interactions.customers), -1.0)
    np.maximum.at(first, customer, day)
    on_first = day == first[customer]
    following = {one: target for one, target in _bought(customer[on_first], product[on_first]).items() if one in before}
    new = {one: fresh for one, target in following.items() if (fresh := target - before[one])}
    return Split(known, following, new)


def score(lists: Lists, targets: Targets) -> Scores:
    """Compare ranked lists with what was bought; a customer without a list scores 0."""
    each = [_one(lists.get(customer, ()), target) for customer, target in targets.items()]
    ndcg, recall = np.mean(each, axis=0) if each else (0.0, 0.0)
    return Scores(float(ndcg), float(recall), len(each))


def blended_lists(known: Interactions) -> tuple[Lists, Lists]:
    """What the trained blends would show: for next, for new."""
    following: dict[int, list[int]] = {}
    new: dict[int, list[int]] = {}
    for block in Blend(known).blocks():
        for row in range(len(block.own)):
            following[block.start + row] = best(block.following[row], LENGTH)
            new[block.start + row] = best(block.new[row], LENGTH)
    return following, new


def _one(ranked: Sequence[int], target: frozenset[int]) -> tuple[float, float]:
    hits = np.array([product in target for product in ranked[:LENGTH]], dtype=float)
    discount = 1.0 / np.log2(np.arange(2, 12))
    ideal = discount[: min(len(target), 10)].sum()
    return float((hits[:10] * discount[: len(hits[:10])]).sum() / ideal), float(hits.sum() / len(target))


def _before(interactions: Interactions, days: float) -> Interactions:
    order_known = interactions.order_age > days
    number = np.cumsum(order_known, dtype=np.int32) - 1
    line_known = order_known[interactions.line_order]
    return Interactions(
        customers=interactions.customers,
        products=interactions.products,
        order_customer=interactions.order_customer[order_known],
        order_age=interactions.order_age[order_known] - np.float32(days),
        order_day=interactions.order_day[order_known],
        line_order=number[interactions.line_order[line_known]],
        line_product=interactions.line_product[line_known],
    )


def _bought(customer: Ints, product: Ints) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for one, what in zip(customer.tolist(), product.tolist(), strict=True):
        found.setdefault(one, set()).add(what)
    return {one: frozenset(what) for one, what in found.items()}
