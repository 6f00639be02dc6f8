"""The sender's name: how many complain and how many mailboxes aren't there; then marketing pauses by itself.

Gmail and Yahoo want complaints below 0.1 % and block from 0.3 % on (sender guidelines, February 2024). A handful of
e-mails proves nothing, so a share counts only from a number of complaints on. What a person released is not held
against the sender again: only what came since counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .outbox import Email, State
from .pausing import MARKETING, Pause, pause
from .reports import Kind, MailReport

WINDOW = timedelta(days=7)
WARN_AT, PAUSE_AT = 0.001, 0.003
WARN_FROM, PAUSE_FROM = 2, 3
"""Complaints from which on the shares count."""
FIRST, FIRST_AT_LEAST, MOST_BOUNCED = 500, 100, 0.05
"""Of the first 500 of a mailing or flow, once there are 100, so many may come back."""


@dataclass(frozen=True)
class Reputation:
    """Marketing of the last seven days, or since the last release: what went out, and what people said to it."""

    since: datetime
    sent: int
    complaints: int

    @property
    def share(self) -> float:
        """Complaints per e-mail that went out."""
        return self.complaints / self.sent if self.sent else float(self.complaints > 0)

    @property
    def warns(self) -> bool:
        return self.complaints >= WARN_FROM and self.share >= WARN_AT

    @property
    def must_pause(self) -> bool:
        return self.complaints >= PAUSE_FROM and self.share >= PAUSE_AT


def reputation(session: Session, *, now: datetime) -> Reputation:
    """As it is now."""
    since = max(now - WINDOW, _released(session, MARKETING) or now - WINDOW)
    complained = (
        select(func.count())
        .select_from(MailReport)
        .join(Email, Email.id == MailReport.email_id)
        .where(MailReport.kind == Kind.COMPLAINT, MailReport.at > since, Email.transactional.is_(False))
    )
    out = select(func.count()).where(
        Email.transactional.is_(False), Email.sent_at > since, Email.state.in_((State.SENT, State.BOUNCED))
    )
    return Reputation(since, session.scalar(out) or 0, session.scalar(complained) or 0)


def guard(session: Session, *, now: datetime) -> list[str]:
    """Pause what has to be paused; says what it paused, and why, in words."""
    done = []
    if _anybody_complained(session, now) and (seen := reputation(session, now=now)).must_pause:
        reason = f"{seen.complaints} complaints about {seen.sent} e-mails ({seen.share:.2%}) since {seen.since:%d %b}"
        if pause(session, MARKETING, reason=reason, now=now):
            done.append(f"marketing paused: {reason}")
    for source in _bouncing(session, now):
        bounced, tried = _first_of(session, source, since=_released(session, source))
        if tried >= FIRST_AT_LEAST and bounced / tried > MOST_BOUNCED:
            reason = f"{bounced} of the first {tried} came back ({bounced / tried:.1%})"
            if pause(session, source, reason=reason, now=now):
                done.append(f"{source} paused: {reason}")
    return done


def _anybody_complained(session: Session, now: datetime) -> bool:
    """Asked first: counting what went out costs more, and mostly nobody did."""
    recent = select(MailReport.id).where(MailReport.kind == Kind.COMPLAINT, MailReport.at > now - WINDOW)
    return session.scalar(recent.limit(1)) is not None


def _bouncing(session: Session, now: datetime) -> list[str]:
    """Mailings and flows of which something came back lately."""
    query = (
        select(Email.source)
        .where(Email.state == State.BOUNCED, Email.due_at > now - WINDOW, Email.transactional.is_(False))
        .where(Email.source != "")
        .group_by(Email.source)
        .order_by(Email.source)
    )
    return list(session.scalars(query))


def _first_of(session: Session, source: str, *, since: datetime | None) -> tuple[int, int]:
    """(came back, tried) of the first e-mails of a source that were tried, or of the first since a release."""
    tried = select(Email.state).where(Email.source == source, Email.state.in_((State.SENT, State.BOUNCED)))
    if since is not None:
        tried = tried.where(func.coalesce(Email.sent_at, Email.claimed_at) > since)
    first = session.scalars(tried.order_by(func.coalesce(Email.sent_at, Email.claimed_at), Email.id).limit(FIRST)).all()
    return sum(state == State.BOUNCED for state in first), len(first)


def _released(session: Session, what: str) -> datetime | None:
    last = select(func.max(Pause.released_at)).where(Pause.what == what)
    found: datetime | None = session.scalar(last)
    return found
