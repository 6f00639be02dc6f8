"""Who used which browser: append-only claims, and the questions asked of them.

Nothing is merged: a claim says that a customer was seen in a browser, and whose a browser or a visit is, is worked out
when it is asked. So a shared device never makes one person of two, and a wrong claim can be taken back (`ClaimChange`)
and put back again, with every report as it would have been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from .clickstream.sessions import Session as Visit
from .record import insert_once, shifted
from .visitors import ClaimChange, Grade, Visitor, VisitorClaim

USUAL_WINDOW = timedelta(days=30)
"""How long before a claim a browser's visits join it, where nobody says otherwise (ECRM_IDENTITY_DAYS)."""
LONGEST_VISIT = timedelta(days=2)
MAX_BROWSERS = 500
"""Of one customer, the newest first: more than a person has; a shop's own account for tests may have any number."""


@dataclass(frozen=True)
class Claim:
    """A claim as it is seen today. `shared`: somebody else's claim on the browser stands, too; then it is nobody's."""

    id: int
    visitor_id: int
    customer_id: int
    claimed_at: datetime
    how: str
    first_seen_at: datetime
    stands: bool
    shared: bool
    simulated: bool


def claim(session: Session, visitor_id: int, customer_id: int, at: datetime, how: str) -> bool:
    """Note that this customer used this browser; `how` says what proved it, e.g. `signed in`.

    Returns:
        True for the first claim of this pair, False where it was known. One that was taken back stays so.
    """
    values = {"visitor_id": visitor_id, "customer_id": customer_id, "claimed_at": at, "how": how[:40]}
    return insert_once(session, VisitorClaim, values) is not None


def change_claim(session: Session, claim_id: int, *, stands: bool, by: str, reason: str, at: datetime) -> bool:
    """Take a claim back (`stands` False) or put it back; False where it is so already.

    Two at once may both write their change; the later one counts, and both say the same.

    Raises:
        LookupError: where there is no such claim.
    """
    if session.get(VisitorClaim, claim_id) is None:
        raise LookupError(f"there is no claim {claim_id}")
    now_stands = session.scalar(select(claim_stands(VisitorClaim)).where(VisitorClaim.id == claim_id))
    if bool(now_stands) is stands:
        return False
    session.add(ClaimChange(claim_id=claim_id, stands=stands, changed_at=at, changed_by=by[:100], reason=reason[:200]))
    session.flush()
    return True


def claims_of(session: Session, customer_id: int) -> list[Claim]:
    """Every claim of this customer, newest first, those taken back among them."""
    query = (
        select(VisitorClaim, Visitor, claim_stands(VisitorClaim), shared())
        .join(Visitor, Visitor.id == VisitorClaim.visitor_id)
        .where(VisitorClaim.customer_id == customer_id)
        .order_by(VisitorClaim.claimed_at.desc(), VisitorClaim.id.desc())
        .limit(MAX_BROWSERS)
    )
    return [
        Claim(
            id=row.id,
            visitor_id=row.visitor_id,
            customer_id=row.customer_id,
            claimed_at=row.claimed_at,
            how=row.how,
            first_seen_at=visitor.first_seen_at,
            stands=bool(stands),
            shared=bool(shared),
            simulated=visitor.simulated,
        )
        for row, visitor, stands, shared in session.execute(query)
    ]


def claimants(session: Session, visitor_id: int) -> Sequence[int]:
    """The customers who ever claimed this browser, by id; whose reports a change of any of the claims may move."""
    query = select(VisitorClaim.customer_id).where(VisitorClaim.visitor_id == visitor_id)
    return session.scalars(query.order_by(VisitorClaim.customer_id)).all()


def visitor_of_claim(session: Session, claim_id: int) -> int:
    """The browser that a claim is about.

    Raises:
        sqlalchemy.exc.NoResultFound: where there is no such claim.
    """
    return session.get_one(VisitorClaim, claim_id).visitor_id


def visitors_of(session: Session, customer_id: int) -> list[int]:
    """The browsers in which this customer, and nobody else, was seen; oldest claim first."""
    return [visitor_id for visitor_id, _ in _browsers(session, customer_id)]


