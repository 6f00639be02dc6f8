"""Session: a visitor's steps with no gap of 30 minutes or more between them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..record import BigId, Record

IDLE = timedelta(minutes=30)


class Session(Record):
    """One visit; counters are maintained as events arrive."""

    __tablename__ = "ecrm_session"
    __table_args__ = (Index(None, "visitor_id", "last_at"), Index(None, "started_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("ecrm_visitor.id"))
    started_at: Mapped[datetime]
    last_at: Mapped[datetime]
    entry_path: Mapped[str] = mapped_column(String(200), default="")
    referrer: Mapped[str] = mapped_column(String(200), default="")
    page_views: Mapped[int] = mapped_column(default=0)
    product_views: Mapped[int] = mapped_column(default=0)
    searches: Mapped[int] = mapped_column(default=0)
    cart_adds: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    simulated: Mapped[bool] = mapped_column(default=False)
