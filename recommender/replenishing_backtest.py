"""Replenishing, judged: of what was foretold for a week from the weeks before it, how much was bought in that week?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from .interactions import read_interactions
from .replenishing import LONGEST_GAP, Rhythms, rhythms

WEEK = 7.0
OURS, LAST_GAP, MEDIAN, ALL = (
    "rhythms with credibility", "the last interval again", "the shop's median interval", "every habit, whenever",
)  # fmt: skip


@dataclass(frozen=True)
class Foretold:
    """One way to foretell. `share`: how much of what it foretold was bought."""

    name: str
    foretold: int
    bought: int

    @property
    def share(self) -> float:
        return self.bought / self.foretold if self.foretold else 0.0


def backtest(
    session: Session, category: Mapping[str, str], *, end: datetime, weeks: int, least_times: int
) -> list[Foretold]:
    """Each way over the last `weeks` weeks before `end`; all are asked about the same habits.

    Where ours foretells more than the last interval would, its soonest are taken, so that both say as much.
    """
    counts: dict[str, list[int]] = {name: [0, 0] for name in (OURS, LAST_GAP, MEDIAN, ALL)}
    later = read_interactions(session, end)
    customer, product, age = later.purchase_days
    for back in range(weeks, 0, -1):
        bought = (age > WEEK * (back - 1)) & (age <= WEEK * back)
        real = {
            (int(later.customers[who]), later.products[what])
            for who, what in zip(customer[bought].tolist(), product[bought].tolist(), strict=True)
        }
        before = read_interactions(session, end - timedelta(days=WEEK * back))
        found = rhythms(before, [category.get(one, "") for one in before.products])
        for name, rows in _foretold(found, least_times).items():
            hits = sum(
                (int(before.customers[who]), before.products[what]) in real
                for who, what in zip(found.customer[rows].tolist(), found.product[rows].tolist(), strict=True)
            )
            counts[name][0] += len(rows)
            counts[name][1] += hits
    return [Foretold(name, foretold, hits) for name, (foretold, hits) in counts.items()]


def _foretold(found: Rhythms, least_times: int) -> dict[str, NDArray[np.intp]]:
    habit = found.times >= least_times
    gaps = found.last_gap[(found.times > 1) & (found.last_gap <= LONGEST_GAP)]
    median = float(np.median(gaps)) if len(gaps) else 30.0

    def within(gap: NDArray[np.float32]) -> NDArray[np.intp]:
        rest = gap - found.age
        return np.flatnonzero(habit & (rest >= 0) & (rest < WEEK))

    last = within(np.nan_to_num(found.last_gap, nan=1e9))
    ours = within(found.gap)
    ours = ours[np.argsort(found.gap[ours], kind="stable")][: max(len(last), 1)]
    return {
        OURS: ours, LAST_GAP: last, MEDIAN: within(np.full_like(found.gap, median)), ALL: np.flatnonzero(habit),
    }  # fmt: skip
