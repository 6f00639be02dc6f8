"""Put aside: what clients sent and was acknowledged, but can't be stored; seen, and tried again, by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from .inbox import InboxEntry


@dataclass(frozen=True)
class PutAside:
    """An entry of the inbox that nobody tries any more, and why."""

    id: int
    received_at: datetime
    messages: int
    problem: str

    def __str__(self) -> str:
        return f"{self.id}, received at {self.received_at:%Y-%m-%d %H:%M} UTC, {self.messages} messages: {self.problem}"


def how_many_aside(session: Session) -> int:
    """How many entries are put aside."""
    return session.scalar(select(func.count()).where(InboxEntry.problem != "")) or 0


def put_aside(session: Session, *, limit: int) -> Sequence[PutAside]:
    """The oldest of the entries that are put aside; their bodies, which may name persons, stay where they are."""
    columns = (InboxEntry.id, InboxEntry.received_at, InboxEntry.messages, InboxEntry.problem)
    query = select(*columns).where(InboxEntry.problem != "").order_by(InboxEntry.id).limit(limit)
    return [PutAside(*row) for row in session.execute(query)]


def try_again(session: Session) -> int:
    """Let all of them be digested again; how many. Commits nothing."""
    ids = session.scalars(
        update(InboxEntry)
        .where(InboxEntry.problem != "")
        .values(problem="")
        .returning(InboxEntry.id)
        .execution_options(synchronize_session=False)
    )
    return len(ids.all())
