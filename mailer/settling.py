"""Settling: what became of those who were told. Whoever wasn't reached stands in the line again, and the piece that was
kept for them goes to the next."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from .flows.entry import EntryState, FlowEntry
from .flows.waited_for import cause_of
from .outbox import Email, State
from .supply import give_back
from .waitlists import ONCE, Wait, WaitState, wait_again

FLOWS = ("back_in_stock", "price_drop")
LOOKED_AT = timedelta(days=14)
NO_FLOW = timedelta(hours=12)
"""So long a telling may stand without its flow; then the flow is switched off, or they don't want its e-mails."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=7)
_NOT_SENT = (State.DROPPED, State.FAILED, State.SUPPRESSED, State.BOUNCED)


def settle(session: Session, *, now: datetime) -> int:
    """Put back who was told of late and got no e-mail; returns how many."""
    query = select(Wait).where(
        Wait.kind.in_(sorted(ONCE)), Wait.state == WaitState.TOLD, Wait.told_at > now - LOOKED_AT
    )
    back = 0
    for wait in session.scalars(query.order_by(Wait.id)).all():
        if _unreached(session, wait, now=now) and wait_again(session, wait, not_before=now + pause(wait.times)):
            give_back(session, wait.subject)
            back += 1
    return back


def pause(times: int) -> timedelta:
    """How long a wish is left in peace that was told so often in vain: four times as long each time.

    Who was unlucky in one night keeps their place in the line; what goes wrong each time isn't tried each minute.
    """
    longer: int = 4 ** min(max(times - 1, 0), 5)
    return min(FIRST_PAUSE * longer, LONGEST_PAUSE)


def _unreached(session: Session, wait: Wait, *, now: datetime) -> bool:
    entry = session.scalar(
        select(FlowEntry).where(FlowEntry.flow.in_(FLOWS), FlowEntry.cause == cause_of(wait)).limit(1)
    )
    if entry is None:
        return wait.told_at is not None and wait.told_at < now - NO_FLOW
    states = set(session.scalars(select(Email.state).where(Email.entry_id == entry.id)))
    return bool(states & set(_NOT_SENT)) if states else entry.state != EntryState.ACTIVE
