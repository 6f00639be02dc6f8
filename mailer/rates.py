"""Rates: how many e-mails may go out in a time, over all workers: in all, a stream, or to a recipient's domain.

Each limit has one row with the moment from which on it is free; whoever claims an e-mail reserves the next such moment
and moves it on by one interval, in the transaction of the claim (the generic cell rate algorithm without a burst, ITU-T
I.371). So the moments are exact however many workers there are, and nobody holds a lock while waiting for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.email_address import BadDomain, ascii_domain
from tracking.record import Record, insert_once

from .claims import Stream
from .outbox import Email, State

ALL = "all"
HORIZON = timedelta(seconds=2)
"""A moment this near is reserved, and the e-mail kept until then; one further off goes back into the queue."""
_RATE = re.compile(r"([^=\s]+)\s*=\s*(\d{1,7})\s*/\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class BadRate(ValueError):
    """A rate that can't be read; says how one is written."""


class MailPace(Record):
    """From when on a limit is free again."""

    __tablename__ = "ecrm_mail_pace"

    name: Mapped[str] = mapped_column(String(260), primary_key=True)
    free_at: Mapped[datetime]


@dataclass(frozen=True)
class Rates:
    """Intervals between e-mails, by limit: `all`, a stream's name, or a recipient's domain."""

    intervals: Mapping[str, timedelta]

    def of(self, email: Email) -> list[str]:
        """The limits that an e-mail falls under."""
        stream = Stream.TRANSACTIONAL if email.transactional else Stream.MARKETING
        return [one for one in (ALL, str(stream), email.to_address.rpartition("@")[2]) if one in self.intervals]


def read_rates(written: Iterable[str]) -> Rates:
    """From settings like `all=50/s`, `marketing=20/s`, `gmail.com=600/m`.

    Raises:
        BadRate: for anything else.
    """
    intervals = {}
    for one in written:
        match = _RATE.fullmatch(one.strip())
        if match is None or not int(match.group(2)):
            raise BadRate(f"{one!r} is no rate; write all=50/s, marketing=20/s or gmail.com=600/m (s, m, h or d)")
        limit = match.group(1).lower()
        if limit not in (ALL, *Stream):
            try:
                limit = ascii_domain(limit)
            except BadDomain:
                raise BadRate(f"{limit!r} is neither all, transactional, marketing nor a domain") from None
        intervals[limit] = timedelta(seconds=_SECONDS[match.group(3)] / int(match.group(2)))
    return Rates(intervals)


@dataclass
class Turns:
    """When claimed e-mails may go: `at` is reserved for them; `later` is when to ask again."""

    at: dict[int, datetime] = field(default_factory=dict)
    later: dict[int, datetime] = field(default_factory=dict)


def reserve(
    session: Session, emails: Sequence[Email], rates: Rates, *, now: datetime, asked: dict[str, datetime]
) -> Turns:
    """Reserve the next moments for these, in their order; call it last in a transaction that has written already.

    Args:
        asked: kept by the caller from call to call: spreads those that have to wait longer over the time to come, so
            that they aren't claimed again and again.
    """
    limits = {email.id: rates.of(email) for email in emails}
    names = sorted({one for some in limits.values() for one in some})
    free = _locked(session, names, now)
    marketing = {one for email in emails if not email.transactional for one in limits[email.id]}
    first = _orders_first(session, marketing - set(Stream), rates, now=now)
    before, turns = dict(free), Turns()
    waiting = list(emails)
    while waiting:
        # whoever may go first comes first, so that a slow domain leaves the others their moments
        moments = [max([now, *(free[one] for one in limits[email.id])]) for email in waiting]
        at = min(moments)
        email = waiting.pop(moments.index(at))
        mine = limits[email.id]
        behind = [] if email.transactional else [one for one in mine if one in first]
        if behind:
            at = max([at, now + HORIZON, *(first[one] + rates.intervals[one] for one in behind)])
        if at <= now + HORIZON and not behind:
            turns.at[email.id] = at
            free.update((one, at + rates.intervals[one]) for one in mine)
        else:
            later = max([at, *(asked[one] for one in mine if one in asked)])
            turns.later[email.id] = later
            asked.update((one, later + rates.intervals[one]) for one in mine)
    for name in names:
        if free[name] != before[name]:
            session.execute(update(MailPace).where(MailPace.name == name).values(free_at=free[name]))
    return turns


def _orders_first(session: Session, names: Iterable[str], rates: Rates, *, now: datetime) -> dict[str, datetime]:
    """Those of these limits under which a transactional e-mail waits for one of the next moments, with when: marketing
    leaves it to them, or a long mailing would take each moment just before they ask for it."""
    first = {}
    for name in names:
        until = now + HORIZON + rates.intervals[name]
        waits = select(func.min(Email.due_at)).where(
            Email.state.in_((State.QUEUED, State.DEFERRED)), Email.transactional, Email.due_at <= until
        )
        if name != ALL:
            waits = waits.where(Email.to_address.endswith(f"@{name}", autoescape=True))
        if (due := session.scalar(waits)) is not None:
            first[name] = max(due, now)
    return first


def _locked(session: Session, names: Sequence[str], now: datetime) -> dict[str, datetime]:
    """The rows of these limits, taken in the order of their names; made where there are none yet."""
    if not names:
        return {}
    query = select(MailPace.name, MailPace.free_at).where(MailPace.name.in_(names)).order_by(MailPace.name)
    found = {row[0]: row[1] for row in session.execute(query.with_for_update())}
    if missing := [name for name in names if name not in found]:
        for name in missing:
            insert_once(session, MailPace, {"name": name, "free_at": now})
        found = {row[0]: row[1] for row in session.execute(query.with_for_update())}
    return found
