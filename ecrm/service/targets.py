"""Targets: within how many working minutes a case is answered first and solved, by its priority and its customer's
segment.

A segment's own targets go before those for everybody; what the customer's relationship policy promises is kept where
it is sooner. Until the owner sets others, `USUAL` holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.customers.segments.members import belongs
from ecrm.customers.segments.segment import Segment
from mailer.mailboxes import contacts_of_customer
from tracking.record import BigId, Record

from .cases import Case, Priority

HOUR = 60
DAY = 8 * HOUR
"""A working day of most desks; targets are in working time, so a day of a team that is there 24 hours is three."""
LONGEST = 90 * DAY
Minutes = tuple[int | None, int | None]
"""To the first response, to the resolution; None: no target."""
USUAL: Mapping[Priority, Minutes] = {
    Priority.URGENT: (HOUR, DAY),
    Priority.HIGH: (4 * HOUR, 2 * DAY),
    Priority.NORMAL: (DAY, 3 * DAY),
    Priority.LOW: (2 * DAY, 5 * DAY),
}


class Target(Record):
    """What is promised to a segment (None: to everybody) at a priority; a segment of a lower `place` goes first."""

    __tablename__ = "ecrm_case_target"
    __table_args__ = (UniqueConstraint("segment_id", "priority"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_segment.id"))
    place: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int]
    response_minutes: Mapped[int | None]
    resolution_minutes: Mapped[int | None]


@dataclass(frozen=True)
class Promise:
    """Targets and whose they are: `usual`, `everybody`, `segment` or `policy`; with the segment's name."""

    response_minutes: int | None
    resolution_minutes: int | None
    because: str
    segment: str = ""


ResponsePolicy = Callable[[Session, int, datetime], int | None]
"""Within how many working minutes a relationship policy wants this customer answered; None where it says nothing."""


def promise_for(
    session: Session, *, priority: int, customer_id: int | None, now: datetime, policy: ResponsePolicy | None = None
) -> Promise:
    """What is promised to a customer at a priority."""
    promise = _of_segments(session, priority, customer_id, now=now) or _of_everybody(session, priority)
    wanted = policy(session, customer_id, now) if policy is not None and customer_id is not None else None
    if wanted is not None and (promise.response_minutes is None or wanted < promise.response_minutes):
        return Promise(wanted, promise.resolution_minutes, "policy", promise.segment)
    return promise


def set_targets(session: Session, case: Case, *, now: datetime, policy: ResponsePolicy | None = None) -> Promise:
    """Give a case its targets; when they are due is reckoned afterwards (`cases.reckon`)."""
    promise = promise_for(session, priority=case.priority, customer_id=case.customer_id, now=now, policy=policy)
    case.response_minutes, case.resolution_minutes = promise.response_minutes, promise.resolution_minutes
    return promise


def all_targets(session: Session) -> dict[int | None, dict[Priority, Minutes]]:
    """By segment (None: everybody, with `USUAL` where nothing was set), in the order in which they are asked."""
    found: dict[int | None, dict[Priority, Minutes]] = {None: dict(USUAL)}
    for row in session.scalars(select(Target).order_by(Target.place, Target.segment_id, Target.priority)):
        minutes = (row.response_minutes, row.resolution_minutes)
        found.setdefault(row.segment_id, {})[Priority(row.priority)] = minutes
    return found


def save_targets(
    session: Session, segment_id: int | None, targets: Mapping[Priority, Minutes], *, place: int | None = None
) -> None:
    """Replace what is promised to a segment (None: to everybody); an empty mapping takes it back.

    Cases keep what they were promised until their priority or customer changes.

    Args:
        place: the segment's among the segments, from 1; None leaves it where it is, a new one last.
    """
    order = [one for one in all_targets(session) if one is not None]
    if segment_id is not None:
        here = order.index(segment_id) + 1 if segment_id in order else len(order) + 1
        order = [one for one in order if one != segment_id]
        order.insert(max(0, (place or here) - 1), segment_id)
    mine = Target.segment_id.is_(None) if segment_id is None else Target.segment_id == segment_id
    session.execute(delete(Target).where(mine))
    for priority, (response, resolution) in targets.items():
        session.add(
            Target(
                segment_id=segment_id, priority=int(priority),
                response_minutes=response, resolution_minutes=resolution,
            )
        )  # fmt: skip
    session.flush()
    for number, one in enumerate(order, 1):
        session.execute(update(Target).where(Target.segment_id == one).values(place=number))


def _of_segments(session: Session, priority: int, customer_id: int | None, *, now: datetime) -> Promise | None:
    if customer_id is None:
        return None
    query = (
        select(Target, Segment)
        .join(Segment, Segment.id == Target.segment_id)
        .where(Target.priority == int(priority), Segment.archived_at.is_(None))
        .order_by(Target.place, Target.segment_id)
    )
    rows = session.execute(query).all()
    contacts = contacts_of_customer(session, customer_id) if rows else ()
    for target, segment in rows:
        if any(belongs(session, segment.rules, one, now=now) for one in contacts):
            return Promise(target.response_minutes, target.resolution_minutes, "segment", segment.name)
    return None


def _of_everybody(session: Session, priority: int) -> Promise:
    row = session.scalar(select(Target).where(Target.segment_id.is_(None), Target.priority == int(priority)))
    if row is not None:
        return Promise(row.response_minutes, row.resolution_minutes, "everybody")
    return Promise(*USUAL[Priority(priority)], "usual")
