"""Exposures: the moment from which a unit counts in its experiment, once a unit and for both groups alike.

The control group is noted when it would have met the thing, not when it was drawn: who never came near it would only
blur the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ecrm.steps import ExperimentViewed
from tracking.clickstream.rollups import day_of
from tracking.clickstream.sightings import Sighting
from tracking.customers import Customer
from tracking.visitors import Visitor

from .arms import arm_of, as_shares, in_force
from .bandit import allocations_of
from .experiments import Experiment, Exposure, Turn, Unit, campaign_subject, is_control, running_on

_BATCH = 500


class _Met(NamedTuple):
    """A unit's first step of a day in an experiment. `day` is None where the experiment doesn't adapt."""

    experiment_id: int
    unit_id: int
    day: date | None
    at: datetime
    control: bool
    arm: str


def note_exposures(session: Session, sightings: Sequence[Sighting], zone: str = "UTC") -> None:
    """Keep what a batch of the writer says about placements; called in the transaction that stored the batch.

    Machines, browsers that agreed to nothing, and steps from before or after the experiment leave none. The group is
    worked out here again, not believed.

    Args:
        zone: the shop's, in which an experiment that adapts has its days.
    """
    seen = [
        sighting
        for sighting in sightings
        if sighting.name == ExperimentViewed.name and sighting.token and not sighting.of_a_bot
    ]
    if not seen:
        return
    experiments = _experiments(session, {int(sighting.subject) for sighting in seen})
    visitors = _ids(session, Visitor.token, Visitor.id, {sighting.token for sighting in seen if sighting.token})
    customers = _ids(
        session, Customer.reference, Customer.id, {sighting.customer for sighting in seen if sighting.customer}
    )
    allocations = {one.id: allocations_of(session, one) for one in experiments.values() if one.adaptive}
    met: dict[tuple[int, int, date | None], _Met] = {}
    for sighting in sorted(seen, key=lambda one: one.at):
        experiment = experiments.get(int(sighting.subject))
        if experiment is None or not _runs(experiment, sighting.at):
            continue
        if experiment.unit == Unit.VISITOR:
            unit_id, key = visitors.get(sighting.token or ""), sighting.token or ""
        else:
            unit_id = customers.get(sighting.customer or "")
            key = str(unit_id)
        if unit_id is not None:
            control = is_control(experiment.salt, key, experiment.control_percent)
            day = day_of(sighting.at, zone) if experiment.adaptive and not control else None
            shares: Mapping[str, float] = {} if control else as_shares(experiment.arms)
            if day is not None:
                shares = in_force(allocations[experiment.id], day, otherwise=shares)
            arm = arm_of(experiment.salt, key, shares, day=day)
            one = _Met(experiment.id, unit_id, day, sighting.at, control, arm)
            met.setdefault((experiment.id, unit_id, day), one)
    firsts: dict[tuple[int, int], _Met] = {}
    for one in met.values():
        firsts.setdefault((one.experiment_id, one.unit_id), one)
    _keep(session, [firsts[key] for key in sorted(firsts)])
    _keep_turns(session, [one for one in met.values() if one.day is not None])


def expose_to_campaign(session: Session, code: str, customer_ids: Iterable[int], *, at: datetime) -> int:
    """Note that a campaign went, or would have gone, to these customers; commits nothing.

    Call it for both groups, when the mailing is made. Without an experiment on the campaign nothing is kept.

    Returns:
        How many were noted for the first time.
    """
    experiment = running_on(session, campaign_subject(code))
    if experiment is None:
        return 0
    return _keep(
        session,
        [
            _Met(experiment.id, one, None, at, is_control(experiment.salt, str(one), experiment.control_percent), "")
            for one in sorted(set(customer_ids))
        ],
    )


def forget_exposures(session: Session, customer_id: int) -> int:
    """Forget in which experiments a customer was, for an erasure; returns how many. They leave the figures, too."""
    experiments = select(Experiment.id).where(Experiment.unit == str(Unit.CUSTOMER))
    gone = 0
    for record in (Turn, Exposure):
        statement = delete(record).where(record.unit_id == customer_id, record.experiment_id.in_(experiments))
        gone += getattr(session.execute(statement.execution_options(synchronize_session=False)), "rowcount", 0)
    return gone


def _runs(experiment: Experiment, at: datetime) -> bool:
    return experiment.started_at <= at and (experiment.ended_at is None or at < experiment.ended_at)


def _experiments(session: Session, ids: set[int]) -> dict[int, Experiment]:
    return {row.id: row for row in session.scalars(select(Experiment).where(Experiment.id.in_(ids)))}


def _ids(session: Session, key: object, id_: object, wanted: set[str]) -> dict[str, int]:
    if not wanted:
        return {}
    return {row[0]: row[1] for row in session.execute(select(key, id_).where(key.in_(wanted)))}  # type: ignore[call-overload,attr-defined]


def _keep(session: Session, exposed: Sequence[_Met]) -> int:
    """Insert what isn't there; the first exposure of a unit stays, whoever else notes it at this moment."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    kept = 0
    for start in range(0, len(exposed), _BATCH):
        rows = [
            {
                "experiment_id": one.experiment_id, "unit_id": one.unit_id, "first_at": one.at, "control": one.control,
                "arm": one.arm,
            }
            for one in exposed[start : start + _BATCH]
        ]  # fmt: skip
        statement = insert(Exposure).values(rows).on_conflict_do_nothing().returning(Exposure.id)
        kept += len(session.execute(statement).all())
    return kept


def _keep_turns(session: Session, turns: Sequence[_Met]) -> None:
    """The same for a unit's days in experiments that adapt."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    ordered = sorted(turns, key=lambda one: one[:2])
    for start in range(0, len(ordered), _BATCH):
        rows = [
            {"experiment_id": one.experiment_id, "unit_id": one.unit_id, "day": one.day, "arm": one.arm,
             "first_at": one.at}
            for one in ordered[start : start + _BATCH]
        ]  # fmt: skip
        session.execute(insert(Turn).values(rows).on_conflict_do_nothing())
