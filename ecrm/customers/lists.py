"""Static lists: contacts put together by hand or from a file. Being on one is no consent to anything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.contacts import Contact as Contact  # members are contacts
from tracking.record import BigId, Record


class ContactList(Record):
    """A list. `archived_at`: no longer offered; segments that ask for it still find its members."""

    __tablename__ = "ecrm_contact_list"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    note: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(100))
    archived_at: Mapped[datetime | None]


class ListMember(Record):
    """A contact on a list."""

    __tablename__ = "ecrm_list_member"

    list_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact_list.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"), primary_key=True, index=True)
    added_at: Mapped[datetime]


def forget(session: Session, contact_id: int) -> None:
    """Take a contact off every list, because the person is erased."""
    session.execute(delete(ListMember).where(ListMember.contact_id == contact_id))
