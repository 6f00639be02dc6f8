"""Event: one thing that happened, in the ledger. Names follow the Segment e-commerce spec."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record

# A customer's page asks for these few among a great many; an index over them alone is small. Their name stands in it
# so that SQLite, which looks at it once more, needn't read the row.
_SEARCHES = text("name = 'Products Searched' AND customer_id IS NOT NULL")
_NAMELESS_SEARCHES = text("name = 'Products Searched' AND customer_id IS NULL")
_OF_ACCOUNTS = text("name IN ('Profile Changed', 'Signed In', 'Signed Up') AND customer_id IS NOT NULL")


class Event(Record):
    """A row of the ledger. What happened is never changed but for erasure.

    Whose it was is filled in by the first reactions of a told event (customer, visitor, session), which also take the
    visitor's token out where the browser didn't agree to be joined to its customer.

    `message_id` is unique: telling the same thing twice keeps one row. Steps that the plugin itself saw have none, as
    nobody can repeat them. `subject` is what the event is about
    (a product's or an order's id in the shop, a search term, a path); `properties` holds the rest.
    """

    __tablename__ = "ecrm_event"
    __table_args__ = (
        Index(
            None,
            "customer_id",
            "happened_at",
            sqlite_where=text("customer_id IS NOT NULL"),
            postgresql_where=text("customer_id IS NOT NULL"),
        ),
        Index(
            None,
            "visitor_id",
            "happened_at",
            sqlite_where=text("visitor_id IS NOT NULL"),
            postgresql_where=text("visitor_id IS NOT NULL"),
        ),
        Index(
            "ix_ecrm_event_searches",
            "customer_id",
            "happened_at",
            "name",
            sqlite_where=_SEARCHES,
            postgresql_where=_SEARCHES,
        ),
        Index(
            "ix_ecrm_event_nameless_searches",
            "visitor_id",
            "happened_at",
            sqlite_where=_NAMELESS_SEARCHES,
            postgresql_where=_NAMELESS_SEARCHES,
        ),
        Index(
            "ix_ecrm_event_of_accounts",
            "customer_id",
            "happened_at",
            "name",
            sqlite_where=_OF_ACCOUNTS,
            postgresql_where=_OF_ACCOUNTS,
        ),
        Index(None, "happened_at"),
        Index(
            None,
            "order_reference",
            sqlite_where=text("order_reference IS NOT NULL"),
            postgresql_where=text("order_reference IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    happened_at: Mapped[datetime]
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_visitor.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_session.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    order_reference: Mapped[str | None] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200), default="")
    properties: Mapped[dict[str, Any]] = mapped_column(default=dict)
    simulated: Mapped[bool] = mapped_column(default=False)
