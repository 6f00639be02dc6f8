"""Recipients: to which mailbox of a person a flow may write, as their consents stand now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.consent import Subscription
from mailer.contacts import Contact
from tracking.customers import Customer

from .flow import Entering

AT_ONCE = 500


class Recipient(NamedTuple):
    """Who enters, with the mailbox and the customer whose it is, as far as that is known."""

    entering: Entering
    contact_id: int
    customer_id: int | None


def recipients(session: Session, entering: Sequence[Entering], *, topic: str) -> list[Recipient]:
    """Those of them who want the topic (each their own, where they name one) and aren't blocked, in the order given.

    A customer with several mailboxes gets it in the one that they give as theirs, else in the first they confirmed.
    """
    found: list[Recipient] = []
    for start in range(0, len(entering), AT_ONCE):
        found += _some(session, entering[start : start + AT_ONCE], topic=topic)
    return found


def wanting(session: Session, asked: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of these pairs of contact and topic, those that may be written to."""
    pairs = set(asked)
    query = (
        select(Subscription.contact_id, Subscription.topic)
        .join(Contact, Contact.id == Subscription.contact_id)
        .where(Subscription.contact_id.in_({contact for contact, _topic in pairs}), Subscription.wanted)
        .where(Contact.blocked == 0, Contact.address != "")
    )
    return pairs & {(contact, topic) for contact, topic in session.execute(query)}


def _some(session: Session, entering: Sequence[Entering], *, topic: str) -> list[Recipient]:
    mailboxes = _mailboxes(session, {one.customer_id for one in entering if one.customer_id and not one.contact_id})
    options = [
        (one, [one.contact_id] if one.contact_id else mailboxes.get(one.customer_id or 0, []), one.topic or topic)
        for one in entering
    ]
    may = wanting(session, ((contact, of) for _one, contacts, of in options for contact in contacts))
    chosen = [
        (one, next((contact for contact in contacts if (contact, of) in may), None)) for one, contacts, of in options
    ]
    owners = _owners(session, {contact for one, contact in chosen if contact and one.customer_id is None})
    return [
        Recipient(one, contact, one.customer_id if one.customer_id is not None else owners.get(contact))
        for one, contact in chosen
        if contact is not None
    ]


def _mailboxes(session: Session, customers: Collection[int]) -> dict[int, list[int]]:
    """Each customer's contacts, best first."""
    query = (
        select(Contact.customer_id, Contact.id)
        .join(Customer, Customer.id == Contact.customer_id)
        .where(Contact.customer_id.in_(customers))
        .order_by(Contact.folded != Customer.email_folded, Contact.confirmed_at.is_(None), Contact.id)
    )
    found: dict[int, list[int]] = {}
    for customer, contact in session.execute(query):
        if customer is not None:
            found.setdefault(customer, []).append(contact)
    return found


def _owners(session: Session, contacts: Collection[int]) -> dict[int, int]:
    query = select(Contact.id, Contact.customer_id).where(Contact.id.in_(contacts), Contact.customer_id.is_not(None))
    return {contact: customer for contact, customer in session.execute(query) if customer is not None}
