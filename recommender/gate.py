"""The gate: a new model is published only if it isn't worse than the present one on the days since that was trained.

The candidate has seen those days, so it isn't asked itself. Asked are its rankings with sources fitted on what was
known when the present model was trained (at most `DAYS` ago), and the lists that the shop really showed since: neither
has seen what it is judged by. Both answer for the same customers; the difference has a paired bootstrap interval (Efron
1979), and the candidate is refused only where all of it lies below nothing.

Compared are lists as they are stored, with only what has a reason to show (`explaining`), on both sides; before what
serving adds: rules, diversity, the visit. A present model older than `DAYS` knows nothing of the time between its
training and the cut, which the candidate's sources know: it is judged as the shop served it, age counting against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from .evaluation import Interval, Lists, Targets, figures, interval
from .interactions import Interactions, Ints
from .time_cuts import first_time, following, known_before

DAYS = 7.0
"""Of a present model that is older, the last so many days are judged."""
ENOUGH = 50
"""Customers who came back; fewer tell nothing."""
MOST = 2_000
"""Customers judged, drawn by a fixed seed; bounds the cost in a large shop."""
MISSING = 0.5
"""With less than this share of the customers or products that the present model knows, the history isn't whole."""
SEED = 20111109


class Verdict(StrEnum):
    """What the gate says, and why."""

    FIRST = "first"  # there was none to compare with
    TOO_LITTLE = "too little"  # too few customers came back since to tell
    PASSED = "passed"
    WORSE = "worse"
    MISSING = "missing"  # half of the customers or products are gone: something is wrong with the data

    @property
    def refuses(self) -> bool:
        """Whether the candidate must not be served."""
        return self in (Verdict.WORSE, Verdict.MISSING)


class Judged(NamedTuple):
    """NDCG@10 on the same customers."""

    customers: int
    candidate: Interval
    present: Interval
    difference: Interval


class Judgement(NamedTuple):
    """The verdict and its figures by task; `days` says how many were judged, `against` which model."""

    verdict: Verdict
    against: str = ""
    days: float = 0.0
    tasks: Mapping[str, Judged] = {}

    def as_json(self) -> dict[str, Any]:
        """As kept beside the model."""
        return {
            "verdict": self.verdict.value,
            "against": self.against,
            "days": round(self.days, 2),
            "tasks": {
                name: {"customers": one.customers} | {part: _rounded(getattr(one, part)) for part in PARTS}
                for name, one in self.tasks.items()
            },
        }


PARTS = ("candidate", "present", "difference")


class Asked(NamedTuple):
    """What was known at the cut, and what the drawn customers then bought."""

    days: float
    known: Interactions
    next: Targets
    new: Targets

    @property
    def enough(self) -> bool:
        """Whether anything can be told."""
        return len(self.next) >= ENOUGH

    def customers(self, task: str) -> Ints:
        """Those asked about, by their number."""
        return np.array(sorted(self.next if task == "next" else self.new), np.int32)

    def targets(self, task: str) -> Targets:
        """What they bought."""
        return self.next if task == "next" else self.new


def asked_since(interactions: Interactions, *, age: float) -> Asked:
    """What was bought in the days since the present model was trained, `age` days ago."""
    days = min(max(age, 0.0), DAYS)
    known = known_before(interactions, days)
    target = following(interactions, days, window=days + 1)
    drawn = _drawn(np.unique(target.customer))
    return Asked(
        days, known, _sets(target.customer, target.product, drawn), _sets(*first_time(target, known), drawn)
    )  # fmt: skip


def judge(asked: Asked, candidate: Mapping[str, Lists], present: Mapping[str, Lists], *, against: str) -> Judgement:
    """Compare the lists of both, by task."""
    tasks = {}
    for task in ("next", "new"):
        targets = asked.targets(task)
        if len(targets) < ENOUGH:
            continue
        ours, theirs = (figures(lists[task], targets).ndcg for lists in (candidate, present))
        tasks[task] = Judged(len(targets), interval(ours), interval(theirs), interval(ours - theirs))
    if not tasks:
        return Judgement(Verdict.TOO_LITTLE, against, asked.days)
    worse = any(one.difference.high < 0 for one in tasks.values())
    return Judgement(Verdict.WORSE if worse else Verdict.PASSED, against, asked.days, tasks)


def whole(*, customers: int, products: int, known_customers: int, known_products: int) -> bool:
    """Whether what was read can be the shop's history, given what the present model learnt from."""
    return customers >= MISSING * known_customers and products >= MISSING * known_products


def _drawn(customers: Ints) -> Ints:
    if len(customers) <= MOST:
        return customers
    return np.sort(np.random.default_rng(SEED).choice(customers, MOST, replace=False))


def _sets(customer: Ints, product: Ints, drawn: Ints) -> Targets:
    inside = np.isin(customer, drawn)
    found: dict[int, set[int]] = {}
    for one, bought in zip(customer[inside].tolist(), product[inside].tolist(), strict=True):
        found.setdefault(one, set()).add(bought)
    return {one: frozenset(products) for one, products in found.items()}


def _rounded(interval: Interval) -> list[float]:
    return [round(value, 4) for value in interval]
