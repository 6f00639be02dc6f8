"""Handing parcels to a carrier and seeing them arrive: an order moves placed → shipped → delivered.

It may go in several parcels; it is delivered when all of them have arrived and nothing is left to send. A parcel sent
after all earlier ones arrived takes a delivered order back to shipped, until that one has arrived too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from .. import signals
from ..checkout.order import Order, OrderStatus
from ..writes import insert_or_ignore, rows_changed
from .parcel import Parcel, ParcelLine
from .remaining import left_to_send
from .serial_numbers import SerialNumbers, check_leaves_once


class NotShippable(Exception):
    """The order was cancelled."""


class NumberTaken(Exception):
    """This carrier's tracking number belongs to a parcel of another order."""


class NotLeft(Exception):
    """More of a product than is left to send, or nothing while something is; `left` says what is, by product."""

    def __init__(self, left: Mapping[int, int]) -> None:
        super().__init__(dict(left))
        self.left = left


def parcels_of(session: Session, order: Order) -> list[Parcel]:
    """The parcels of an order, the first sent first."""
    return list(session.scalars(select(Parcel).where(Parcel.order_id == order.id).order_by(Parcel.id)))


def ship(
    session: Session,
    order: Order,
    *,
    carrier: str,
    tracking_number: str,
    now: datetime,
    pieces: Mapping[int, int] | None = None,
    serials: SerialNumbers | None = None,
) -> Parcel:
    """Hand a parcel to a carrier; an order may go in several. The same number again answers the same parcel.

    The order's row is changed first: whoever cancels it at the same moment waits, and then can't any more.

    Args:
        pieces: by product, what is in it; None = all that is left to send. Where nothing is, the parcel goes on top.
        serials: numbers of the pieces that have one, at most as many as pieces; checked by whoever asks, but for
            those that left before: of two packers at once, the second must see what the first has sent.

    Raises:
        NotShippable: the order was cancelled.
        NotLeft: that isn't left to send, or nothing is in it.
        NumberTaken: another order's parcel has this number.
        WrongSerials: a piece is in another parcel of the order.
    """
    open_ = (Order.id == order.id) & (Order.status != OrderStatus.CANCELLED)
    if rows_changed(session, update(Order).where(open_).values(status=Order.status)) != 1:  # the lock
        raise NotShippable(order.number)
    values = {"order_id": order.id, "carrier": carrier, "tracking_number": tracking_number, "shipped_at": now}
    parcel_id = insert_or_ignore(session, Parcel, values)
    if parcel_id is None:  # before the status: a delivered parcel told twice isn't on its way again
        known = select(Parcel).where(Parcel.carrier == carrier, Parcel.tracking_number == tracking_number)
        parcel = session.scalars(known).one()
        if parcel.order_id != order.id:
            raise NumberTaken(tracking_number)
        return parcel
    left = left_to_send(session, order)
    inside = left if pieces is None else {product_id: count for product_id, count in pieces.items() if count}
    if any(not 0 < count <= left.get(product_id, 0) for product_id, count in inside.items()) or (left and not inside):
        raise NotLeft(left)
    if inside:
        numbers = serials or {}
        packed = select(ParcelLine.product_id, ParcelLine.serial_numbers).join(Parcel)
        sent = session.execute(packed.where(Parcel.order_id == order.id)).all()
        check_leaves_once(numbers, [(line.product_id, line.serial_numbers) for line in sent])
        lines = [
            {"parcel_id": parcel_id, "product_id": one, "quantity": count, "serial_numbers": [*numbers.get(one, ())]}
            for one, count in inside.items()
        ]
        session.execute(insert(ParcelLine), lines)
    rows_changed(session, update(Order).where(Order.id == order.id).values(status=OrderStatus.SHIPPED))
    session.refresh(order)
    parcel = session.get_one(Parcel, parcel_id)
    signals.announce(signals.parcel_shipped, parcel=parcel)
    return parcel


def mark_delivered(session: Session, parcel: Parcel, *, now: datetime) -> bool:
    """A parcel has arrived; when nothing else is on its way or to be sent, the order is delivered.

    Returns:
        False where it was known already.
    """
    # The order's row first: of two parcels that arrive at once, the second must see that the first has.
    rows_changed(session, update(Order).where(Order.id == parcel.order_id).values(status=Order.status))
    arrives = update(Parcel).where(Parcel.id == parcel.id, Parcel.delivered_at.is_(None))
    if rows_changed(session, arrives.values(delivered_at=now)) != 1:
        return False
    session.refresh(parcel)
    if complete(session, parcel.order):
        session.expire(parcel, ["order"])
        session.refresh(parcel.order)
    signals.announce(signals.parcel_delivered, parcel=parcel)
    return True


def complete(session: Session, order: Order) -> bool:
    """An order whose parcels have all arrived, and of which nothing is left to send, is delivered. Under its lock."""
    on_its_way = select(Parcel.id).where(Parcel.order_id == order.id, Parcel.delivered_at.is_(None))
    if session.scalars(on_its_way.limit(1)).first() is not None or left_to_send(session, order):
        return False
    done = update(Order).where(Order.id == order.id, Order.status == OrderStatus.SHIPPED)
    return rows_changed(session, done.values(status=OrderStatus.DELIVERED)) == 1
