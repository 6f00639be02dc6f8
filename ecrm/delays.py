"""Delays: buyers whose parcel didn't come as promised are told so before they ask, once a parcel."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mailer import dedup
from mailer.outbox import Email
from tracking.delivery.shipment import Shipment, Status

from .installation import Installation
from .ledger import NotYet
from .mail import tell_about_parcel

log = logging.getLogger("ecrm.mail")

NEWS_FOR = timedelta(days=3)
"""A shop that turns this on, or that stood still, writes nobody about what is long settled."""


def tell_delays(crm: Installation, *, now: datetime) -> int:
    """Write to the buyers of parcels that should have been there by yesterday; says to how many."""
    today = now.astimezone(ZoneInfo(crm.storefront.facts().time_zone)).date()
    late = select(Shipment.reference).where(
        Shipment.promised_on < today, Shipment.promised_on >= today - NEWS_FOR, Shipment.delivered_at.is_(None),
        Shipment.status.not_in((Status.CANCELLED, Status.DELIVERED)),
    )  # fmt: skip
    told = 0
    with crm.sessions() as session:
        found = session.scalars(late.order_by(Shipment.id)).all()
    for reference in found:
        key = dedup.order_delayed(reference)
        with crm.sessions.begin() as session:
            if session.scalar(select(Email.id).where(Email.dedup_key == key)) is not None:
                continue
            try:
                tell_about_parcel(session, reference, template="order_delayed", dedup_key=key)
                told += 1
            except NotYet:
                log.warning("the order of the late parcel %s isn't known", reference)
    return told
