"""Erasing a mailbox: what was sent, agreed and reported there loses every word that leads to a person.

The rows stay where figures are counted from them; of a mailbox that is held back, a keyed hash stays (`AddressHash`),
so that it is known again. Entries of the log are append-only for everything but this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from tracking.email_address import fold

from .address_hash import AddressHash
from .consent import ConsentEntry, Subscription
from .contacts import Contact
from .double_opt_in import KEPT, TEMPLATE, ConsentRequest
from .outbox import Email, State
from .reports import MailReport
from .suppression import Scope, Suppression, lock

ERASED = "erased"
Forget = Callable[[Session, int], object]
"""What another part keeps of a contact goes: gets the session and the contact's id."""


@dataclass(frozen=True)
class ErasedMail:
    """How many e-mails and cases of the desk lost their words, and how many entries of the suppression list are a hash
    now."""

    emails: int
    hashes: int
    cases: int = 0

    def __str__(self) -> str:
        emptied = f"{self.emails} e-mails and {self.cases} cases" if self.cases else f"{self.emails} e-mails"
        return f"{emptied} emptied, {self.hashes} entries of the suppression list are only a hash now"


def take_mailboxes(session: Session, addresses: Collection[str], *, customers: Collection[int]) -> None:
    """Take the contacts of several mailboxes that are erased together, and of every e-mail to these customers, in the
    order in which everybody locks them: e-mails are emptied by customer, so also those of a mailbox that comes later.
    """
    theirs = select(Email.contact_id).where(Email.customer_id.in_(customers))
    named = or_(Contact.folded.in_([fold(one) for one in addresses]), Contact.id.in_(theirs))
    for contact_id in session.scalars(select(Contact.id).where(named).order_by(Contact.id)).all():
        lock(session, contact_id)


def erase_mailbox(
    session: Session,
    address: str,
    *,
    customers: Collection[int] = (),
    hashed: AddressHash,
    forget: Sequence[Forget] = (),
    now: datetime,
) -> ErasedMail | None:
    """Empty everything that is kept of a mailbox, and of e-mails to these customers.

    Returns:
        None where nothing is known of the address.
    """
    contact_id = session.scalar(select(Contact.id).where(Contact.folded == fold(address)))
    mine = [func.lower(Email.to_address) == address.strip().lower(), Email.to_address == address.strip()]
    if customers:
        mine.append(Email.customer_id.in_(customers))
    hashes = 0
    if contact_id is not None:
        lock(session, contact_id)
        mine.append(Email.contact_id == contact_id)
        hashes = _keep_hashes(session, contact_id, hashed(address))
        _empty_contact(session, contact_id, forget)
    emails = _empty_emails(session, or_(*mine))
    return None if contact_id is None and not emails else ErasedMail(emails, hashes)


def unanswered(session: Session, *, now: datetime) -> Sequence[int]:
    """Contacts whose address somebody typed and nobody confirmed within `double_opt_in.KEPT`.

    Only where nothing else is known of the mailbox: no owner, no consent, no e-mail but the letter that asked.
    """
    return session.scalars(select(Contact.id).where(_nobody_answered(now)).order_by(Contact.id)).all()


def erase_unanswered(
    session: Session, contact_id: int, *, hashed: AddressHash, forget: Sequence[Forget] = (), now: datetime
) -> bool:
    """Forget one of those; False where it has been answered meanwhile. Its letters are found by the contact alone."""
    lock(session, contact_id)
    still = select(Contact.id).where(Contact.id == contact_id, _nobody_answered(now))
    if session.scalar(still) is None:
        return False
    _keep_hashes(session, contact_id, hashed(session.get_one(Contact, contact_id).address))
    _empty_contact(session, contact_id, forget)
    _empty_emails(session, Email.contact_id == contact_id)
    return True


def empty_letters(session: Session, email_ids: Collection[int]) -> int:
    """Empty letters about a person that went to somebody else, as a workshop; says how many were full."""
    return _empty_emails(session, Email.id.in_(email_ids)) if email_ids else 0


def take_out_copies(session: Session, email_ids: Collection[int], folded: Collection[str]) -> None:
    """Name these addresses no longer among those who got a copy of an e-mail (`enclosed.correspondence`)."""
    for email in session.scalars(select(Email).where(Email.id.in_(email_ids)).order_by(Email.id)):
        if copies := email.content.get("copies"):
            left = [one for one in copies if fold(one) not in folded]
            email.content = email.content | {"copies": left}
    session.flush()


def forget_requests(session: Session, *, now: datetime) -> None:
    """Requests older than `double_opt_in.KEPT` go, whatever became of them."""
    session.execute(delete(ConsentRequest).where(ConsentRequest.asked_at <= now - KEPT))


def _nobody_answered(now: datetime) -> ColumnElement[bool]:
    asked = select(ConsentRequest.id).where(ConsentRequest.contact_id == Contact.id)
    said = select(ConsentEntry.id).where(ConsentEntry.contact_id == Contact.id).exists()
    written = select(Email.id).where(Email.contact_id == Contact.id, Email.template != TEMPLATE).exists()
    return and_(
        Contact.folded.is_not(None), Contact.customer_id.is_(None), Contact.confirmed_at.is_(None),
        asked.exists(), ~said, ~written, ~asked.where(ConsentRequest.asked_at > now - KEPT).exists(),
    )  # fmt: skip


def _keep_hashes(session: Session, contact_id: int, hashed: str) -> int:
    """What stands is known by the hash from now on; what was lifted long ago goes."""
    held = Suppression.contact_id == contact_id
    session.execute(delete(Suppression).where(held, Suppression.lifted_at.is_not(None)))
    kept: Any = session.execute(update(Suppression).where(held).values(contact_id=None, address_hash=hashed, note=""))
    return int(kept.rowcount)


def _empty_contact(session: Session, contact_id: int, forget: Sequence[Forget]) -> None:
    for other in forget:
        other(session, contact_id)
    for record in (Subscription, ConsentEntry, ConsentRequest):
        session.execute(delete(record).where(record.contact_id == contact_id))
    session.execute(
        update(MailReport).where(MailReport.contact_id == contact_id).values(contact_id=None, diagnostic="")
    )
    session.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(
            folded=None, address="", customer_id=None, confirmed_at=None, tracking_allowed=False,
            blocked=int(Scope.NOTHING),
        )
    )  # fmt: skip


def _empty_emails(session: Session, mine: ColumnElement[bool]) -> int:
    """Those that wait are stopped. The sender's row of one under way stays its own, and is emptied all the same."""
    waiting = (State.QUEUED, State.DEFERRED)
    session.execute(
        update(Email)
        .where(mine, or_(Email.state.in_(waiting), (Email.state == State.CLAIMED) & Email.handed_at.is_(None)))
        .values(state=State.SUPPRESSED, reason=ERASED)
        .execution_options(synchronize_session=False)
    )
    full = select(func.count()).select_from(Email).where(mine, Email.to_address != "")
    emptied = session.scalar(full) or 0  # the others were erased before, maybe with another mailbox of the same person
    session.execute(
        update(Email)
        .where(mine)
        .values(
            to_address="", to_name="", subject="", text="", html="", content={}, last_error="", reason=ERASED,
            contact_id=None,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return emptied
