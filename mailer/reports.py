"""What mail servers and mailbox providers report back of our e-mails: bounces and complaints, and what follows.

Hard (RFC 3463 class 5, or a refusal at RCPT): the mailbox isn't there; suppressed after the first. Soft (class 4, or a
refusal for now): after `SOFT_LIMIT` within `SOFT_WINDOW`. Complaint (RFC 5965): no marketing, at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.email_address import fold
from tracking.record import BigId, Record, insert_once

from .contacts import Contact
from .outbox import Email, State
from .suppression import Reason, lock, suppress

SOFT_LIMIT = 5
SOFT_WINDOW = timedelta(days=30)


class Kind(StrEnum):
    """What is reported."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"


class MailReport(Record):
    """One report about one e-mail; the same report twice is one row. `source`: rcpt, imap, intake or webhook."""

    __tablename__ = "ecrm_mail_report"
    __table_args__ = (Index(None, "contact_id", "kind", "at"), Index(None, "kind", "at"), Index(None, "email_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dedup_key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    email_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_email.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_contact.id"))
    status: Mapped[str] = mapped_column(String(20), default="")
    diagnostic: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A report as it came. By `message_id` (with angle brackets) its e-mail is found; `address` is whom it names."""

    kind: Kind
    message_id: str
    address: str = ""
    status: str = ""
    diagnostic: str = ""


def take_report(session: Session, reported: Reported, *, source: str, now: datetime) -> str:
    """Write a report down and do what follows from it, once.

    Only e-mails that we sent count, found by the Message-ID that only their recipients and the servers on the way have
    seen: a forged bounce names none, and one that names another address than the e-mail went to is none of ours. Nor is
    one about an e-mail whose person was erased: its words would name them again.

    Returns:
        What it did, in a word: `suppressed`, `noted`, `repeated`, `unknown`.
    """
    ours = Email.message_id == reported.message_id
    if (contact_id := session.scalar(select(Email.contact_id).where(ours))) is not None:
        lock(session, contact_id)  # before its e-mail, as everybody does; an erasure may be under way
    email = session.scalar(select(Email).where(ours).execution_options(populate_existing=True))
    if email is None or not email.to_address or not _fits(email, reported):
        return "unknown"
    values: dict[str, Any] = {
        "dedup_key": f"{reported.kind}:{email.id}", "kind": reported.kind, "email_id": email.id,
        "contact_id": email.contact_id, "status": reported.status[:20], "diagnostic": reported.diagnostic[:300],
        "source": source, "at": now,
    }  # fmt: skip
    if insert_once(session, MailReport, values) is None:
        return "repeated"
    if reported.kind is not Kind.COMPLAINT:
        _mark_bounced(session, email.id, reported)
    return "suppressed" if _follow(session, email.contact_id, reported, now=now) else "noted"


def in_order(session: Session, reports: Sequence[Reported]) -> list[int]:
    """Their places by the contacts' ids, as everybody locks them, for taking several in one transaction."""
    rows = session.execute(
        select(Email.message_id, Email.contact_id).where(Email.message_id.in_({one.message_id for one in reports}))
    )
    contacts = {message_id: contact_id or 0 for message_id, contact_id in rows}
    return sorted(range(len(reports)), key=lambda place: contacts.get(reports[place].message_id, 0))


def _fits(email: Email, reported: Reported) -> bool:
    """Whether the named mailbox is the e-mail's. A complaint may name nobody (RFC 5965 3.2)."""
    return not reported.address or fold(reported.address) == fold(email.to_address)


def _mark_bounced(session: Session, email_id: int, reported: Reported) -> None:
    if reported.kind is Kind.SOFT:
        return  # the server that has it may still be trying
    words = f"{reported.status} {reported.diagnostic}".strip()
    session.execute(
        update(Email)
        .where(Email.id == email_id, Email.state.in_((State.SENT, State.UNKNOWN)))
        .values(state=State.BOUNCED, reason=reported.status[:20] or "came back", last_error=words[:500])
    )


def _follow(session: Session, contact_id: int | None, reported: Reported, *, now: datetime) -> bool:
    if contact_id is None or session.get(Contact, contact_id) is None:
        return False
    note = f"{reported.status} {reported.diagnostic}".strip()
    match reported.kind:
        case Kind.HARD:
            return suppress(session, contact_id, reason=Reason.HARD_BOUNCE, now=now, note=note)
        case Kind.COMPLAINT:
            return suppress(session, contact_id, reason=Reason.COMPLAINT, now=now, note=note)
        case Kind.SOFT:
            if _soft_bounces(session, contact_id, since=now - SOFT_WINDOW) < SOFT_LIMIT:
                return False
            return suppress(session, contact_id, reason=Reason.SOFT_BOUNCES, now=now, note=note)


def _soft_bounces(session: Session, contact_id: int, *, since: datetime) -> int:
    counted = select(func.count()).select_from(MailReport)
    mine = counted.where(MailReport.contact_id == contact_id, MailReport.kind == Kind.SOFT, MailReport.at > since)
    return session.scalar(mine) or 0
