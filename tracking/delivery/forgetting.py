"""Forgetting: what carriers and staff wrote of somebody's parcels. The shipments themselves belong to the orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from ..orders import SeenOrder
from .shipment import Scan, Shipment, new_token


def forget_notes(session: Session, customer_id: int) -> None:
    """Empty the places and notes of their parcels' messages: a name who signed, a neighbour, a pick-up point.

    The public links that were mailed to them open nothing from then on.
    """
    orders = select(SeenOrder.reference).where(SeenOrder.customer_id == customer_id)
    theirs = session.scalars(
        select(Shipment).where(or_(Shipment.customer_id == customer_id, Shipment.order_reference.in_(orders)))
    ).all()
    for shipment in theirs:
        shipment.token = new_token()
        session.execute(update(Scan).where(Scan.shipment_id == shipment.id).values(place="", note=""))
    session.flush()


def forget_notes_before(session: Session, moment: datetime, *, after: int = 0, limit: int = 5000) -> int | None:
    """Empty places and notes of messages from before a moment, so many at once.

    Returns:
        The id of the last that was emptied, to go on `after`; None when there are no more.
    """
    old = select(Scan.id).where(Scan.id > after, Scan.scanned_at < moment, or_(Scan.place != "", Scan.note != ""))
    ids = session.scalars(old.order_by(Scan.id).limit(limit)).all()
    session.execute(
        update(Scan).where(Scan.id.in_(ids)).values(place="", note="").execution_options(synchronize_session=False)
    )
    return ids[-1] if ids else None
