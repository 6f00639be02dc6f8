"""Whether what a carrier says of a parcel is news: a shop that begins to follow its parcels hears of old ones, too."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.event import Event

from . import ledger
from .events import ParcelScanned

NEWS_FOR = timedelta(days=3)
"""So long it is worth an e-mail that a parcel arrived, or waits to be picked up."""
WORK_FOR = timedelta(days=14)
"""So long somebody has to do something about a parcel that comes back; the buyers of older ones have asked already."""


def age(told: ParcelScanned) -> timedelta:
    """How long after it happened it was heard of."""
    return (told.heard_at or told.at) - told.at


def scans_told(session: Session, *, order_id: str, shipment_id: str, status: str) -> list[tuple[int, ParcelScanned]]:
    """What was told of a parcel with this status, as it is in the ledger: the event's id and the event."""
    rows = session.scalars(
        select(Event).where(Event.order_reference == order_id, Event.name == ParcelScanned.name).order_by(Event.id)
    )
    told = [(row.id, ledger.from_row(row)) for row in rows if row.properties]
    return [
        (id_, one)
        for id_, one in told
        if isinstance(one, ParcelScanned) and (one.shipment_id, one.status) == (shipment_id, status)
    ]
