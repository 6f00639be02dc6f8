"""Whose visits: the rule of `tracking.identity.visits_of`, asked for many customers at once.

Booking a history asks it for thousands of customers; one query each would take longer than all the rest. A test holds
that both give the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.sessions import Session as Visit
from tracking.identity import MAX_BROWSERS
from tracking.visitors import ClaimChange, Grade, VisitorClaim

_CHUNK = 5000  # numbers in an IN list, below every database's limit


class SeenVisit(NamedTuple):
    """A visit, as far as attribution needs it."""

    id: int
    visitor_id: int
    started_at: datetime
    simulated: bool


def visits_of_many(
    session: Session, customer_ids: Collection[int], *, window: timedelta, since: datetime, until: datetime
) -> dict[int, list[SeenVisit]]:
    """The visits of each customer that went on since a moment and began before another.

    Args:
        window: how long before a claim a browser's visits join it (`Rules.identity_window`).
    """
    browsers = _Browsers(session, customer_ids)
    found: dict[int, dict[int, SeenVisit]] = defaultdict(dict)
    columns = (Visit.id, Visit.visitor_id, Visit.started_at, Visit.simulated, Visit.customer_id)
    agreed = Visit.grade >= int(Grade.PERSONAL)
    within = select(*columns).where(Visit.last_at >= since, Visit.started_at < until, agreed)
    for some in in_chunks(browsers.alone):
        for row in session.execute(within.where(Visit.visitor_id.in_(some), Visit.customer_id.is_(None))):
            owner, claimed_at = browsers.alone[row.visitor_id]
            if row.started_at >= claimed_at - window:
                found[owner][row.id] = SeenVisit(row.id, row.visitor_id, row.started_at, row.simulated)
    for some in in_chunks(customer_ids):
        for row in session.execute(within.where(Visit.customer_id.in_(some))):
            if (row.customer_id, row.visitor_id) not in browsers.taken_back:
                found[row.customer_id or 0][row.id] = SeenVisit(row.id, row.visitor_id, row.started_at, row.simulated)
    return {customer_id: list(rows.values()) for customer_id, rows in found.items()}


class _Claim(NamedTuple):
    id: int
    visitor_id: int
    customer_id: int
    claimed_at: datetime


class _Browsers:
    """`alone`: browser → the one customer with a standing claim on it, and when; `taken_back`: (customer, browser)."""

    def __init__(self, session: Session, customer_ids: Collection[int]) -> None:
        found: set[_Claim] = set()
        for some in in_chunks(customer_ids):
            theirs = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id.in_(some))
            query = select(
                VisitorClaim.id, VisitorClaim.visitor_id, VisitorClaim.customer_id, VisitorClaim.claimed_at
            ).where(VisitorClaim.visitor_id.in_(theirs))
            found |= {_Claim(*row) for row in session.execute(query)}
        claims = sorted(found)
        stands = _latest_changes(session, (row.id for row in claims))
        self.taken_back = {(row.customer_id, row.visitor_id) for row in claims if not stands.get(row.id, True)}
        claimants: defaultdict[int, list[tuple[int, datetime]]] = defaultdict(list)
        for row in claims:
            if stands.get(row.id, True):
                claimants[row.visitor_id].append((row.customer_id, row.claimed_at))
        wanted = set(customer_ids)
        kept: defaultdict[int, int] = defaultdict(int)
        self.alone: dict[int, tuple[int, datetime]] = {}
        for row in reversed(claims):  # newest first: of a customer with too many browsers these count
            owners = claimants[row.visitor_id]
            owner = row.customer_id
            if len(owners) == 1 and owners[0][0] == owner and owner in wanted and kept[owner] < MAX_BROWSERS:
                kept[owner] += 1
                self.alone[row.visitor_id] = owners[0]


def _latest_changes(session: Session, claim_ids: Iterable[int]) -> dict[int, bool]:
    stands: dict[int, bool] = {}
    for some in in_chunks(claim_ids):
        query = select(ClaimChange.claim_id, ClaimChange.stands).where(ClaimChange.claim_id.in_(some))
        stands |= {row.claim_id: row.stands for row in session.execute(query.order_by(ClaimChange.id))}
    return stands


def in_chunks(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Distinct numbers, sorted, in lists that fit a statement."""
    every = sorted(set(numbers))
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]
