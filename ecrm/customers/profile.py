"""Profile: who a customer is and what they are worth to the shop, read from rows at the moment of asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from tracking import identity
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.shipment import AS_SENT, Shipment
from tracking.kept import Kept
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund
from tracking.visitors import ConsentChoice

from .checkout_memory import CheckoutMemory


@dataclass(frozen=True)
class Value:
    """Money in minor units of the shop's currency; `net_minor` is orders minus every refund."""

    orders: int
    gross_minor: int
    refunded_minor: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.refunded_minor

    @property
    def average_minor(self) -> int | None:
        """An order's average before refunds, half up; None without orders."""
        return (2 * self.gross_minor + self.orders) // (2 * self.orders) if self.orders else None


@dataclass(frozen=True)
class OrderOnFile:
    """An order with its lines and parcels."""

    order: SeenOrder
    lines: tuple[SeenOrderLine, ...]
    shipments: tuple[Shipment, ...]


@dataclass(frozen=True)
class Profile:
    """A customer's page without the timeline."""

    customer: Customer
    addresses: tuple[str, ...]
    value: Value
    memory: CheckoutMemory | None
    browsers: int
    consent: ConsentChoice | None
    orders: tuple[OrderOnFile, ...]


# Built once: a page of the desk asks each of them, and building costs several times what the question does.
_WHOSE: ColumnElement[int] = bindparam("customer")
_ADDRESSES = Kept(
    select(CustomerEmail.folded).where(CustomerEmail.customer_id == _WHOSE).order_by(CustomerEmail.added_at)
)
_MEMORY = select(CheckoutMemory).where(CheckoutMemory.customer_id == _WHOSE)
_ORDER = SeenOrder.__table__.c
_PLACED = Kept(
    select(
        func.count(), func.coalesce(func.sum(_ORDER.total_minor), 0),
        func.coalesce(func.sum(_ORDER.refunded_minor), 0), func.min(_ORDER.placed_at), func.max(_ORDER.placed_at),
    ).where(_ORDER.customer_id == _WHOSE),
    names=("count", "gross", "refunded", "first", "last"),
)  # fmt: skip
_LOOSE = Kept(
    select(func.coalesce(func.sum(SeenRefund.amount_minor), 0)).where(
        SeenRefund.customer_id == _WHOSE, SeenRefund.order_id.is_(None)
    ),
    names=("amount",),
)
_NEWEST = (
    select(SeenOrder)
    .where(SeenOrder.customer_id == _WHOSE)
    .order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc())
    .limit(bindparam("most"))
)
_LINES = (
    select(SeenOrderLine)
    .where(SeenOrderLine.order_id.in_(bindparam("orders", expanding=True)))
    .order_by(SeenOrderLine.order_id, SeenOrderLine.position)
)
_PARCELS = select(Shipment).where(Shipment.order_reference.in_(bindparam("orders", expanding=True))).order_by(*AS_SENT)
_CONSENT = (
    select(ConsentChoice)
    .where(ConsentChoice.visitor_id.in_(bindparam("visitors", expanding=True)))
    .order_by(ConsentChoice.chosen_at.desc(), ConsentChoice.id.desc())
    .limit(1)
)


def profile(session: Session, customer_id: int, *, orders: int = 5) -> Profile | None:
    """A customer's profile with the newest orders; None where there is no such customer."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        return None
    whose = {"customer": customer_id}
    visitors = identity.visitors_of(session, customer_id)
    return Profile(
        customer=customer,
        addresses=tuple(folded for (folded,) in _ADDRESSES.tuples(session.connection(), customer=customer_id)),
        value=value_of(session, customer_id),
        memory=session.scalar(_MEMORY, whose),
        browsers=len(visitors),
        consent=session.scalar(_CONSENT, {"visitors": visitors}) if visitors else None,
        orders=orders_of(session, customer_id, limit=orders),
    )


def value_of(session: Session, customer_id: int) -> Value:
    """What a customer bought and got back, over the whole time; refunds without an order count too."""
    connection = session.connection()
    [(count, gross, refunded, first, last)] = _PLACED.tuples(connection, customer=customer_id)
    [(loose,)] = _LOOSE.tuples(connection, customer=customer_id)
    return Value(
        orders=int(count),
        gross_minor=int(gross),
        refunded_minor=int(refunded) + int(loose),
        first_at=first,
        last_at=last,
    )


def orders_of(session: Session, customer_id: int, *, limit: int) -> tuple[OrderOnFile, ...]:
    """The newest orders with lines and parcels, in three queries however many there are."""
    return with_lines(session, session.scalars(_NEWEST, {"customer": customer_id, "most": limit}).all())


def with_lines(session: Session, orders: Sequence[SeenOrder]) -> tuple[OrderOnFile, ...]:
    """The given orders with their lines and parcels."""
    lines: dict[int, list[SeenOrderLine]] = {order.id: [] for order in orders}
    parcels: dict[str, list[Shipment]] = {order.reference: [] for order in orders}
    if orders:
        for line in session.scalars(_LINES, {"orders": list(lines)}):
            lines[line.order_id].append(line)
        for shipment in session.scalars(_PARCELS, {"orders": list(parcels)}):
            parcels[shipment.order_reference].append(shipment)
    return tuple(OrderOnFile(order, tuple(lines[order.id]), tuple(parcels[order.reference])) for order in orders)
