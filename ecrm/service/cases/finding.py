"""Finding cases: by reference, by a mail's Message-ID, of a customer or an address, and what was said in one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.email_address import fold

from .case import UNSOLVED, Case
from .message import CaseAttachment, CaseMessage, CaseRecipient

_REFERENCE = re.compile(r"C-[A-Z0-9]{8}")


def by_reference(session: Session, reference: str) -> Case | None:
    """The case of a reference, however it is spelt (`c-abcdefgh`, `[C-ABCDEFGH]`).

    A text that is none isn't asked for: PostgreSQL refuses NUL.
    """
    bare = reference.strip().strip("[]").upper()
    return session.scalar(select(Case).where(Case.reference == bare)) if _REFERENCE.fullmatch(bare) else None


def by_message_id(session: Session, message_id: str | None) -> Case | None:
    """The case in which a mail of this Message-ID stands, ours or theirs."""
    if not message_id:
        return None
    held = select(CaseMessage.case_id).where(CaseMessage.message_id == message_id[:500])
    return session.scalar(select(Case).where(Case.id == held.scalar_subquery()))


def of_customer(session: Session, customer_id: int, *, limit: int = 20, unsolved: bool = False) -> Sequence[Case]:
    """A customer's cases, the one with the newest message first; merged ones are in the case they became."""
    query = select(Case).where(Case.customer_id == customer_id, Case.merged_into.is_(None))
    if unsolved:
        query = query.where(Case.state.in_(UNSOLVED))
    return session.scalars(query.order_by(Case.last_message_at.desc(), Case.id.desc()).limit(limit)).all()


def of_address(session: Session, address: str, *, limit: int = 20) -> Sequence[Case]:
    """Cases that were begun from an address, whosever it is."""
    query = select(Case).where(Case.from_folded == fold(address), Case.merged_into.is_(None))
    return session.scalars(query.order_by(Case.last_message_at.desc(), Case.id.desc()).limit(limit)).all()


def messages_of(session: Session, case_id: int) -> Sequence[CaseMessage]:
    """All that was said, the oldest first."""
    query = select(CaseMessage).where(CaseMessage.case_id == case_id)
    return session.scalars(query.order_by(CaseMessage.at, CaseMessage.id)).all()


def attachments_of(session: Session, messages: Collection[int]) -> dict[int, list[CaseAttachment]]:
    """What is attached, by message."""
    found: dict[int, list[CaseAttachment]] = {}
    query = select(CaseAttachment).where(CaseAttachment.message_id.in_(messages)).order_by(CaseAttachment.id)
    for one in session.scalars(query):
        found.setdefault(one.message_id, []).append(one)
    return found


def recipients_of(session: Session, messages: Collection[int]) -> dict[int, list[CaseRecipient]]:
    """Whom else the messages name, by message."""
    found: dict[int, list[CaseRecipient]] = {}
    query = select(CaseRecipient).where(CaseRecipient.message_id.in_(messages)).order_by(CaseRecipient.id)
    for one in session.scalars(query):
        found.setdefault(one.message_id, []).append(one)
    return found
