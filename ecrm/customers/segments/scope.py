"""Scope: at which moment, and of whom, the conditions of a segment are asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_
from sqlalchemy.orm import Session

from mailer.contacts import Contact
from tracking.identity import USUAL_WINDOW

from .choices import Named


@dataclass(frozen=True)
class Scope:
    """What conditions need to know.

    `customer_id` and `contact_id` narrow every question to one person, so that "why is this person in?" doesn't ask
    for everybody; a customer of 0 is nobody. `window`: ECRM_IDENTITY_DAYS. `named`: what ids in rules are called.
    """

    now: datetime
    dialect: str
    currency: str = ""
    window: timedelta = USUAL_WINDOW
    customer_id: int | None = None
    contact_id: int | None = None
    named: Named | None = None

    @classmethod
    def of(cls, session: Session, *, now: datetime, window: timedelta = USUAL_WINDOW, currency: str = "") -> Scope:
        """Everybody, at a moment, in this session's database."""
        return cls(now, session.get_bind().dialect.name, currency=currency, window=window)

    def only(self, contact: Contact) -> Scope:
        """The same of a single contact."""
        return replace(self, customer_id=contact.customer_id or 0, contact_id=contact.id)

    def since(self, days: int) -> datetime:
        """The moment so many days ago."""
        return self.now - timedelta(days=days)

    def of_customers(self, found: Select[Any], column: Any) -> ColumnElement[bool]:
        """Whether a contact's customer is among those found.

        Args:
            found: selects customers' ids, none of them NULL.
            column: the id's column in it, by which it is narrowed to one person.
        """
        if self.customer_id is not None:
            found = found.where(column == self.customer_id)
        # Not NULL for an address without a customer: "none of these" must hold for it.
        return and_(Contact.customer_id.is_not(None), Contact.customer_id.in_(found))

    def of_contacts(self, found: Select[Any], column: Any) -> ColumnElement[bool]:
        """Whether a contact is among those found; as `of_customers`."""
        if self.contact_id is not None:
            found = found.where(column == self.contact_id)
        return Contact.id.in_(found)
