"""Mailings in this shop: whether one can be sent, who would get it, and the job that takes it from start to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.addressing import Mailbox, as_name
from mailer.mailing_expansion import everybody, expand
from mailer.mailing_winner import decide_if_due
from mailer.mailings import Mailing, MailingState, Stage, finish, start_due

from .customers.segments.members import members as members_of
from .installation import Installation

LOOK_AHEAD = 10_000
"""Members that are read from a segment at once: its question costs the same for ten as for ten thousand."""
AT_A_TIME = timedelta(seconds=20)
"""One run of the job; what is left is taken up by the next one."""


def run(crm: Installation, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> str:
    """The job `mailings`: start what is due, write recipients into the outbox, decide between variants, end what is
    done. Any number of workers may do so at once."""
    now = clock()
    with crm.sessions() as session:
        going = select(Mailing.id).where(
            (Mailing.state == MailingState.RUNNING)
            | ((Mailing.state == MailingState.SCHEDULED) & (Mailing.start_at <= now))
        )
        if session.scalar(going.limit(1)) is None:
            return "no mailing runs"
    with crm.sessions.begin() as session:
        started = start_due(session, now=now)
    queued = held_out = ended = 0
    with crm.sessions() as session:
        running = session.scalars(
            select(Mailing.id)
            .where(Mailing.state == MailingState.RUNNING)
            .order_by(Mailing.priority.desc(), Mailing.id)
        ).all()
    until = time.monotonic() + AT_A_TIME.total_seconds()
    for mailing_id in running:
        with crm.sessions.begin() as session:
            decide_if_due(session, mailing_id, now=now)
        for more_queued, more_held_out in _expanded(crm, mailing_id, now=now, until=until):
            queued, held_out = queued + more_queued, held_out + more_held_out
        with crm.sessions.begin() as session:
            ended += finish(session, mailing_id, now=clock())
    return f"{len(started)} started, {queued} e-mails queued, {held_out} held out, {ended} finished"


def _expanded(crm: Installation, mailing_id: int, *, now: datetime, until: float) -> Sequence[tuple[int, int]]:
    audience = Audience(now, window=timedelta(days=crm.app.config["ECRM_IDENTITY_DAYS"]))
    with crm.app.app_context():
        facts = crm.storefront.facts()
    sender = Mailbox(as_name(facts.name), facts.sender)
    done: list[tuple[int, int]] = []
    while time.monotonic() < until:
        with crm.sessions() as session:
            audience.look_ahead(session, session.get_one(Mailing, mailing_id))
        with crm.sessions.begin() as session:
            chunk = expand(session, mailing_id, members=audience, sender=sender, now=now)
        done.append((chunk.queued, chunk.held_out))
        if not chunk.more:
            break
    return done


class Audience:
    """The contacts of a mailing's segment, read ahead, so that no lock is held while a segment is asked."""

    def __init__(self, now: datetime, *, window: timedelta) -> None:
        self._now, self._window = now, window
        self._ids: list[int] = []
        self._from: int | None = None

    def look_ahead(self, session: Session, mailing: Mailing) -> None:
        """Read on, where what was read is used up."""
        if mailing.segment_id is None or mailing.stage in {Stage.EXPANDED, Stage.WAITING}:
            return
        at = mailing.cursor
        if self._from is None or at < self._from or not self._ids or at >= self._ids[-1]:
            found = members_of(session, mailing.segment_id, now=self._now, after=at, window=self._window)
            self._from, self._ids = at, list(islice(found, LOOK_AHEAD))

    def __call__(self, session: Session, mailing: Mailing, after: int, limit: int) -> Sequence[int]:
        """The next members behind one; see `mailer.mailing_expansion.Members`."""
        if mailing.segment_id is None:
            return everybody(session, mailing, after, limit)
        if self._from is None or after < self._from or (self._ids and after >= self._ids[-1]):
            self.look_ahead(session, mailing)
        return list(islice((one for one in self._ids if one > after), limit))
