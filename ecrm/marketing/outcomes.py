"""Outcomes: what the units of an experiment ordered after they had met the thing that is tried, or would have.

- A customer's orders are those placed from the exposure on until the experiment's end, less what went back of them.
- A visitor's are those of their visits: of the visit of the exposure (without what is known to be ordered before it)
  and of every later one that began before the end. An order of a browser that agreed to statistics alone doesn't
  name its visit (DECISIONS 10): it counts for the visit, but its refund can't be taken off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, case, cast, func, select
from sqlalchemy.orm import Session

from tracking.clickstream.sessions import Session as Visit
from tracking.orders import SeenOrder

from .experiment_statistics import Group
from .experiments import Experiment, Exposure, Unit


@dataclass(frozen=True)
class Groups:
    """Both groups of an experiment."""

    treated: Group
    control: Group


@dataclass(frozen=True)
class UnitOutcome:
    """A unit with an order: of the rows behind the figures."""

    exposure_id: int
    unit_id: int
    first_at: datetime
    orders: int
    net_minor: int


def groups_of(session: Session, experiment: Experiment) -> Groups:
    """The figures of both groups up to now, or up to the experiment's end."""
    sizes = select(Exposure.control, func.count()).where(Exposure.experiment_id == experiment.id)
    units = {bool(control): count for control, count in session.execute(sizes.group_by(Exposure.control))}
    bought = _units(experiment).subquery()
    figures = select(
        bought.c.control,
        func.count(),
        func.sum(bought.c.orders),
        func.sum(bought.c.net),
        func.sum(cast(bought.c.net, Float) * cast(bought.c.net, Float)),
    ).group_by(bought.c.control)
    found = {bool(row[0]): row for row in session.execute(figures)}

    def group(control: bool) -> Group:
        row = found.get(control)
        if row is None:
            return Group(units=units.get(control, 0))
        return Group(units.get(control, 0), int(row[1]), int(row[2]), int(row[3]), float(row[4]))

    return Groups(treated=group(False), control=group(True))


def buyers_of(
    session: Session, experiment: Experiment, *, control: bool, after: int = 0, limit: int
) -> list[UnitOutcome]:
    """The units of a group with an order, in the order of their exposure, from above an exposure's id on."""
    query = _units(experiment).where(Exposure.control.is_(control), Exposure.id > after)
    return [
        UnitOutcome(row.id, row.unit_id, row.first_at, int(row.orders), int(row.net))
        for row in session.execute(query.order_by(Exposure.id).limit(limit))
    ]


def orders_of(session: Session, experiment: Experiment, outcomes: Sequence[UnitOutcome]) -> dict[int, list[SeenOrder]]:
    """The orders of these customers that count, by customer, oldest first; visitors' are found by their visits."""
    if experiment.unit != Unit.CUSTOMER or not outcomes:
        return {}
    query = (
        select(Exposure.unit_id, SeenOrder)
        .join(SeenOrder, _of_customer(experiment))
        .where(Exposure.experiment_id == experiment.id, Exposure.unit_id.in_([one.unit_id for one in outcomes]))
        .order_by(SeenOrder.placed_at, SeenOrder.id)
    )
    found: dict[int, list[SeenOrder]] = {}
    for unit_id, order in session.execute(query):
        found.setdefault(unit_id, []).append(order)
    return found


def visits_of(session: Session, experiment: Experiment, outcomes: Sequence[UnitOutcome]) -> dict[int, list[Visit]]:
    """The visits with orders of these visitors that count, by visitor, oldest first."""
    if experiment.unit != Unit.VISITOR or not outcomes:
        return {}
    query = (
        select(Visit)
        .join(Exposure, _of_visitor(experiment))
        .where(Exposure.experiment_id == experiment.id, Exposure.unit_id.in_([one.unit_id for one in outcomes]))
        .order_by(Visit.started_at, Visit.id)
    )
    found: dict[int, list[Visit]] = {}
    for visit in session.scalars(query):
        found.setdefault(visit.visitor_id, []).append(visit)
    return found


def _units(experiment: Experiment) -> Select[Any]:
    """id, unit_id, control, first_at, orders, net of each unit with an order."""
    orders: ColumnElement[Any]
    net: ColumnElement[Any]
    source: type[SeenOrder] | type[Visit]
    if experiment.unit == Unit.CUSTOMER:
        orders, net = func.count(SeenOrder.id), func.sum(SeenOrder.total_minor - SeenOrder.refunded_minor)
        source, joined = SeenOrder, _of_customer(experiment)
    else:
        orders = func.sum(Visit.orders - _before(func.count(SeenOrder.id)))
        money = func.coalesce(func.sum(SeenOrder.total_minor - SeenOrder.refunded_minor), 0)
        net = func.sum(Visit.revenue_minor - Visit.refunds_minor - _before(money))
        source, joined = Visit, _of_visitor(experiment)
    return (
        select(
            Exposure.id, Exposure.unit_id, Exposure.control, Exposure.first_at, orders.label("orders"), net.label("net")
        )
        .join(source, joined)
        .where(Exposure.experiment_id == experiment.id)
        .group_by(Exposure.id, Exposure.unit_id, Exposure.control, Exposure.first_at)
        .having(orders > 0)
    )


def _of_customer(experiment: Experiment) -> ColumnElement[bool]:
    return and_(
        SeenOrder.customer_id == Exposure.unit_id,
        SeenOrder.placed_at >= Exposure.first_at,
        *([SeenOrder.placed_at < experiment.ended_at] if experiment.ended_at else []),
    )


def _of_visitor(experiment: Experiment) -> ColumnElement[bool]:
    return and_(
        Visit.visitor_id == Exposure.unit_id,
        Visit.last_at >= Exposure.first_at,
        Visit.orders > 0,
        *([Visit.started_at < experiment.ended_at] if experiment.ended_at else []),
    )


def _before(figure: ColumnElement[Any]) -> ColumnElement[Any]:
    """What the visit of the exposure had ordered before it, where its orders may name it; 0 for all other visits."""
    ordered = (
        select(figure)
        .where(
            SeenOrder.session_id == Visit.id,
            SeenOrder.placed_at >= Visit.started_at,  # narrows it down to the index on placed_at
            SeenOrder.placed_at < Exposure.first_at,
        )
        .correlate(Visit, Exposure)
        .scalar_subquery()
    )
    return case((Visit.started_at < Exposure.first_at, ordered), else_=0)
