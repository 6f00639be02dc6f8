"""Suppression: mailboxes that must not be written to, whatever they once agreed to."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record

from .contacts import Contact as Contact  # suppressions point at it


class Scope(IntEnum):
    """How much is held back; `Contact.blocked` is the widest of what stands."""

    NOTHING = 0
    MARKETING = 1
    EVERYTHING = 2


class Reason(StrEnum):
    """Why a mailbox is on the list."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    MANUAL = "manual"
    IMPORTED = "imported"


class Suppression(Record):
    """One entry of the list; it stands until `lifted_at`.

    `address_hash` is a keyed hash (HMAC-SHA-256, hex) of the folded address: all that is left after an erasure, and
    enough to know the mailbox again when it comes back.
    """

    __tablename__ = "ecrm_suppression"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_contact.id"), index=True)
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    reason: Mapped[str] = mapped_column(String(20))
    scope: Mapped[int]
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(200), default="")
