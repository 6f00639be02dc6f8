"""People of a mailing: who is behind a chunk of its audience, and the one mailbox in which each of them gets it.

Whoever is in the audience with a mailbox that may be written to gets it once, in the best of theirs that wants the
topic: the one that they give as theirs, else the first that they confirmed, as with flows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from tracking.customers import Customer

from .consent import Subscription
from .contacts import Contact
from .mailings import MailingHoldout
from .outbox import Email


@dataclass(frozen=True)
class Person:
    """A recipient with the mailbox that was chosen. `mailboxes`: all of theirs, also those that don't want it."""

    contact_id: int
    customer_id: int | None
    address: str
    name: str
    mailboxes: tuple[int, ...]

    @property
    def lot(self) -> str:
        """By what lots are drawn for them."""
        return lot_of(self.contact_id, self.customer_id)


def lot_of(contact_id: int, customer_id: int | None) -> str:
    """A name for lots and keys: the customer's where it is known, so that two mailboxes draw the same."""
    return str(contact_id) if customer_id is None else f"c{customer_id}"


def best_first(contact: Any) -> tuple[Any, ...]:
    """The order of a customer's mailboxes, in a query that joins `Customer`; as flows have it (`flows.recipients`)."""
    theirs = case((contact.folded == Customer.email_folded, 0), else_=1)
    return theirs, case((contact.confirmed_at.is_not(None), 0), else_=1), contact.id


def people_of(session: Session, mailing_id: int, *, topic: str, contact_ids: Sequence[int]) -> list[Person]:
    """Those who may be written to about the topic at this moment and of whom this mailing decided nothing yet.

    Consent is asked again when an e-mail is handed over. Call it with the mailing's row taken: what it decided before
    is looked up by all their mailboxes, as one may have got an owner, or another one, meanwhile.
    """
    found = _found(session, topic, contact_ids)
    return _undecided(session, mailing_id, found) if found else []


def _found(session: Session, topic: str, contact_ids: Sequence[int]) -> list[Person]:
    asked = set(contact_ids)
    owners = select(Contact.customer_id).where(Contact.id.in_(asked), Contact.customer_id.is_not(None)).distinct()
    wants = and_(Subscription.contact_id == Contact.id, Subscription.topic == topic, Subscription.wanted)
    query = (
        select(
            Contact.id, Contact.customer_id, Contact.address, Customer.first_name, Customer.last_name,
            and_(Contact.blocked == 0, Contact.folded.is_not(None), Subscription.contact_id.is_not(None)),
        )
        .outerjoin(Subscription, wants)
        .outerjoin(Customer, Customer.id == Contact.customer_id)
        .where(or_(Contact.id.in_(asked), Contact.customer_id.in_(session.scalars(owners).all())))
        .order_by(*best_first(Contact))
    )  # fmt: skip
    best: dict[str, tuple[int, int | None, str, str]] = {}
    mailboxes: dict[str, list[int]] = {}
    meant: set[str] = set()
    for id_, customer_id, address, first, last, may in session.execute(query):
        lot = lot_of(id_, customer_id)
        mailboxes.setdefault(lot, []).append(id_)
        if may:
            best.setdefault(lot, (id_, customer_id, address, f"{first or ''} {last or ''}".strip()))
            if id_ in asked:
                meant.add(lot)
    return [Person(*chosen, tuple(mailboxes[lot])) for lot, chosen in best.items() if lot in meant]


def _undecided(session: Session, mailing_id: int, found: Sequence[Person]) -> list[Person]:
    mailboxes = [mailbox for one in found for mailbox in one.mailboxes]
    decided: set[int | None] = set()
    for record in (Email, MailingHoldout):
        ours = select(record.contact_id).where(record.mailing_id == mailing_id, record.contact_id.in_(mailboxes))
        decided.update(session.scalars(ours))
    return [one for one in found if decided.isdisjoint(one.mailboxes)]
