"""Cart and CartLine."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..catalog.product import Product
from ..coupons.coupon import LONGEST_CODE
from ..database import Base


class Cart(Base):
    """A stranger's cart is found by the token in the session cookie, a customer's by the account.

    `coupon_code` is the code that was entered, whether or not it fits (any more): each look at the cart decides anew.
    """

    __tablename__ = "cart"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), unique=True)
    touched_at: Mapped[datetime]
    coupon_code: Mapped[str | None] = mapped_column(String(LONGEST_CODE))

    lines: Mapped[list[CartLine]] = relationship(
        back_populates="cart", order_by="CartLine.id", cascade="all, delete-orphan"
    )


class CartLine(Base):
    """A product in a cart, either to be bought or `saved` for later (a product may stand in both).

    `seen_minor` is the price when the customer last chose it: it tells them of a change and is never charged.
    """

    __tablename__ = "cart_line"
    __table_args__ = (
        Index(None, "cart_id", "product_id", "saved", unique=True),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int]
    saved: Mapped[bool] = mapped_column(default=False)
    seen_minor: Mapped[int | None]

    cart: Mapped[Cart] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()
