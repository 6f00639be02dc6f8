"""Habits: at which hours of their day customers order and visit, learnt once a day from the shop's own orders."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from mailer.best_hour import DAY_HOURS, Hours
from mailer.calendar import Place, zone_of
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.identity import taken_back
from tracking.orders import SeenOrder
from tracking.visitors import Grade

from .installation import Installation

LEARNT_FROM = timedelta(days=180)
_DEEDS = 50
_Kept = tuple[date, Hours]


def hours_of(crm: Installation, session: Session, *, zone: str, home: str, now: datetime) -> Hours:
    """The habits of the shop and its countries; learnt anew with each day."""
    kept: _Kept | None = crm.app.extensions.get("ecrm_hours")
    if kept is None or kept[0] != now.date():
        kept = (now.date(), learn_hours(session, zone=zone, home=home, now=now))
        crm.app.extensions["ecrm_hours"] = kept
    return kept[1]


def learn_hours(session: Session, *, zone: str, home: str, now: datetime) -> Hours:
    """Orders of half a year by country and local hour.

    They are grouped by UTC hour and month, and each group is moved to the local hour by the offset in the middle of its
    month: an order in the days between a change of the clocks and that middle is counted an hour off.
    """
    at = SeenOrder.placed_at
    year_, month_, hour_ = (_part(session, at, part) for part in ("%Y", "%m", "%H"))
    query = (
        select(Customer.country, year_, month_, hour_, func.count())
        .join(Customer, Customer.id == SeenOrder.customer_id)
        .where(at > now - LEARNT_FROM, at <= now)
        .group_by(Customer.country, year_, month_, hour_)
    )
    counts: dict[str, list[float]] = defaultdict(lambda: [0.0] * DAY_HOURS)
    for country, year, month, hour, many in session.execute(query):
        place = Place(country or home)
        middle = datetime(int(year), int(month), 15, int(hour), tzinfo=UTC)
        counts[place.country][middle.astimezone(zone_of(place, otherwise=zone)).hour] += many
    return Hours.learn(counts)


def deeds_of(session: Session, customer_id: int, *, now: datetime) -> list[datetime]:
    """When a customer ordered and, in visits that agreed to be joined, came; the newest of each."""
    ordered = select(SeenOrder.placed_at).where(SeenOrder.customer_id == customer_id, SeenOrder.placed_at <= now)
    came = select(Visit.started_at).where(
        Visit.customer_id == customer_id, Visit.started_at <= now, Visit.grade >= int(Grade.PERSONAL),
        ~taken_back(Visit.visitor_id, Visit.customer_id),
    )  # fmt: skip
    return [
        *session.scalars(ordered.order_by(SeenOrder.placed_at.desc()).limit(_DEEDS)),
        *session.scalars(came.order_by(Visit.started_at.desc()).limit(_DEEDS)),
    ]


def _part(session: Session, moment: Any, part: str) -> Any:
    """A part of a moment in UTC; the two databases have no word for it in common."""
    if session.get_bind().dialect.name == "sqlite":
        return cast(func.strftime(part, moment), Integer)
    word = {"%Y": "year", "%m": "month", "%H": "hour"}[part]
    return cast(func.date_part(word, func.timezone("UTC", moment)), Integer)
