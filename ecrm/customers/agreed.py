"""What a customer agreed to get by e-mail: as it is, and as the log has it, for those who answer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.consent import ConsentEntry, Topic, topics_wanted
from mailer.contacts import Contact
from mailer.mailboxes import contact_of_customer
from mailer.suppression import Suppression, standing

SHOWN = 20


@dataclass(frozen=True)
class Agreed:
    """`log` is the newest first; `wanted` is empty where the mailbox is held back."""

    contact: Contact
    wanted: frozenset[Topic]
    held: Sequence[Suppression]
    log: Sequence[ConsentEntry]


def agreed(session: Session, customer_id: int) -> Agreed | None:
    """None where no mailbox is known to be theirs."""
    contact = contact_of_customer(session, customer_id)
    if contact is None:
        return None
    log = select(ConsentEntry).where(ConsentEntry.contact_id == contact.id).order_by(ConsentEntry.id.desc())
    return Agreed(
        contact, topics_wanted(session, contact.id), standing(session, contact.id),
        session.scalars(log.limit(SHOWN)).all(),
    )  # fmt: skip
