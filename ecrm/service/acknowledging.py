"""Acknowledging: the one automatic answer to a new case, so that people know that their words arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.letters import post, shop_context, write
from mailer import dedup
from mailer.addressing import BadHeader
from mailer.enclosed import correspondence
from mailer.mailboxes import contact_by_address
from mailer.outbox import Email
from mailer.placeholders import spoken

from .cases import Case, Channel, Direction, Said, add_message
from .desk_addresses import sender_of

TEMPLATE = "case_received"
MOST_AN_HOUR = 3
"""To one address: with an auto-responder on the other side that hides what it is, so many letters go round."""


def acknowledge(crm: Installation, session: Session, case: Case, *, answered: str = "", now: datetime) -> bool:
    """Tell whoever opened a case that it arrived, once a case, in the caller's transaction; says whether it did.

    The shop's sender takes it out; it says of itself that a machine wrote it (RFC 3834), so that no machine answers.

    Args:
        answered: the Message-ID of what opened the case.
    """
    if not crm.app.config["ECRM_DESK_ACKNOWLEDGE"] or not case.from_address or _enough(session, case, now=now):
        return False
    try:
        with shop_context(crm) as facts:
            name = name_to_say(case)
            letter = write(
                facts, template=TEMPLATE, context={"case": case, "name": name}, to_address=case.from_address,
                to_name=name,
            )  # fmt: skip
            letter = replace(letter, sender=sender_of(session, crm.app.config, facts, team_id=case.team_id))
    except BadHeader:
        return False
    about = correspondence(in_reply_to=answered, answered_by_machine=True)
    email_id = post(
        session, letter, dedup_key=dedup.case_received(case.reference), customer_id=case.customer_id,
        order_reference=case.order_reference or None, content=about, now=now,
    )  # fmt: skip
    if email_id is None:
        return False
    email = session.get_one(Email, email_id)
    said = Said(
        direction=Direction.OUT, channel=Channel.EMAIL, text=letter.words.text, message_id=email.message_id,
        in_reply_to=answered, automatic=True, email_id=email_id,
    )  # fmt: skip
    add_message(session, case, said, now=now)
    return True


def name_to_say(case: Case) -> str:
    """The name in automatic letters. The form takes any name for any address: none is said there, or it would carry
    advertisements to strangers."""
    return "" if case.channel == Channel.FORM else spoken(case.from_name)


def _enough(session: Session, case: Case, *, now: datetime) -> bool:
    mailbox = contact_by_address(session, case.from_address)  # of e-mails, only their contacts are indexed
    if mailbox is None:
        return False
    lately = select(func.count()).where(
        Email.contact_id == mailbox.id, Email.transactional.is_(True), Email.template == TEMPLATE,
        Email.queued_at > now - timedelta(hours=1),
    )  # fmt: skip
    return (session.scalar(lately) or 0) >= MOST_AN_HOUR
