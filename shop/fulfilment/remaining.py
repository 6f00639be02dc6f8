"""What of an order was sent, what never will be, and what is still to be sent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..catalog.product import Product
from ..checkout.order import Order, OrderLine, OrderStatus, Refund, RefundLine
from .parcel import Parcel, ParcelLine


@dataclass(frozen=True)
class Pieces:
    """A product of an order, in pieces. `dropped`: given back before they were sent; `returned`: after.

    `serial_numbered`: each has a number, which is scanned when it is packed.
    """

    product_id: int
    name: str
    ordered: int
    sent: int
    dropped: int
    returned: int
    left: int
    serial_numbered: bool

    @property
    def to_return(self) -> int:
        """What the customer has, or is on its way to them, and wasn't given back yet."""
        return max(self.sent - self.returned, 0)


def pieces_of(session: Session, order: Order) -> list[Pieces]:
    """The products of an order in its own sequence.

    An order that left without a parcel of ours (an import's) was sent whole.
    """
    bought = (
        select(OrderLine.product_id, func.min(OrderLine.name), func.sum(OrderLine.quantity), Product.serial_numbered)
        .join(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id == order.id)
        .group_by(OrderLine.product_id, Product.serial_numbered)
        .order_by(func.min(OrderLine.position))
    )
    inside = (
        select(ParcelLine.product_id, func.sum(ParcelLine.quantity))
        .join(Parcel, Parcel.id == ParcelLine.parcel_id)
        .where(Parcel.order_id == order.id)
        .group_by(ParcelLine.product_id)
    )
    back = (
        select(RefundLine.product_id, func.sum(RefundLine.quantity), func.sum(RefundLine.unsent))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(Refund.order_id == order.id)
        .group_by(RefundLine.product_id)
    )
    sent = {product_id: int(count) for product_id, count in session.execute(inside)}
    given = {product_id: (int(count), int(unsent)) for product_id, count, unsent in session.execute(back)}
    status = session.scalar(select(Order.status).where(Order.id == order.id))
    elsewhere = not sent and status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED}
    found = []
    for product_id, name, count, numbered in session.execute(bought):
        ordered = int(count)
        all_back, dropped = given.get(product_id, (0, 0))
        gone = ordered - dropped if elsewhere else sent.get(product_id, 0)
        left = 0 if status == OrderStatus.CANCELLED else max(ordered - gone - dropped, 0)
        found.append(Pieces(product_id, name, ordered, gone, dropped, all_back - dropped, left, numbered))
    return found


def left_to_send(session: Session, order: Order) -> dict[int, int]:
    """Pieces by product that are still to be sent, where there are any."""
    return {one.product_id: one.left for one in pieces_of(session, order) if one.left}
