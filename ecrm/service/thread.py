"""Thread: which case a message belongs to, without letting anybody into another's by guessing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.inbound.message import Inbound
from mailer.outbox import Email
from tracking.customers import customer_by_email
from tracking.email_address import fold

from .cases import Case, CaseMessage, CaseRecipient, Direction, by_reference, final
from .warranty import workshops_of

MARK = re.compile(r"\[(C-[A-Z2-7]{8})\]", re.IGNORECASE)
"""A case's reference in a subject (`Case.subject_mark`)."""
_MOST_IDS = 30


@dataclass(frozen=True)
class Thread:
    """The case, and by what it was found: `answer` (a Message-ID of ours), `reference` or `subject`. `from_workshop`:
    it answers what we wrote to a service point, from whichever address."""

    case: Case
    by: str
    from_workshop: bool


def thread_of(session: Session, mail: Inbound) -> Thread | None:
    """The case that a message belongs to; None where it begins one.

    A Message-ID of ours is 96 random bits that only the case's people have seen: whoever answers it belongs there. The
    customer's own Message-IDs, and the number in the subject, can be guessed or seen elsewhere: they count only for an
    address that belongs to the case, and not where a form says for whom it passes the letter on, or several could have
    written it.
    """
    sender = mail.sender
    for message in _named(session, mail):
        case = _open_to_all(session, message.case_id)
        if case is None:
            continue
        workshop = _from_workshop(session, case, sender, answered=message)
        if message.direction != Direction.IN:
            return Thread(case, "answer", workshop)
        if belongs(session, case, sender):
            return Thread(case, "reference", workshop)
    for mark in dict.fromkeys(MARK.findall(mail.subject)):
        found = by_reference(session, mark)
        case = _open_to_all(session, found.id) if found is not None else None
        if case is not None and belongs(session, case, sender):
            return Thread(case, "subject", _from_workshop(session, case, sender))
    return None


def _from_workshop(session: Session, case: Case, address: str, *, answered: CaseMessage | None = None) -> bool:
    """Whether a letter that came to the case is a service point's: it answers our letter to one (a note with a
    Message-ID) or its answer, or whoever did so before writes again. A clerk's own address counts as the service
    point's, and one that was changed since; the customer who was in copy speaks for themselves."""
    folded = fold(address)
    if folded and (folded == case.from_folded or _is_customer(session, case, address)):
        return False
    if answered is not None and (answered.direction == Direction.NOTE or answered.from_workshop):
        return True
    if not folded:
        return False
    wrote = select(CaseMessage.id).where(
        CaseMessage.case_id == case.id, CaseMessage.from_folded == folded, CaseMessage.from_workshop.is_(True)
    )
    return folded in workshops_of(session, case.id) or session.scalar(wrote.limit(1)) is not None


def belongs(session: Session, case: Case, address: str) -> bool:
    """Whether this address is one of the case's: whoever began it, its customer's, whoever wrote in it before or was
    sent a copy of an answer."""
    folded = fold(address)
    if not folded:
        return False
    if folded == case.from_folded or _is_customer(session, case, address):
        return True
    wrote = select(CaseMessage.id).where(
        CaseMessage.case_id == case.id, CaseMessage.from_folded == folded, CaseMessage.direction == Direction.IN
    )
    told = (
        select(CaseRecipient.id)
        .join(CaseMessage, CaseMessage.id == CaseRecipient.message_id)
        .where(CaseMessage.case_id == case.id, CaseRecipient.folded == folded, CaseRecipient.email_id.is_not(None))
    )
    return any(session.scalar(query.limit(1)) is not None for query in (wrote, told))


def _is_customer(session: Session, case: Case, address: str) -> bool:
    owner = customer_by_email(session, address)
    return owner is not None and owner.id == case.customer_id


def _named(session: Session, mail: Inbound) -> list[CaseMessage]:
    """The messages that it answers, the nearest first."""
    ids = list(dict.fromkeys([mail.in_reply_to, *reversed(mail.references)]))[:_MOST_IDS]
    wanted = [one for one in ids if one]
    query = select(CaseMessage).where(CaseMessage.message_id.in_(wanted))
    found = {one.message_id: one for one in session.scalars(query)} if wanted else {}
    if missing := [one for one in wanted if one not in found]:
        copies = (
            select(Email.message_id, CaseMessage)
            .join(CaseRecipient, CaseRecipient.email_id == Email.id)
            .join(CaseMessage, CaseMessage.id == CaseRecipient.message_id)
            .where(Email.message_id.in_(missing))
        )
        found |= {row[0]: row[1] for row in session.execute(copies)}
    return [found[one] for one in wanted if one in found]


def _open_to_all(session: Session, case_id: int) -> Case | None:
    """The case, or the one that it became; None for one whose person was erased."""
    case = session.get(Case, case_id)
    case = final(session, case) if case is not None else None
    return None if case is None or case.erased_at is not None else case
