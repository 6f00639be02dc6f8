"""Bandit: shares of the arms that follow what was seen of them: Thompson sampling, by the day.

W. R. Thompson, "On the likelihood that one unknown probability exceeds another", Biometrika 25 (1933); O. Chapelle,
L. Li, "An empirical evaluation of Thompson sampling", NIPS 2011. An arm's share is the chance that it is the best,
given Beta posteriors from a uniform prior, and never below `LEAST_SHARE`: what isn't tried can't recover, and the
estimate of what an arm earns (`arm_statistics.py`) divides by its share.

A trial is a visitor's (or customer's) day, not an impression: one person's impressions are no independent evidence, and
a day that is drawn as a whole keeps them on one side. Shares of a day are made the evening before and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from tracking.clickstream.rollups import day_of
from tracking.clickstream.sessions import Session as Visit
from tracking.record import insert_once

from .arms import LEAST_SHARE, WHOLE, Shares, as_shares
from .experiments import Allocation, Experiment, Goal, Turn, Unit, running
from .recommended.tables import RecommendationClick, Slot

DRAWS = 20_000
"""The chance to be the best is right to about a third of a percent."""
LEAST_TRIALS = 100
"""Of each arm, before shares move: what a handful of visitors did is mostly chance."""


@dataclass(frozen=True)
class Tally:
    """What was seen of an arm: units' days on which it was met, and those among them that reached the goal."""

    trials: int = 0
    successes: int = 0

    @property
    def rate(self) -> float | None:
        """Successes a trial."""
        return self.successes / self.trials if self.trials else None


def chances(tallies: Mapping[str, Tally], *, seed: int = 0, draws: int = DRAWS) -> dict[str, float]:
    """The chance of each arm to have the highest rate, by drawing from Beta(1 + successes, 1 + failures).

    Args:
        seed: the same seed gives the same answer, so that a decision can be followed up later.
    """
    if not tallies:
        return {}
    drawn = np.random.default_rng(seed)
    rates = [
        drawn.beta(1 + one.successes, 1 + max(one.trials - one.successes, 0), size=draws) for one in tallies.values()
    ]
    wins = np.bincount(np.argmax(rates, axis=0), minlength=len(rates))
    return {arm: float(count) / draws for arm, count in zip(tallies, wins, strict=True)}


def shares_by(tallies: Mapping[str, Tally], now: Shares, *, seed: int = 0) -> dict[str, float]:
    """The next day's shares in percent: each arm's chance to be the best, never below `LEAST_SHARE`.

    Args:
        now: the present shares; they stay while an arm has fewer than `LEAST_TRIALS` trials.
    """
    if any(one.trials < LEAST_TRIALS for one in tallies.values()):
        return dict(now)
    best = chances(tallies, seed=seed)
    free = WHOLE - LEAST_SHARE * len(best)
    return {arm: round(LEAST_SHARE + chance * free, 2) for arm, chance in best.items()}


def tallies_of(session: Session, experiment: Experiment, *, zone: str) -> dict[str, Tally]:
    """What was seen of each arm of an experiment that adapts, up to now."""
    seen: dict[str, list[int]] = {arm: [0, 0] for arm in as_shares(experiment.arms)}
    for (_day, arm), one in tallies_by_day(session, experiment, zone=zone).items():
        if arm in seen:
            seen[arm][0] += one.trials
            seen[arm][1] += one.successes
    return {arm: Tally(*counts) for arm, counts in seen.items()}


def tallies_by_day(session: Session, experiment: Experiment, *, zone: str) -> dict[tuple[date, str], Tally]:
    """The same by day and arm.

    A turn succeeds by a click of its unit in a slot of the placement on its day (`Goal.CLICKS`), or by one that an
    order was credited to since (`Goal.ORDERS`).
    """
    trials = select(Turn.day, Turn.arm, func.count()).where(Turn.experiment_id == experiment.id)
    found = {(day, arm): int(count) for day, arm, count in session.execute(trials.group_by(Turn.day, Turn.arm))}
    successes = _successes(session, experiment, zone=zone)
    return {key: Tally(count, successes.get(key, 0)) for key, count in found.items()}


def allocations_of(session: Session, experiment: Experiment) -> tuple[tuple[date, dict[str, float]], ...]:
    """Since when which shares, newest first; the experiment's own came before."""
    query = select(Allocation.day, Allocation.shares).where(Allocation.experiment_id == experiment.id)
    return tuple((row.day, as_shares(row.shares)) for row in session.execute(query.order_by(Allocation.day.desc())))


def history_of(session: Session, experiment: Experiment) -> Sequence[Allocation]:
    """Every decision with its reason, newest first."""
    query = select(Allocation).where(Allocation.experiment_id == experiment.id)
    return session.scalars(query.order_by(Allocation.day.desc())).all()


def allocate(session: Session, *, zone: str, now: datetime) -> list[Allocation]:
    """Make tomorrow's shares of each experiment that adapts; commits nothing. Made already, they stay as they are."""
    tomorrow = day_of(now, zone) + timedelta(days=1)
    made = []
    for experiment in running(session):
        if not experiment.adaptive:
            continue
        tallies = tallies_of(session, experiment, zone=zone)
        before = allocations_of(session, experiment)
        present = before[0][1] if before else as_shares(experiment.arms)
        seed = experiment.id * 1_000_000 + tomorrow.toordinal()
        best = chances(tallies, seed=seed)
        why = {
            arm: {"trials": one.trials, "successes": one.successes, "best": round(best[arm], 4)}
            for arm, one in tallies.items()
        }
        values = {
            "experiment_id": experiment.id, "day": tomorrow, "why": why, "made_at": now,
            "shares": shares_by(tallies, present, seed=seed),
        }  # fmt: skip
        if insert_once(session, Allocation, values) is not None:
            made.append(session.get_one(Allocation, (experiment.id, tomorrow)))
    return made


def _successes(session: Session, experiment: Experiment, *, zone: str) -> dict[tuple[date, str], int]:
    """Turns with a success, by day and arm. A click's day is asked of Python: databases name zones differently."""
    placement = experiment.subject.removeprefix("placement:")
    unit = Visit.visitor_id if experiment.unit == Unit.VISITOR else Visit.customer_id
    query = (
        select(Turn.id, Turn.day, Turn.arm, RecommendationClick.clicked_at)
        .join(Visit, unit == Turn.unit_id)
        .join(RecommendationClick, RecommendationClick.session_id == Visit.id)
        .join(Slot, and_(Slot.id == RecommendationClick.slot_id, Slot.placement == placement))
        .where(Turn.experiment_id == experiment.id, RecommendationClick.clicked_at >= Turn.first_at)
    )
    if experiment.goal == Goal.ORDERS:
        query = query.where(RecommendationClick.bought.is_(True))
    reached = {
        (turn_id, day, arm)
        for turn_id, day, arm, clicked_at in session.execute(query)
        if day_of(clicked_at, zone) == day
    }  # fmt: skip
    counted: dict[tuple[date, str], int] = {}
    for _turn, day, arm in reached:
        counted[day, arm] = counted.get((day, arm), 0) + 1
    return counted
