"""Outbox: e-mails waiting to be sent, written in the same transaction as their cause.

`queue` writes; the sender claims and marks. What goes out is fixed when it is queued: a retry is the same e-mail
with the same Message-ID and Date, so that a mailbox that got it twice shows it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record, insert_once

from .addressing import Mailbox, checked_subject

GOOD_FOR = timedelta(days=14)
"""How long an e-mail of marketing may wait that doesn't say itself when its time has passed."""


class State(StrEnum):
    """What became of an e-mail; `Email.reason` says why it is deferred, suppressed or dropped.

    UNKNOWN: the process died while sending, and only the mail server knows. DEFERRED: another e-mail went first, or
    the hour isn't right; it waits until `due_at`. SUPPRESSED: the mailbox must not be written to. DROPPED: what it was
    about is no longer true.
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


class Email(Record):
    """One e-mail to one address. `dedup_key` is made of stable ids, so that one cause makes one e-mail.

    `transactional`: somebody waits for it (an order, a link asked for), so a doubtful one is sent once more with the
    same Message-ID. `doubts` counts how often nobody knew whether the server had taken it.

    Marketing belongs to a `topic` and a `source` ("mailing:7", "flow:welcome") with its `step` and `variant`; the
    higher `priority` goes first. `content` is what it is about: its words are written from that just before sending.
    A claim belongs to `claimed_by`, and is certainly unsent as long as `handed_at` is empty.
    """

    __tablename__ = "ecrm_email"
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "customer_id", "queued_at"),
        Index(None, "contact_id", "transactional", "sent_at"),
        Index("ix_ecrm_email_stream", "state", "transactional", "priority", "due_at"),
        Index(None, "source", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dedup_key: Mapped[str] = mapped_column(String(120), unique=True)
    template: Mapped[str] = mapped_column(String(60))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    contact_id: Mapped[int | None] = mapped_column(BigInteger)
    order_reference: Mapped[str | None] = mapped_column(String(64), index=True)
    topic: Mapped[str] = mapped_column(String(20), default="")
    source: Mapped[str] = mapped_column(String(60), default="")
    mailing_id: Mapped[int | None] = mapped_column(BigInteger)
    entry_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    step: Mapped[int] = mapped_column(default=0)
    variant: Mapped[str] = mapped_column(String(20), default="")
    priority: Mapped[int] = mapped_column(default=0)
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    from_address: Mapped[str] = mapped_column(String(254))
    from_name: Mapped[str] = mapped_column(String(200), default="")
    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(String(200), default="")
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    transactional: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(20), default=State.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[str] = mapped_column(String(40), default="")
    handed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")


def state_of_few() -> ColumnElement[str]:
    """An e-mail's state, where a query names rows by their ids or contacts: said so that no index of states is used.

    SQLite, which doesn't know how many are queued or sent, would read all of them for the few that are asked for.
    """
    return Email.state.concat("")


def queue(
    session: Session,
    *,
    dedup_key: str,
    template: str,
    sender: Mailbox,
    to: Mailbox,
    subject: str,
    text: str,
    html: str,
    customer_id: int | None = None,
    contact_id: int | None = None,
    order_reference: str | None = None,
    transactional: bool = True,
    content: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> int | None:
    """Put an e-mail into the outbox, in the caller's transaction.

    Args:
        content: of a conversation's e-mail, `enclosed.correspondence`.

    Returns:
        Its id, or None where this cause has its e-mail already.

    Raises:
        BadHeader: for a subject that can't be sent. (Mailboxes are checked when they are made.)
    """
    now = now or datetime.now(UTC)
    values: dict[str, Any] = {
        "dedup_key": dedup_key,
        "template": template,
        "customer_id": customer_id,
        "contact_id": contact_id,
        "order_reference": order_reference,
        "from_address": sender.address,
        "from_name": sender.name,
        "to_address": to.address,
        "to_name": to.name,
        "subject": checked_subject(subject),
        "text": _storable(text),
        "html": _storable(html),
        "message_id": message_id_for(queued_at=now, domain=sender.domain),
        "transactional": transactional,
        "topic": "",
        "source": "",
        "step": 0,
        "variant": "",
        "priority": 0,
        "content": dict(content or {}),
        "claimed_by": "",
        "reason": "",
        "state": State.QUEUED,
        "attempts": 0,
        "doubts": 0,
        "queued_at": now,
        "due_at": now,
        "last_error": "",
    }
    return insert_once(session, Email, values)


def _storable(text: str) -> str:
    """PostgreSQL keeps neither NUL nor half a letter, and one of them would lose the whole transaction."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def message_id_for(*, queued_at: datetime, domain: str) -> str:
    """A new Message-ID (RFC 5322 3.6.4): the moment, so that files sort by it, and 96 random bits.

    It is kept with the e-mail, so every try has the same. Nobody but its reader knows it: who could guess it, could
    send a bounce that shuts another's mailbox out.
    """
    return f"<{queued_at.astimezone(UTC):%Y%m%dT%H%M%S}.{token_hex(12)}@{domain}>"


def deadline_of(email: Any) -> datetime:
    """After which moment an e-mail isn't sent any more; of an `Email`, or what has its `content` and `queued_at`."""
    written = email.content.get("deadline")
    found: datetime = datetime.fromisoformat(written) if written else email.queued_at + GOOD_FOR
    return found


def send_again(session: Session, email_id: int, *, now: datetime) -> bool:
    """Queue a failed or doubtful e-mail once more, because a person decided so; False where there is nothing to do."""
    queued: Any = session.execute(
        update(Email)
        .where(Email.id == email_id, Email.state.in_((State.FAILED, State.UNKNOWN)))
        .values(state=State.QUEUED, due_at=now, attempts=0, doubts=0, reason="")
    )
    return bool(queued.rowcount)


@dataclass(frozen=True)
class Doubts:
    """E-mails of one source of which nobody knows whether they arrived, and since when the first one is in doubt."""

    source: str
    count: int
    since: datetime


def doubts_by_source(session: Session) -> list[Doubts]:
    """All of them, most first; what somebody waits for has an empty source."""
    query = (
        select(Email.source, func.count(), func.min(Email.due_at))
        .where(Email.state == State.UNKNOWN)
        .group_by(Email.source)
        .order_by(func.count().desc(), Email.source)
    )
    return [Doubts(*row) for row in session.execute(query)]


def send_doubtful_again(session: Session, source: str, *, now: datetime) -> int:
    """Queue the doubtful e-mails of a mailing or flow once more, because a person decided so; returns how many.

    Whoever may have got the first one gets a second with the same Message-ID, which most mailboxes show once. Consent,
    budget and what is true of its goods are asked anew before each goes out.
    """
    queued: Any = session.execute(
        update(Email)
        .where(Email.source == source, Email.state == State.UNKNOWN)
        .values(state=State.QUEUED, due_at=now, attempts=0, doubts=0, reason="")
        .execution_options(synchronize_session=False)
    )
    return int(queued.rowcount)
