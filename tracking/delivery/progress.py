"""A shipment's progress: expected, given to a carrier, scanned on its way, at its end. The one door to its status.

Carriers' messages come late, twice and out of order. Each is kept as a scan, and the status is worked out from all of
them, so that it doesn't depend on the order in which they arrived (see `settled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..record import insert_once
from . import contents
from .carriers import tidied
from .contents import Goods
from .shipment import AS_SENT, Scan, Shipment, Status

ON_THE_WAY = frozenset(
    {Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.EXCEPTION}
)  # fmt: skip
ENDS = frozenset({Status.DELIVERED, Status.RETURN_TO_SENDER})

ALLOWED_MOVES: dict[Status, frozenset[Status]] = {
    # Whoever has seen the parcel knows more than our list, so each state of the way may be the first one heard of.
    Status.PRE_TRANSIT: ON_THE_WAY | ENDS | {Status.CANCELLED},
    # A van that comes back in the evening puts its parcel "in transit" again, a closed shop becomes a pick-up point,
    # a lost parcel is found: on the way every state may follow every other.
    **{status: (ON_THE_WAY | ENDS) - {status} for status in sorted(ON_THE_WAY)},
    # A label that was cancelled and travels all the same: what was seen counts.
    Status.CANCELLED: ON_THE_WAY | ENDS,
    # What is at its door, or back with us, goes nowhere; another attempt is another parcel.
    Status.DELIVERED: frozenset(),
    Status.RETURN_TO_SENDER: frozenset(),
}
"""From a status to those that may follow it, with the reasons. Nothing leads back to `pre_transit`."""


def settled(scans: Iterable[tuple[datetime, str]]) -> Status:
    """The status that a set of messages amounts to, whatever the order in which they came.

    The earliest end, if any; else the latest state on the way; else cancelled, if somebody said so; else nothing has
    happened. Of two messages of one moment, the one further on (in the order of `Status`) counts as the later.

    What holds for a shipment (tests/tracking/delivery/test_progress.py): after any sequence of messages, from any
    number of sessions, repeated or not, its status is this function of their set. Only where the set says both
    "delivered" and "returned to sender", it is the end that was heard of first, as an end is never taken back.
    """
    rank = {status: number for number, status in enumerate(Status)}
    known = sorted((at, rank[Status(status)], Status(status)) for at, status in scans)
    ends = [status for _at, _rank, status in known if status in ENDS]
    moving = [status for _at, _rank, status in known if status in ON_THE_WAY]
    if ends or moving:
        return ends[0] if ends else moving[-1]
    given_up = any(status is Status.CANCELLED for _at, _rank, status in known)
    return Status.CANCELLED if given_up else Status.PRE_TRANSIT


def expected_reference(order_reference: str) -> str:
    """The reference of a shipment that has no parcel yet."""
    return f"order:{order_reference}"[:64]


def expect(
    session: Session,
    *,
    order_reference: str,
    customer_id: int | None,
    at: datetime,
    promised_on: date | None,
    country: str = "",
    service: str = "",
) -> bool:
    """Open a shipment for what of the order isn't in one; False where nothing is left, or there is one already."""
    known = shipments_of(session, order_reference)
    left = contents.rest(session, order_reference, besides=known)
    if known and not left:
        return False
    values = _values(order_reference, customer_id, at) | {
        "reference": expected_reference(order_reference),
        "status": Status.PRE_TRANSIT,
        "promised_on": promised_on,
        "country": country[:2],
        "service": service[:40],
    }
    shipment_id = insert_once(session, Shipment, values)
    if shipment_id is None:
        return False
    contents.put_in(session, shipment_id, left or ())
    return True


def start(
    session: Session,
    *,
    reference: str,
    order_reference: str,
    customer_id: int | None,
    carrier: str,
    tracking_number: str,
    at: datetime,
    lines: Sequence[Goods] = (),
) -> Shipment:
    """Give a parcel to a carrier.

    Args:
        lines: what is in it; without any, all that is left of the order. The parcel that takes the last of it becomes
            the expected shipment; one that takes less leaves that behind with the rest.
    """
    shipment = shipment_by_reference(session, reference)
    if shipment is None:
        shipment = _take_out(
            session, reference, order_reference=order_reference, customer_id=customer_id, at=at, lines=lines
        )
    shipment.carrier = carrier[:40]
    shipment.tracking_number = tidied(tracking_number)[:64]  # as messages about it write it
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
    # The row first: of two messages at once, the second must see the first one's scan.
    session.execute(update(Shipment).where(Shipment.id == shipment.id).values(status=Shipment.status))
    values = {
        "shipment_id": shipment.id, "customer_id": shipment.customer_id, "scanned_at": at, "status": status,
        "place": place[:100], "note": note[:200],
    }  # fmt: skip
    if insert_once(session, Scan, values) is None:
        return False
    said = session.execute(select(Scan.scanned_at, Scan.status).where(Scan.shipment_id == shipment.id))
    return _move(session, shipment, settled((row.scanned_at, row.status) for row in said), status=status, at=at)


