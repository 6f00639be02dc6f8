"""Contact: a mailbox that may or may not be written to, whoever it belongs to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.customers import Customer as Customer  # contacts point at it
from tracking.record import BigId, Record


class Contact(Record):
    """One mailbox. `folded` is the form in which addresses are compared (`tracking.email_address.fold`); both forms
    are empty once the person was erased.

    `customer_id`: who owns the mailbox, as far as it is known. `confirmed_at`: when somebody showed that they read it.
    `tracking_allowed`: its reader agreed that opening and clicking are counted for them. `blocked`: 0 may be written
    to, 1 gets no marketing, 2 gets nothing (`suppression.Scope`).
    """

    __tablename__ = "ecrm_contact"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    folded: Mapped[str | None] = mapped_column(String(254), unique=True)
    address: Mapped[str] = mapped_column(String(254), default="")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"), index=True)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    tracking_allowed: Mapped[bool] = mapped_column(default=False)
    blocked: Mapped[int] = mapped_column(default=0)
