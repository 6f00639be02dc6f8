"""Silence: reasons for which a customer gets no promotion for a while. What they would have got waits meanwhile.

Each reason is a question about many customers at once; whoever adds one (complaints, claims, …) adds it to `REASONS`.
Answers are as of a moment, so that a rehearsal can ask about the past.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer.budget import Silence
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenRefund

AFTER_MONEY_BACK = timedelta(days=7)
"""Who sent something back or was let down is left alone as long."""


def late_parcel(session: Session, customers: Collection[int], now: datetime) -> Mapping[int, str]:
    """A parcel that should have been there, or that the carrier has trouble with."""
    query = select(Shipment.customer_id, Shipment.order_reference).where(
        Shipment.customer_id.in_(customers),
        Shipment.expected_at <= now,
        Shipment.status != Status.CANCELLED,
        or_(Shipment.delivered_at.is_(None), Shipment.delivered_at > now),
        or_(Shipment.promised_on < now.date(), Shipment.status == Status.EXCEPTION),
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


REASONS: list[Silence] = [late_parcel, money_went_back]
