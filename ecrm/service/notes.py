"""Notes: what staff write down about a customer for each other; the customer sees them in what is exported to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, bindparam, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.storefront import Staff
from ecrm.wording import gettext as _
from tracking.record import BigId, Record

LONGEST = 4000
SHOWN = 20


class CustomerNote(Record):
    """One note. `pinned`: stands above the others until it is taken down."""

    __tablename__ = "ecrm_customer_note"
    __table_args__ = (Index(None, "customer_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("ecrm_customer.id"))
    staff_id: Mapped[str] = mapped_column(String(64))
    staff_name: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    pinned: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class BadNote(ValueError):
    """It can't be kept; the message says why."""


_OF = (
    select(CustomerNote)
    .where(CustomerNote.customer_id == bindparam("customer"))
    .order_by(CustomerNote.pinned.desc(), CustomerNote.at.desc(), CustomerNote.id.desc())
    .limit(SHOWN)
)


def write(session: Session, customer_id: int, text: str, *, pinned: bool, by: Staff, now: datetime) -> CustomerNote:
    """Keep a note; flushes.

    Raises:
        BadNote: for an empty or too long one.
    """
    words = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not words:
        raise BadNote(_("Write something: an empty note helps nobody."))
    if len(words) > LONGEST:
        raise BadNote(_("Please use at most %(number)s characters.", number=LONGEST))
    note = CustomerNote(
        customer_id=customer_id, staff_id=by.staff_id, staff_name=by.name[:100], text=words, pinned=pinned, at=now
    )
    session.add(note)
    session.flush()
    return note


def notes_of(session: Session, customer_id: int) -> Sequence[CustomerNote]:
    """Pinned ones first, then the newest; at most `SHOWN`."""
    return session.scalars(_OF, {"customer": customer_id}).all()


def note_of(session: Session, customer_id: int, note_id: int) -> CustomerNote | None:
    """This note, if it is about this customer."""
    return session.scalar(
        select(CustomerNote).where(CustomerNote.id == note_id, CustomerNote.customer_id == customer_id)
    )


def forget(session: Session, customer_id: int) -> int:
    """For an erasure."""
    gone: Any = session.execute(delete(CustomerNote).where(CustomerNote.customer_id == customer_id))
    return int(gone.rowcount)


def forget_before(session: Session, moment: datetime) -> int:
    """Forget notes that were written before a moment, pinned ones too; says how many."""
    gone: Any = session.execute(
        delete(CustomerNote).where(CustomerNote.at < moment).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)
