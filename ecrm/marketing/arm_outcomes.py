"""Outcomes of an experiment's arms: what was seen of each strategy, and what that says.

Where arms keep their visitors, a unit counts once: it met the placement, and reached the goal since or didn't. Where
shares follow what is seen, each of its days counts (`bandit.tallies_by_day`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, distinct, func, select
from sqlalchemy.orm import Session

from tracking.clickstream.rollups import day_of
from tracking.clickstream.sessions import Session as Visit

from .arm_statistics import ArmResult, compare_adaptive, compare_fixed, units_to_go
from .arms import Shares, as_shares, in_force
from .bandit import Tally, allocations_of, tallies_by_day
from .experiments import Experiment, Exposure, Goal, Unit
from .recommended.tables import RecommendationClick, Slot


@dataclass(frozen=True)
class ArmsOutcome:
    """What can be said of an experiment's arms. `shares`: at present, percent; `needed`: about so many more units."""

    results: list[ArmResult]
    shares: Shares
    needed: int | None


def arms_of(session: Session, experiment: Experiment, *, zone: str, now: datetime) -> ArmsOutcome:
    """What was seen of each arm up to now, and what it says; empty for an experiment without arms."""
    arms = as_shares(experiment.arms)
    if not experiment.adaptive:
        tallies = tallies_of_units(session, experiment)
        return ArmsOutcome(compare_fixed(tallies), arms, units_to_go(tallies))
    allocations = allocations_of(session, experiment)
    by_day = tallies_by_day(session, experiment, zone=zone)
    results = compare_adaptive(by_day, list(arms), lambda day: in_force(allocations, day, otherwise=arms))
    day = day_of(experiment.ended_at or now, zone)
    shares = in_force(allocations, day, otherwise=arms)
    return ArmsOutcome(results, shares, units_to_go({one.arm: one.tally for one in results}))


def tallies_of_units(session: Session, experiment: Experiment) -> dict[str, Tally]:
    """Units that met each arm, and those that reached the goal afterwards, until the experiment's end."""
    sizes = select(Exposure.arm, func.count()).where(
        Exposure.experiment_id == experiment.id, Exposure.control.is_(False)
    )
    units = {arm: int(count) for arm, count in session.execute(sizes.group_by(Exposure.arm))}
    placement = experiment.subject.removeprefix("placement:")
    unit = Visit.visitor_id if experiment.unit == Unit.VISITOR else Visit.customer_id
    reached = (
        select(Exposure.arm, func.count(distinct(Exposure.unit_id)))
        .join(Visit, unit == Exposure.unit_id)
        .join(RecommendationClick, RecommendationClick.session_id == Visit.id)
        .join(Slot, and_(Slot.id == RecommendationClick.slot_id, Slot.placement == placement))
        .where(
            Exposure.experiment_id == experiment.id,
            Exposure.control.is_(False),
            RecommendationClick.clicked_at >= Exposure.first_at,
        )
        .group_by(Exposure.arm)
    )
    if experiment.ended_at is not None:
        reached = reached.where(RecommendationClick.clicked_at < experiment.ended_at)
    if experiment.goal == Goal.ORDERS:
        reached = reached.where(RecommendationClick.bought.is_(True))
    successes = {arm: int(count) for arm, count in session.execute(reached)}
    return {arm: Tally(units.get(arm, 0), successes.get(arm, 0)) for arm in as_shares(experiment.arms)}
