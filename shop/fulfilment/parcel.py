"""Parcel: what staff hand to a carrier, and what is in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..checkout.order import Order
from ..database import Base


class Parcel(Base):
    """One parcel of an order; carrier and tracking number are the "few variables" that staff enter.

    One without lines is sent on top of what was bought: a spare part, or in place of a parcel that was lost.
    """

    __tablename__ = "parcel"
    __table_args__ = (Index(None, "carrier", "tracking_number", unique=True), Index(None, "order_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    carrier: Mapped[str] = mapped_column(String(40))
    tracking_number: Mapped[str] = mapped_column(String(64))
    shipped_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship()
    lines: Mapped[list[ParcelLine]] = relationship(order_by="ParcelLine.product_id")

    @property
    def serial_numbers(self) -> list[str]:
        """Of all pieces in it that have one."""
        return [number for line in self.lines for number in line.serial_numbers]

    @property
    def contents(self) -> list[tuple[str, int]]:
        """Names, as they were bought, and pieces; in the order's own sequence."""
        pieces = {line.product_id: line.quantity for line in self.lines}
        names: dict[int, str] = {}
        for line in self.order.lines:
            names.setdefault(line.product_id, line.name)
        return [(name, pieces[product_id]) for product_id, name in names.items() if product_id in pieces]


class ParcelLine(Base):
    """So many pieces of a product in a parcel; `serial_numbers` of those that have one, as they stand on them."""

    __tablename__ = "parcel_line"

    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcel.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    quantity: Mapped[int]
    serial_numbers: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
