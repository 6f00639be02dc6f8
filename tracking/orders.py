"""The CRM's own memory of orders and refunds, written by the reaction to `Order Completed` and `Order Refunded`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .record import BigId, Record


class SeenOrder(Record):
    """An order as the shop told it. `reference` is the shop's order number; money in minor units."""

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


class SeenOrderLine(Record):
    """A line of a seen order. `product` is the shop's product id as text; `net_minor` after discounts."""

    __tablename__ = "ecrm_order_line"
    __table_args__ = (Index(None, "product"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("ecrm_order.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    net_minor: Mapped[int] = mapped_column(BigInteger)


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
