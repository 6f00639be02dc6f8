"""Suppression: mailboxes that must not be written to, whatever they once agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, bindparam, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

from .contacts import Contact
from .outbox import Email, State


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


SCOPES = {
    Reason.HARD_BOUNCE: Scope.EVERYTHING,
    Reason.SOFT_BOUNCES: Scope.EVERYTHING,
    Reason.COMPLAINT: Scope.MARKETING,
    Reason.UNSUBSCRIBED: Scope.MARKETING,
    Reason.MANUAL: Scope.MARKETING,
    Reason.IMPORTED: Scope.MARKETING,
}
"""What each reason holds back. Who complained still gets the confirmation of an order; a mailbox that isn't there gets
nothing: writing to it again and again costs the sender's name."""


class Suppression(Record):
    """One entry of the list; it stands until `lifted_at`.

    `address_hash` is a keyed hash (`AddressHash`) of the folded address: empty as long as the contact has its address,
    and all that is left after an erasure: enough to know the mailbox again when it comes back.
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


def suppress(
    session: Session, contact_id: int, *, reason: Reason, now: datetime, scope: Scope | None = None, note: str = ""
) -> bool:
    """Put a mailbox on the list, and take what waits for it out of the outbox.

    Args:
        scope: by default that of the reason (`SCOPES`).
        note: what the mail server or a member of staff said.

    Returns:
        False where an entry for this reason stands already, as wide as this one, and for whom was erased meanwhile.
    """
    scope = SCOPES[reason] if scope is None else scope
    # A write first: it takes the contact's row, so that two at once make one entry, and no claim slips in between.
    known = (Contact.id == contact_id, Contact.folded.is_not(None))
    session.execute(update(Contact).where(*known, Contact.blocked < scope).values(blocked=int(scope)))
    lock(session, contact_id)
    if session.scalar(select(Contact.id).where(*known)) is None:
        return False
    same = standing(session, contact_id, reason=reason)
    if any(one.scope >= scope for one in same):
        return False
    session.execute(
        insert(Suppression).values(
            contact_id=contact_id, address_hash="", reason=reason, scope=int(scope), at=now, note=note[:200]
        )
    )
    stop_waiting(session, contact_id, scope=scope, why=reason.value.replace("_", " "))
    return True


def lift(session: Session, contact_id: int, *, reasons: Sequence[Reason] | None = None, now: datetime) -> int:
    """Take a mailbox off the list, wholly or for these reasons; says how many entries ended.

    What it agreed to stays as it was: who unsubscribed and is taken off the list gets nothing until they subscribe.
    """
    lock(session, contact_id)
    ended: Any = session.execute(
        update(Suppression)
        .where(
            Suppression.contact_id == contact_id,
            Suppression.lifted_at.is_(None),
            Suppression.reason.in_(reasons if reasons is not None else list(Reason)),
        )
        .values(lifted_at=now)
    )
    set_block(session, contact_id)
    return int(ended.rowcount)


_STANDING = (
    select(Suppression)
    .where(Suppression.contact_id == bindparam("contact"), Suppression.lifted_at.is_(None))
    .order_by(Suppression.id.desc())
)


def standing(session: Session, contact_id: int, *, reason: Reason | None = None) -> Sequence[Suppression]:
    """The entries that hold a contact back now, newest first."""
    if reason is None:
        return session.scalars(_STANDING, {"contact": contact_id}).all()
    return session.scalars(_STANDING.where(Suppression.reason == reason), {"contact": contact_id}).all()


def standing_for_hashes(session: Session, hashes: Sequence[str]) -> Sequence[Suppression]:
    """The entries that an erasure, or an import of hashes, has left for an address."""
    query = select(Suppression).where(Suppression.address_hash.in_(hashes), Suppression.lifted_at.is_(None))
    return session.scalars(query.order_by(Suppression.id.desc())).all()


def adopt_hashes(session: Session, contact_id: int, hashes: Sequence[str]) -> None:
    """A mailbox has come back: what stands for its hashes holds the new contact back."""
    adopted: Any = session.execute(
        update(Suppression)
        .where(Suppression.address_hash.in_(hashes), Suppression.lifted_at.is_(None), Suppression.contact_id.is_(None))
        .values(contact_id=contact_id)
    )
    if adopted.rowcount:
        set_block(session, contact_id)


def lock(session: Session, contact_id: int) -> None:
    """Take the contact's row: whoever hands an e-mail over, or changes what it agreed to, waits for our commit."""
    session.execute(update(Contact).where(Contact.id == contact_id).values(blocked=Contact.blocked))


def set_block(session: Session, contact_id: int) -> None:
    """Make `Contact.blocked` what the standing entries say."""
    widest = (
        select(func.coalesce(func.max(Suppression.scope), 0))
        .where(Suppression.contact_id == contact_id, Suppression.lifted_at.is_(None))
        .scalar_subquery()
    )
    session.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(blocked=widest)
        .execution_options(synchronize_session=False)
    )


def stop_waiting(
    session: Session, contact_id: int, *, scope: Scope = Scope.MARKETING, topics: Sequence[str] | None = None, why: str
) -> int:
    """E-mails that wait for this mailbox won't be sent: marked as suppressed, with the reason.

    Args:
        topics: only what is about these; None for every topic.
    """
    waiting = update(Email).where(
        Email.contact_id == contact_id, Email.state.in_((State.QUEUED, State.DEFERRED)), Email.handed_at.is_(None)
    )
    if scope < Scope.EVERYTHING:
        waiting = waiting.where(Email.transactional.is_(False))
    if topics is not None:
        waiting = waiting.where(Email.topic.in_(topics))
    stopped: Any = session.execute(
        waiting.values(state=State.SUPPRESSED, reason=why[:200]).execution_options(synchronize_session=False)
    )
    return int(stopped.rowcount)
