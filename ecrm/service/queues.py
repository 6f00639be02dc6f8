"""Queues: what waits, for how long, what was given up, and the second chance that staff can give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ecrm.ledger import PendingReaction
from mailer.outbox import Email, State
from tracking.clickstream.event import Event


@dataclass(frozen=True)
class Queue:
    """How many rows stand in a state, and since when the oldest of them waits."""

    count: int
    since: datetime | None


@dataclass(frozen=True)
class Owed:
    """A reaction that is not done, with the event that it is owed to."""

    reaction: PendingReaction
    event_name: str
    event_at: datetime
    order_reference: str | None


def pending_reactions(session: Session) -> Queue:
    """Reactions still owed."""
    return _reactions(session, "pending")


def given_up_reactions(session: Session) -> Queue:
    """Reactions that failed at every try and wait for a person."""
    return _reactions(session, "given_up")


def emails(session: Session, state: State) -> Queue:
    """E-mails in a state, by the moment they were due."""
    return Queue(*session.execute(select(func.count(), func.min(Email.due_at)).where(Email.state == state)).one())


def troubled_reactions(session: Session, *, limit: int) -> list[Owed]:
    """Given up ones first, then those that failed and will be tried again; the oldest first."""
    rows = session.execute(
        select(PendingReaction, Event.name, Event.happened_at, Event.order_reference)
        .join(Event, Event.id == PendingReaction.event_id)
        .where(PendingReaction.state.in_(("given_up", "pending")), PendingReaction.attempts > 0)
        .order_by(PendingReaction.state, PendingReaction.id)
        .limit(limit)
    )
    return [Owed(*row) for row in rows]


def reactions_of(session: Session, event_id: int) -> Sequence[PendingReaction]:
    """What an event caused or still causes, in order."""
    owed = select(PendingReaction).where(PendingReaction.event_id == event_id)
    return session.scalars(owed.order_by(PendingReaction.id)).all()


def retry(session: Session, reaction_id: int | None, *, now: datetime) -> int:
    """Owe a given-up reaction (None: all of them) anew, with all its tries.

    Returns:
        How many are owed now; 0 where somebody else was faster.
    """
    given_up = update(PendingReaction).where(PendingReaction.state == "given_up")
    if reaction_id is not None:
        given_up = given_up.where(PendingReaction.id == reaction_id)
    changed: Any = session.execute(given_up.values(state="pending", attempts=0, due_at=now))
    return int(changed.rowcount)


def _reactions(session: Session, state: str) -> Queue:
    row = session.execute(
        select(func.count(), func.min(PendingReaction.due_at)).where(PendingReaction.state == state)
    ).one()
    return Queue(*row)
