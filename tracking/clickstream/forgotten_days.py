"""Forgotten days: something stays counted there though the rows behind it are gone, so nothing counts them anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.orders import SeenOrder, SeenRefund
from tracking.record import Record, insert_once
from tracking.visitors import VisitorClaim

from .event import Event
from .rollups import day_of
from .sessions import Session as Visit


class ForgottenDay(Record):
    """A day of the shop's of which a person was erased, or the link from an order to its visit was cut.

    Says nothing about who or how much.
    """

    __tablename__ = "ecrm_forgotten_day"

    day: Mapped[date] = mapped_column(primary_key=True)


def forgotten_days(session: Session, first: date, last: date) -> list[date]:
    """The days from `first` to `last` that can't be counted anew, oldest first."""
    query = select(ForgottenDay.day).where(ForgottenDay.day.between(first, last))
    return list(session.scalars(query.order_by(ForgottenDay.day)))


def note_days_of_person(session: Session, customer_id: int, *, today: date, zone: str) -> None:
    """Note every day for which a customer's rows, or those of a browser of theirs, count; in the transaction that
    erases them, before it does. Rather a day too many: what others did in a shared browser is among them, and today, as
    the browser may be in use."""
    browsers = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id)
    visits = select(Visit.day, Visit.started_at, Visit.last_at).where(
        or_(Visit.customer_id == customer_id, Visit.visitor_id.in_(browsers))
    )
    days = {today}
    for day, started_at, last_at in session.execute(visits):
        days.update([day] if day else [])
        days.update(_days_between(day_of(started_at, zone), day_of(last_at, zone)))
    steps = select(Event.happened_at).where(or_(Event.customer_id == customer_id, Event.visitor_id.in_(browsers)))
    refunds = (
        select(SeenRefund.refunded_at)
        .join(SeenOrder, SeenOrder.id == SeenRefund.order_id)
        .where(SeenOrder.customer_id == customer_id)
    )
    days.update(day_of(at, zone) for query in (steps, refunds) for at in session.scalars(query))
    _note(session, days)


def note_days_of_refunds(session: Session, before: datetime, *, zone: str) -> None:
    """Note the days on which money went back for orders from before a moment; to be called before `retention` cuts
    their links: to which visit such a refund was counted isn't known afterwards."""
    query = (
        select(SeenRefund.refunded_at)
        .join(SeenOrder, SeenOrder.id == SeenRefund.order_id)
        .where(SeenOrder.placed_at < before, SeenOrder.session_id.is_not(None), SeenRefund.refunded_at >= before)
    )
    _note(session, {day_of(at, zone) for at in session.scalars(query)})


def _note(session: Session, days: set[date]) -> None:
    for day in sorted(days):
        insert_once(session, ForgottenDay, {"day": day})


def _days_between(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
