"""Order, its lines, and refunds. Written once by `placing`; afterwards only its status changes."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..coupons.coupon import LONGEST_CODE
from ..database import Base


class OrderStatus(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Order(Base):
    """A sale. total = goods + shipping - discount. `(buyer, idempotency_key)` is unique: a retry finds its order.

    `buyer` is `account:<id>` or `cart:<token>`, so that one customer's key never answers another's.
    A coupon is taken off in the lines: `goods_minor` is the sum of their `net_minor`, `discount_minor` is for what
    concerns the whole order and no line (imports). `request_hash` tells a true retry from a different order under the
    same key. `source` names an import.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index(None, "buyer", "idempotency_key", unique=True),
        Index(None, "account_id", "placed_at"),
        Index(None, "email_folded"),
        Index(None, "placed_at"),
        Index(None, "status", "placed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    buyer: Mapped[str] = mapped_column(String(80))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(String(64), default="")
    email: Mapped[str] = mapped_column(String(254))
    email_folded: Mapped[str] = mapped_column(String(254))
    placed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20), default=OrderStatus.PLACED)
    currency: Mapped[str] = mapped_column(String(3))
    goods_minor: Mapped[int] = mapped_column(BigInteger)
    shipping_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    delivery_method: Mapped[str] = mapped_column(String(40), default="")
    promised_on: Mapped[date | None]
    payment_method: Mapped[str] = mapped_column(String(40), default="")
    payment_reference: Mapped[str] = mapped_column(String(100), default="")
    ship_name: Mapped[str] = mapped_column(String(120), default="")
    ship_line1: Mapped[str] = mapped_column(String(120), default="")
    ship_line2: Mapped[str] = mapped_column(String(120), default="")
    ship_city: Mapped[str] = mapped_column(String(80), default="")
    ship_postcode: Mapped[str] = mapped_column(String(20), default="")
    ship_region: Mapped[str] = mapped_column(String(80), default="")
    ship_country: Mapped[str] = mapped_column(String(2), default="")
    ship_phone: Mapped[str] = mapped_column(String(40), default="")
    source: Mapped[str] = mapped_column(String(40), default="shop")

    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.position")
    refunds: Mapped[list[Refund]] = relationship(back_populates="order")
    coupons: Mapped[list[CouponUse]] = relationship(order_by="CouponUse.code")

    @property
    def full_goods_minor(self) -> int:
        """The goods before coupons."""
        return self.goods_minor + sum(use.discount_minor for use in self.coupons)


class OrderLine(Base):
    """What was bought at which price; the name is copied, so that a renamed product doesn't rewrite history.

    `net_minor` is what is paid for the whole line, after coupons; `cost_minor` what its goods cost the shop, as known
    when it was sold.
    """

    __tablename__ = "order_line"
    __table_args__ = (Index(None, "product_id"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    unit_minor: Mapped[int]
    net_minor: Mapped[int] = mapped_column(BigInteger)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)

    order: Mapped[Order] = relationship(back_populates="lines")

    @property
    def full_minor(self) -> int:
        """The line before coupons. An import's price of a piece is rounded and says nothing about a discount."""
        return self.unit_minor * self.quantity if self.order.source == "shop" else self.net_minor

    @property
    def discount_minor(self) -> int:
        """What coupons took off this line."""
        return self.full_minor - self.net_minor


class CouponUse(Base):
    """A coupon that an order named, and what it took off; 0 in imports, where the lines' prices contain it already."""

    __tablename__ = "coupon_use"
    __table_args__ = (Index(None, "coupon_id"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupon.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(LONGEST_CODE))
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class Refund(Base):
    """Money given back. `order_id` is empty where an import doesn't say which order a cancellation belongs to.

    `return_id` names what it settles for whoever asked for it; unique, so that one return is paid once.
    """

    __tablename__ = "refund"
    __table_args__ = (Index(None, "order_id"), Index(None, "account_id"), Index(None, "return_id", unique=True))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    refunded_at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200), default="")
    source: Mapped[str] = mapped_column(String(40), default="shop")
    return_id: Mapped[str | None] = mapped_column(String(40))

    order: Mapped[Order | None] = relationship(back_populates="refunds")
    lines: Mapped[list[RefundLine]] = relationship(order_by="RefundLine.position")


class RefundLine(Base):
    """What was taken back, in positive pieces and positive money. `unsent` of the pieces were never sent."""

    __tablename__ = "refund_line"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int]
    unsent: Mapped[int] = mapped_column(default=0)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
