"""Parcels: the reactions that keep an order's shipments. What customers see of them is in `delivery_shown`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.event import Event
from tracking.delivery import progress
from tracking.delivery.contents import Goods
from tracking.delivery.noticing import FOLLOWED
from tracking.delivery.shipment import Shipment, Status

from .events import (
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderRefunded,
    OrderShipped,
    ParcelLine,
    ParcelScanned,
    Told,
)
from .installation import Installation
from .ledger import NotYet
from .remembered import remembered_order
from .signals import announce_after_commit, parcel_moved

log = logging.getLogger("ecrm.signals")
ANNOUNCED_FOR = timedelta(days=7)


def expect_shipment(session: Session, row: Event, told: Told) -> None:
    """A shipment is expected from the moment of the order on, with the day that was promised."""
    assert isinstance(told, OrderCompleted)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    progress.expect(
        session,
        order_reference=told.order_id,
        customer_id=row.customer_id,
        at=told.at,
        promised_on=told.promised_on,
        country=told.address.country if told.address else "",
        service=told.delivery_method,
    )


def cancel_shipment(session: Session, row: Event, told: Told) -> None:
    """The order was given up: nothing is expected any more. A parcel that has left goes its way."""
    assert isinstance(told, OrderCancelled)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    order = remembered_order(session, told.order_id)
    row.customer_id = order.customer_id
    # Where the order's own reaction comes later, it finds a shipment and expects no other.
    progress.expect(
        session, order_reference=told.order_id, customer_id=order.customer_id, at=order.placed_at, promised_on=None
    )
    progress.cancel_expected(session, told.order_id)


def start_shipment(session: Session, row: Event, told: Told) -> None:
    """Carrier and number are known: the expected shipment is on its way."""
    assert isinstance(told, OrderShipped)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    order = remembered_order(session, told.order_id)
    row.customer_id = order.customer_id
    progress.start(
        session,
        reference=told.shipment_id,
        order_reference=told.order_id,
        customer_id=order.customer_id,
        carrier=told.carrier,
        tracking_number=told.tracking_number,
        at=told.at,
        lines=_goods(told.lines),
    )


def drop_unsent(session: Session, row: Event, told: Told) -> None:
    """Money of pieces that were never sent went back: nobody waits for those any more."""
    assert isinstance(told, OrderRefunded)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    if told.order_id is None or not told.unsent:
        return
    order = remembered_order(session, told.order_id)
    # Where the order's own reaction comes later, it finds nothing left to expect.
    progress.expect(
        session, order_reference=told.order_id, customer_id=order.customer_id, at=order.placed_at, promised_on=None
    )
    reference = f"unsent:{told.refund_id}"[:64]
    progress.give_up(session, reference=reference, order_reference=told.order_id, lines=_goods(told.unsent), at=told.at)


def finish_shipment(session: Session, row: Event, told: Told) -> None:
    """The parcel reached its door."""
    assert isinstance(told, OrderDelivered)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    shipment = progress.shipment_by_reference(session, told.shipment_id)
    if shipment is None:
        raise NotYet(f"shipment {told.shipment_id} isn't known yet")
    row.customer_id = shipment.customer_id
    _take_scan(session, shipment, status=Status.DELIVERED, at=told.at)


def note_scan(session: Session, row: Event, told: Told) -> None:
    """A carrier's message about a parcel; one that is late or repeated moves nothing."""
    assert isinstance(told, ParcelScanned)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    shipment = progress.shipment_by_reference(session, told.shipment_id)
    if shipment is None:
        raise NotYet(f"shipment {told.shipment_id} isn't known yet")
    row.customer_id = shipment.customer_id
    _take_scan(session, shipment, status=Status(told.status), at=told.at, place=told.place, note=told.note)


def _take_scan(
    session: Session, shipment: Shipment, *, status: Status, at: datetime, place: str = "", note: str = ""
) -> None:
    if progress.scan(session, shipment, status=status, at=at, place=place, note=note):
        announce_after_commit(
            session, parcel_moved, shipment_id=shipment.reference, order_id=shipment.order_reference,
            status=shipment.status, at=at,
        )  # fmt: skip


def announce_again(crm: Installation, *, now: datetime) -> int:
    """Announce the deliveries of the last days once more, for receivers that failed or weren't there; says how many.

    The CRM doesn't know who failed: receivers of `parcel_moved` find what they have done already, and do nothing.
    """
    lately = select(Shipment).where(
        Shipment.status == Status.DELIVERED, Shipment.expected_at > now - FOLLOWED,
        Shipment.delivered_at > now - ANNOUNCED_FOR, Shipment.delivered_at <= now,
    )  # fmt: skip
    with crm.sessions() as session:
        arrived = session.scalars(lately.order_by(Shipment.id)).all()
    for shipment in arrived:
        with crm.app.app_context():
            try:
                parcel_moved.send(
                    crm.app, shipment_id=shipment.reference, order_id=shipment.order_reference,
                    status=shipment.status, at=shipment.delivered_at,
                )  # fmt: skip
            except Exception:  # as in `signals`: a receiver stops nobody
                log.exception("a receiver failed again about parcel %s", shipment.reference)
    return len(arrived)


def _goods(lines: Sequence[ParcelLine]) -> list[Goods]:
    return [Goods(line.product_id, line.name, line.quantity) for line in lines]
