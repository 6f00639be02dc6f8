"""Consent: what a contact agreed to get, and the append-only log from which that can be worked out anew."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record

from .contacts import Contact as Contact  # consents point at it


class Topic(StrEnum):
    """What marketing may be about; each is agreed to by itself."""

    OFFERS = "offers"
    ARRIVALS = "arrivals"
    RESTOCK = "restock"
    NEWSLETTER = "newsletter"
    REVIEWS = "reviews"
    REMINDERS = "reminders"


class Subscription(Record):
    """Whether a contact wants a topic now; no row means that nobody ever said so, and nothing is sent."""

    __tablename__ = "ecrm_subscription"
    __table_args__ = (Index(None, "topic", "wanted"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(20), primary_key=True)
    wanted: Mapped[bool]
    changed_at: Mapped[datetime]


class ConsentEntry(Record):
    """Append-only: a contact agreed (`given`) or withdrew. `topic`: one of `Topic`, `tracking`, or empty for all.

    `how`: where it was said (checkout, preferences, one_click …). `wording`: the words that were agreed to. `proof`:
    what shows it (the e-mail's id, the order's number …). `actor`: the contact, or who of the staff.
    """

    __tablename__ = "ecrm_consent_entry"
    __table_args__ = (Index(None, "contact_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"))
    topic: Mapped[str] = mapped_column(String(20))
    given: Mapped[bool]
    how: Mapped[str] = mapped_column(String(40))
    wording: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100), default="")
    proof: Mapped[str] = mapped_column(String(200), default="")
