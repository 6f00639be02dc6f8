"""Parcel: what staff hand to a carrier."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..checkout.order import Order
from ..database import Base


class Parcel(Base):
    """One parcel of an order; carrier and tracking number are the "few variables" that staff enter."""

    __tablename__ = "parcel"
    __table_args__ = (Index(None, "carrier", "tracking_number", unique=True), Index(None, "order_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    carrier: Mapped[str] = mapped_column(String(40))
    tracking_number: Mapped[str] = mapped_column(String(64))
    shipped_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship()
