"""Engagement: what readers did with an e-mail — followed a link, had its picture loaded — as far as they agreed to it.

A deed is kept once an e-mail, link and day, however often it was done. What a machine did (a crawler, a mail scanner
that follows every link, a proxy that loads every picture) is kept apart with the reason, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

from .contacts import Contact
from .outbox import Email

MOST_LINK = 200
SCAN_WITHIN = timedelta(seconds=5)
"""Nobody has read an e-mail by then, while scanners follow its links at once."""
BURST_LINKS, BURST_SECONDS = 3, 10
"""So many links of one e-mail within so many seconds: a program that checks them all, no reader."""
KEPT_FOR = timedelta(days=90)
"""After so long, following an old e-mail's link says nothing about the e-mail any more."""


class Deed(StrEnum):
    """What a reader did."""

    CLICK = "click"
    OPEN = "open"


class Machine(StrEnum):
    """Why a deed isn't a reader's."""

    NONE = ""
    BOT = "bot"
    HEAD = "head"
    PREFETCH = "prefetch"
    TOO_SOON = "too_soon"
    EVERY_LINK = "every_link"
    PROXY = "proxy"


class Engagement(Record):
    """A deed at an e-mail. `link` is the path that was opened, without its query; empty for an opening.

    `machine` is empty where a reader did it, as far as anybody can tell. `times`: on that day.
    """

    __tablename__ = "ecrm_engagement"
    __table_args__ = (
        Index(None, "email_id", "deed", "link", "day", "machine", unique=True),
        Index(None, "contact_id", "at"),
        Index(None, "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email_id: Mapped[int] = mapped_column(ForeignKey("ecrm_email.id"))
    contact_id: Mapped[int | None] = mapped_column(BigInteger)
    deed: Mapped[str] = mapped_column(String(5))
    link: Mapped[str] = mapped_column(String(MOST_LINK))
    day: Mapped[date]
    at: Mapped[datetime]
    times: Mapped[int]
    machine: Mapped[str] = mapped_column(String(12))


@dataclass(frozen=True)
class Seen:
    """A deed as the request saw it. `machine`: what the request alone gives away."""

    email_id: int
    deed: Deed
    link: str
    at: datetime
    machine: Machine = Machine.NONE


@dataclass(frozen=True)
class _Sent:
    contact_id: int | None
    sent_at: datetime | None


def note(session: Session, deeds: Sequence[Seen], *, day_of: Callable[[datetime], date]) -> int:
    """Keep deeds; those of people who (no longer) agree to be followed in e-mails leave no trace.

    A click within `SCAN_WITHIN` of the sending is a scanner's. So are the clicks on `BURST_LINKS` different links of
    an e-mail within `BURST_SECONDS`: those that were taken for a reader's before are marked, too.

    Args:
        day_of: the day of the shop's calendar of a moment.

    Returns:
        How many were kept.
    """
    agreed = _agreed(session, {one.email_id for one in deeds})
    kept = [one for one in deeds if one.email_id in agreed and _in_time(one, agreed[one.email_id])]
    for one in kept:
        _keep(session, one, agreed[one.email_id], day_of(one.at))
    for email_id in {one.email_id for one in kept if one.deed is Deed.CLICK}:
        _mark_bursts(session, email_id, [one.at for one in kept if one.email_id == email_id])
    return len(kept)


def _agreed(session: Session, email_ids: Collection[int]) -> dict[int, _Sent]:
    query = (
        select(Email.id, Email.contact_id, func.coalesce(Email.sent_at, Email.handed_at))
        .join(Contact, Contact.id == Email.contact_id)
        .where(Email.id.in_(email_ids), Contact.tracking_allowed)
    )
    return {row[0]: _Sent(row[1], row[2]) for row in session.execute(query)}


def _in_time(one: Seen, sent: _Sent) -> bool:
    return sent.sent_at is None or one.at - sent.sent_at <= KEPT_FOR


def _keep(session: Session, one: Seen, sent: _Sent, day: date) -> None:
    machine = one.machine
    if not machine and one.deed is Deed.CLICK and sent.sent_at is not None and one.at - sent.sent_at < SCAN_WITHIN:
        machine = Machine.TOO_SOON
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        "email_id": one.email_id, "contact_id": sent.contact_id, "deed": str(one.deed), "link": one.link[:MOST_LINK],
        "day": day, "at": one.at, "times": 1, "machine": str(machine),
    }  # fmt: skip
    key = ["email_id", "deed", "link", "day", "machine"]
    statement = insert(Engagement).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=key, set_={"times": Engagement.times + 1}))


def _mark_bursts(session: Session, email_id: int, moments: Iterable[datetime]) -> None:
    for at in moments:
        around = (
            Engagement.email_id == email_id,
            Engagement.deed == str(Deed.CLICK),
            Engagement.machine.in_((str(Machine.NONE), str(Machine.EVERY_LINK))),
            Engagement.at.between(at - timedelta(seconds=BURST_SECONDS), at + timedelta(seconds=BURST_SECONDS)),
        )
        links = session.scalar(select(func.count(Engagement.link.distinct())).where(*around)) or 0
        if links < BURST_LINKS:
            continue
        taken = select(Engagement.link, Engagement.day).where(*around, Engagement.machine == str(Machine.EVERY_LINK))
        known = {tuple(row) for row in session.execute(taken)}
        for row in session.scalars(select(Engagement).where(*around, Engagement.machine == str(Machine.NONE))):
            if (row.link, row.day) in known:
                session.delete(row)
            else:
                row.machine = str(Machine.EVERY_LINK)
        session.flush()


def forget(session: Session, contact_id: int) -> int:
    """Take whose they were from a contact's deeds, in an erasure; the mailing's counts stay."""
    done: Any = session.execute(update(Engagement).where(Engagement.contact_id == contact_id).values(contact_id=None))
    return int(done.rowcount)


def forget_before(session: Session, moment: datetime) -> int:
    """Take whose they were from deeds that are older than the shop keeps steps; the counts stay."""
    old = (Engagement.at < moment, Engagement.contact_id.is_not(None))
    done: Any = session.execute(update(Engagement).where(*old).values(contact_id=None))
    return int(done.rowcount)
