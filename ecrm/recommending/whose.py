"""Whose: which steps and choices of a browser are of the person who asks, by the rule of `tracking.identity.visits_of`.

A device may be shared, a claim on a browser may be taken back, and who agreed to statistics alone was promised that
these steps are joined to nobody. Asked on every page of somebody known: plain statements, built once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.identity import claim_stands, taken_back
from tracking.visitors import Grade, Visitor, VisitorClaim

from .latest_steps import OF_PRODUCTS, Step

STEPS_READ = 120
"""Of the latest steps with products of one person."""
NOBODY = -1
_NEVER = datetime.max.replace(tzinfo=UTC)
_EVENT, _VISIT = Event.__table__.c, Visit.__table__.c
_BROWSER = (
    select(Visitor.id, VisitorClaim.customer_id, VisitorClaim.claimed_at, claim_stands(VisitorClaim))
    .outerjoin(VisitorClaim, VisitorClaim.visitor_id == Visitor.id)
    .where(Visitor.token == bindparam("token"))
)
_AGREED = and_(_EVENT.name.in_(sorted(OF_PRODUCTS)), _VISIT.grade >= int(Grade.PERSONAL))
_LATEST: Select[datetime, str, str] = (
    select(_EVENT.happened_at, _EVENT.name, _EVENT.subject)
    .join_from(Event.__table__, Visit.__table__, _VISIT.id == _EVENT.session_id)
    .where(_AGREED, _EVENT.happened_at > bindparam("since"))
    .order_by(_EVENT.happened_at.desc())
    .limit(STEPS_READ)
)
_OF_BROWSER = _LATEST.where(
    _EVENT.visitor_id == bindparam("browser"),
    or_(
        _VISIT.customer_id == bindparam("customer"),
        and_(_VISIT.customer_id.is_(None), _VISIT.started_at >= bindparam("unsigned_since")),
    ),
)
_OF_CUSTOMER = _LATEST.where(
    _EVENT.customer_id == bindparam("customer"), ~taken_back(_VISIT.visitor_id, _EVENT.customer_id)
)


class Browser(NamedTuple):
    """A browser as it is to who asks.

    `known`: its number, where it isn't said to be none of theirs. `unsigned_since`: from when on visits in which nobody
    was signed in are theirs. `alone`: whether they are at all, and the browser's own choices with them.
    """

    known: int | None
    unsigned_since: datetime
    alone: bool


NO_BROWSER = Browser(None, _NEVER, False)


def browser_of(
    connection: Connection, token: str, *, customer: int | None, signed_in: bool, window: timedelta
) -> Browser:
    """The browser with this cookie.

    Args:
        customer: the CRM's number of who is signed in; None for nobody, and for who is new to the CRM.
        window: how long before a claim a browser's visits join it (ECRM_IDENTITY_DAYS).
    """
    rows = list(connection.execute(_BROWSER, {"token": token}))
    if not rows:
        return Browser(None, _NEVER, True)
    visitor = int(rows[0][0])
    stands = {owner: (at, bool(stands)) for _id, owner, at, stands in rows if owner is not None}
    own_at, own_stands = stands.pop(customer, (None, True)) if customer is not None else (None, True)
    if not own_stands:
        return NO_BROWSER
    if not signed_in:  # whoever sits there sees what was done in it by nobody in particular
        return Browser(visitor, datetime.min.replace(tzinfo=UTC), True)
    if any(others for _at, others in stands.values()):
        return Browser(visitor, _NEVER, False)
    return Browser(visitor, (own_at or datetime.now(UTC)) - window, True)


def steps_of(connection: Connection, browser: Browser, *, customer: int | None, since: datetime) -> list[Step]:
    """Steps with products: of the browser, and of the customer in other browsers; each the latest first."""
    rows: list[Step] = []
    asked: dict[str, Any] = {"customer": NOBODY if customer is None else customer, "since": since}
    if browser.known is not None:
        of_browser = asked | {"browser": browser.known, "unsigned_since": browser.unsigned_since}
        rows += [Step(*row) for row in connection.execute(_OF_BROWSER, of_browser)]
    if customer is not None:
        rows += [Step(*row) for row in connection.execute(_OF_CUSTOMER, asked)]
    return rows
