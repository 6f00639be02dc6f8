"""What a customer agreed to get by e-mail: as it is, and as the log has it, for those who answer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from mailer.consent import ConsentEntry, Topic, topics_wanted
from mailer.contacts import Contact
from mailer.mailboxes import contacts_of_customer
from mailer.suppression import Suppression, standing

SHOWN = 20
_LOG = (
    select(ConsentEntry)
    .where(ConsentEntry.contact_id.in_(bindparam("contacts", expanding=True)))
    .order_by(ConsentEntry.id.desc())
    .limit(SHOWN)
)


@dataclass(frozen=True)
class Agreed:
    """Of all mailboxes that are theirs. `log` is the newest first; `wanted`: what comes to any of them, so nothing of
    one that is held back; `tracked`: for any of them."""

    contacts: Sequence[Contact]
    wanted: frozenset[Topic]
    tracked: bool
    held: Sequence[Suppression]
    log: Sequence[ConsentEntry]


def agreed(session: Session, customer_id: int) -> Agreed | None:
    """None where no mailbox is known to be theirs."""
    contacts = contacts_of_customer(session, customer_id)
    if not contacts:
        return None
    ids = [contact.id for contact in contacts]
    held = {one: standing(session, one) for one in ids}
    return Agreed(
        contacts=contacts,
        wanted=frozenset(topic for one in ids for topic in topics_wanted(session, one, held=held[one])),
        tracked=any(contact.tracking_allowed for contact in contacts),
        held=[entry for one in ids for entry in held[one]],
        log=session.scalars(_LOG, {"contacts": ids}).all(),
    )
