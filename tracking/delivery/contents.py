"""What lies in which shipment of an order, and what of the order is still to be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from ..orders import SeenOrder, SeenOrderLine
from .shipment import Shipment, ShipmentLine


@dataclass(frozen=True)
class Goods:
    """So many pieces of a product, under the name it was bought by."""

    product: str
    name: str
    quantity: int


def contents_of(session: Session, shipments: Collection[int]) -> dict[int, list[Goods]]:
    """What lies in each of these shipments; one of which that isn't known has no entry."""
    found: dict[int, list[Goods]] = {}
    query = select(ShipmentLine).where(ShipmentLine.shipment_id.in_(shipments))
    for line in session.scalars(query.order_by(ShipmentLine.shipment_id, ShipmentLine.product)):
        found.setdefault(line.shipment_id, []).append(Goods(line.product, line.name, line.quantity))
    return found


def put_in(session: Session, shipment_id: int, goods: Iterable[Goods]) -> None:
    """Say what lies in a shipment, in place of what was said before."""
    session.execute(delete(ShipmentLine).where(ShipmentLine.shipment_id == shipment_id))
    rows = [
        {"shipment_id": shipment_id, "product": one.product, "name": one.name, "quantity": one.quantity}
        for one in merged(goods)
    ]
    if rows:
        session.execute(insert(ShipmentLine), rows)


def merged(goods: Iterable[Goods]) -> list[Goods]:
    """One entry a product, as an order may name one twice; none without pieces."""
    names: dict[str, str] = {}
    pieces: Counter[str] = Counter()
    for one in goods:
        names.setdefault(one.product, one.name)
        pieces[one.product] += max(one.quantity, 0)
    return [Goods(product, names[product], count) for product, count in pieces.items() if count]


def ordered(session: Session, order_reference: str) -> list[Goods]:
    """What was bought; nothing where the order isn't known."""
    lines = (
        select(SeenOrderLine.product, SeenOrderLine.name, SeenOrderLine.quantity)
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrder.reference == order_reference)
        .order_by(SeenOrderLine.position)
    )
    return merged(Goods(*row) for row in session.execute(lines))


def rest(session: Session, order_reference: str, *, besides: Sequence[Shipment]) -> list[Goods] | None:
    """What was bought and lies in none of these shipments.

    Returns:
        None where that isn't known: of the order nothing is, or of one of these shipments (an older one, or one of a
        shop that doesn't tell) not what is in it.
    """
    bought = ordered(session, order_reference)
    inside = contents_of(session, [shipment.id for shipment in besides])
    if not bought or len(inside) < len(besides):
        return None
    return without(bought, [one for goods in inside.values() for one in goods])


def without(goods: Iterable[Goods], gone: Iterable[Goods]) -> list[Goods]:
    """These less those."""
    less: Counter[str] = Counter()
    for one in gone:
        less[one.product] += one.quantity
    return merged(Goods(one.product, one.name, one.quantity - less[one.product]) for one in merged(goods))
