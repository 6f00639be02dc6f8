"""A shipment's progress: expected, given to a carrier, scanned on its way, delivered; forward only.

Carriers' messages come late, twice and out of order. Every one is kept as a scan; only one that is news moves the
shipment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ..record import insert_once
from .shipment import Scan, Shipment, Status

ALLOWED_MOVES: dict[Status, frozenset[Status]] = {
    Status.PRE_TRANSIT: frozenset(
        {Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERED, Status.EXCEPTION, Status.CANCELLED}
    ),
    Status.IN_TRANSIT: frozenset({Status.OUT_FOR_DELIVERY, Status.DELIVERED, Status.EXCEPTION}),
    Status.OUT_FOR_DELIVERY: frozenset({Status.DELIVERED, Status.EXCEPTION}),
    # A parcel that nobody took in, or that was lost for a while, goes on its way again.
    Status.EXCEPTION: frozenset({Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERED}),
    Status.DELIVERED: frozenset(),
    Status.CANCELLED: frozenset(),
}
"""From a status to those that may follow it; the last two are ends."""


def expected_reference(order_reference: str) -> str:
    """The reference of a shipment that has no parcel yet."""
    return f"order:{order_reference}"[:64]


def expect(
    session: Session, *, order_reference: str, customer_id: int | None, at: datetime, promised_on: date | None
) -> bool:
    """Open a shipment with its order; False where the order has one already."""
    if shipments_of(session, order_reference):
        return False
    values = _values(order_reference, customer_id, at) | {
        "reference": expected_reference(order_reference),
        "status": Status.PRE_TRANSIT,
        "promised_on": promised_on,
    }
    return insert_once(session, Shipment, values) is not None


def start(
    session: Session,
    *,
    reference: str,
    order_reference: str,
    customer_id: int | None,
    carrier: str,
    tracking_number: str,
    at: datetime,
) -> Shipment:
    """Give a parcel to a carrier: the expected shipment becomes this parcel; a further parcel is a further shipment."""
    shipment = shipment_by_reference(session, reference)
    if shipment is None:
        named: Any = session.execute(
            update(Shipment)
            .where(Shipment.reference == expected_reference(order_reference), Shipment.status == Status.PRE_TRANSIT)
            .values(reference=reference)
        )
        if named.rowcount != 1:
            values = _values(order_reference, customer_id, at) | {"reference": reference, "status": Status.PRE_TRANSIT}
            insert_once(session, Shipment, values | {"promised_on": None})
        shipment = session.scalars(select(Shipment).where(Shipment.reference == reference)).one()
    shipment.carrier = carrier[:40]
    shipment.tracking_number = tracking_number[:64]
    shipment.shipped_at = shipment.shipped_at or at
    session.flush()
    scan(session, shipment, status=Status.IN_TRANSIT, at=at)
    return shipment


def scan(
    session: Session, shipment: Shipment, *, status: Status, at: datetime, place: str = "", note: str = ""
) -> bool:
    """Take in one message about a shipment.

    Returns:
        True where it moved the shipment; False for a repeated, late or impossible one (kept all the same).
    """
    newest = session.scalar(select(func.max(Scan.scanned_at)).where(Scan.shipment_id == shipment.id))
    values = {
        "shipment_id": shipment.id, "scanned_at": at, "status": status, "place": place[:100], "note": note[:200],
    }  # fmt: skip
    if insert_once(session, Scan, values) is None:
        return False
    # A delivery is the truth however late its message comes; anything else older than what is known is history.
    if newest is not None and at < newest and status is not Status.DELIVERED:
        return False
    return _move(session, shipment, status, at)


def cancel_expected(session: Session, order_reference: str) -> bool:
    """An order that was given up before anything left: nothing is expected any more."""
    cancelled: Any = session.execute(
        update(Shipment)
        .where(Shipment.reference == expected_reference(order_reference), Shipment.status == Status.PRE_TRANSIT)
        .values(status=Status.CANCELLED)
    )
    return bool(cancelled.rowcount)


def shipment_by_reference(session: Session, reference: str) -> Shipment | None:
    """The shipment of this parcel of the shop."""
    return session.scalar(select(Shipment).where(Shipment.reference == reference))


def shipments_of(session: Session, order_reference: str) -> Sequence[Shipment]:
    """All shipments of an order, the first first."""
    query = select(Shipment).where(Shipment.order_reference == order_reference)
    return session.scalars(query.order_by(Shipment.expected_at, Shipment.id)).all()


def _values(order_reference: str, customer_id: int | None, at: datetime) -> dict[str, Any]:
    return {
        "order_reference": order_reference, "customer_id": customer_id, "carrier": "", "tracking_number": "",
        "expected_at": at, "shipped_at": None, "delivered_at": None,
    }  # fmt: skip


def _move(session: Session, shipment: Shipment, status: Status, at: datetime) -> bool:
    """By a conditional UPDATE, so that of two messages at once only an allowed one wins."""
    before = [known for known, following in ALLOWED_MOVES.items() if status in following]
    values: dict[str, Any] = {"status": status}
    if status is Status.DELIVERED:
        values["delivered_at"] = at
    moved: Any = session.execute(
        update(Shipment).where(Shipment.id == shipment.id, Shipment.status.in_(before)).values(**values)
    )
    session.refresh(shipment)
    return bool(moved.rowcount)
