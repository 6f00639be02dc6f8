"""Forgetting: what carriers and staff wrote of somebody's parcels. The shipments themselves belong to the orders."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .shipment import Scan, Shipment


def forget_notes(session: Session, customer_id: int) -> None:
    """Empty the places and notes of their parcels' messages: a name who signed, a neighbour, a pick-up point."""
    theirs = select(Shipment.id).where(Shipment.customer_id == customer_id)
    session.execute(update(Scan).where(Scan.shipment_id.in_(theirs)).values(place="", note=""))
