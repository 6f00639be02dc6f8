"""Standing: where a customer stands among the others — RFM group, expected revenue, segments — as last worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts import Contact
from tracking.kept import Kept

from .rfm import Group
from .segments.members import belongs
from .segments.segment import Segment, segments
from .worth import Worth, WorthRun

MOST_SEGMENTS = 40
"""That a page asks about, by name; each is a question of its own."""
MOST_MAILBOXES = 5
_LAST_RUN = Kept(select(WorthRun.as_of).order_by(WorthRun.id.desc()).limit(1))


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


def standing_of(
    session: Session, customer_id: int, *, contacts: Sequence[Contact], now: datetime, window: timedelta
) -> Standing:
    """A customer's standing; segments are asked about now, for this person alone.

    Args:
        contacts: the mailboxes that are theirs, the most important first.
    """
    last = _LAST_RUN.tuples(session.connection())
    asked = segments(session)[:MOST_SEGMENTS] if contacts else []
    found = []
    for segment in asked:
        inside = (
            one for one in contacts[:MOST_MAILBOXES] if belongs(session, segment.rules, one, now=now, window=window)
        )
        if (first := next(inside, None)) is not None:
            found.append(Membership(segment, first.id))
    return Standing(session.get(Worth, customer_id), last[0][0] if last else None, tuple(found), len(asked))
