"""Standing: where a customer stands among the others — RFM group, expected revenue, segments — as last worked out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts import Contact

from .rfm import Group
from .segments.members import belongs
from .segments.segment import Segment, segments
from .worth import Worth, WorthRun

MOST_SEGMENTS = 40
"""That a page asks about, by name; each is a question of its own."""


@dataclass(frozen=True)
class Membership:
    """A segment that a customer is in, by one of their addresses."""

    segment: Segment
    contact_id: int


@dataclass(frozen=True)
class Standing:
    """`worth` is None for somebody without an order when all was worked out, at `as_of`."""

    worth: Worth | None
    as_of: datetime | None
    segments: tuple[Membership, ...]
    asked: int

    @property
    def group(self) -> str:
        """The RFM group; PROSPECTS without an order, empty where there are too few customers for groups."""
        return self.worth.group if self.worth is not None else str(Group.PROSPECTS)


def standing_of(session: Session, customer_id: int, *, now: datetime, window: timedelta) -> Standing:
    """A customer's standing; segments are asked about now, for this person alone."""
    run = session.scalar(select(WorthRun).order_by(WorthRun.id.desc()).limit(1))
    query = select(Contact).where(Contact.customer_id == customer_id, Contact.folded.is_not(None))
    contacts = session.scalars(query.order_by(Contact.id).limit(5)).all()
    asked = segments(session)[:MOST_SEGMENTS] if contacts else []
    found = []
    for segment in asked:
        inside = (one for one in contacts if belongs(session, segment.rules, one, now=now, window=window))
        if (first := next(inside, None)) is not None:
            found.append(Membership(segment, first.id))
    return Standing(session.get(Worth, customer_id), run.as_of if run else None, tuple(found), len(asked))
