"""Order by: the last day on which what is ordered lies at its door before a holiday.

The shop's own promise is taken, and as many days more as deliveries were late: the 90th percentile of what was seen.
Few deliveries to a country say little, so those of the whole shop stand in for the first `BORROWED` of them, and a
prior of `PRIOR` (mostly punctual, now and then days late) for the first of these: pseudo-observations, as a Bayesian
with a Dirichlet prior would count them (Gelman et al., "Bayesian Data Analysis", 3.4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.customers import Customer
from tracking.delivery.shipment import Shipment

QUANTILE = 0.9
BORROWED = 30.0
"""Deliveries of the whole shop count together as much as so many of the country's own."""
PRIOR: dict[int, float] = {0: 5.0, 1: 2.5, 2: 1.5, 4: 1.0}
"""Days late, and how many deliveries it is thought to have been; ten together."""
EARLIEST = 60
"""Days before a holiday on which somebody must be able to order at the latest; who can't isn't written to."""
WITHOUT_PROMISE = timedelta(days=7)
"""From order to door, for a shop that promises no day."""
SEEN_FOR = timedelta(days=400)


@dataclass(frozen=True)
class Lateness:
    """How late deliveries to a country come. `known`: deliveries seen there; `of_shop`: in the whole shop."""

    days: int
    known: int
    of_shop: int


@dataclass(frozen=True)
class OrderBy:
    """The last day to order, and what it rests on."""

    day: date
    lateness: Lateness


def lateness(session: Session, country: str, *, zone: str, now: datetime) -> Lateness:
    """How many days after the promised one nine of ten deliveries to this country had come."""
    query = (
        select(Customer.country, Shipment.promised_on, Shipment.delivered_at)
        .join(Customer, Customer.id == Shipment.customer_id)
        .where(Shipment.delivered_at.is_not(None), Shipment.promised_on.is_not(None))
        .where(Shipment.delivered_at > now - SEEN_FOR, Shipment.delivered_at <= now)
    )
    own: list[int] = []
    everywhere: list[int] = []
    clock = ZoneInfo(zone)
    for where, promised, delivered in session.execute(query):
        if promised is not None and delivered is not None:
            late = max((delivered.astimezone(clock).date() - promised).days, 0)
            everywhere.append(late)
            if where == country:
                own.append(late)
    return Lateness(late_days(own, everywhere), len(own), len(everywhere))


def late_days(own: Sequence[int], everywhere: Sequence[int]) -> int:
    """The quantile of the country's deliveries with those of the shop and the prior as pseudo-observations."""
    weights: dict[int, float] = dict(PRIOR)
    for late in own:
        weights[late] = weights.get(late, 0.0) + 1.0
    share = min(BORROWED, float(len(everywhere))) / max(len(everywhere), 1)
    for late in everywhere:
        weights[late] = weights.get(late, 0.0) + share
    whole, so_far = sum(weights.values()), 0.0
    for late in sorted(weights):
        so_far += weights[late]
        if so_far >= QUANTILE * whole - 1e-9:
            return late
    return max(weights)


def order_by(
    holiday: date, late: Lateness, *, promised: Callable[[datetime], date | None], zone: str, since: date
) -> OrderBy | None:
    """The last day, not before `since`, on which an order placed at noon comes on the day before the holiday.

    Args:
        promised: the day for which the shop would promise an order that is placed then; None where it promises none.

    Returns:
        None where it is too late for all days.
    """
    clock = ZoneInfo(zone)
    wanted = holiday - timedelta(days=1 + late.days)
    day = wanted
    while day >= max(since, holiday - timedelta(days=EARLIEST)):
        promise = promised(datetime.combine(day, time(12), tzinfo=clock)) or day + WITHOUT_PROMISE
        if promise <= wanted:
            return OrderBy(day, late)
        day -= timedelta(days=1)
    return None
