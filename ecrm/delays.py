"""Delays: parcels that won't come as promised are noticed, and their buyers told so before they ask, once a parcel."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import dedup
from mailer.addressing import BadHeader
from mailer.outbox import Email
from tracking.delivery.foretelling import Experience, Why, last_heard_of, learn, outlook
from tracking.delivery.noticing import notice, open_shipments
from tracking.delivery.progress import expected_reference
from tracking.delivery.shipment import OPEN, Shipment, Status

from .installation import Installation
from .ledger import NotYet
from .mail import tell_about_parcel

log = logging.getLogger("ecrm.mail")

NEWS_FOR = timedelta(days=3)
"""A shop that turns this on, or that stood still, writes nobody about what is long settled."""
AWAKE = range(8, 20)
"""Hours of the shop's day in which buyers are told; a parcel noticed at night is told in the morning."""
ALMOST_THERE = frozenset({Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP})
"""Whoever reads that it comes today, or waits to be picked up, needs no apology."""
AT_ONCE = 500


@dataclass(frozen=True)
class Noticed:
    """Parcels that are newly known to be late, and buyers who were told."""

    late: int
    told: int

    def __str__(self) -> str:
        return f"{self.late} parcels are newly known to be late, {self.told} buyers told"


def look_after_delays(crm: Installation, *, now: datetime) -> Noticed:
    """Foretell each open parcel's day, mark those that are going to be late, and write to their buyers."""
    zone = ZoneInfo(crm.storefront.facts().time_zone)
    with crm.sessions() as session:
        learnt, waiting = learn(session, zone=zone, now=now), open_shipments(session, now=now)
    late = sum(
        _notice(crm, waiting[start : start + AT_ONCE], learnt, zone=zone, now=now)
        for start in range(0, len(waiting), AT_ONCE)
    )
    return Noticed(late, tell_delays(crm, learnt, now=now))


def _notice(crm: Installation, shipments: Sequence[int], learnt: Experience, *, zone: ZoneInfo, now: datetime) -> int:
    with crm.sessions.begin() as session:
        return len(notice(session, shipments, learnt, zone=zone, now=now))


def tell_delays(crm: Installation, learnt: Experience, *, now: datetime) -> int:
    """Write to the buyers of parcels that were noticed to be late and still are; says to how many."""
    zone = ZoneInfo(crm.storefront.facts().time_zone)
    local = now.astimezone(zone)
    if local.hour not in AWAKE:
        return 0
    fresh = Shipment.promised_on.is_(None) | (Shipment.promised_on >= local.date() - NEWS_FOR)
    marked = select(Shipment.id).where(
        Shipment.delayed_at > now - NEWS_FOR, Shipment.delayed_at <= now, Shipment.status.in_(OPEN), fresh
    )
    with crm.sessions() as session:
        found = session.scalars(marked.order_by(Shipment.id)).all()
    told = 0
    for shipment_id in found:
        with crm.sessions.begin() as session:
            told += _tell(session, shipment_id, learnt, zone=zone, now=now)
    return told


def _tell(session: Session, shipment_id: int, learnt: Experience, *, zone: ZoneInfo, now: datetime) -> bool:
    """What was noticed hours ago may not be so any more: it is looked at again, and told as it is now."""
    shipment = session.get_one(Shipment, shipment_id)
    heard = last_heard_of(session, [shipment_id]).get(shipment_id)
    why = outlook(shipment, learnt, last_heard=heard, zone=zone, now=now).why
    if why is None or shipment.status in ALMOST_THERE:
        return False
    if why == Why.EXCEPTION and heard is not None and heard < now - NEWS_FOR:
        return False  # trouble of long ago, of a parcel that nobody followed then
    key = dedup.order_delayed(shipment.reference)
    # A parcel was told of by another name before it left.
    before = (key, dedup.order_delayed(expected_reference(shipment.order_reference)))
    if session.scalar(select(Email.id).where(Email.dedup_key.in_(before)).limit(1)) is not None:
        return False
    try:
        tell_about_parcel(
            session, shipment.reference, template="order_delayed", dedup_key=key,
            overdue=why == Why.OVERDUE, trouble=why == Why.EXCEPTION,
        )  # fmt: skip
    except NotYet:
        log.warning("the order of the late parcel %s isn't known", shipment.reference)
        return False
    except BadHeader:
        log.warning("the buyer of the late parcel %s has an address that can't be written to", shipment.reference)
        return False
    return True
