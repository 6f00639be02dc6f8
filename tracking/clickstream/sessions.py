"""Session: a visitor's steps with no gap of 30 minutes or more between them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record
from tracking.visitors import Grade

SEVERAL = 0
"""In place of a customer's id: more than one was signed in during the visit, so it is nobody's."""
IDLE = timedelta(minutes=30)
PASSIVE = frozenset({"Page Engaged", "Identified (reported)", "Group Joined", "Aliased"})
"""What opens no visit: a browser's report when a page is left, which may come hours later, and what a client of the
collector says about a person, which is no step of one."""


class Session(Record):
    """One visit; counters are maintained as events arrive (`visits.py` says by which rules).

    `day` is the day of the shop's on which the step happened that opened it, and on which all of it is counted; a step
    that comes late may move `started_at` before it and leaves the day. `stage` is how far it came: 1 saw a product, 2
    put one into the cart, 3 began the checkout, 4 ordered; a later stage counts as every earlier one. `bounced`: one
    page view, nothing added to the cart, no checkout, no order. `seconds`: of `Page Engaged`, as the browser measured.
    `customer_id`: who was signed in (grade PERSONAL); `SEVERAL` where it was more than one, empty where nobody.
    `grade`: how far the browser agreed to be followed, the least of all its steps; only a visit that is PERSONAL
    throughout is ever joined to a customer (`identity.theirs`), as the others were promised that they aren't.
    """

    __tablename__ = "ecrm_session"
    __table_args__ = (
        Index(None, "visitor_id", "last_at"),
        Index(None, "started_at"),
        Index(None, "audience_id", "day"),
        Index(None, "entry_page_id", "day"),
    )

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
    checkouts: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    stage: Mapped[int] = mapped_column(default=0)
    bounced: Mapped[bool] = mapped_column(default=False)
    day: Mapped[date | None] = mapped_column(index=True)
    audience_id: Mapped[int | None]
    entry_page_id: Mapped[int | None]
    customer_id: Mapped[int | None] = mapped_column(index=True)
    grade: Mapped[int] = mapped_column(default=int(Grade.ANALYTICS))
    simulated: Mapped[bool] = mapped_column(default=False)
