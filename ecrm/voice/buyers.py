"""Verified buyers: who bought a product that arrived: in a parcel with it, or, where the shop doesn't say what is in
its parcels, in any parcel of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from tracking.delivery.shipment import Shipment, ShipmentLine, Status
from tracking.orders import SeenOrder, SeenOrderLine


@dataclass(frozen=True)
class Bought:
    """A product of a delivered order, under the name by which it was bought."""

    product: str
    name: str
    order_reference: str


def bought_by(session: Session, customer_id: int, *, product: str = "", order_id: int = 0) -> Sequence[Bought]:
    """Products that a customer has got, each once, those of the newest order first.

    Args:
        product: only this one.
        order_id: only those of this order.
    """
    query = _delivered().where(SeenOrder.customer_id == customer_id)
    if product:
        query = query.where(SeenOrderLine.product == product)
    if order_id:
        query = query.where(SeenOrder.id == order_id)
    found: dict[str, Bought] = {}
    for row in session.execute(query.order_by(SeenOrder.placed_at.desc(), SeenOrder.id, SeenOrderLine.position)):
        found.setdefault(row.product, Bought(row.product, row.name, row.reference))
    return list(found.values())


def is_buyer(session: Session, customer_id: int, product: str) -> bool:
    """Whether this customer has got this product."""
    query = _delivered().where(SeenOrder.customer_id == customer_id, SeenOrderLine.product == product)
    return session.execute(query.limit(1)).first() is not None


def _delivered() -> Select[str, str, str]:
    # An expression, so that SQLite doesn't look for the order among all that ever arrived, by the index of statuses.
    there = Shipment.status.concat("") == Status.DELIVERED
    arrived = select(Shipment.id).where(Shipment.order_reference == SeenOrder.reference, there)
    inside = arrived.join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id).where(
        ShipmentLine.product == SeenOrderLine.product
    )
    said = (
        select(ShipmentLine.shipment_id)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_reference == SeenOrder.reference)
    )
    return (
        select(SeenOrderLine.product, SeenOrderLine.name, SeenOrder.reference)
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(or_(inside.exists(), and_(arrived.exists(), ~said.exists())))
    )
