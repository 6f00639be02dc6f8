"""When a carrier is asked again where a parcel is: often while something happens, rarely when nothing does, never for
ever. Webhooks come sooner; this is for shops without them, and for the ones that got lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..record import Record, insert_once
from .shipment import OPEN, Scan, Shipment, Status

GIVEN_UP_AFTER = timedelta(days=60)
"""Since it was sent; whatever becomes of it then is told by people."""
OWN = ("own", "own van")
"""Carriers that nobody can be asked about: the shop drives itself."""
LEASE = timedelta(minutes=10)
"""A process that died while it asked blocks a parcel for so long."""
LONGEST = timedelta(days=1)


class ShipmentPoll(Record):
    """When a parcel's carrier is asked next; `failures` in a row."""

    __tablename__ = "ecrm_shipment_poll"
    __table_args__ = (Index(None, "next_at"),)

    shipment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_shipment.id"), primary_key=True)
    next_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True)
class Due:
    """A parcel whose carrier is to be asked now; it is claimed for `LEASE`."""

    shipment_id: int
    reference: str
    carrier: str
    tracking_number: str
    failures: int


def claim_due(session: Session, *, now: datetime, most: int) -> list[Due]:
    """Parcels under way whose time has come, the longest waiting first; nobody else gets them for a while."""
    open_ = (
        Shipment.status.in_(OPEN), Shipment.tracking_number != "", Shipment.shipped_at > now - GIVEN_UP_AFTER,
        func.lower(Shipment.carrier).not_in(OWN),
    )  # fmt: skip
    query = (
        select(Shipment, ShipmentPoll.failures)
        .outerjoin(ShipmentPoll, ShipmentPoll.shipment_id == Shipment.id)
        .where(*open_, or_(ShipmentPoll.next_at.is_(None), ShipmentPoll.next_at <= now))
        .order_by(ShipmentPoll.next_at.is_not(None), ShipmentPoll.next_at, Shipment.id)
        .limit(most)
    )
    claimed = []
    for shipment, failures in session.execute(query).all():
        if _claim(session, shipment.id, now=now):
            number = shipment.tracking_number
            claimed.append(Due(shipment.id, shipment.reference, shipment.carrier, number, failures or 0))
    return claimed


def note_answer(session: Session, due: Due, *, now: datetime) -> None:
    """The carrier answered, whatever it said."""
    shipment = session.get_one(Shipment, due.shipment_id, populate_existing=True)
    seen = session.scalar(select(func.max(Scan.scanned_at)).where(Scan.shipment_id == due.shipment_id))
    next_at = next_poll_at(shipment, seen, now=now)
    _set(session, due, next_at=next_at, asked_at=now, failures=0)


def note_failure(session: Session, due: Due, *, wait: timedelta | None, now: datetime) -> None:
    """It didn't: twice as long each time, at least as long as it asked for (`wait`), a day at most."""
    pause = min(timedelta(minutes=15) * 2 ** min(due.failures, 10), LONGEST)
    _set(session, due, next_at=now + max(pause, min(wait or pause, LONGEST)), asked_at=now, failures=due.failures + 1)


def next_poll_at(shipment: Shipment, seen_at: datetime | None, *, now: datetime) -> datetime:
    """Half an hour for a parcel in the van; else a quarter of the time since its last news, from one hour to a day,
    and from the promised day on never more than two hours for three days."""
    if shipment.status == Status.OUT_FOR_DELIVERY:
        return now + timedelta(minutes=30)
    idle = now - max(filter(None, (seen_at, shipment.shipped_at, shipment.expected_at)), default=now)
    pause = min(max(idle / 4, timedelta(hours=1)), LONGEST)
    if shipment.promised_on is not None and -1 <= (now.date() - shipment.promised_on).days <= 3:
        pause = min(pause, timedelta(hours=2))
    return now + pause


def _claim(session: Session, shipment_id: int, *, now: datetime) -> bool:
    lease = {"shipment_id": shipment_id, "next_at": now + LEASE, "asked_at": None, "failures": 0}
    if insert_once(session, ShipmentPoll, lease) is not None:
        return True
    taken: Any = session.execute(
        update(ShipmentPoll)
        .where(ShipmentPoll.shipment_id == shipment_id, ShipmentPoll.next_at <= now)
        .values(next_at=now + LEASE)
    )
    return bool(taken.rowcount)


def _set(session: Session, due: Due, **values: Any) -> None:
    session.execute(update(ShipmentPoll).where(ShipmentPoll.shipment_id == due.shipment_id).values(**values))
