"""Touchpoint: a moment at which a source brought somebody: a visit with a source, or a redeemed code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class Touchpoint(Record):
    """One touch. Visits that came directly leave none; within a visit a further source leaves a further one.

    kind: `visit` (session and visitor are set) or `code` (a coupon's or vanity URL's code named by an order: `order_id`
    and `customer_id` are set, also where the browser was never seen).
    """

    __tablename__ = "ecrm_touchpoint"
    __table_args__ = (
        Index(None, "visitor_id", "at"),
        Index(None, "customer_id", "at"),
        Index(None, "session_id"),
        Index(None, "order_id", "source_id", unique=True),
        Index(None, "source_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    source_id: Mapped[int] = mapped_column(ForeignKey("ecrm_source.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_visitor.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_session.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_order.id"))
    simulated: Mapped[bool] = mapped_column(default=False)
