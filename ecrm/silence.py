"""Silence: reasons for which a customer gets no promotion for a while. What they would have got waits meanwhile.

Each reason is a question about many customers at once; whoever adds one (complaints, claims, …) adds it to `reasons`.
Answers are as of a moment, so that a rehearsal can ask about the past.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ecrm.service.cases import Case, Kind
from mailer.budget import Silence
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenOrder, SeenRefund

_UTC = ZoneInfo("UTC")
LATE_FOR = timedelta(days=30)
"""So long after its promised day a parcel is late; then nobody will say any more that it came."""
AFTER_MONEY_BACK = timedelta(days=7)
"""Who sent something back or was let down is left alone as long."""


def late_parcel(
    session: Session, customers: Collection[int], now: datetime, *, zone: ZoneInfo = _UTC
) -> Mapping[int, str]:
    """A parcel that should have been there by yesterday, by the day in `zone`, that is known to come late, that the
    carrier has trouble with, or that went back.

    It ends some day, as not every parcel's arrival is reported, and as soon as money of its order goes back.
    """
    today = now.astimezone(zone).date()
    settled = (
        select(SeenRefund.id)
        .join(SeenOrder, SeenOrder.id == SeenRefund.order_id)
        .where(SeenOrder.reference == Shipment.order_reference, SeenRefund.refunded_at <= now)
    )
    undated = and_(Shipment.promised_on.is_(None), Shipment.expected_at > now - LATE_FOR)
    query = select(Shipment.customer_id, Shipment.order_reference).where(
        Shipment.customer_id.in_(customers),
        Shipment.expected_at <= now,
        Shipment.status != Status.CANCELLED,
        or_(Shipment.delivered_at.is_(None), Shipment.delivered_at > now),
        or_(Shipment.promised_on >= today - LATE_FOR, undated),
        ~settled.exists(),
        or_(
            Shipment.promised_on < today,
            Shipment.delayed_at <= now,
            Shipment.status.in_((Status.EXCEPTION, Status.RETURN_TO_SENDER)),
        ),
    )
    found = session.execute(query.order_by(Shipment.id))
    return {customer: f"the parcel of order {order} is late" for customer, order in found if customer is not None}


def money_went_back(session: Session, customers: Collection[int], now: datetime) -> Mapping[int, str]:
    """A return or another refund of the last days."""
    query = select(SeenRefund.customer_id, SeenRefund.refunded_at).where(
        SeenRefund.customer_id.in_(customers), SeenRefund.refunded_at > now - AFTER_MONEY_BACK,
        SeenRefund.refunded_at <= now,
    )  # fmt: skip
    found = session.execute(query.order_by(SeenRefund.refunded_at))
    return {customer: f"a return or refund of {at:%d %b}" for customer, at in found if customer is not None}


def open_complaint(session: Session, customers: Collection[int], now: datetime) -> Mapping[int, str]:
    """A complaint that isn't solved yet: who is cross is answered first, and offered nothing."""
    query = select(Case.customer_id, Case.reference).where(
        Case.customer_id.in_(customers), Case.kind == Kind.COMPLAINT, Case.opened_at <= now, Case.spam.is_(False),
        or_(Case.solved_at.is_(None), Case.solved_at > now),
    )  # fmt: skip
    found = session.execute(query.order_by(Case.id))
    return {customer: f"complaint {case} is open" for customer, case in found if customer is not None}


def reasons(zone: ZoneInfo) -> tuple[Silence, ...]:
    """All of them, for a shop whose days are those of `zone`."""
    return (partial(late_parcel, zone=zone), money_went_back, open_complaint)