def visits_of(
    session: Session,
    customer_id: int,
    *,
    window: timedelta,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Select[int]:
    """The ids of a customer's visits, to be put into a query or run. The one rule of whose a visit is:

    - it was made in a browser that is this customer's alone (`visitors_of`) and began no earlier than `window` before
      the claim; what was older may have been anybody's. Nobody else was signed in in it;
    - or exactly this customer was signed in in it, whoever else uses the browser, unless that claim was taken back;
    - and in either case every step of it was made by a browser that agreed to be joined: whoever agreed to statistics
      alone was promised that these steps are joined to no account, and agreeing to more later takes nothing back.

    Args:
        window: the setting ECRM_IDENTITY_DAYS.
        since: only visits that went on then or later.
        until: only visits that had begun before then.
    """
    query = select(Visit.id).where(theirs(session, customer_id, window=window))
    if since is not None:
        query = query.where(Visit.last_at >= since)
    if until is not None:
        query = query.where(Visit.started_at < until)
    return query


def theirs(session: Session, customer_id: int, *, window: timedelta) -> ColumnElement[bool]:
    """The rule of `visits_of` as a condition on visits, for queries that select more of them than their ids."""
    mine = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id)
    taken_back = mine.where(~claim_stands(VisitorClaim))
    agreed = Visit.grade >= int(Grade.PERSONAL)
    signed_in = and_(Visit.customer_id == customer_id, Visit.visitor_id.not_in(taken_back), agreed)
    floors: dict[int, datetime] = {visitor: at - window for visitor, at in _browsers(session, customer_id)}
    if not floors:
        return signed_in
    # One CASE and no row of ORs: SQLite nests those, a thousand deep at most.
    floor = case(
        {visitor: literal(at, Visit.started_at.type) for visitor, at in floors.items()}, value=Visit.visitor_id
    )
    alone = and_(Visit.visitor_id.in_(floors), Visit.customer_id.is_(None), Visit.started_at >= floor, agreed)
    return or_(signed_in, alone)


def joined_visits(
    *, window: timedelta, dialect: str, since: datetime | None = None, customer_id: int | None = None
) -> Subquery:
    """(visit_id, customer_id) of all visits that are somebody's: the rule of `visits_of` for questions about all.

    Args:
        dialect: of the database, whose ways to take days off a moment differ.
        since: only visits that went on then or later; saves looking at whose the others were.
        customer_id: only this customer's.
    """
    agreed = Visit.grade >= int(Grade.PERSONAL)
    if since is not None:
        # No visit lasts so long; by its beginning it is found in an index.
        agreed = and_(agreed, Visit.started_at >= since - LONGEST_VISIT, Visit.last_at >= since)
    signed_in = select(Visit.id.label("visit_id"), Visit.customer_id.label("customer_id")).where(
        Visit.customer_id > 0, agreed, ~taken_back(Visit.visitor_id, Visit.customer_id)
    )
    if customer_id is not None:
        signed_in = signed_in.where(Visit.customer_id == customer_id)
    floor = shifted(VisitorClaim.claimed_at, -window, dialect=dialect)
    alone = (
        select(Visit.id, VisitorClaim.customer_id)
        .join(VisitorClaim, VisitorClaim.visitor_id == Visit.visitor_id)
        .where(Visit.customer_id.is_(None), agreed, claim_stands(VisitorClaim), ~shared(), Visit.started_at >= floor)
    )
    if customer_id is not None:
        alone = alone.where(VisitorClaim.customer_id == customer_id)
    return union_all(signed_in, alone).subquery()


def claim_stands(claims: Any) -> ColumnElement[bool]:
    """What the latest change of a claim says; without a change it stands."""
    latest = (
        select(ClaimChange.stands)
        .where(ClaimChange.claim_id == claims.id)
        .order_by(ClaimChange.id.desc())
        .limit(1)
        .correlate(claims)
        .scalar_subquery()
    )
    return func.coalesce(latest, True)


def taken_back(visitor_id: SQLColumnExpression[Any], customer_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether it was said that this browser isn't this customer's: what was done signed in there isn't theirs either.

    For queries over the visits or steps of many.
    """
    return (
        select(VisitorClaim.id)
        .where(VisitorClaim.visitor_id == visitor_id, VisitorClaim.customer_id == customer_id)
        .where(~claim_stands(VisitorClaim))
        .correlate_except(VisitorClaim)
        .exists()
    )


def shared() -> ColumnElement[bool]:
    """In a query over claims: whether somebody else's claim on the browser stands, too."""
    other = aliased(VisitorClaim)
    return (
        select(other.id)
        .where(other.visitor_id == VisitorClaim.visitor_id, other.customer_id != VisitorClaim.customer_id)
        .where(claim_stands(other))
        .correlate(VisitorClaim)
        .exists()
    )


_BROWSERS = (
    select(VisitorClaim.visitor_id, VisitorClaim.claimed_at)
    .where(VisitorClaim.customer_id == bindparam("customer"), claim_stands(VisitorClaim), ~shared())
    .order_by(VisitorClaim.id.desc())
    .limit(MAX_BROWSERS)
)
"""Built once, as every page about a customer asks it."""


def _browsers(session: Session, customer_id: int) -> list[tuple[int, datetime]]:
    rows = session.connection().execute(_BROWSERS, {"customer": customer_id})
    return [(visitor_id, at) for visitor_id, at in rows][::-1]
