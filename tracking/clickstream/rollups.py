"""DayFigures: one row a day of the shop, maintained as events arrive, so that reports never scan the log."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from ..record import Record


class DayFigures(Record):
    """Counts and sums of one day in the shop's own time zone. Money in minor units of the shop's currency."""

    __tablename__ = "ecrm_day_figures"

    day: Mapped[date] = mapped_column(primary_key=True)
    page_views: Mapped[int] = mapped_column(default=0)
    sessions: Mapped[int] = mapped_column(default=0)
    simulated_sessions: Mapped[int] = mapped_column(default=0)
    product_views: Mapped[int] = mapped_column(default=0)
    searches: Mapped[int] = mapped_column(default=0)
    cart_adds: Mapped[int] = mapped_column(default=0)
    checkouts: Mapped[int] = mapped_column(default=0)
    registrations: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    bot_views: Mapped[int] = mapped_column(default=0)
