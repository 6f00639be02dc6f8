"""Profile: who a customer is and what they are worth to the shop, read from rows at the moment of asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking import identity
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.shipment import Shipment
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
    addresses: tuple[CustomerEmail, ...]
    value: Value
    memory: CheckoutMemory | None
    browsers: int
    consent: ConsentChoice | None
    orders: tuple[OrderOnFile, ...]


def profile(session: Session, customer_id: int, *, orders: int = 5) -> Profile | None:
    """A customer's profile with the newest orders; None where there is no such customer."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        return None
    visitors = list(identity.visitors_of(session, customer_id))
    return Profile(
        customer=customer,
        addresses=tuple(
            session.scalars(
                select(CustomerEmail).where(CustomerEmail.customer_id == customer_id).order_by(CustomerEmail.added_at)
            )
        ),
        value=value_of(session, customer_id),
        memory=session.scalar(select(CheckoutMemory).where(CheckoutMemory.customer_id == customer_id)),
        browsers=len(visitors),
        consent=_last_consent(session, visitors),
        orders=orders_of(session, customer_id, limit=orders),
    )


def value_of(session: Session, customer_id: int) -> Value:
    """What a customer bought and got back, over the whole time; refunds without an order count too."""
    placed = session.execute(
        select(
            func.count(), func.coalesce(func.sum(SeenOrder.total_minor), 0),
            func.coalesce(func.sum(SeenOrder.refunded_minor), 0),
        ).where(SeenOrder.customer_id == customer_id)
    ).one()  # fmt: skip
    loose = session.scalar(
        select(func.coalesce(func.sum(SeenRefund.amount_minor), 0)).where(
            SeenRefund.customer_id == customer_id, SeenRefund.order_id.is_(None)
        )
    )
    moments = select(SeenOrder.placed_at).where(SeenOrder.customer_id == customer_id).limit(1)
    return Value(
        orders=int(placed[0]),
        gross_minor=int(placed[1]),
        refunded_minor=int(placed[2]) + int(loose or 0),
        first_at=session.scalar(moments.order_by(SeenOrder.placed_at)),
        last_at=session.scalar(moments.order_by(SeenOrder.placed_at.desc())),
    )


def orders_of(session: Session, customer_id: int, *, limit: int) -> tuple[OrderOnFile, ...]:
    """The newest orders with lines and parcels, in three queries however many there are."""
    newest = select(SeenOrder).where(SeenOrder.customer_id == customer_id)
    orders = session.scalars(newest.order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc()).limit(limit)).all()
    return with_lines(session, orders)


def with_lines(session: Session, orders: Sequence[SeenOrder]) -> tuple[OrderOnFile, ...]:
    """The given orders with their lines and parcels."""
    lines: dict[int, list[SeenOrderLine]] = {order.id: [] for order in orders}
    wanted = select(SeenOrderLine).where(SeenOrderLine.order_id.in_(lines))
    for line in session.scalars(wanted.order_by(SeenOrderLine.order_id, SeenOrderLine.position)):
        lines[line.order_id].append(line)
    parcels: dict[str, list[Shipment]] = {order.reference: [] for order in orders}
    for shipment in session.scalars(
        select(Shipment).where(Shipment.order_reference.in_(parcels)).order_by(Shipment.expected_at)
    ):
        parcels[shipment.order_reference].append(shipment)
    return tuple(OrderOnFile(order, tuple(lines[order.id]), tuple(parcels[order.reference])) for order in orders)


def _last_consent(session: Session, visitors: Sequence[int]) -> ConsentChoice | None:
    if not visitors:
        return None
    choices = select(ConsentChoice).where(ConsentChoice.visitor_id.in_(visitors))
    return session.scalar(choices.order_by(ConsentChoice.chosen_at.desc(), ConsentChoice.id.desc()).limit(1))
