"""A mailing as one real person would get it, for staff: with their name, prices and recommendations, not their links.

Links that act for somebody (unsubscribe, preferences) are signed for nobody here, so that staff can't use them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from mailer import dedup
from mailer.addressing import Mailbox, as_name
from mailer.mailings import Mailing, MailingVariant, source_of
from mailer.outbox import Email, queue
from mailer.writing import Answer, Written

from .installation import Installation
from .letters import shop_context
from .mail_links import mail_links
from .mail_writer import mail_writer
from .storefront import ShopFacts
from .writing.batch import Batch
from .writing.recipients import Recipient, recipients_by_contact
from .writing.shelf import Shelves

_NOBODY = 0
_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")


class NotAllowed(ValueError):
    """An address to which no test may go."""


def shown_to(
    crm: Installation, session: Session, mailing: Mailing, variant: MailingVariant, *, contact_id: int, now: datetime
) -> Answer:
    """What this contact would get at this moment.

    Raises:
        Unwritable: where the variant can't be sent yet.
    """
    draft = variant.draft()
    known = recipients_by_contact(session, [contact_id]).get(contact_id) if contact_id else None
    person = replace(known, contact_id=_NOBODY, tracked=False) if known else Recipient(_NOBODY)
    with shop_context(crm) as facts:
        batch = Batch(
            crm, session, facts, mail_links(crm), Shelves(crm, facts), {_NOBODY: person}, now
        )  # fmt: skip
        return mail_writer(crm).mailings.one(batch, _nobodys_email(facts, mailing, variant, now), mailing, draft)


def send_test(
    crm: Installation,
    session: Session,
    mailing: Mailing,
    variant: MailingVariant,
    *,
    address: str,
    contact_id: int,
    now: datetime,
) -> Answer:
    """Queue the variant as this contact would get it for a member of staff; says what came of the writing.

    Raises:
        NotAllowed: for an address outside of ECRM_MAIL_TEST_ADDRESSES.
        BadHeader: for what is no address.
        Unwritable: where the variant can't be sent yet.
    """
    facts = crm.storefront.facts()
    to = Mailbox("", address)
    if not may_be_tested(to.address, allowed=test_addresses(crm)):
        raise NotAllowed(address)
    answer = shown_to(crm, session, mailing, variant, contact_id=contact_id, now=now)
    if isinstance(answer, Written):
        queue(
            session, dedup_key=dedup.mailing_test(mailing.id, variant.name, address=to.address, now=now),
            template="mailing_test", sender=Mailbox(as_name(facts.name), facts.sender), to=to,
            subject=f"[{mailing.name[:40]} · {variant.name}] {answer.subject}"[:300], text=answer.text,
            html=answer.html, now=now,
        )  # fmt: skip
    return answer


def test_addresses(crm: Installation) -> tuple[str, ...]:
    """Where tests may go."""
    told = tuple(crm.app.config["ECRM_MAIL_TEST_ADDRESSES"])
    return told or (f"@{crm.storefront.facts().sender.rpartition('@')[2]}",)


def may_be_tested(address: str, *, allowed: tuple[str, ...]) -> bool:
    """Whether a test may go to this address."""
    folded = address.casefold()
    return any(folded == one.casefold() or (one.startswith("@") and folded.endswith(one.casefold())) for one in allowed)


def in_the_dark(html: str) -> str:
    """The e-mail as it looks in a mailbox that is set to dark."""
    return _DARK.sub("@media all", html)


def _nobodys_email(facts: ShopFacts, mailing: Mailing, variant: MailingVariant, now: datetime) -> Email:
    """An e-mail that is in no outbox."""
    return Email(
        id=0, contact_id=_NOBODY, topic=mailing.topic, source=source_of(mailing.id), mailing_id=mailing.id,
        variant=variant.name, content={}, from_address=facts.sender, queued_at=now, template="mailing", step=0,
    )  # fmt: skip