def cancel_expected(session: Session, order_reference: str) -> bool:
    """An order that was given up, or the rest of it: nothing more is expected."""
    cancelled: Any = session.execute(
        update(Shipment)
        .where(Shipment.reference == expected_reference(order_reference), Shipment.status == Status.PRE_TRANSIT)
        .values(status=Status.CANCELLED)
    )
    return bool(cancelled.rowcount)


def give_up(session: Session, *, reference: str, order_reference: str, lines: Sequence[Goods], at: datetime) -> bool:
    """These pieces of an order will never be sent: they stay behind as a cancelled shipment of their own.

    Args:
        reference: unique for the deed; one that was done is harmless.

    Returns:
        Whether anything that was expected isn't any more.
    """
    expected = shipment_by_reference(session, expected_reference(order_reference))
    if expected is None or expected.status != Status.PRE_TRANSIT or shipment_by_reference(session, reference):
        return False
    left = {one.product: one.quantity for one in contents.contents_of(session, [expected.id]).get(expected.id, ())}
    gone = [Goods(one.product, one.name, min(one.quantity, left[one.product])) for one in lines if one.product in left]
    if not contents.merged(gone):
        return False
    dropped = _take_out(
        session, reference, order_reference=order_reference, customer_id=expected.customer_id, at=at, lines=gone
    )
    dropped.status = Status.CANCELLED
    session.flush()
    return True


def shipment_by_reference(session: Session, reference: str) -> Shipment | None:
    """The shipment of this parcel of the shop."""
    return session.scalar(select(Shipment).where(Shipment.reference == reference))


def shipments_of(session: Session, order_reference: str) -> Sequence[Shipment]:
    """All shipments of an order, in the order in which they left."""
    query = select(Shipment).where(Shipment.order_reference == order_reference)
    return session.scalars(query.order_by(*AS_SENT)).all()


def _take_out(
    session: Session,
    reference: str,
    *,
    order_reference: str,
    customer_id: int | None,
    at: datetime,
    lines: Sequence[Goods],
) -> Shipment:
    """A new parcel of these goods, taken out of what is expected; the expected one itself, if nothing is left then."""
    waiting = (Shipment.reference == expected_reference(order_reference)) & (Shipment.status == Status.PRE_TRANSIT)
    session.execute(update(Shipment).where(waiting).values(status=Shipment.status))  # of two parcels, one after another
    expected = session.scalar(select(Shipment).where(waiting).execution_options(populate_existing=True))
    inside = contents.contents_of(session, [expected.id]).get(expected.id, []) if expected is not None else []
    stays = contents.without(inside, lines) if lines else []
    if expected is not None and not stays:
        expected.reference = reference
        session.flush()
        contents.put_in(session, expected.id, lines or inside)
        return expected
    values = _values(order_reference, customer_id, at) | {"reference": reference, "status": Status.PRE_TRANSIT}
    if expected is not None:
        # ordered when the rest was, and promised with it
        values |= {
            "promised_on": expected.promised_on, "country": expected.country, "service": expected.service,
            "expected_at": expected.expected_at,
        }  # fmt: skip
        contents.put_in(session, expected.id, stays)
    insert_once(session, Shipment, values)
    shipment = session.scalars(select(Shipment).where(Shipment.reference == reference)).one()
    contents.put_in(session, shipment.id, lines)
    return shipment


def _values(order_reference: str, customer_id: int | None, at: datetime) -> dict[str, Any]:
    return {
        "order_reference": order_reference, "customer_id": customer_id, "carrier": "", "tracking_number": "",
        "expected_at": at, "shipped_at": None, "delivered_at": None, "promised_on": None, "expected_on": None,
        "delayed_at": None,
    }  # fmt: skip


def _move(session: Session, shipment: Shipment, to: Status, *, status: Status, at: datetime) -> bool:
    """By a conditional UPDATE, so that nothing but an allowed move can happen."""
    before = [known for known, following in ALLOWED_MOVES.items() if to in following]
    moved: Any = session.execute(
        update(Shipment).where(Shipment.id == shipment.id, Shipment.status.in_(before)).values(status=to)
    )
    if status is Status.DELIVERED:  # the first of several such messages says when
        earlier = Shipment.delivered_at.is_(None) | (Shipment.delivered_at > at)
        arrived = update(Shipment).where(Shipment.id == shipment.id, Shipment.status == Status.DELIVERED, earlier)
        session.execute(arrived.values(delivered_at=at))
    session.refresh(shipment)
    return bool(moved.rowcount)
