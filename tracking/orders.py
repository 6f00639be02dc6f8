"""The CRM's own memory of orders and refunds, written by the reaction to `Order Completed` and `Order Refunded`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from .record import BigId, Record, insert_once

MAX_CODE = 100


class SeenOrder(Record):
    """An order as the shop told it. `reference` is the shop's order number; money in minor units.

    `is_first`: the customer's first. `codes`: coupons and vanity codes it named. `heard_from`: what the customer says
    brought them. `joined`: the browser agreed to be joined to its customer, so its visits may explain the order.
    """

    __tablename__ = "ecrm_order"
    __table_args__ = (Index(None, "customer_id", "placed_at"), Index(None, "placed_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_visitor.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_session.id"))
    placed_at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    goods_minor: Mapped[int] = mapped_column(BigInteger)
    shipping_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    is_first: Mapped[bool] = mapped_column(default=False)
    codes: Mapped[list[str]] = mapped_column(default=list)
    heard_from: Mapped[str] = mapped_column(String(100), default="")
    joined: Mapped[bool] = mapped_column(default=False)


class SeenOrderLine(Record):
    """A line of a seen order. `product` is the shop's product id as text; `net_minor` after discounts.

    `cost_minor`: what the goods of the whole line cost the shop, where it is known; `cost_filled`: not as told with the
    order but from the list of costs, so that a corrected list corrects it.
    """

    __tablename__ = "ecrm_order_line"
    __table_args__ = (Index(None, "product"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("ecrm_order.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    net_minor: Mapped[int] = mapped_column(BigInteger)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    cost_filled: Mapped[bool] = mapped_column(default=False)


class SeenRefund(Record):
    """Money given back; `order_id` is empty where the shop's source doesn't say which order it belongs to."""

    __tablename__ = "ecrm_refund"
    __table_args__ = (Index(None, "customer_id", "refunded_at"), Index(None, "order_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_order.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    refunded_at: Mapped[datetime]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200), default="")


class SeenRefundLine(Record):
    """What of a refund went back for a product (`refunds.shares_of`). What the lines leave of it was for delivery.

    `quantity` is 0 where money went back and the goods stayed, or where nobody said which goods came back.
    """

    __tablename__ = "ecrm_refund_line"
    __table_args__ = (Index(None, "product"),)

    refund_id: Mapped[int] = mapped_column(ForeignKey("ecrm_refund.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product: Mapped[str] = mapped_column(String(64))
    quantity: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class LineFacts:
    """One line to remember: the shop's product id, its name, pieces, the line's money after discounts, and its cost."""

    product: str
    name: str
    quantity: int
    net_minor: int
    cost_minor: int | None = None
    cost_filled: bool = False


@dataclass(frozen=True)
class ReturnedFacts:
    """One line of a refund: the product, its pieces, and the money that went back for it."""

    product: str
    quantity: int
    amount_minor: int


def remember_order(
    session: Session,
    *,
    reference: str,
    customer_id: int,
    visitor_id: int | None,
    session_id: int | None,
    placed_at: datetime,
    currency: str,
    goods_minor: int,
    shipping_minor: int,
    discount_minor: int,
    total_minor: int,
    lines: Sequence[LineFacts],
    codes: Sequence[str] = (),
    joined: bool = False,
) -> int | None:
    """Keep an order and its lines; returns its id, or None where it was remembered before.

    Whether it is the customer's first, `cohorts.count_customer` says.
    """
    order_id = insert_once(
        session,
        SeenOrder,
        {
            "reference": reference, "customer_id": customer_id, "visitor_id": visitor_id, "session_id": session_id,
            "placed_at": placed_at, "currency": currency, "goods_minor": goods_minor, "shipping_minor": shipping_minor,
            "discount_minor": discount_minor, "total_minor": total_minor, "refunded_minor": 0, "is_first": False,
            "codes": kept_codes(codes), "heard_from": "", "joined": joined,
        },
    )  # fmt: skip
    if order_id is not None and lines:
        session.execute(
            insert(SeenOrderLine),
            [
                {
                    "order_id": order_id, "position": position, "product": line.product, "name": line.name[:200],
                    "quantity": line.quantity, "net_minor": line.net_minor, "cost_minor": line.cost_minor,
                    "cost_filled": line.cost_filled,
                }
                for position, line in enumerate(lines, start=1)
            ],
        )  # fmt: skip
    return order_id


def remember_refund(
    session: Session,
    *,
    reference: str,
    order_id: int | None,
    customer_id: int | None,
    refunded_at: datetime,
    amount_minor: int,
    reason: str = "",
) -> int | None:
    """Keep a refund and add it to its order; returns its id, or None where it was remembered before."""
    refund_id = insert_once(
        session,
        SeenRefund,
        {
            "reference": reference, "order_id": order_id, "customer_id": customer_id, "refunded_at": refunded_at,
            "amount_minor": amount_minor, "reason": reason[:200],
        },
    )  # fmt: skip
    if refund_id is not None and order_id is not None:
        session.execute(
            update(SeenOrder)
            .where(SeenOrder.id == order_id)
            .values(refunded_minor=SeenOrder.refunded_minor + amount_minor)
        )
    return refund_id


def kept_codes(codes: Sequence[str]) -> list[str]:
    """Codes as they are kept: upper case, each once, in the order named; what is longer than any code is none."""
    upper = (code.replace("\x00", "").encode("utf-8", "replace").decode().strip().upper() for code in codes)
    return list(dict.fromkeys(code for code in upper if 0 < len(code) <= MAX_CODE))


def order_by_reference(session: Session, reference: str) -> SeenOrder | None:
    """The remembered order of this number."""
    return session.scalar(select(SeenOrder).where(SeenOrder.reference == reference))
